// What was asked of DynamoDB and what it cost, added up for all backends: the view dynamodb_fdw_stats.
#pragma once

#include "pg.hpp"
#include "shared_hash.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "storage/lwlock.h"
}

namespace dynamodb_fdw {

constexpr int kMaxTableName = 320;  ///< bytes that are kept of a table's name, which may be an ARN; with the final 0
constexpr int kMaxRegion = 64;
constexpr int kMaxOperation = 16;

/// The sums are kept apart by this. All zero before it is filled in: it is hashed by its bytes.
struct CostKey {
  Oid database;
  Oid serverid;
  char server_name[NAMEDATALEN];
  char region[kMaxRegion];
  char table_name[kMaxTableName];  ///< in UTF-8; an empty one: all that found no place of its own
  char operation[kMaxOperation];
};

/// All zero: nothing.
struct Costs {
  uint64 calls;     ///< scans, commits and the like; the workers of a parallel scan do not count
  uint64 requests;  ///< HTTP requests, retries included
  uint64 retries;
  uint64 throttled;
  uint64 bytes_received;
  uint64 pages;
  uint64 items_returned;
  uint64 items_scanned;
  double read_capacity;
  uint64 items_written;  ///< deleted ones, too
  double write_capacity;
  uint64 waited;  ///< microseconds
};

constexpr int kMaxCostRows = 2048;

struct CostSum {
  Costs costs;
  TimestampTz since;
};

/// In shared memory.
struct SharedCosts {
  LWLock lock;
  TimestampTz since;  ///< of the last reset
  SharedHash<CostKey, CostSum, kMaxCostRows> sums;
};

/// Adds to the sums. Never ereports: it is called while statements are cleaned up. Where there is no place for another
/// key, it is added to what has neither server nor table. REQUIRES: shared memory is there, and its lock is not held.
void add_costs(const CostKey& key, const Costs& costs);

extern "C" {
PGDLLEXPORT Datum dynamodb_fdw_get_stats(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum dynamodb_fdw_stats_reset(PG_FUNCTION_ARGS);
}

}  // namespace dynamodb_fdw
