// Tests of credentials_assume_role.hpp.
#include "dynamodb/credentials_assume_role.hpp"

#include <gtest/gtest.h>

#include "dynamodb/credentials_static.hpp"
#include "unit/fake_credentials_http.hpp"
#include "unit/fake_environment.hpp"

namespace dynamodb {
namespace {

std::string answer_with(const std::string& id) {
  return R"({"AssumeRoleResponse":{"AssumeRoleResult":{"Credentials":{"AccessKeyId":")" + id +
         R"(","SecretAccessKey":"s","SessionToken":"t","Expiration":4E9}}}})";
}

class AssumeRoleCredentialsTest : public ::testing::Test {
 protected:
  std::unique_ptr<CredentialsSource> keys(const char* id) {
    return std::make_unique<StaticCredentials>(id, *id ? "s" : "");
  }

  test::FakeEnvironment environment;
  test::FakeCredentialsHttp http;
  CredentialsContext context{environment, http.clock, "eu-west-1"};
};

TEST_F(AssumeRoleCredentialsTest, SignsWithItsSource) {
  AssumeRoleCredentials source(context, {"role", "me", "ext", 0}, keys("base"));
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.last().signing.access_key_id, "base");
  EXPECT_EQ(http.last().signing.service, "sts");
  EXPECT_EQ(http.last_body(), "Action=AssumeRole&Version=2011-06-15&RoleArn=role&RoleSessionName=me&ExternalId=ext");
  http.respond(200, answer_with("assumed"));
  EXPECT_EQ(source.get(http).value()->access_key_id, "assumed");
  EXPECT_EQ(http.requests(), 1u);
  EXPECT_EQ(source.description(), "role \"role\" by access_key_id and secret_access_key of the user mapping");
}

TEST_F(AssumeRoleCredentialsTest, Chains) {
  auto first = std::make_unique<AssumeRoleCredentials>(context, RoleWish{"first", {}, {}, 0}, keys("base"));
  AssumeRoleCredentials source(context, {"second", {}, {}, 0}, std::move(first));
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.last().signing.access_key_id, "base");
  http.respond(200, answer_with("one"));
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.last().signing.access_key_id, "one");
  EXPECT_EQ(http.last().signing.session_token, "t");
  http.respond(200, answer_with("two"));
  EXPECT_EQ(source.get(http).value()->access_key_id, "two");
}

TEST_F(AssumeRoleCredentialsTest, SaysWhatIsWrong) {
  AssumeRoleCredentials nobody(context, {"role", {}, {}, 0}, keys(""));
  EXPECT_EQ(nobody.get(http).error().message,
            "no AWS credentials to assume role \"role\" with were found in access_key_id and secret_access_key of the "
            "user mapping");
  AssumeRoleCredentials source(context, {"role", {}, {}, 0}, keys("base"));
  EXPECT_TRUE(source.get(http).is_pending());
  http.respond(403, R"({"Error":{"Code":"AccessDenied","Message":"not you"}})");
  EXPECT_EQ(source.get(http).error().message, "STS AssumeRole of role \"role\" failed: not you");
}

}  // namespace
}  // namespace dynamodb
