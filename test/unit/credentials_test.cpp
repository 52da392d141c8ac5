// Tests of credentials.hpp: the chain, and what all sources check.
#include "dynamodb/credentials.hpp"

#include <gtest/gtest.h>

#include "unit/fake_clock.hpp"
#include "unit/fake_credentials_http.hpp"
#include "unit/fake_environment.hpp"

namespace dynamodb {
namespace {

using test::FakeClock;
using test::FakeEnvironment;

constexpr CredentialsNames kNames{"the place", "key id", "secret", "token"};

TEST(Credentials, Checks) {
  const struct {
    const char* access_key_id;
    const char* secret_access_key;
    const char* session_token;
    bool found;
    const char* message;
  } cases[] = {
      {"", "", "", false, ""},
      {"", "", "SECRET", false, ""},
      {"id", "s/e+c=", "", true, ""},
      {"id", "s", "t", true, ""},
      {"id", "", "SECRET", false, "the place has key id but no secret"},
      {"", "SECRET", "", false, "the place has secret but no key id"},
      {"id\n", "s", "", false, "key id of the place contains white space or another character that it cannot have"},
      {"id", "SEC\nRET", "", false,
       "secret of the place contains white space or another character that it cannot have"},
      {"id", "s", "SE CRET", false, "token of the place contains white space or another character that it cannot have"},
      {"id", "s\xC3\xBC", "", false,
       "secret of the place contains white space or another character that it cannot have"},
  };
  for (const auto& c : cases) {
    const auto result = check_credentials({c.access_key_id, c.secret_access_key, c.session_token, {}, "src"}, kNames);
    if (*c.message != '\0') {
      ASSERT_FALSE(result.ok()) << c.message;
      EXPECT_EQ(result.error().kind, ErrorKind::bad_configuration);
      EXPECT_EQ(result.error().message, c.message);
      continue;
    }
    ASSERT_TRUE(result.ok()) << result.error().message;
    ASSERT_EQ(result.value().has_value(), c.found);
    if (!c.found) continue;
    EXPECT_EQ(result.value()->access_key_id, c.access_key_id);
    EXPECT_EQ(result.value()->secret_access_key, c.secret_access_key);
    EXPECT_EQ(result.value()->session_token, c.session_token);
    EXPECT_EQ(result.value()->source, "src");
  }
}

TEST(CheckCredentials, RefusesWhatNoHeaderTakes) {
  const std::string long_enough(8 << 10, 'x');
  const std::string too_long((16 << 10) + 1, 'x');
  EXPECT_TRUE(check_credentials({"id", "s", long_enough, {}, "src"}, kNames).ok());
  const auto result = check_credentials({"id", "s", too_long, {}, "src"}, kNames);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "token of the place is too long");
}

/// Answers what it is told: "" nothing, "!" an Error, else credentials of that key id.
class ScriptedSource final : public CredentialsSource {
 public:
  ScriptedSource(std::string script, int* asked, int* invalidated)
      : script_(std::move(script)), asked_(asked), invalidated_(invalidated) {}
  CredentialsAnswer get(CredentialsHttp&) override {
    ++*asked_;
    if (script_.empty()) return std::optional<Credentials>();
    if (script_ == "!") return Error::bad_configuration("unusable");
    return std::optional<Credentials>(Credentials{script_, "s", "", {}, script_});
  }
  void invalidate() noexcept override { ++*invalidated_; }
  std::string description() const override { return "script " + script_; }

 private:
  std::string script_;
  int* asked_;
  int* invalidated_;
};

TEST(CredentialsChain, AsksInOrder) {
  test::FakeCredentialsHttp http;
  const struct {
    std::vector<const char*> scripts;
    const char* expected;  // key id, or the message of an error
    int asked;
  } cases[] = {
      {{"a", "b"}, "a", 1},
      {{"", "b"}, "b", 2},
      {{"", "!", "c"}, "unusable", 2},
      {{"", ""}, "no AWS credentials were found", 2},
      {{}, "no AWS credentials were found", 0},
  };
  for (const auto& c : cases) {
    int asked = 0;
    int invalidated = 0;
    std::vector<std::unique_ptr<CredentialsSource>> sources;
    for (const char* script : c.scripts) {
      sources.push_back(std::make_unique<ScriptedSource>(script, &asked, &invalidated));
    }
    CredentialsChain chain(std::move(sources));
    const auto result = chain.get(http);
    EXPECT_EQ(result.ok() ? result.value()->access_key_id : result.error().message, c.expected);
    EXPECT_EQ(asked, c.asked);
    chain.invalidate();
    EXPECT_EQ(invalidated, static_cast<int>(c.scripts.size()));
  }
}

TEST(AmbientCredentials, EnvironmentGoesBeforeFiles) {
  test::FakeCredentialsHttp http;
  FakeEnvironment environment;
  FakeClock clock;
  environment.variables = {{"HOME", "/h"}, {"AWS_EC2_METADATA_DISABLED", "true"}};
  const auto ambient = ambient_credentials({environment, clock, "eu-west-1"});

  const auto nothing = ambient->get(http);
  ASSERT_FALSE(nothing.ok());
  EXPECT_EQ(nothing.error().kind, ErrorKind::no_credentials);
  EXPECT_EQ(
      nothing.error().detail,
      "Looked for: environment (AWS_ACCESS_KEY_ID); web identity (AWS_WEB_IDENTITY_TOKEN_FILE); profile \"default\" "
      "in \"/h/.aws/credentials\" or \"/h/.aws/config\"; container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, "
      "AWS_CONTAINER_CREDENTIALS_FULL_URI); role of the EC2 instance (disabled by AWS_EC2_METADATA_DISABLED).");

  environment.files["/h/.aws/credentials"] = "[default]\naws_access_key_id = file\naws_secret_access_key = s\n";
  EXPECT_EQ(ambient->get(http).value()->access_key_id, "file");
  environment.variables["AWS_ACCESS_KEY_ID"] = "variable";
  environment.variables["AWS_SECRET_ACCESS_KEY"] = "s";
  environment.variables["AWS_PROFILE"] = "nowhere";
  EXPECT_EQ(ambient->get(http).value()->access_key_id, "file");  // who answered is asked first
  ambient->invalidate();
  EXPECT_EQ(ambient->get(http).value()->access_key_id, "variable");
}

}  // namespace
}  // namespace dynamodb
