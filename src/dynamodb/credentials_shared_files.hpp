// Credentials from a profile of the shared config and credentials files (~/.aws).
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>
#include <string>

#include "dynamodb/aws_environment.hpp"
#include "dynamodb/aws_profiles.hpp"
#include "dynamodb/clock.hpp"
#include "dynamodb/credentials.hpp"

namespace dynamodb {

/// Static keys (aws_access_key_id, aws_secret_access_key, aws_session_token) of one profile; all of them are taken from
/// one file, the credentials file if it has any. Not configured when the profile has none.
/// Errors (bad_configuration): a profile that somebody named exists in neither file; one key without the other; a
/// profile that means a role, SSO, a process or a web identity token, which this version cannot use: taking static keys
/// that stand beside a role or SSO would mean another identity than AWS's own tools use.
/// What was found is kept for five minutes, or until invalidate().
class SharedFilesCredentials final : public CredentialsSource {
 public:
  static constexpr Milliseconds kKeptFor{5 * 60 * 1000};

  /// `profile`: the profile that the user asked for; empty: AWS_PROFILE, AWS_DEFAULT_PROFILE or "default".
  /// `environment` and `clock` must outlive this object.
  SharedFilesCredentials(const AwsEnvironment& environment, const Clock& clock, std::string profile = {})
      : environment_(environment), clock_(clock), requested_profile_(std::move(profile)) {}
  Result<std::optional<Credentials>> get() override;
  void invalidate() noexcept override { kept_.reset(); }
  std::string description() const override;

 private:
  Result<std::optional<Credentials>> read() const;

  const AwsEnvironment& environment_;
  const Clock& clock_;
  std::string requested_profile_;
  std::optional<Credentials> kept_;
  Steady::time_point kept_until_{};
};

}  // namespace dynamodb
