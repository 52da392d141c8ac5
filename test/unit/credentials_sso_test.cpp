// Tests of credentials_sso.hpp.
#include "dynamodb/credentials_sso.hpp"

#include <gtest/gtest.h>

#include "unit/fake_credentials_http.hpp"
#include "unit/fake_environment.hpp"

namespace dynamodb {
namespace {

constexpr const char* kToken = R"({"startUrl":"u","accessToken":"TOKEN","expiresAt":"2100-01-01T00:00:00Z"})";
// echo -n dev | sha1sum
constexpr const char* kPath = "/h/.aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json";

class SsoCredentialsTest : public ::testing::Test {
 protected:
  SsoCredentialsTest() {
    environment.variables = {{"HOME", "/h"}};
    environment.files = {{kPath, kToken}};
  }

  test::FakeEnvironment environment;
  test::FakeCredentialsHttp http;
  CredentialsContext context{environment, http.clock, "us-east-1"};
  SsoCredentials source{context, {"https://x/start", "eu-west-1", "dev", "123456789012", "my role", "p"}};
};

TEST_F(SsoCredentialsTest, AsksThePortal) {
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.last().url,
            "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=my%20role&account_id="
            "123456789012");
  EXPECT_EQ(http.last().headers[1], "x-amz-sso_bearer_token: TOKEN");
  EXPECT_EQ(http.last().signing.access_key_id, "");
  http.respond(
      200,
      R"({"roleCredentials":{"accessKeyId":"id","secretAccessKey":"s","sessionToken":"t","expiration":4000000000000}})");
  const auto answer = source.get(http);
  EXPECT_EQ(answer.value()->access_key_id, "id");
  EXPECT_EQ(WallTime::to_time_t(*answer.value()->expiration), 4000000000);
}

TEST_F(SsoCredentialsTest, AsksTheVariantThatIsSet) {
  environment.variables["AWS_USE_FIPS_ENDPOINT"] = "true";
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_TRUE(http.last().url.starts_with("https://portal.sso-fips.eu-west-1.amazonaws.com/")) << http.last().url;
}

TEST_F(SsoCredentialsTest, SaysWhatIsWrong) {
  EXPECT_TRUE(source.get(http).is_pending());
  http.respond(401, R"({"message":"Session token not found or invalid"})");
  EXPECT_EQ(source.get(http).error().message, "the SSO token of profile \"p\" is no longer valid");
  EXPECT_TRUE(source.get(http).is_pending());
  http.respond(403, R"({"message":"No access"})");
  const Error error = source.get(http).error();
  EXPECT_EQ(error.message,
            "the SSO portal gave no credentials of role \"my role\" in account 123456789012: HTTP status 403");
  EXPECT_EQ(error.detail, "It says: No access");

  environment.files[kPath] = R"({"accessToken":"TOKEN","expiresAt":"1999-01-01T00:00:00Z"})";
  EXPECT_EQ(source.get(http).error().message, "the SSO token of profile \"p\" has expired");
  environment.files[kPath] = R"({"accessToken":"TO\nKEN","expiresAt":"2100-01-01T00:00:00Z"})";
  EXPECT_EQ(source.get(http).error().message, "the SSO token of profile \"p\" cannot be read");
  environment.files.clear();
  EXPECT_EQ(source.get(http).error().message, "the SSO token of profile \"p\" cannot be found");
  EXPECT_NE(source.get(http).error().detail.find("aws sso login"), std::string::npos);
}

}  // namespace
}  // namespace dynamodb
