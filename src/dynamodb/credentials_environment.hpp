// Credentials from the environment variables of the server process.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>

#include "dynamodb/aws_environment.hpp"
#include "dynamodb/credentials.hpp"

namespace dynamodb {

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN (or its old name AWS_SECURITY_TOKEN), read at every
/// get(). Not configured when both keys are missing; one without the other is an Error.
class EnvironmentCredentials final : public CredentialsSource {
 public:
  /// `environment` must outlive this object.
  explicit EnvironmentCredentials(const AwsEnvironment& environment) : environment_(environment) {}
  CredentialsAnswer get(CredentialsHttp& http) override;
  void invalidate() noexcept override {}
  std::string description() const override { return "environment (AWS_ACCESS_KEY_ID)"; }

 private:
  const AwsEnvironment& environment_;
};

}  // namespace dynamodb
