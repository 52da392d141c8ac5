// Credentials of a container: Amazon ECS, and EKS Pod Identity.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>

#include "dynamodb/aws_environment.hpp"
#include "dynamodb/credentials_http.hpp"
#include "dynamodb/credentials_temporary.hpp"

namespace dynamodb {

/// Asks the URL of AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (a path at http://169.254.170.2), else that of
/// AWS_CONTAINER_CREDENTIALS_FULL_URI, with the token of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE (read anew each time,
/// as EKS changes it) or AWS_CONTAINER_AUTHORIZATION_TOKEN as Authorization. Not configured when neither URI is set. A
/// full URI with http must name this machine (localhost, 127.0.0.0/8, ::1) or the addresses of ECS and EKS
/// (169.254.170.2, 169.254.170.23, fd00:ec2::23); with https it may name any host. No proxy is used; an attempt may
/// take 2 s, and there are three. Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
class ContainerCredentials final : public TemporaryCredentials {
 public:
  /// Both must outlive this object.
  ContainerCredentials(const AwsEnvironment& environment, const Clock& clock)
      : TemporaryCredentials(clock), environment_(environment) {}
  std::string description() const override;

 protected:
  CredentialsAnswer fetch(CredentialsHttp& http) override;

 private:
  Result<std::string> url() const;  // empty: not configured
  Result<std::string> token() const;
  std::optional<Error> begin(const std::string& url);

  const AwsEnvironment& environment_;
  CredentialsFetch fetch_;
  std::string url_;  // being asked
};

}  // namespace dynamodb
