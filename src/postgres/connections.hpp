// The clients of this backend: one per server, user and region, kept across statements.
#pragma once

#include "dynamodb/client.hpp"
#include "dynamodb/rate_limiter.hpp"
#include "pg.hpp"

extern "C" {
#include "storage/latch.h"
}

namespace dynamodb_fdw {

/// The client for `serverid` with the credentials that `userid` may use, in `region` (null: the server's, else the
/// environment's). The client stays valid until `owner` is reset; it is then kept for the next statement. ALTER SERVER
/// and ALTER USER MAPPING retire it once nobody uses it. Objects that refer to the client must be made in `owner` after
/// this call, so that they are destroyed before it is let go.
/// Errors: no credentials, or none that this user may use (28000); region, endpoint or files that cannot be used.
dynamodb::Client* acquire_client(Oid serverid, Oid userid, const char* region, MemoryContext owner);

/// Keeps a client that somebody else has acquired until `owner` is reset, too: for objects made in `owner`.
void hold_client(dynamodb::Client* client, MemoryContext owner);

/// What a wait for `client` waits for: its descriptor, the latch and the death of the postmaster. Kept with the client.
WaitEventSet* wait_set(dynamodb::Client* client);

/// log_slow_requests() for all clients of this backend: for the end of statements.
void log_all_slow_requests();

/// The region that acquire_client() would sign for, palloc'ed; for EXPLAIN and cache keys. Errors: as there.
const char* effective_region(Oid serverid, Oid userid, const char* region);

/// The limiter that keeps the reads of a foreign table within `units_per_second`, of all backends together where the
/// library is preloaded, else of this one; null when that is 0. Lives as long as the backend; ask at each statement.
/// `relid` may be the server's OID instead, for what is read without a foreign table.
dynamodb::RateLimiter* read_rate_limiter(Oid relid, double units_per_second);
/// The same for writes.
dynamodb::RateLimiter* write_rate_limiter(Oid relid, double units_per_second);

}  // namespace dynamodb_fdw
