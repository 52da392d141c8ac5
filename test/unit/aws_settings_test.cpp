// Tests of aws_settings.hpp.
#include "dynamodb/aws_settings.hpp"

#include <gtest/gtest.h>

#include "unit/fake_environment.hpp"

namespace dynamodb {
namespace {

using test::FakeEnvironment;
using Variables = std::map<std::string, std::string>;

FakeEnvironment environment_with(Variables variables, const char* config = "") {
  FakeEnvironment environment;
  environment.variables = std::move(variables);
  environment.variables["AWS_CONFIG_FILE"] = "/config";
  environment.files["/config"] = config;
  return environment;
}

TEST(AwsSettings, Region) {
  constexpr const char* kConfig =
      "[default]\nregion = from-default\n[profile dev]\nregion = from-dev\n[profile none]\n";
  const struct {
    Variables variables;
    const char* profile;
    const char* expected;
  } cases[] = {
      {{{"AWS_REGION", "a"}, {"AWS_DEFAULT_REGION", "b"}}, "", "a"},
      {{{"AWS_DEFAULT_REGION", "b"}}, "dev", "b"},
      {{{"AWS_REGION", ""}}, "", "from-default"},
      {{}, "dev", "from-dev"},
      {{{"AWS_PROFILE", "dev"}}, "", "from-dev"},
      {{}, "none", ""},
      {{}, "nowhere", ""},
  };
  for (const auto& c : cases) {
    const FakeEnvironment environment = environment_with(c.variables, kConfig);
    EXPECT_EQ(AwsSettings(environment, c.profile).region().value(), c.expected);
  }
}

TEST(AwsSettings, EndpointUrl) {
  constexpr const char* kServices =
      "[default]\nendpoint_url = http://profile:1\nservices = s\n[services s]\ns3 =\n endpoint_url = http://s3:1\n"
      "dynamodb =\n endpoint_url = http://services:1\n";
  constexpr const char* kProfile = "[default]\nendpoint_url = http://profile:1\nservices = missing\n";
  constexpr const char* kIgnored =
      "[default]\nendpoint_url = http://profile:1\nignore_configured_endpoint_urls = TRUE\n";
  const struct {
    Variables variables;
    const char* config;
    const char* expected;
  } cases[] = {
      {{}, "", ""},
      {{{"AWS_ENDPOINT_URL_DYNAMODB", "http://d:1"}, {"AWS_ENDPOINT_URL", "http://a:1"}}, kServices, "http://d:1/"},
      {{{"AWS_ENDPOINT_URL", "http://a:1"}}, kServices, "http://a:1/"},
      {{}, kServices, "http://services:1/"},
      {{}, kProfile, "http://profile:1/"},
      {{}, kIgnored, ""},
      {{{"AWS_ENDPOINT_URL", "http://a:1"}}, kIgnored, ""},
      {{{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}, {"AWS_ENDPOINT_URL", "http://a:1"}}, kServices, ""},
      {{{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false"}}, kIgnored, "http://profile:1/"},
  };
  for (const auto& c : cases) {
    const FakeEnvironment environment = environment_with(c.variables, c.config);
    const Result<std::string> url = AwsSettings(environment).endpoint_url();
    ASSERT_TRUE(url.ok()) << url.error().message;
    EXPECT_EQ(url.value(), c.expected);
  }
}

TEST(AwsSettings, FlagsAndCaBundle) {
  const struct {
    Variables variables;
    const char* config;
    bool use_fips;
    bool use_dualstack;
    const char* ca_bundle;
  } cases[] = {
      {{}, "", false, false, ""},
      {{{"AWS_USE_FIPS_ENDPOINT", "true"}, {"AWS_CA_BUNDLE", "/ca"}}, "", true, false, "/ca"},
      {{{"AWS_USE_DUALSTACK_ENDPOINT", "True"}}, "", false, true, ""},
      {{}, "[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint=true\nca_bundle = /p\n", true, true, "/p"},
      {{{"AWS_USE_FIPS_ENDPOINT", "FALSE"}}, "[default]\nuse_fips_endpoint = true\n", false, false, ""},
  };
  for (const auto& c : cases) {
    const FakeEnvironment environment = environment_with(c.variables, c.config);
    AwsSettings settings(environment);
    EXPECT_EQ(settings.use_fips().value(), c.use_fips);
    EXPECT_EQ(settings.use_dualstack().value(), c.use_dualstack);
    EXPECT_EQ(settings.ca_bundle().value(), c.ca_bundle);
    EXPECT_LE(environment.files_read, 1);
  }
}

TEST(AwsSettings, ApplicationId) {
  const FakeEnvironment none = environment_with({}, "");
  EXPECT_EQ(AwsSettings(none).application_id().value(), "");
  const FakeEnvironment profile = environment_with({}, "[default]\nsdk_ua_app_id = reports\n");
  EXPECT_EQ(AwsSettings(profile).application_id().value(), "reports");
  const FakeEnvironment both = environment_with({{"AWS_SDK_UA_APP_ID", "x"}}, "[default]\nsdk_ua_app_id = reports\n");
  EXPECT_EQ(AwsSettings(both).application_id().value(), "x");
}

TEST(AwsSettings, ErrorsNameTheSource) {
  const struct {
    Variables variables;
    const char* config;
    const char* message;
  } cases[] = {
      {{{"AWS_ENDPOINT_URL", "x"}}, "", "AWS_ENDPOINT_URL: endpoint URL \"x\" must begin with http:// or https://"},
      {{},
       "[default]\nendpoint_url = http://u:SECRET@x",
       "profile \"default\", endpoint_url: endpoint URL must not contain a user name"},
      {{},
       "[default]\nservices=s\n[services s]\ndynamodb=\n endpoint_url = http://",
       "profile \"default\", services, dynamodb endpoint_url: endpoint URL \"http://\" has no valid host"},
      {{{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "yes"}},
       "",
       "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS must be true or false"},
      {{},
       "[default]\nignore_configured_endpoint_urls = 1",
       "profile \"default\", ignore_configured_endpoint_urls must be true or false"},
      {{}, "[default", "file \"/config\", line 1: a section's header has no closing bracket"},
  };
  for (const auto& c : cases) {
    const FakeEnvironment environment = environment_with(c.variables, c.config);
    const Result<std::string> url = AwsSettings(environment).endpoint_url();
    ASSERT_FALSE(url.ok()) << c.message;
    EXPECT_EQ(url.error().kind, ErrorKind::bad_configuration);
    EXPECT_EQ(url.error().message, c.message);
  }
}

TEST(AwsSettings, WishesGoFirst) {
  const struct {
    EndpointWishes wishes;
    Variables variables;
    const char* url;
    const char* signing_region;
  } cases[] = {
      {{"eu-west-1", "", {}, {}},
       {{"AWS_REGION", "us-east-2"}},
       "https://dynamodb.eu-west-1.amazonaws.com/",
       "eu-west-1"},
      {{"", "", {}, {}}, {{"AWS_REGION", "us-east-2"}}, "https://dynamodb.us-east-2.amazonaws.com/", "us-east-2"},
      {{"", "http://x:1", {}, {}}, {{"AWS_ENDPOINT_URL", "http://y:1"}}, "http://x:1/", "us-east-1"},
      {{"", "", {}, {}}, {{"AWS_ENDPOINT_URL", "http://y:1"}, {"AWS_REGION", "r-1"}}, "http://y:1/", "r-1"},
      {{"r-1", "", false, true}, {{"AWS_USE_FIPS_ENDPOINT", "true"}}, "https://dynamodb.r-1.api.aws/", "r-1"},
      {{"r-1", "", {}, {}}, {{"AWS_USE_FIPS_ENDPOINT", "true"}}, "https://dynamodb-fips.r-1.amazonaws.com/", "r-1"},
  };
  for (const auto& c : cases) {
    const FakeEnvironment environment = environment_with(c.variables);
    AwsSettings settings(environment);
    const Result<Endpoint> endpoint = resolve_endpoint(c.wishes, settings);
    ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
    EXPECT_EQ(endpoint.value().url, c.url);
    EXPECT_EQ(endpoint.value().signing_region, c.signing_region);
  }
}

// Who says everything by options does not suffer from a broken file.
TEST(AwsSettings, ReadsFilesOnlyWhenNeeded) {
  const FakeEnvironment environment = environment_with({}, "broken");
  AwsSettings settings(environment);
  EXPECT_TRUE(resolve_endpoint(EndpointWishes{"eu-west-1", "http://x:1", false, false}, settings).ok());
  EXPECT_EQ(environment.files_read, 0);
  EXPECT_FALSE(resolve_endpoint(EndpointWishes{"", "http://x:1", false, false}, settings).ok());
}

}  // namespace
}  // namespace dynamodb
