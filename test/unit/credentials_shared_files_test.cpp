// Tests of credentials_shared_files.hpp.
#include "dynamodb/credentials_shared_files.hpp"

#include <gtest/gtest.h>

#include "unit/fake_credentials_http.hpp"
#include "unit/fake_clock.hpp"
#include "unit/fake_environment.hpp"

namespace dynamodb {
namespace {

using test::FakeClock;
using test::FakeEnvironment;

constexpr const char* kKeys = "aws_access_key_id = id\naws_secret_access_key = secret\n";

TEST(SharedFilesCredentials, Gets) {
  test::FakeCredentialsHttp http;
  const std::string keys = kKeys;
  const struct {
    const char* what;
    std::string config;
    std::string credentials;
    const char* aws_profile;
    const char* requested;
    const char* expected;  // "id/secret/token source", "" for nothing, "URL by key id" of what is asked, or the message
                           // of an error
  } cases[] = {
      {"nothing", "", "", "", "", ""},
      {"a profile without keys", "[default]\nregion = x\n", "", "default", "", ""},
      {"credentials file", "", "[default]\n" + keys, "", "", "id/secret/ profile default"},
      {"config file", "[default]\n" + keys, "", "", "", "id/secret/ profile default"},
      {"config file, [profile x]", "[profile x]\n" + keys, "", "x", "", "id/secret/ profile x"},
      {"requested", "[profile y]\n" + keys, "[x]\n", "x", "y", "id/secret/ profile y"},
      {"token", "", "[default]\n" + keys + "aws_session_token = t\n", "", "", "id/secret/t profile default"},
      {"old token", "", "[default]\n" + keys + "aws_security_token = t\n", "", "", "id/secret/t profile default"},
      {"upper case", "", "[default]\nAWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=secret", "", "",
       "id/secret/ profile default"},
      {"credentials file goes first", "[default]\naws_access_key_id = other\naws_secret_access_key = other\n",
       "[default]\n" + keys, "", "", "id/secret/ profile default"},
      {"files are not mixed", "[default]\naws_session_token = other\n" + keys, "[default]\n" + keys, "", "",
       "id/secret/ profile default"},
      {"half, not completed by the other file", "[default]\n" + keys, "[default]\naws_access_key_id = id\n", "", "",
       "profile \"default\" in \"/h/.aws/credentials\" has aws_access_key_id but no aws_secret_access_key"},
      {"half in config", "[default]\naws_secret_access_key = SECRET\n", "", "", "",
       "profile \"default\" in \"/h/.aws/config\" has aws_secret_access_key but no aws_access_key_id"},
      {"continued key", "", "[default]\naws_access_key_id = id\naws_secret_access_key = SEC\n  RET\n", "", "",
       "aws_secret_access_key of profile \"default\" in \"/h/.aws/credentials\" contains white space or another "
       "character that it cannot have"},
      {"no such profile", "[default]\n", "", "dev", "",
       "profile \"dev\", which AWS_PROFILE names, is neither in \"/h/.aws/config\" nor in \"/h/.aws/credentials\""},
      {"no such requested profile", "[dev]\n", "", "", "dev",
       "profile \"dev\", which the option profile names, is neither in \"/h/.aws/config\" nor in "
       "\"/h/.aws/credentials\""},
      {"role", "[profile r]\nrole_arn = arn\nsource_profile = default\n", "[default]\n" + keys, "r", "",
       "https://sts.eu-west-1.amazonaws.com/ by id"},
      {"role beside keys", "[default]\nrole_arn = arn\n", "[default]\n" + keys, "", "",
       "profile \"default\" has role_arn but neither source_profile nor credential_source"},
      {"role of its own keys", "[default]\nrole_arn = arn\nsource_profile = default\n", "[default]\n" + keys, "", "",
       "https://sts.eu-west-1.amazonaws.com/ by id"},
      {"chain of roles",
       "[default]\nrole_arn = a\nsource_profile = b\n[profile b]\nrole_arn = b\ncredential_source = "
       "Ec2InstanceMetadata\n",
       "", "", "", "http://169.254.169.254/latest/api/token by "},
      {"circle", "[default]\nrole_arn = a\nsource_profile = b\n[profile b]\nrole_arn = b\nsource_profile = default\n",
       "", "", "", "profile \"default\" is its own source_profile, directly or through others"},
      {"no such source", "[default]\nrole_arn = a\nsource_profile = b\n", "", "", "",
       "profile \"default\" has profile \"b\" as its source_profile, which neither \"/h/.aws/config\" nor "
       "\"/h/.aws/credentials\" has"},
      {"empty source", "[default]\nrole_arn = a\nsource_profile = b\n[profile b]\nregion = x\n", "", "", "",
       "profile \"default\" has profile \"b\" as its source_profile, which has no credentials"},
      {"two sources", "[default]\nrole_arn = a\nsource_profile = b\ncredential_source = Environment\n", "", "", "",
       "profile \"default\" has both source_profile and credential_source"},
      {"unknown source", "[default]\nrole_arn = a\ncredential_source = x\n", "", "", "",
       "profile \"default\" has a credential_source that is none of Environment, EcsContainer and Ec2InstanceMetadata"},
      {"MFA", "[default]\nrole_arn = a\nsource_profile = b\nmfa_serial = x\n", "", "", "",
       "profile \"default\" has mfa_serial; a database server cannot ask for a code"},
      {"duration", "[default]\nrole_arn = a\nsource_profile = b\nduration_seconds = 1h\n", "", "", "",
       "profile \"default\" has a duration_seconds that is no number of seconds"},
      {"web identity with a role", "[default]\nrole_arn = a\nweb_identity_token_file = /t\n", "", "", "",
       "https://sts.eu-west-1.amazonaws.com/ by "},
      {"SSO", "[default]\nsso_session = s\n", "", "", "",
       "profile \"default\" has sso_session, but there is no [sso-session s] with sso_start_url and sso_region"},
      {"old SSO", "[default]\nsso_start_url = s\n", "", "", "",
       "profile \"default\" is one for SSO, but has not all of sso_region, sso_account_id and sso_role_name"},
      {"process", "[default]\ncredential_process = exec /bin/sleep 60\n", "", "", "", "a program"},
      {"process beside keys", "[default]\ncredential_process = /bin/x\n", "[default]\n" + keys, "", "",
       "id/secret/ profile default"},
      {"web identity", "[default]\nweb_identity_token_file = /t\n", "", "", "",
       "profile \"default\" has web_identity_token_file but no role_arn"},
      {"login", "[default]\nlogin_session = x\n", "", "", "",
       "profile \"default\" has login_session, which cannot be used here"},
      {"broken file", "SECRET", "[default]\n" + keys, "", "",
       "file \"/h/.aws/config\", line 1: a setting stands before the first section"},
  };
  for (const auto& c : cases) {
    FakeEnvironment environment;
    FakeClock clock;
    environment.variables = {{"HOME", "/h"}, {"AWS_PROFILE", c.aws_profile}};
    environment.files = {{"/h/.aws/config", c.config}, {"/h/.aws/credentials", c.credentials}, {"/t", "t"}};
    SharedFilesCredentials source({environment, clock, "eu-west-1"}, c.requested);
    const std::size_t before = http.requests();
    const auto result = source.get(http);
    std::string shown;
    if (result.is_pending()) {
      const bool asked = http.requests() > before;
      shown = asked ? http.last().url + " by " + http.last().signing.access_key_id : "a program";
    } else if (!result.ok()) {
      EXPECT_EQ(result.error().kind, ErrorKind::bad_configuration) << c.what;
      shown = result.error().message;
    } else if (result.value()) {
      const Credentials& found = *result.value();
      shown = found.access_key_id + "/" + found.secret_access_key + "/" + found.session_token + " " + found.source;
    }
    EXPECT_EQ(shown, c.expected) << c.what;
  }
}

TEST(SharedFilesCredentials, UnreadableFileIsAnError) {
  test::FakeCredentialsHttp http;
  FakeEnvironment environment;
  FakeClock clock;
  environment.variables = {{"HOME", "/h"}};
  environment.unreadable = {"/h/.aws/credentials"};
  EXPECT_EQ(SharedFilesCredentials({environment, clock, "eu-west-1"}).get(http).error().message,
            "cannot read file \"/h/.aws/credentials\": no permission");
}

TEST(SharedFilesCredentials, KeepsWhatItFoundForAWhile) {
  test::FakeCredentialsHttp http;
  FakeEnvironment environment;
  FakeClock clock;
  environment.variables = {{"AWS_SHARED_CREDENTIALS_FILE", "/f"}};
  SharedFilesCredentials source({environment, clock, "eu-west-1"});
  const auto set_key = [&](const char* id) {
    environment.files["/f"] = std::string("[default]\naws_secret_access_key = s\naws_access_key_id = ") + id;
  };
  EXPECT_FALSE(source.get(http).value());  // that there is nothing is not kept
  set_key("first");
  EXPECT_EQ(source.get(http).value()->access_key_id, "first");
  set_key("second");
  clock.advance(SharedFilesCredentials::kKeptFor - Milliseconds(1));
  EXPECT_EQ(source.get(http).value()->access_key_id, "first");
  clock.advance(Milliseconds(1));
  EXPECT_EQ(source.get(http).value()->access_key_id, "second");
  set_key("third");
  source.invalidate();
  EXPECT_EQ(source.get(http).value()->access_key_id, "third");
}

TEST(SharedFilesCredentials, DescribesWhereItLooks) {
  test::FakeCredentialsHttp http;
  FakeEnvironment environment;
  FakeClock clock;
  EXPECT_EQ(SharedFilesCredentials({environment, clock, "eu-west-1"}).description(),
            "profile \"default\" in (no HOME) or (no HOME)");
  environment.variables = {{"HOME", "/h"}, {"AWS_CONFIG_FILE", "/c"}, {"AWS_PROFILE", "dev"}};
  EXPECT_EQ(SharedFilesCredentials({environment, clock, "eu-west-1"}).description(),
            "profile \"dev\" in \"/h/.aws/credentials\" or \"/c\"");
}

}  // namespace
}  // namespace dynamodb
