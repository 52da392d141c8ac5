// Credentials from a profile of the shared config and credentials files.
#include "dynamodb/credentials_shared_files.hpp"

#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr std::size_t kMaxNameShown = 100;
constexpr std::size_t kMaxPathShown = 500;

/// Settings that make a profile mean something else than static keys.
struct Mechanism {
  std::string_view setting;
  bool before_static_keys;  // AWS's tools use it even where the profile has keys
};
constexpr Mechanism kMechanisms[] = {
    {"role_arn", true},       {"sso_session", true},
    {"sso_start_url", true},  {"web_identity_token_file", false},
    {"login_session", false}, {"credential_process", false},
};

std::string quoted_profile(const ProfileChoice& profile) {
  return "profile \"" + one_line(profile.name, kMaxNameShown) + "\"";
}

std::string quoted_path(const std::string& path) {
  return path.empty() ? "(no HOME)" : "\"" + one_line(path, kMaxPathShown) + "\"";
}

Error no_such_profile(const ProfileChoice& profile, const AwsProfiles& files) {
  return Error::bad_configuration(quoted_profile(profile) + ", which " + profile.chosen_by + " names, is neither in " +
                                  quoted_path(files.config_path()) + " nor in " +
                                  quoted_path(files.credentials_path()));
}

Error not_supported(const ProfileChoice& profile, std::string_view setting) {
  return Error::bad_configuration(quoted_profile(profile) + " has " + std::string(setting) +
                                  "; this version supports only profiles with static keys");
}

/// The setting that stands in the way of static keys; nothing when there is none.
std::optional<std::string_view> unsupported_setting(const AwsProfiles& files, const std::string& profile,
                                                    bool has_keys) {
  for (const Mechanism& mechanism : kMechanisms) {
    const bool counts = mechanism.before_static_keys || !has_keys;
    if (counts && files.setting(profile, mechanism.setting) != nullptr) return mechanism.setting;
  }
  return std::nullopt;
}

Credentials keys_of(const IniSection& section) {
  const auto value = [&](std::string_view key) {
    const std::string* found = section.find(key);
    return found == nullptr ? std::string() : *found;
  };
  Credentials keys;
  keys.access_key_id = value("aws_access_key_id");
  keys.secret_access_key = value("aws_secret_access_key");
  keys.session_token = value("aws_session_token");
  if (keys.session_token.empty()) keys.session_token = value("aws_security_token");
  return keys;
}

/// Keys and the file they are from.
struct FoundKeys {
  Credentials credentials;
  const std::string* path = nullptr;  // null: no keys in either file
};

FoundKeys find_keys(const AwsProfiles& files, const std::string& profile) {
  const std::pair<const IniSection*, const std::string*> places[] = {
      {files.in_credentials(profile), &files.credentials_path()},
      {files.in_config(profile), &files.config_path()},
  };
  for (const auto& [section, path] : places) {
    if (section == nullptr) continue;
    Credentials keys = keys_of(*section);
    if (!keys.access_key_id.empty() || !keys.secret_access_key.empty()) return {std::move(keys), path};
  }
  return {};
}

}  // namespace

Result<std::optional<Credentials>> SharedFilesCredentials::read() const {
  const ProfileChoice profile = choose_profile(environment_, requested_profile_);
  const Result<AwsProfiles> files = AwsProfiles::read(environment_);
  if (!files) return files.error();
  if (!profile.chosen_by.empty() && !files.value().has(profile.name)) return no_such_profile(profile, files.value());

  FoundKeys found = find_keys(files.value(), profile.name);
  if (auto setting = unsupported_setting(files.value(), profile.name, found.path != nullptr)) {
    return not_supported(profile, *setting);
  }
  if (found.path == nullptr) return std::optional<Credentials>();
  found.credentials.source = "profile " + one_line(profile.name, kMaxNameShown);
  const std::string place = quoted_profile(profile) + " in " + quoted_path(*found.path);
  return check_credentials(std::move(found.credentials),
                           {place, "aws_access_key_id", "aws_secret_access_key", "aws_session_token"});
}

Result<std::optional<Credentials>> SharedFilesCredentials::get() {
  if (kept_ && clock_.now() < kept_until_) return kept_;
  kept_.reset();
  Result<std::optional<Credentials>> found = read();
  if (found.ok() && found.value()) {
    kept_ = found.value();
    kept_until_ = clock_.now() + kKeptFor;
  }
  return found;
}

std::string SharedFilesCredentials::description() const {
  return quoted_profile(choose_profile(environment_, requested_profile_)) + " in " +
         quoted_path(credentials_file_path(environment_)) + " or " + quoted_path(config_file_path(environment_));
}

}  // namespace dynamodb
