// Profiles as AWS's tools see them: the shared config and credentials files taken together.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>
#include <string>
#include <string_view>

#include "dynamodb/aws_environment.hpp"
#include "dynamodb/ini_file.hpp"
#include "dynamodb/result.hpp"

namespace dynamodb {

/// Which profile is meant, and whose choice that was.
struct ProfileChoice {
  std::string name;       ///< "default" unless chosen
  std::string chosen_by;  ///< for messages, such as "AWS_PROFILE"; empty when nobody chose
};

/// `requested` (chosen by the caller) if it is not empty, else AWS_PROFILE, else AWS_DEFAULT_PROFILE, else "default".
ProfileChoice choose_profile(const AwsEnvironment& environment, std::string_view requested);

/// The path of a file: the variable's, with a leading ~/ expanded, else the one in HOME; empty when there is no HOME.
std::string config_file_path(const AwsEnvironment& environment);  ///< AWS_CONFIG_FILE, ~/.aws/config
std::string credentials_file_path(
    const AwsEnvironment& environment);  ///< AWS_SHARED_CREDENTIALS_FILE, ~/.aws/credentials

/// Both files as they were when read. A file that is absent is as good as an empty one.
class AwsProfiles {
 public:
  /// An Error (bad_configuration) when a file exists but cannot be read or understood. A folder that may not be entered
  /// is an Error only for a path that a variable names: a server started with another user's HOME has no ~/.aws.
  static Result<AwsProfiles> read(const AwsEnvironment& environment);

  /// The sections of a profile; null where the file has none. Valid as long as this object.
  /// The config file's are `[profile x]` and `[default]` (but `[profile default]` goes before it), the credentials
  /// file's `[x]`.
  const IniSection* in_config(std::string_view profile) const;
  const IniSection* in_credentials(std::string_view profile) const;
  bool has(std::string_view profile) const {
    return in_config(profile) != nullptr || in_credentials(profile) != nullptr;
  }

  /// A setting of a profile; the credentials file goes before the config file. Null when neither has it.
  const std::string* setting(std::string_view profile, std::string_view key) const;

  /// A setting for one service from the `[services …]` section that the profile names. Null when there is none.
  const std::string* service_setting(std::string_view profile, std::string_view service, std::string_view key) const;

  /// A setting of `[sso-session <name>]` in the config file. Null when there is none.
  const std::string* sso_session_setting(std::string_view name, std::string_view key) const;

  const std::string& config_path() const noexcept { return config_path_; }
  const std::string& credentials_path() const noexcept { return credentials_path_; }

 private:
  std::string config_path_;
  std::string credentials_path_;
  IniFile config_;
  IniFile credentials_;
};

}  // namespace dynamodb
