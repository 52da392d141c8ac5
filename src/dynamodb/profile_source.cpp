// What a profile of the shared files says about credentials.
#include "dynamodb/profile_source.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "dynamodb/ascii.hpp"
#include "dynamodb/credentials_assume_role.hpp"
#include "dynamodb/credentials_container.hpp"
#include "dynamodb/credentials_environment.hpp"
#include "dynamodb/credentials_instance.hpp"
#include "dynamodb/credentials_process.hpp"
#include "dynamodb/credentials_sso.hpp"
#include "dynamodb/credentials_web_identity.hpp"
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr std::size_t kMaxNameShown = 100;
constexpr std::size_t kMaxPathShown = 500;

using SourcePointer = std::unique_ptr<CredentialsSource>;

/// Keys as the files had them.
class KeysOfProfile final : public CredentialsSource {
 public:
  KeysOfProfile(Credentials keys, std::string place) : keys_(std::move(keys)), place_(std::move(place)) {}
  CredentialsAnswer get(CredentialsHttp&) override {
    return check_credentials(keys_, {place_, "aws_access_key_id", "aws_secret_access_key", "aws_session_token"});
  }
  void invalidate() noexcept override {}
  std::string description() const override { return place_; }

 private:
  const Credentials keys_;
  const std::string place_;
};

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

/// The static keys of a profile; null when neither file has any.
SourcePointer static_keys(const AwsProfiles& files, const std::string& profile) {
  const std::pair<const IniSection*, const std::string*> places[] = {
      {files.in_credentials(profile), &files.credentials_path()},
      {files.in_config(profile), &files.config_path()},
  };
  for (const auto& [section, path] : places) {
    if (section == nullptr) continue;
    Credentials keys = keys_of(*section);
    if (keys.access_key_id.empty() && keys.secret_access_key.empty()) continue;
    keys.source = "profile " + one_line(profile, kMaxNameShown);
    return std::make_unique<KeysOfProfile>(std::move(keys),
                                           quoted_profile(profile) + " in \"" + one_line(*path, kMaxPathShown) + "\"");
  }
  return nullptr;
}

/// Follows the settings of a profile, and of those that it names.
class Resolver {
 public:
  Resolver(const CredentialsContext& context, const AwsProfiles& files) : context_(context), files_(files) {}
  Result<ProfileSource> resolve(const std::string& profile);

 private:
  using Made = Result<SourcePointer>;

  std::string setting(const std::string& profile, const char* key) const {
    const std::string* value = files_.setting(profile, key);
    return value == nullptr ? std::string() : *value;
  }
  static Error wrong(const std::string& profile, const std::string& what) {
    return Error::bad_configuration(quoted_profile(profile) + " " + what);
  }
  std::optional<Error> check_usable(const std::string& profile) const;
  Result<RoleWish> role_wish(const std::string& profile) const;
  Made role(const std::string& profile);
  Made source_of_role(const std::string& profile);
  Made named_source(const std::string& profile, const std::string& name) const;
  Made source_profile(const std::string& profile, const std::string& name);
  Made sso(const std::string& profile) const;

  const CredentialsContext& context_;
  const AwsProfiles& files_;
  std::vector<std::string> visited_;
};

Result<RoleWish> Resolver::role_wish(const std::string& profile) const {
  RoleWish wish{setting(profile, "role_arn"), setting(profile, "role_session_name"), setting(profile, "external_id"),
                0};
  const std::string duration = setting(profile, "duration_seconds");
  const char* end = duration.data() + duration.size();
  const auto [stop, problem] = std::from_chars(duration.data(), end, wish.duration_seconds);
  if (!duration.empty() && (problem != std::errc{} || stop != end || wish.duration_seconds < 1)) {
    return wrong(profile, "has a duration_seconds that is no number of seconds");
  }
  return wish;
}

Resolver::Made Resolver::named_source(const std::string& profile, const std::string& name) const {
  if (ascii_equal_ignoring_case(name, "Environment")) {
    return SourcePointer(std::make_unique<EnvironmentCredentials>(context_.environment));
  }
  if (ascii_equal_ignoring_case(name, "EcsContainer")) {
    return SourcePointer(std::make_unique<ContainerCredentials>(context_.environment, context_.clock));
  }
  if (ascii_equal_ignoring_case(name, "Ec2InstanceMetadata")) {
    return SourcePointer(std::make_unique<InstanceCredentials>(context_.environment, context_.clock));
  }
  return wrong(profile, "has a credential_source that is none of Environment, EcsContainer and Ec2InstanceMetadata");
}

