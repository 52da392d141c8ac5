// Region, endpoint and TLS settings from the environment and the profile.
#include "dynamodb/aws_settings.hpp"

#include "dynamodb/ascii.hpp"
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr std::size_t kMaxNameShown = 100;

}  // namespace

AwsSettings::AwsSettings(const AwsEnvironment& environment, std::string_view profile)
    : environment_(environment), profile_(choose_profile(environment, profile)) {}

const Error* AwsSettings::load() {
  if (!profiles_) profiles_.emplace(AwsProfiles::read(environment_));
  return profiles_->ok() ? nullptr : &profiles_->error();
}

Result<AwsSettings::Found> AwsSettings::find_in_profile(std::string_view key) {
  if (const Error* error = load()) return *error;
  const std::string* value = profiles_->value().setting(profile_.name, key);
  if (value == nullptr) return Found{};
  return Found{*value, "profile \"" + one_line(profile_.name, kMaxNameShown) + "\", " + std::string(key)};
}

Result<AwsSettings::Found> AwsSettings::find(const char* variable, std::string_view key) {
  if (std::optional<std::string> value = environment_.get_variable(variable)) return Found{std::move(*value), variable};
  return find_in_profile(key);
}

Result<bool> AwsSettings::find_flag(const char* variable, std::string_view key) {
  Result<Found> found = find(variable, key);
  if (!found) return std::move(found.error());
  const std::string& value = found.value().value;
  if (value.empty() || ascii_equal_ignoring_case(value, "false")) return false;
  if (ascii_equal_ignoring_case(value, "true")) return true;
  return Error::bad_configuration(found.value().source + " must be true or false");
}

Result<AwsSettings::Found> AwsSettings::find_region() {
  for (const char* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::optional<std::string> value = environment_.get_variable(variable))
      return Found{std::move(*value), variable};
  }
  return find_in_profile("region");
}

Result<std::string> AwsSettings::region() {
  Result<Found> found = find_region();
  if (!found) return std::move(found.error());
  return std::move(found.value().value);
}

Result<std::string> AwsSettings::region_source() {
  Result<Found> found = find_region();
  if (!found) return std::move(found.error());
  return std::move(found.value().source);
}

Result<std::string> AwsSettings::endpoint_source(std::string_view service) {
  Result<Found> found = find_endpoint_url(service);
  if (!found) return std::move(found.error());
  return std::move(found.value().source);
}

Result<AwsSettings::Found> AwsSettings::find_endpoint_url(std::string_view service) {
  Result<bool> ignore = find_flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls");
  if (!ignore) return std::move(ignore.error());
  if (ignore.value()) return Found{};
  const std::string own_variable = "AWS_ENDPOINT_URL_" + ascii_upper(service);
  for (const char* variable : {own_variable.c_str(), "AWS_ENDPOINT_URL"}) {
    if (std::optional<std::string> value = environment_.get_variable(variable))
      return Found{std::move(*value), variable};
  }
  if (const Error* error = load()) return *error;
  const std::string* value = profiles_->value().service_setting(profile_.name, service, "endpoint_url");
  if (value == nullptr) return find_in_profile("endpoint_url");
  return Found{*value, "profile \"" + one_line(profile_.name, kMaxNameShown) + "\", services, " + std::string(service) +
                           " endpoint_url"};
}

Result<std::string> AwsSettings::endpoint_url(std::string_view service) {
  Result<Found> found = find_endpoint_url(service);
  if (!found) return std::move(found.error());
  if (found.value().value.empty()) return std::string();
  Result<std::string> url = parse_endpoint_url(found.value().value);
  if (!url) url.error().message.insert(0, found.value().source + ": ");
  return url;
}

Result<std::string> AwsSettings::ca_bundle() {
  Result<Found> found = find("AWS_CA_BUNDLE", "ca_bundle");
  if (!found) return std::move(found.error());
  return std::move(found.value().value);
}

Result<std::string> AwsSettings::application_id() {
  Result<Found> found = find("AWS_SDK_UA_APP_ID", "sdk_ua_app_id");
  if (!found) return std::move(found.error());
  return std::move(found.value().value);
}

Result<bool> AwsSettings::use_fips() { return find_flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"); }

Result<bool> AwsSettings::use_dualstack() { return find_flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"); }

Result<std::string> aws_service_url(std::string_view prefix, const std::string& region, AwsSettings& settings) {
  Result<bool> fips = settings.use_fips();
  if (!fips) return std::move(fips.error());
  Result<bool> dualstack = settings.use_dualstack();
  if (!dualstack) return std::move(dualstack.error());
  return service_url(prefix, {region, {}, fips.value(), dualstack.value()});
}

Result<Endpoint> resolve_endpoint(const EndpointWishes& wishes, AwsSettings& settings) {
  Result<std::string> region = wishes.region.empty() ? settings.region() : Result<std::string>(wishes.region);
  if (!region) return std::move(region.error());
  Result<std::string> url =
      wishes.custom_url.empty() ? settings.endpoint_url() : Result<std::string>(wishes.custom_url);
  if (!url) return std::move(url.error());
  Result<bool> fips = wishes.use_fips ? Result<bool>(*wishes.use_fips) : settings.use_fips();
  if (!fips) return std::move(fips.error());
  Result<bool> dualstack = wishes.use_dualstack ? Result<bool>(*wishes.use_dualstack) : settings.use_dualstack();
  if (!dualstack) return std::move(dualstack.error());
  return resolve_endpoint({std::move(region.value()), std::move(url.value()), fips.value(), dualstack.value()});
}

}  // namespace dynamodb
