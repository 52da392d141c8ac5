// Tests of sts.hpp.
#include "dynamodb/sts.hpp"

#include <gtest/gtest.h>

#include "unit/fake_environment.hpp"
#include "unit/fake_transport.hpp"

namespace dynamodb {
namespace {

using test::answer;

const RoleWish kWish{"arn:aws:iam::123456789012:role/r", {}, {}, 0};

TEST(Sts, FindsItsEndpoint) {
  const struct {
    std::map<std::string, std::string> variables;
    const char* config;
    const char* region;
    const char* expected;
  } cases[] = {
      {{}, "", "eu-west-1", "https://sts.eu-west-1.amazonaws.com/"},
      {{}, "", "cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn/"},
      {{{"AWS_USE_FIPS_ENDPOINT", "true"}}, "", "us-east-1", "https://sts-fips.us-east-1.amazonaws.com/"},
      {{{"AWS_USE_DUALSTACK_ENDPOINT", "true"}}, "", "us-east-1", "https://sts.us-east-1.api.aws/"},
      {{{"AWS_USE_FIPS_ENDPOINT", "true"}}, "", "us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com/"},
      {{{"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9"}, {"AWS_ENDPOINT_URL", "http://x"}},
       "",
       "us-east-1",
       "http://127.0.0.1:9/"},
      {{{"AWS_ENDPOINT_URL_DYNAMODB", "http://x"}}, "", "us-east-1", "https://sts.us-east-1.amazonaws.com/"},
      {{{"AWS_ENDPOINT_URL", "http://y"}}, "", "us-east-1", "http://y/"},
      {{}, "[default]\nservices = s\n[services s]\nsts =\n  endpoint_url = http://z\n", "us-east-1", "http://z/"},
      {{}, "", "Not a region", "\"Not a region\" is not the name of an AWS region"},
  };
  for (const auto& c : cases) {
    test::FakeEnvironment environment;
    environment.variables = c.variables;
    environment.variables["HOME"] = "/h";
    environment.files = {{"/h/.aws/config", c.config}};
    const auto endpoint = sts_endpoint(environment, "", c.region);
    EXPECT_EQ(endpoint.ok() ? endpoint.value().url : endpoint.error().message, c.expected);
  }
}

TEST(Sts, WritesBodies) {
  EXPECT_EQ(assume_role_body(kWish),
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr&RoleSessionName="
            "dynamodb_fdw");
  EXPECT_EQ(
      assume_role_body({"a", "me@x", "e/x ", 900}),
      "Action=AssumeRole&Version=2011-06-15&RoleArn=a&RoleSessionName=me%40x&DurationSeconds=900&ExternalId=e%2Fx%20");
  EXPECT_EQ(
      assume_role_with_web_identity_body({"a", "b", "never sent", 0}, "t+/="),
      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=a&RoleSessionName=b&WebIdentityToken=t%2B%2F%3D");
}

TEST(Sts, Signs) {
  const StsEndpoint endpoint{"http://sts/", "eu-west-1"};
  EXPECT_EQ(sts_request(endpoint, nullptr).signing.access_key_id, "");
  const Credentials signer{"id", "s", "t", {}, "x"};
  const HttpRequest request = sts_request(endpoint, &signer);
  EXPECT_EQ(request.signing.service, "sts");
  EXPECT_EQ(request.signing.region, "eu-west-1");
  EXPECT_EQ(request.signing.session_token, "t");
  EXPECT_EQ(request.headers[1], "Accept: application/json");
}

TEST(Sts, ReadsAnswers) {
  const struct {
    int status;
    const char* body;
    const char* expected;  // "id/s/t/seconds", or the message of an error
    const char* type;
  } cases[] = {
      {200,
       R"({"AssumeRoleResponse":{"AssumeRoleResult":{"AssumedRoleUser":{},"Credentials":{"AccessKeyId":"id","SecretAccessKey":"s","SessionToken":"t","Expiration":1.5E9}},"ResponseMetadata":{}}})",
       "id/s/t/1500000000", ""},
      {200,
       "<AssumeRoleResponse xmlns=\"x\"><AssumeRoleResult><Credentials><AccessKeyId>id</AccessKeyId><SecretAccessKey>s"
       "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2017-07-14T02:40:00Z</Expiration></Credentials>",
       "id/s/t/1500000000", ""},
      {200, "{}", "the answer of STS is not the JSON of credentials", ""},
      {200, "<html>SECRET</html>", "the answer of STS has no AccessKeyId", ""},
      {403,
       R"({"Error":{"Code":"AccessDenied","Message":"User: x is not authorized","Type":"Sender"},"RequestId":"r"})",
       "STS AssumeRole of role \"arn:aws:iam::123456789012:role/r\" failed: User: x is not authorized", "AccessDenied"},
      {400, "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>old</Message></Error>",
       "STS AssumeRole of role \"arn:aws:iam::123456789012:role/r\" failed: old", "ExpiredToken"},
      {502, "", "STS AssumeRole of role \"arn:aws:iam::123456789012:role/r\" failed: HTTP status 502", ""},
  };
  for (const auto& c : cases) {
    const auto found = parse_sts_answer(answer(c.status, c.body), "AssumeRole", kWish);
    if (!found) {
      EXPECT_EQ(found.error().message, c.expected);
      EXPECT_EQ(found.error().type, c.type);
      continue;
    }
    const Credentials& keys = found.value();
    EXPECT_EQ(keys.access_key_id + "/" + keys.secret_access_key + "/" + keys.session_token + "/" +
                  std::to_string(WallTime::to_time_t(*keys.expiration)),
              c.expected);
    EXPECT_EQ(keys.source, "role arn:aws:iam::123456789012:role/r");
  }
  const auto nothing = parse_sts_answer(test::no_answer(Error::timeout("no answer")), "AssumeRole", kWish);
  EXPECT_EQ(nothing.error().message, "STS AssumeRole of role \"arn:aws:iam::123456789012:role/r\" failed: no answer");
  EXPECT_EQ(nothing.error().kind, ErrorKind::no_credentials);
}

}  // namespace
}  // namespace dynamodb
