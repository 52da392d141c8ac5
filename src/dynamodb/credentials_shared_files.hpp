// Credentials from a profile of the shared config and credentials files (~/.aws).
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <memory>
#include <string>

#include "dynamodb/clock.hpp"
#include "dynamodb/credentials.hpp"
#include "dynamodb/profile_source.hpp"

namespace dynamodb {

/// What one profile stands for: static keys, a role, SSO, a program (see profile_source.hpp). Not configured when the
/// profile has none of these. Errors (bad_configuration): a profile that somebody named exists in neither file;
/// settings that cannot be used. The files are read anew five minutes after static keys were found, and after
/// invalidate().
class SharedFilesCredentials final : public CredentialsSource {
 public:
  static constexpr Milliseconds kKeptFor{5 * 60 * 1000};

  /// `profile`: the profile that the user asked for; empty: AWS_PROFILE, AWS_DEFAULT_PROFILE or "default".
  explicit SharedFilesCredentials(const CredentialsContext& context, std::string profile = {})
      : context_(context), requested_profile_(std::move(profile)) {}
  CredentialsAnswer get(CredentialsHttp& http) override;
  void invalidate() noexcept override { found_ = {}; }
  std::string description() const override;

 private:
  Result<ProfileSource> read() const;

  const CredentialsContext context_;
  std::string requested_profile_;
  ProfileSource found_;
  Steady::time_point kept_until_{};
};

}  // namespace dynamodb
