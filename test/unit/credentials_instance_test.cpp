// Tests of credentials_instance.hpp.
#include "dynamodb/credentials_instance.hpp"

#include <gtest/gtest.h>

#include "unit/fake_credentials_http.hpp"
#include "unit/fake_environment.hpp"

namespace dynamodb {
namespace {

constexpr const char* kAnswer =
    R"({"Code":"Success","AccessKeyId":"id","SecretAccessKey":"s","Token":"t","Expiration":"2100-01-01T00:00:00Z"})";

class InstanceCredentialsTest : public ::testing::Test {
 protected:
  test::FakeEnvironment environment;
  test::FakeCredentialsHttp http;
  InstanceCredentials source{environment, http.clock};
};

TEST_F(InstanceCredentialsTest, AsksInThreeSteps) {
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.last().method, "PUT");
  EXPECT_EQ(http.last().url, "http://169.254.169.254/latest/api/token");
  EXPECT_EQ(http.last().headers, std::vector<std::string>{"X-aws-ec2-metadata-token-ttl-seconds: 21600"});
  EXPECT_EQ(http.last().request_timeout, Milliseconds(1000));
  EXPECT_FALSE(http.last().use_proxy);
  http.respond(200, "TOKEN==");
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.last().method, "GET");
  EXPECT_EQ(http.last().url, "http://169.254.169.254/latest/meta-data/iam/security-credentials/");
  EXPECT_EQ(http.last().headers, std::vector<std::string>{"X-aws-ec2-metadata-token: TOKEN=="});
  http.respond(200, "my-role\n");
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.last().url, "http://169.254.169.254/latest/meta-data/iam/security-credentials/my-role");
  EXPECT_EQ(http.last().headers, std::vector<std::string>{"X-aws-ec2-metadata-token: TOKEN=="});
  http.respond(200, kAnswer);
  const auto answer = source.get(http);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.value()->access_key_id, "id");
  EXPECT_EQ(answer.value()->session_token, "t");
  EXPECT_EQ(source.get(http).value()->access_key_id, "id");
  EXPECT_EQ(http.requests(), 3u);
  source.invalidate();
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.last().method, "PUT");
}

TEST_F(InstanceCredentialsTest, ReadsItsVariables) {
  const struct {
    std::map<std::string, std::string> variables;
    const char* expected;  // what is asked, "" for nothing, or an error
  } cases[] = {
      {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}}, "http://[fd00:ec2::254]/latest/api/token"},
      {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:99/"},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}},
       "http://127.0.0.1:99/latest/api/token"},
      {{{"AWS_EC2_METADATA_DISABLED", "True"}}, ""},
      {{{"AWS_EC2_METADATA_DISABLED", "false"}}, "http://169.254.169.254/latest/api/token"},
      {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "x"}},
       "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE must be IPv4 or IPv6"},
      {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "127.0.0.1"}},
       "AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint URL \"127.0.0.1\" must begin with http:// or https://"},
  };
  for (const auto& c : cases) {
    environment.variables = c.variables;
    InstanceCredentials fresh(environment, http.clock);
    const auto answer = fresh.get(http);
    EXPECT_EQ(answer.is_pending() ? http.last().url : answer.ok() ? "" : answer.error().message, c.expected);
  }
}

TEST_F(InstanceCredentialsTest, IsNotConfiguredWhereThereIsNone) {
  EXPECT_EQ(source.description(), "role of the EC2 instance");
  EXPECT_TRUE(source.get(http).is_pending());
  http.respond(test::no_answer(Error::timeout("no answer within 1 s")));
  const auto answer = source.get(http);
  ASSERT_TRUE(answer.ok() && !answer.is_pending());
  EXPECT_FALSE(answer.value());
  EXPECT_EQ(source.description(), "role of the EC2 instance (no answer within 1 s)");

  EXPECT_TRUE(source.get(http).is_pending());
  http.respond(200, "TOKEN");
  EXPECT_TRUE(source.get(http).is_pending());
  http.respond(404, "");
  EXPECT_FALSE(source.get(http).value());
  EXPECT_EQ(source.description(), "role of the EC2 instance (the instance has no IAM role)");
}

TEST_F(InstanceCredentialsTest, SaysWhatIsWrong) {
  const struct {
    std::vector<std::pair<int, const char*>> answers;
    const char* message;
  } cases[] = {
      {{{500, ""}}, "did not give a session token: HTTP status 500"},
      {{{200, "a b"}}, "did not give a usable session token"},
      {{{200, "T"}, {401, ""}}, "did not give the name of the instance's role: HTTP status 401"},
      {{{200, "T"}, {200, "../x"}}, "did not give a usable name of the instance's role"},
      {{{200, "T"}, {200, "r"}, {500, ""}}, "did not give credentials: HTTP status 500"},
      {{{200, "T"}, {200, "r"}, {200, R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"m"})"}},
       "did not give credentials"},
  };
  for (const auto& c : cases) {
    InstanceCredentials fresh(environment, http.clock);
    EXPECT_TRUE(fresh.get(http).is_pending());
    for (const auto& [status, body] : c.answers) {
      http.respond(status, body);
      if (&body == &c.answers.back().second) break;
      EXPECT_TRUE(fresh.get(http).is_pending());
    }
    const auto answer = fresh.get(http);
    ASSERT_FALSE(answer.ok()) << c.message;
    EXPECT_EQ(answer.error().message,
              std::string("the EC2 instance metadata service at \"http://169.254.169.254\" ") + c.message);
  }
}

}  // namespace
}  // namespace dynamodb
