// What a profile of the shared files says about credentials: which source it stands for.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <memory>
#include <string>

#include "dynamodb/aws_profiles.hpp"
#include "dynamodb/credentials.hpp"

namespace dynamodb {

struct ProfileSource {
  std::unique_ptr<CredentialsSource> source;  ///< null: the profile says nothing of credentials
  bool static_keys = false;
};

/// As AWS's tools read a profile (botocore): role_arn, with web_identity_token_file, source_profile or
/// credential_source; sso_session or sso_start_url; static keys, all of them from one file, the credentials file if it
/// has any; credential_process. In a source_profile static keys go before all else. Errors (bad_configuration):
/// settings that contradict each other or are incomplete, a source_profile that does not exist or leads back, and what
/// cannot be used here: login_session, mfa_serial, web_identity_token_file without a role.
/// REQUIRES: files.has(profile), or `profile` is one that nobody named.
Result<ProfileSource> make_profile_source(const CredentialsContext& context, const AwsProfiles& files,
                                          const std::string& profile);

/// For messages: `profile "x"`.
std::string quoted_profile(const std::string& name);

}  // namespace dynamodb
