// Credentials for a token of an identity provider, such as a Kubernetes service account (IRSA).
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>

#include "dynamodb/credentials_http.hpp"
#include "dynamodb/credentials_temporary.hpp"
#include "dynamodb/sts.hpp"

namespace dynamodb {

/// What a profile says of web identity; from the environment when not given.
struct WebIdentity {
  std::string token_file;
  RoleWish role;
  std::string profile;  ///< whose settings name the STS endpoint; empty: the default choice
  std::string place;    ///< for messages, such as `profile "x"`
};

/// Exchanges the token in AWS_WEB_IDENTITY_TOKEN_FILE for credentials of the role AWS_ROLE_ARN (session
/// AWS_ROLE_SESSION_NAME) by STS AssumeRoleWithWebIdentity, unsigned. The file is read anew for every exchange, since
/// its owner renews it. Not configured when AWS_WEB_IDENTITY_TOKEN_FILE is not set; without AWS_ROLE_ARN an Error.
class WebIdentityCredentials final : public TemporaryCredentials {
 public:
  /// From the environment.
  explicit WebIdentityCredentials(const CredentialsContext& context)
      : TemporaryCredentials(context.clock), context_(context) {}
  /// From a profile.
  WebIdentityCredentials(const CredentialsContext& context, WebIdentity given)
      : TemporaryCredentials(context.clock), context_(context), given_(std::move(given)) {}
  std::string description() const override;

 protected:
  CredentialsAnswer fetch(CredentialsHttp& http) override;

 private:
  WebIdentity from_environment() const;
  Result<std::string> read_token(const WebIdentity& wanted) const;
  std::optional<Error> begin(WebIdentity wanted);

  const CredentialsContext context_;
  const std::optional<WebIdentity> given_;
  CredentialsFetch fetch_;
  RoleWish role_;  // being asked for
};

}  // namespace dynamodb
