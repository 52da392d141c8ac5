// How this backend's requests name the application they are made for.
#pragma once

#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

void define_application_settings();

/// The application's name by dynamodb_fdw.application_name, else by the server's option application_name, its escapes
/// expanded; palloc'ed or constant. Empty: neither says anything.
const char* requested_application_name(const ServerOptions* server);

/// Names the requests that `client` sends from now on: by `name`, or, where that is empty, by what the environment of
/// the server process says (ClientConfig::application).
void name_requests(dynamodb::Client* client, const char* name);

}  // namespace dynamodb_fdw
