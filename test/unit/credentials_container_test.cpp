// Tests of credentials_container.hpp.
#include "dynamodb/credentials_container.hpp"

#include <gtest/gtest.h>

#include "unit/fake_credentials_http.hpp"
#include "unit/fake_environment.hpp"

namespace dynamodb {
namespace {

constexpr const char* kAnswer =
    R"({"AccessKeyId":"id","SecretAccessKey":"s","Token":"t","Expiration":"2100-01-01T00:00:00Z","RoleArn":"r"})";
constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

class ContainerCredentialsTest : public ::testing::Test {
 protected:
  test::FakeEnvironment environment;
  test::FakeCredentialsHttp http;
  ContainerCredentials source{environment, http.clock};
};

TEST_F(ContainerCredentialsTest, IsNotConfigured) {
  const auto answer = source.get(http);
  EXPECT_FALSE(answer.is_pending());
  EXPECT_FALSE(answer.value());
  EXPECT_EQ(http.requests(), 0u);
}

TEST_F(ContainerCredentialsTest, AsksEcs) {
  environment.variables = {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/x?id=1"},
                           {kFull, "http://evil/"}};
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.last().url, "http://169.254.170.2/v2/credentials/x?id=1");
  EXPECT_EQ(http.last().method, "GET");
  EXPECT_EQ(http.last().headers, std::vector<std::string>{"Accept: application/json"});
  EXPECT_FALSE(http.last().use_proxy);
  EXPECT_EQ(http.last().signing.access_key_id, "");
  http.respond(200, kAnswer);
  const auto answer = source.get(http);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.value()->access_key_id, "id");
  EXPECT_EQ(answer.value()->session_token, "t");
  EXPECT_EQ(answer.value()->source, "container");
  EXPECT_EQ(source.get(http).value()->access_key_id, "id");
  EXPECT_EQ(http.requests(), 1u);
}

TEST_F(ContainerCredentialsTest, ReadsTheTokenFileAnew) {
  environment.variables = {{kFull, "http://169.254.170.23/v1/credentials"},
                           {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token"},
                           {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this"}};
  environment.files = {{"/token", "one\n"}};
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.last().headers[1], "Authorization: one");
  http.respond(200, kAnswer);
  EXPECT_TRUE(source.get(http).ok());
  environment.files = {{"/token", "two"}};
  source.invalidate();
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.last().headers[1], "Authorization: two");
}

TEST_F(ContainerCredentialsTest, ChecksHosts) {
  const struct {
    const char* uri;
    const char* asked;  // "": refused
  } cases[] = {
      {"http://127.0.0.1:99/x", "http://127.0.0.1:99/x"},
      {"http://127.9.9.9/x", "http://127.9.9.9/x"},
      {"http://localhost/x", "http://localhost/x"},
      {"http://[::1]:80/x", "http://[::1]/x"},
      {"http://[::1]:81/x", "http://[::1]:81/x"},
      {"http://[FD00:ec2:0::23]/x", "http://[fd00:ec2:0::23]/x"},
      {"http://169.254.170.2", "http://169.254.170.2/"},
      {"https://creds.example.com/a?b=c", "https://creds.example.com/a?b=c"},
      {"http://creds.example.com/", ""},
      {"http://169.254.170.24/", ""},
      {"http://128.0.0.1/", ""},
      {"http://[fd00:ec2::24]/", ""},
      {"http://localhost.example.com/", ""},
      {"http://localhost@example.com/", ""},
      {"http://127.0.0.1\\@example.com/", ""},
      {"http://127.0.0.1?@example.com/", ""},
      {"http://127.0.0.1/#x", ""},
      {"http://127.0.0.1/a b", ""},
      {"file:///etc/passwd", ""},
      {"127.0.0.1", ""},
  };
  for (const auto& c : cases) {
    environment.variables[kFull] = c.uri;
    ContainerCredentials fresh(environment, http.clock);
    const std::size_t before = http.requests();
    const auto answer = fresh.get(http);
    EXPECT_EQ(answer.is_pending() && http.requests() > before ? http.last().url : "", c.asked) << c.uri;
    const bool refused = !answer.ok() && answer.error().kind == ErrorKind::bad_configuration;
    EXPECT_EQ(refused, *c.asked == '\0') << c.uri;
  }
}

TEST_F(ContainerCredentialsTest, SaysWhatIsWrong) {
  environment.variables = {{kFull, "http://127.0.0.1/x"}};
  EXPECT_TRUE(source.get(http).is_pending());
  http.respond(404, R"({"code":"x","message":"no such task"})");
  const Error error = source.get(http).error();
  EXPECT_EQ(error.kind, ErrorKind::no_credentials);
  EXPECT_EQ(error.message,
            "the container credentials endpoint \"http://127.0.0.1/x\" gave no credentials: HTTP status 404");
  EXPECT_EQ(error.detail, "It says: no such task");

  environment.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/gone";
  EXPECT_EQ(source.get(http).error().message,
            "file \"/gone\", which AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names, cannot be found");
  environment.files = {{"/gone", "SEC\nRET"}};
  EXPECT_EQ(source.get(http).error().message,
            "file \"/gone\", which AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names, holds no token");
  environment.variables = {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil/"}};
  EXPECT_EQ(source.get(http).error().message, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not a path");
}

}  // namespace
}  // namespace dynamodb
