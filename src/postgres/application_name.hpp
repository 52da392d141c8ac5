// How this backend's requests name the application they are made for.
#pragma once

#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

void define_application_settings();

/// Names the requests that `client` sends from now on: by dynamodb_fdw.application_name, else the server's option
/// application_name, else what the environment of the server process says (ClientConfig::application).
void name_requests(dynamodb::Client* client, const ServerOptions* server);

}  // namespace dynamodb_fdw
