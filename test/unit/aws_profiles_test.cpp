// Tests of aws_profiles.hpp.
#include "dynamodb/aws_profiles.hpp"

#include <gtest/gtest.h>

#include "unit/fake_environment.hpp"

namespace dynamodb {
namespace {

using test::FakeEnvironment;
using Variables = std::map<std::string, std::string>;

TEST(AwsProfiles, ChoosesAProfile) {
  const struct {
    Variables variables;
    const char* requested;
    const char* name;
    const char* chosen_by;
  } cases[] = {
      {{}, "", "default", ""},
      {{{"AWS_PROFILE", ""}}, "", "default", ""},
      {{{"AWS_PROFILE", "a"}}, "", "a", "AWS_PROFILE"},
      {{{"AWS_PROFILE", "default"}}, "", "default", "AWS_PROFILE"},
      {{{"AWS_DEFAULT_PROFILE", "b"}}, "", "b", "AWS_DEFAULT_PROFILE"},
      {{{"AWS_PROFILE", "a"}, {"AWS_DEFAULT_PROFILE", "b"}}, "", "a", "AWS_PROFILE"},
      {{{"AWS_PROFILE", "a"}}, "c", "c", "the option profile"},
  };
  for (const auto& c : cases) {
    FakeEnvironment environment;
    environment.variables = c.variables;
    const ProfileChoice choice = choose_profile(environment, c.requested);
    EXPECT_EQ(choice.name, c.name);
    EXPECT_EQ(choice.chosen_by, c.chosen_by);
  }
}

TEST(AwsProfiles, FindsTheFiles) {
  const struct {
    Variables variables;
    const char* config;
    const char* credentials;
  } cases[] = {
      {{}, "", ""},
      {{{"HOME", "/h"}}, "/h/.aws/config", "/h/.aws/credentials"},
      {{{"HOME", "/h"}, {"AWS_CONFIG_FILE", "/c"}}, "/c", "/h/.aws/credentials"},
      {{{"AWS_SHARED_CREDENTIALS_FILE", "/s"}}, "", "/s"},
      {{{"HOME", "/h"}, {"AWS_CONFIG_FILE", "~/c"}, {"AWS_SHARED_CREDENTIALS_FILE", "~x/s"}}, "/h/c", "~x/s"},
      {{{"AWS_CONFIG_FILE", "~/c"}}, "~/c", ""},
  };
  for (const auto& c : cases) {
    FakeEnvironment environment;
    environment.variables = c.variables;
    EXPECT_EQ(config_file_path(environment), c.config);
    EXPECT_EQ(credentials_file_path(environment), c.credentials);
  }
}

TEST(AwsProfiles, TakesBothFilesTogether) {
  FakeEnvironment environment;
  environment.variables = {{"HOME", "/h"}};
  environment.files = {
      {"/h/.aws/config",
       "[default]\nregion = from-default\n[profile dev]\nregion = r\nonly = config\nservices = s\n"
       "[bare]\nregion = no\n[services s]\ndynamodb =\n endpoint_url = u\n[services other]\n"},
      {"/h/.aws/credentials",
       "[dev]\nregion = wins\n[profile ignored]\nregion = no\n[lonely]\nkey = k\nservices = missing\n"},
  };
  const Result<AwsProfiles> read = AwsProfiles::read(environment);
  ASSERT_TRUE(read.ok()) << read.error().message;
  const AwsProfiles& profiles = read.value();
  const struct {
    const char* profile;
    bool exists;
    const char* region;
    const char* endpoint;
  } cases[] = {
      {"default", true, "from-default", nullptr}, {"dev", true, "wins", "u"},
      {"bare", false, nullptr, nullptr},          {"ignored", false, nullptr, nullptr},
      {"lonely", true, nullptr, nullptr},         {"nowhere", false, nullptr, nullptr},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(profiles.has(c.profile), c.exists) << c.profile;
    const std::string* region = profiles.setting(c.profile, "region");
    EXPECT_STREQ(region == nullptr ? nullptr : region->c_str(), c.region) << c.profile;
    const std::string* endpoint = profiles.service_setting(c.profile, "dynamodb", "endpoint_url");
    EXPECT_STREQ(endpoint == nullptr ? nullptr : endpoint->c_str(), c.endpoint) << c.profile;
  }
  EXPECT_EQ(*profiles.setting("dev", "only"), "config");
}

TEST(AwsProfiles, ProfileDefaultGoesBeforeDefault) {
  FakeEnvironment environment;
  environment.variables = {{"AWS_CONFIG_FILE", "/c"}};
  environment.files = {{"/c", "[profile default]\na = 1\n[default]\na = 2\nb = 2\n"}};
  const Result<AwsProfiles> profiles = AwsProfiles::read(environment);
  ASSERT_TRUE(profiles.ok());
  EXPECT_EQ(*profiles.value().setting("default", "a"), "1");
  EXPECT_EQ(profiles.value().setting("default", "b"), nullptr);
}

TEST(AwsProfiles, AbsentFilesAreEmptyAndUnusableOnesErrors) {
  FakeEnvironment environment;
  EXPECT_TRUE(AwsProfiles::read(environment).ok());
  environment.variables = {{"HOME", "/h"}};
  EXPECT_TRUE(AwsProfiles::read(environment).ok());

  environment.unreachable = {"/h/.aws/config", "/h/.aws/credentials", "/named"};
  EXPECT_TRUE(AwsProfiles::read(environment).ok());  // another user's HOME
  environment.variables["AWS_CONFIG_FILE"] = "/named";
  EXPECT_EQ(AwsProfiles::read(environment).error().message,
            "cannot read file \"/named\", which AWS_CONFIG_FILE names: a folder on the way may not be entered");

  environment.variables["AWS_CONFIG_FILE"] = "/broken";
  environment.files["/broken"] = "x";
  EXPECT_EQ(AwsProfiles::read(environment).error().message,
            "file \"/broken\", line 1: a setting stands before the first section");

  environment.variables["AWS_CONFIG_FILE"] = "/locked";
  environment.unreadable = {"/locked"};
  EXPECT_EQ(AwsProfiles::read(environment).error().message, "cannot read file \"/locked\": no permission");
}

}  // namespace
}  // namespace dynamodb
