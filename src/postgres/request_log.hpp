// Lines in the server's log for requests that took long.
#pragma once

#include "pg.hpp"

namespace dynamodb_fdw {

void define_log_settings();

/// The setting dynamodb_fdw.log_min_duration, as the library takes it.
dynamodb::Milliseconds log_min_duration();

/// Writes a line for each request of `client` that has ended meanwhile and took long. Not to be called while something
/// is being cleaned up.
void log_slow_requests(dynamodb::Client* client);

}  // namespace dynamodb_fdw
