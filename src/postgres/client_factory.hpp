// Makes a client from the options of server and user mapping: whose credentials it may use, endpoint, limits.
#pragma once

#include <memory>
#include <optional>

#include "dynamodb/client.hpp"
#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// Whose credentials a client has.
enum class Identity { user_mapping_keys, user_mapping_profile, server_process };

/// Everything that decides what a client is like. Plain memory.
struct ClientSettings {
  ServerOptions* server;
  UserMappingOptions* mapping;  ///< null: no user mapping
  Identity identity;
  const char* region;  ///< null: the environment's
};

/// What applies to `userid` on the server, in `region` (null: the server's).
/// Errors: the user has no credentials and may not use the server process's (28000).
ClientSettings collect_client_settings(Oid serverid, Oid userid, const char* region);

/// The profile of the server process's files that counts; "": its default choice.
const char* profile_of(const ClientSettings& settings);

/// What a client is made of, on its way into it.
struct ClientParts {
  dynamodb::ClientConfig config;
  std::unique_ptr<dynamodb::CredentialsSource> credentials;
  std::unique_ptr<dynamodb::Transport> transport;
};
/// Library code, which has to run guarded. Errors: region, endpoint or files that cannot be used.
std::optional<dynamodb::Error> make_client_parts(const ClientSettings& settings, int max_connections,
                                                 ClientParts* parts);

/// Whether requests of the two users would be signed alike. Errors: as for collect_client_settings().
bool have_same_credentials(Oid serverid, Oid left_user, Oid right_user);

/// A client that `context` owns. Errors: region, endpoint or files that cannot be used.
dynamodb::Client* make_client(const ClientSettings& settings, int max_connections, MemoryContext context);

/// The region that such a client signs for, palloc'ed. Errors: as for make_client().
const char* resolve_signing_region(const ClientSettings& settings);

}  // namespace dynamodb_fdw
