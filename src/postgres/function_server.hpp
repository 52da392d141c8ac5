// The foreign server that an SQL function is asked about, and requests to it.
#pragma once

#include "dynamodb/client.hpp"
#include "errors.hpp"
#include "handles.hpp"
#include "pg.hpp"
#include "wait.hpp"

namespace dynamodb_fdw {

/// The OID of the foreign server `name` (in the database's encoding, case-sensitive as in the catalog).
/// Errors: no such server (42704), a server of another foreign data wrapper (42809), no USAGE on it (42501).
Oid find_function_server(const char* name);

/// A client for that server with the credentials of the current user, in `region` (null: the server's). It stays valid
/// until `owner` is reset, as acquire_client() says. Errors: as find_function_server() and acquire_client().
dynamodb::Client* open_function_server(const char* name, const char* region, MemoryContext owner);

/// Sends one request and waits for its end. `make_body` returns the JSON of the request as std::string; it is library
/// code and runs guarded. The Call lives in `owner`. Raises what went wrong.
template <typename MakeBody>
dynamodb::Call* call_service(dynamodb::Client* client, const ErrorContext& context, MakeBody&& make_body,
                             dynamodb::CallOptions options, MemoryContext owner) {
  auto* call = make_owned<dynamodb::Call>(
      owner, [&] { return client->start(context.operation, make_body(), nullptr, options); });
  finish_call(client, call, context);
  return call;
}

}  // namespace dynamodb_fdw
