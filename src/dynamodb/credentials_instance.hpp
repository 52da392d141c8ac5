// Credentials of an EC2 instance: its role, from the instance metadata service, version 2.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>

#include "dynamodb/aws_environment.hpp"
#include "dynamodb/credentials_http.hpp"
#include "dynamodb/credentials_temporary.hpp"

namespace dynamodb {

/// Gets a session token (PUT /latest/api/token), with it the name of the instance's role and then its credentials.
/// Version 1 of the service, without tokens, is never used. Each request has one attempt of 1 s, and goes past proxies.
/// Where there is no such service, or the instance has no role, the source is not configured; description() then says
/// what happened.
/// Variables: AWS_EC2_METADATA_DISABLED; AWS_EC2_METADATA_SERVICE_ENDPOINT, else AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE
/// (IPv4 or IPv6) decides between 169.254.169.254 and fd00:ec2::254.
/// Source: Amazon EC2 User Guide, "Use IMDS"; AWS SDKs and Tools Reference Guide, "IMDS credential provider".
class InstanceCredentials final : public TemporaryCredentials {
 public:
  /// Both must outlive this object.
  InstanceCredentials(const AwsEnvironment& environment, const Clock& clock)
      : TemporaryCredentials(clock), environment_(environment) {}
  std::string description() const override;

 protected:
  CredentialsAnswer fetch(CredentialsHttp& http) override;

 private:
  enum class Step : uint8_t { idle, token, role, credentials };

  Result<std::string> endpoint() const;
  bool is_disabled() const;
  void ask(Step step, const char* method, const std::string& path, std::string header);
  CredentialsAnswer take(const HttpResponse& response);
  CredentialsAnswer take_token(const HttpResponse& response);
  CredentialsAnswer take_role(const HttpResponse& response);
  CredentialsAnswer take_credentials(const HttpResponse& response);
  CredentialsAnswer nothing_there(std::string why);
  Error refused(const char* what, const HttpResponse& response);

  const AwsEnvironment& environment_;
  CredentialsFetch fetch_;
  Step step_ = Step::idle;
  std::string endpoint_;      // being asked, without a final '/'
  std::string token_header_;  // that the further requests need
  std::string trouble_;       // why there was nothing the last time
};

}  // namespace dynamodb
