// The shared config and credentials files taken together.
#include "dynamodb/aws_profiles.hpp"

#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr const char* kConfigVariable = "AWS_CONFIG_FILE";
constexpr const char* kCredentialsVariable = "AWS_SHARED_CREDENTIALS_FILE";
constexpr std::size_t kMaxPathShown = 500;

std::string file_path(const AwsEnvironment& environment, const char* variable, const char* in_home) {
  const std::string home = environment.get_variable("HOME").value_or("");
  std::optional<std::string> named = environment.get_variable(variable);
  if (!named) return home.empty() ? std::string() : home + in_home;
  if (named->starts_with("~/") && !home.empty()) return home + named->substr(1);
  return std::move(*named);
}

Result<IniFile> read_ini_file(const AwsEnvironment& environment, const std::string& path, const char* variable) {
  if (path.empty()) return IniFile();
  Result<FileContents> contents = environment.read_file(path);
  if (!contents) return std::move(contents.error());
  switch (contents.value().state) {
    case FileContents::State::read:
      return parse_ini_file(contents.value().text, path);
    case FileContents::State::absent:
      return IniFile();
    case FileContents::State::unreachable:
      break;
  }
  if (!environment.get_variable(variable)) return IniFile();
  return Error::bad_configuration("cannot read file \"" + one_line(path, kMaxPathShown) + "\", which " + variable +
                                  " names: a folder on the way may not be entered");
}

}  // namespace

ProfileChoice choose_profile(const AwsEnvironment& environment, std::string_view requested) {
  if (!requested.empty()) return {std::string(requested), "the option profile"};
  for (const char* variable : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (std::optional<std::string> name = environment.get_variable(variable)) return {std::move(*name), variable};
  }
  return {"default", ""};
}

std::string config_file_path(const AwsEnvironment& environment) {
  return file_path(environment, kConfigVariable, "/.aws/config");
}

std::string credentials_file_path(const AwsEnvironment& environment) {
  return file_path(environment, kCredentialsVariable, "/.aws/credentials");
}

Result<AwsProfiles> AwsProfiles::read(const AwsEnvironment& environment) {
  AwsProfiles profiles;
  profiles.config_path_ = config_file_path(environment);
  profiles.credentials_path_ = credentials_file_path(environment);
  Result<IniFile> config = read_ini_file(environment, profiles.config_path_, kConfigVariable);
  if (!config) return std::move(config.error());
  Result<IniFile> credentials = read_ini_file(environment, profiles.credentials_path_, kCredentialsVariable);
  if (!credentials) return std::move(credentials.error());
  profiles.config_ = std::move(config.value());
  profiles.credentials_ = std::move(credentials.value());
  return profiles;
}

const IniSection* AwsProfiles::in_config(std::string_view profile) const {
  const IniSection* section = config_.find("profile", profile);
  return section == nullptr && profile == "default" ? config_.find("", "default") : section;
}

const IniSection* AwsProfiles::in_credentials(std::string_view profile) const { return credentials_.find("", profile); }

const std::string* AwsProfiles::setting(std::string_view profile, std::string_view key) const {
  for (const IniSection* section : {in_credentials(profile), in_config(profile)}) {
    const std::string* value = section == nullptr ? nullptr : section->find(key);
    if (value != nullptr) return value;
  }
  return nullptr;
}

const std::string* AwsProfiles::service_setting(std::string_view profile, std::string_view service,
                                                std::string_view key) const {
  const std::string* name = setting(profile, "services");
  const IniSection* section = name == nullptr ? nullptr : config_.find("services", *name);
  return section == nullptr ? nullptr : section->find_nested(service, key);
}

const std::string* AwsProfiles::sso_session_setting(std::string_view name, std::string_view key) const {
  const IniSection* section = config_.find("sso-session", name);
  return section == nullptr ? nullptr : section->find(key);
}

}  // namespace dynamodb
