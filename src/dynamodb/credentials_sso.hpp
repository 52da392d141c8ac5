// Credentials of AWS IAM Identity Center (SSO), for a token that `aws sso login` has left.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>

#include "dynamodb/aws_environment.hpp"
#include "dynamodb/credentials_http.hpp"
#include "dynamodb/credentials_temporary.hpp"

namespace dynamodb {

/// What a profile says of SSO.
struct SsoWish {
  std::string start_url;
  std::string region;
  std::string session;  ///< name of the sso-session section; empty: the old form, without one
  std::string account_id;
  std::string role_name;
  std::string profile;
};

/// Reads the access token from ~/.aws/sso/cache/<SHA-1 of the session's name, else of the start URL, in hex>.json, anew
/// for every fetch, and asks the portal of sso_region (or AWS_ENDPOINT_URL_SSO) for GetRoleCredentials. The token
/// itself is not renewed: when it has expired, the Error says to run `aws sso login` as the server's user.
class SsoCredentials final : public TemporaryCredentials {
 public:
  SsoCredentials(const CredentialsContext& context, SsoWish wish)
      : TemporaryCredentials(context.clock), context_(context), wish_(std::move(wish)) {}
  std::string description() const override;

 protected:
  CredentialsAnswer fetch(CredentialsHttp& http) override;

 private:
  std::string cache_path() const;
  Result<std::string> read_token() const;
  Result<std::string> url() const;
  Error login_needed(const std::string& why) const;
  Error refused(const HttpResponse& response) const;

  const CredentialsContext context_;
  const SsoWish wish_;
  CredentialsFetch fetch_;
};

}  // namespace dynamodb
