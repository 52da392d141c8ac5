// Tests of credentials_web_identity.hpp.
#include "dynamodb/credentials_web_identity.hpp"

#include <gtest/gtest.h>

#include "unit/fake_credentials_http.hpp"
#include "unit/fake_environment.hpp"

namespace dynamodb {
namespace {

constexpr const char* kAnswer =
    R"({"AssumeRoleWithWebIdentityResponse":{"AssumeRoleWithWebIdentityResult":{"Credentials":)"
    R"({"AccessKeyId":"id","SecretAccessKey":"s","SessionToken":"t","Expiration":4E9}}}})";

class WebIdentityCredentialsTest : public ::testing::Test {
 protected:
  test::FakeEnvironment environment;
  test::FakeCredentialsHttp http;
  CredentialsContext context{environment, http.clock, "eu-west-1"};
  WebIdentityCredentials source{context};
};

TEST_F(WebIdentityCredentialsTest, ExchangesTheToken) {
  environment.variables = {
      {"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}, {"AWS_ROLE_ARN", "role"}, {"AWS_ROLE_SESSION_NAME", "me"}};
  environment.files = {{"/token", "one\n"}};
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.last().url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(http.last().signing.access_key_id, "");
  EXPECT_EQ(http.last_body(),
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=role&RoleSessionName=me&WebIdentityToken=one");
  http.respond(200, kAnswer);
  EXPECT_EQ(source.get(http).value()->access_key_id, "id");
  environment.files = {{"/token", "two"}};
  source.invalidate();
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_TRUE(http.last_body().ends_with("WebIdentityToken=two"));
}

TEST_F(WebIdentityCredentialsTest, SaysWhatIsWrong) {
  EXPECT_FALSE(source.get(http).value());
  environment.variables = {{"AWS_ROLE_ARN", "role"}};
  EXPECT_FALSE(source.get(http).value());
  environment.variables = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}};
  EXPECT_EQ(source.get(http).error().message,
            "the environment has a web identity token file but no role (AWS_ROLE_ARN)");
  environment.variables["AWS_ROLE_ARN"] = "role";
  EXPECT_EQ(source.get(http).error().message, "web identity token file \"/token\" of the environment cannot be found");
  environment.files = {{"/token", "SEC RET"}};
  EXPECT_EQ(source.get(http).error().message, "web identity token file \"/token\" of the environment holds no token");
  environment.files = {{"/token", "t"}};
  EXPECT_TRUE(source.get(http).is_pending());
  http.respond(400, R"({"Error":{"Code":"ExpiredTokenException","Message":"Token expired"}})");
  const Error error = source.get(http).error();
  EXPECT_EQ(error.message, "STS AssumeRoleWithWebIdentity of role \"role\" failed: Token expired");
  EXPECT_EQ(error.type, "ExpiredTokenException");
}

TEST_F(WebIdentityCredentialsTest, OfAProfile) {
  environment.files = {{"/token", "t"}};
  WebIdentityCredentials given(context, {"/token", {"other", {}, {}, 0}, "x", "profile \"x\""});
  EXPECT_TRUE(given.get(http).is_pending());
  EXPECT_NE(http.last_body().find("RoleArn=other&RoleSessionName=dynamodb_fdw"), std::string::npos);
  EXPECT_EQ(given.description(), "web identity of profile \"x\"");
}

}  // namespace
}  // namespace dynamodb
