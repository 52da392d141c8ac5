// The rate limits that all backends keep together, in shared memory.
#pragma once

#include "dynamodb/rate_limiter.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// To be called when the library is loaded. Only with shared_preload_libraries there is shared memory.
void prepare_shared_limits();

/// The account of what all backends read from (or write to) a foreign table of this database; null where the library
/// was not preloaded, or where there are limits on more than kMaxSharedLimits tables: then each backend counts for
/// itself. An account that nobody has used for an hour may be given to another table; so ask at each statement.
dynamodb::RateAccount* shared_rate_account(Oid relid, bool writes);

constexpr int kMaxSharedLimits = 4096;  ///< tables, reading and writing counted apart

}  // namespace dynamodb_fdw
