// Credentials that the caller was given: the keys of a user mapping.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>

#include "dynamodb/credentials.hpp"

namespace dynamodb {

/// The same keys for ever. Not configured when both keys are empty; one without the other is an Error.
class StaticCredentials final : public CredentialsSource {
 public:
  StaticCredentials(std::string access_key_id, std::string secret_access_key, std::string session_token = {});
  CredentialsAnswer get(CredentialsHttp& http) override;
  void invalidate() noexcept override {}
  std::string description() const override { return "access_key_id and secret_access_key of the user mapping"; }

 private:
  Credentials credentials_;
};

}  // namespace dynamodb
