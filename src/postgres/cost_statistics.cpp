// What was asked of DynamoDB and what it cost, added up for all backends.
#include "cost_statistics.hpp"

#include <cstring>

#include "compat.hpp"
#include "item_keys.hpp"
#include "shared_memory.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "utils/timestamp.h"
}

namespace dynamodb_fdw {
namespace {

// One place is kept for each operation whose tables find no place of their own.
constexpr int kPlacesForTheRest = 16;

void add(Costs* sum, const Costs& more) {
  sum->calls += more.calls;
  sum->requests += more.requests;
  sum->retries += more.retries;
  sum->throttled += more.throttled;
  sum->bytes_received += more.bytes_received;
  sum->pages += more.pages;
  sum->items_returned += more.items_returned;
  sum->items_scanned += more.items_scanned;
  sum->read_capacity += more.read_capacity;
  sum->items_written += more.items_written;
  sum->write_capacity += more.write_capacity;
  sum->waited += more.waited;
}

CostKey key_of_the_rest(const CostKey& key) {
  CostKey rest;
  memset(&rest, 0, sizeof(rest));
  rest.database = key.database;
  strlcpy(rest.operation, key.operation, sizeof(rest.operation));
  return rest;
}

CostSum* enter(SharedCosts* shared, const CostKey& key) {
  if (CostSum* sum = shared->sums.find(key)) return sum;
  bool found;
  if (shared->sums.size() < kMaxCostRows - kPlacesForTheRest) return shared->sums.enter(key, &found);
  return shared->sums.enter(key_of_the_rest(key), &found);
}

Datum text_or_null(const char* value, bool* is_null) {
  *is_null = value[0] == '\0';
  return *is_null ? Datum{0} : CStringGetTextDatum(message_text(value));
}

constexpr int kColumns = 18;

struct Row {
  CostKey key;
  CostSum sum;
};

// What is copied while the lock is held is made into rows afterwards.
Row* copy_rows(SharedCosts* shared, int* count) {
  auto* rows = static_cast<Row*>(palloc(sizeof(Row) * kMaxCostRows));
  *count = 0;
  LWLockAcquire(&shared->lock, LW_SHARED);
  shared->sums.for_each([&](const CostKey& key, const CostSum& sum) { rows[(*count)++] = {key, sum}; });
  LWLockRelease(&shared->lock);
  return rows;
}

// The names of servers and tables are no secret within their database.
bool may_see(const Row& row) {
  return row.key.database == MyDatabaseId || has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

void put_row(ReturnSetInfo* result, const Row& row) {
  Datum values[kColumns];
  bool nulls[kColumns] = {};
  int column = 0;
  auto put = [&](Datum value) { values[column++] = value; };
  auto put_text = [&](const char* text) {
    values[column] = text_or_null(text, &nulls[column]);
    ++column;
  };
  auto put_count = [&](uint64 count) { put(Int64GetDatum(static_cast<int64>(count))); };
  const Costs& costs = row.sum.costs;
  put(ObjectIdGetDatum(row.key.database));
  put_text(row.key.server_name);
  put_text(row.key.region);
  put_text(row.key.table_name);
  put_text(row.key.operation);
  for (uint64 count : {costs.calls, costs.requests, costs.retries, costs.throttled, costs.pages, costs.items_returned,
                       costs.items_scanned})
    put_count(count);
  put(Float8GetDatum(costs.read_capacity));
  put_count(costs.items_written);
  put(Float8GetDatum(costs.write_capacity));
  put_count(costs.bytes_received);
  put(Float8GetDatum(static_cast<double>(costs.waited) / 1000));
  put(TimestampTzGetDatum(row.sum.since));
  Assert(column == kColumns);
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

}  // namespace

void add_costs(const CostKey& key, const Costs& costs) {
  SharedCosts* shared = &shared_memory()->costs;
  const TimestampTz now = GetCurrentTimestamp();
  LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
  CostSum* sum = enter(shared, key);
  if (sum != nullptr) {
    if (sum->since == 0) sum->since = now;
    add(&sum->costs, costs);
  }
  LWLockRelease(&shared->lock);
}

extern "C" {

PG_FUNCTION_INFO_V1(dynamodb_fdw_get_stats);
Datum dynamodb_fdw_get_stats(PG_FUNCTION_ARGS) {
  SharedMemory* shared = require_shared_memory();
  init_materialized_result(fcinfo);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  int count = 0;
  Row* rows = copy_rows(&shared->costs, &count);
  for (int i = 0; i < count; ++i)
    if (may_see(rows[i])) put_row(result, rows[i]);
  return Datum{0};
}

PG_FUNCTION_INFO_V1(dynamodb_fdw_stats_reset);
Datum dynamodb_fdw_stats_reset(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  SharedMemory* shared = require_shared_memory();
  const TimestampTz now = GetCurrentTimestamp();
  LWLockAcquire(&shared->costs.lock, LW_EXCLUSIVE);
  shared->costs.sums.remove_if([](const CostKey&, const CostSum&) { return true; });
  shared->costs.since = now;
  LWLockRelease(&shared->costs.lock);
  PG_RETURN_VOID();
}
}

}  // namespace dynamodb_fdw
