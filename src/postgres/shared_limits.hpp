// The rate limits that all backends keep together, in shared memory.
#pragma once

#include "dynamodb/rate_limiter.hpp"
#include "pg.hpp"
#include "shared_hash.hpp"

extern "C" {
#include "storage/lwlock.h"
}

namespace dynamodb_fdw {

constexpr int kMaxSharedLimits = 4096;  ///< tables, reading and writing counted apart

struct LimitKey {
  Oid database;
  Oid relid;
  uint32 writes;  // no padding: the key is hashed by its bytes
};

/// In shared memory.
struct SharedLimits {
  LWLock lock;
  SharedHash<LimitKey, dynamodb::RateAccount, kMaxSharedLimits> accounts;
};

/// The account of what all backends read from (or write to) a foreign table of this database; null where there is no
/// shared memory, or where there are limits on more than kMaxSharedLimits tables: then each backend counts for
/// itself. An account that nobody has used for an hour may be given to another table; so ask at each statement.
dynamodb::RateAccount* shared_rate_account(Oid relid, bool writes);

}  // namespace dynamodb_fdw
