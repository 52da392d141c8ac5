// Tests of credentials_environment.hpp.
#include "dynamodb/credentials_environment.hpp"

#include <gtest/gtest.h>

#include "unit/fake_credentials_http.hpp"
#include "unit/fake_environment.hpp"

namespace dynamodb {
namespace {

using test::FakeEnvironment;

TEST(EnvironmentCredentials, Gets) {
  test::FakeCredentialsHttp http;
  const struct {
    std::map<std::string, std::string> variables;
    const char* expected;  // "id/secret/token", "" for nothing, or the message of an error
  } cases[] = {
      {{}, ""},
      {{{"AWS_SESSION_TOKEN", "t"}}, ""},
      {{{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}}, ""},
      {{{"AWS_ACCESS_KEY_ID", "i"}, {"AWS_SECRET_ACCESS_KEY", "s"}}, "i/s/"},
      {{{"AWS_ACCESS_KEY_ID", "i"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", "t"}}, "i/s/t"},
      {{{"AWS_ACCESS_KEY_ID", "i"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SECURITY_TOKEN", "t"}}, "i/s/t"},
      {{{"AWS_ACCESS_KEY_ID", "i"}}, "the environment has AWS_ACCESS_KEY_ID but no AWS_SECRET_ACCESS_KEY"},
      {{{"AWS_SECRET_ACCESS_KEY", "SECRET"}}, "the environment has AWS_SECRET_ACCESS_KEY but no AWS_ACCESS_KEY_ID"},
  };
  for (const auto& c : cases) {
    FakeEnvironment environment;
    environment.variables = c.variables;
    const auto result = EnvironmentCredentials(environment).get(http);
    std::string shown;
    if (!result.ok()) {
      shown = result.error().message;
    } else if (result.value()) {
      EXPECT_EQ(result.value()->source, "environment");
      shown =
          result.value()->access_key_id + "/" + result.value()->secret_access_key + "/" + result.value()->session_token;
    }
    EXPECT_EQ(shown, c.expected);
  }
}

}  // namespace
}  // namespace dynamodb