Resolver::Made Resolver::source_profile(const std::string& profile, const std::string& name) {
  if (!files_.has(name)) {
    return wrong(profile, "has " + quoted_profile(name) + " as its source_profile, which neither \"" +
                              one_line(files_.config_path(), kMaxPathShown) + "\" nor \"" +
                              one_line(files_.credentials_path(), kMaxPathShown) + "\" has");
  }
  if (SourcePointer keys = static_keys(files_, name)) return keys;
  Result<ProfileSource> found = resolve(name);
  if (!found) return std::move(found.error());
  if (found.value().source != nullptr) return std::move(found.value().source);
  return wrong(profile, "has " + quoted_profile(name) + " as its source_profile, which has no credentials");
}

Resolver::Made Resolver::source_of_role(const std::string& profile) {
  const std::string other = setting(profile, "source_profile");
  const std::string named = setting(profile, "credential_source");
  if (other.empty() == named.empty()) {
    return wrong(profile, other.empty() ? "has role_arn but neither source_profile nor credential_source"
                                        : "has both source_profile and credential_source");
  }
  return other.empty() ? named_source(profile, named) : source_profile(profile, other);
}

Resolver::Made Resolver::role(const std::string& profile) {
  Result<RoleWish> wish = role_wish(profile);
  if (!wish) return std::move(wish.error());
  const std::string token_file = setting(profile, "web_identity_token_file");
  if (!token_file.empty()) {
    return SourcePointer(std::make_unique<WebIdentityCredentials>(
        context_, WebIdentity{token_file, std::move(wish.value()), profile, quoted_profile(profile)}));
  }
  if (!setting(profile, "mfa_serial").empty()) {
    return wrong(profile, "has mfa_serial; a database server cannot ask for a code");
  }
  Made source = source_of_role(profile);
  if (!source) return source;
  return SourcePointer(
      std::make_unique<AssumeRoleCredentials>(context_, std::move(wish.value()), std::move(source.value()), profile));
}

Resolver::Made Resolver::sso(const std::string& profile) const {
  const std::string session = setting(profile, "sso_session");
  SsoWish wish{setting(profile, "sso_start_url"),  setting(profile, "sso_region"),    session,
               setting(profile, "sso_account_id"), setting(profile, "sso_role_name"), profile};
  if (!session.empty()) {
    const std::string* start_url = files_.sso_session_setting(session, "sso_start_url");
    const std::string* region = files_.sso_session_setting(session, "sso_region");
    if (start_url == nullptr || region == nullptr) {
      return wrong(profile, "has sso_session, but there is no [sso-session " + one_line(session, kMaxNameShown) +
                                "] with sso_start_url and sso_region");
    }
    wish.start_url = *start_url;
    wish.region = *region;
  }
  if (wish.region.empty() || wish.account_id.empty() || wish.role_name.empty()) {
    return wrong(profile, "is one for SSO, but has not all of sso_region, sso_account_id and sso_role_name");
  }
  return SourcePointer(std::make_unique<SsoCredentials>(context_, std::move(wish)));
}

/// What is behind what can be used.
std::optional<Error> Resolver::check_usable(const std::string& profile) const {
  if (!setting(profile, "login_session").empty()) return wrong(profile, "has login_session, which cannot be used here");
  if (setting(profile, "web_identity_token_file").empty()) return std::nullopt;
  return wrong(profile, "has web_identity_token_file but no role_arn");
}

Result<ProfileSource> Resolver::resolve(const std::string& profile) {
  if (std::ranges::find(visited_, profile) != visited_.end()) {
    return wrong(profile, "is its own source_profile, directly or through others");
  }
  visited_.push_back(profile);
  const auto made = [](Made source) -> Result<ProfileSource> {
    if (!source) return std::move(source.error());
    return ProfileSource{std::move(source.value()), false};
  };
  if (!setting(profile, "role_arn").empty()) return made(role(profile));
  if (!setting(profile, "sso_session").empty() || !setting(profile, "sso_start_url").empty()) return made(sso(profile));
  if (SourcePointer keys = static_keys(files_, profile)) return ProfileSource{std::move(keys), true};
  const std::string command = setting(profile, "credential_process");
  if (!command.empty())
    return made(SourcePointer(std::make_unique<ProcessCredentials>(context_, command, quoted_profile(profile))));
  if (auto error = check_usable(profile)) return std::move(*error);
  return ProfileSource{};
}

}  // namespace

std::string quoted_profile(const std::string& name) { return "profile \"" + one_line(name, kMaxNameShown) + "\""; }

Result<ProfileSource> make_profile_source(const CredentialsContext& context, const AwsProfiles& files,
                                          const std::string& profile) {
  return Resolver(context, files).resolve(profile);
}

}  // namespace dynamodb
