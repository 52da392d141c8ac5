// Credentials from the environment variables of the server process.
#include "dynamodb/credentials_environment.hpp"

namespace dynamodb {

CredentialsAnswer EnvironmentCredentials::get(CredentialsHttp&) {
  const auto variable = [this](const char* name) { return environment_.get_variable(name).value_or(""); };
  Credentials found;
  found.access_key_id = variable("AWS_ACCESS_KEY_ID");
  found.secret_access_key = variable("AWS_SECRET_ACCESS_KEY");
  found.session_token = variable("AWS_SESSION_TOKEN");
  if (found.session_token.empty()) found.session_token = variable("AWS_SECURITY_TOKEN");
  found.source = "environment";
  return check_credentials(std::move(found),
                           {"the environment", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"});
}

}  // namespace dynamodb
