// Region, endpoint and TLS settings from the environment and the profile: what applies where no option says otherwise.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>
#include <string>
#include <string_view>

#include "dynamodb/aws_environment.hpp"
#include "dynamodb/aws_profiles.hpp"
#include "dynamodb/endpoint.hpp"
#include "dynamodb/result.hpp"

namespace dynamodb {

/// Looks settings up when they are asked for: ask only for what no option decides, so that a broken file does not
/// matter to who needs none. The files are read at most once; use a new object to read them anew. A profile that does
/// not exist has no settings. Errors are bad_configuration and name the variable, or file and setting.
class AwsSettings {
 public:
  /// `profile`: the profile that the user asked for; empty: AWS_PROFILE, AWS_DEFAULT_PROFILE or "default".
  explicit AwsSettings(const AwsEnvironment& environment, std::string_view profile = {});

  /// AWS_REGION, AWS_DEFAULT_REGION, the profile's region; empty when there is none.
  Result<std::string> region();

  /// AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, the profile's services section (dynamodb.endpoint_url), the profile's
  /// endpoint_url; normalised; empty when there is none or AWS_IGNORE_CONFIGURED_ENDPOINT_URLS or the profile's
  /// ignore_configured_endpoint_urls is true. Other services ("sts", "sso") likewise.
  Result<std::string> endpoint_url(std::string_view service = "dynamodb");

  /// Where region() and endpoint_url() are from, for people: the variable, or profile and setting; empty: nowhere.
  Result<std::string> region_source();
  Result<std::string> endpoint_source(std::string_view service = "dynamodb");

  /// AWS_CA_BUNDLE, the profile's ca_bundle; empty when there is none.
  Result<std::string> ca_bundle();

  /// AWS_SDK_UA_APP_ID, the profile's sdk_ua_app_id; empty when there is none. Not checked.
  Result<std::string> application_id();

  /// AWS_USE_FIPS_ENDPOINT, the profile's use_fips_endpoint; false when neither is set.
  Result<bool> use_fips();

  /// AWS_USE_DUALSTACK_ENDPOINT, the profile's use_dualstack_endpoint; false when neither is set.
  Result<bool> use_dualstack();

 private:
  struct Found {
    std::string value;   // empty: nowhere
    std::string source;  // the variable, or the profile and the setting
  };
  Result<Found> find(const char* variable, std::string_view key);
  Result<Found> find_in_profile(std::string_view key);
  Result<Found> find_region();
  Result<Found> find_endpoint_url(std::string_view service);
  Result<bool> find_flag(const char* variable, std::string_view key);
  const Error* load();  // null when the profiles could be read

  const AwsEnvironment& environment_;
  ProfileChoice profile_;
  std::optional<Result<AwsProfiles>> profiles_;
};

/// AWS's own URL of another service in `region`, FIPS and dual-stack as the settings say: see service_url().
Result<std::string> aws_service_url(std::string_view prefix, const std::string& region, AwsSettings& settings);

/// What options say; empty or none: they say nothing.
struct EndpointWishes {
  std::string region;
  std::string custom_url;
  std::optional<bool> use_fips;
  std::optional<bool> use_dualstack;
};

/// The endpoint to use: wishes first, then settings, then the rules of resolve_endpoint().
Result<Endpoint> resolve_endpoint(const EndpointWishes& wishes, AwsSettings& settings);

}  // namespace dynamodb
