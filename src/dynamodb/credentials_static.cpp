// Credentials that the caller was given.
#include "dynamodb/credentials_static.hpp"

namespace dynamodb {

StaticCredentials::StaticCredentials(std::string access_key_id, std::string secret_access_key,
                                     std::string session_token)
    : credentials_{std::move(access_key_id), std::move(secret_access_key), std::move(session_token), std::nullopt,
                   "user mapping"} {}

CredentialsAnswer StaticCredentials::get(CredentialsHttp&) {
  return check_credentials(credentials_, {"the user mapping", "access_key_id", "secret_access_key", "session_token"});
}

}  // namespace dynamodb
