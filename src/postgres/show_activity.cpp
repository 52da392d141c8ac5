// The rows of the view dynamodb_fdw_activity.
#include <cstring>

#include "activity.hpp"
#include "compat.hpp"
#include "item_keys.hpp"
#include "shared_memory.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "port/atomics.h"
#include "utils/timestamp.h"
}

namespace dynamodb_fdw {
namespace {

struct Shown {
  int pid;
  ActivitySubject subject;
  ActivityNumbers numbers;
};

// A consistent copy; false where the entry is not in use.
bool copy_entry(const ActivityEntry& entry, Shown* copy) {
  for (;;) {
    const uint32 before = entry.changes.load(std::memory_order_relaxed);
    pg_read_barrier();
    copy->pid = entry.pid.load(std::memory_order_acquire);
    if (copy->pid <= 0) return false;
    copy->subject = entry.subject;
    copy->numbers = entry.numbers;
    pg_read_barrier();
    const bool same = entry.pid.load(std::memory_order_relaxed) == copy->pid;
    if (same && before % 2 == 0 && entry.changes.load(std::memory_order_relaxed) == before) return true;
    CHECK_FOR_INTERRUPTS();
  }
}

// Each process of a parallel scan knows how far all were when it last looked; the latest of them is right.
void share_extent(Shown* rows, int count) {
  for (int i = 0; i < count; ++i)
    for (int j = 0; j < count; ++j)
      if (rows[i].numbers.scan != 0 && rows[i].numbers.scan == rows[j].numbers.scan)
        rows[i].numbers.done = Max(rows[i].numbers.done, rows[j].numbers.done);
}

Shown* copy_all(SharedActivities* shared, int* count) {
  int used = 0;
  for (const ActivityEntry& entry : shared->entries) used += entry.pid.load(std::memory_order_relaxed) > 0 ? 1 : 0;
  // Those that begin meanwhile are not shown.
  auto* rows = static_cast<Shown*>(palloc(sizeof(Shown) * Max(used, 1)));
  *count = 0;
  for (const ActivityEntry& entry : shared->entries)
    if (*count < used && copy_entry(entry, &rows[*count])) ++*count;
  share_extent(rows, *count);
  return rows;
}

// As pg_stat_activity has it.
bool may_see(const Shown& row) {
  return has_privs_of_role(GetUserId(), row.subject.user) || has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

// At the speed since `done` was 0; null where that says nothing.
Datum remaining_time(const ActivityNumbers& numbers, bool* is_null) {
  *is_null = numbers.done == 0 || numbers.to_do < numbers.done;
  if (*is_null) return Datum{0};
  auto* interval = static_cast<Interval*>(palloc0(sizeof(Interval)));
  const auto elapsed = static_cast<double>(GetCurrentTimestamp() - numbers.done_since);
  const auto left = static_cast<double>(numbers.to_do - numbers.done);
  interval->time = static_cast<TimeOffset>(Max(elapsed, 0.0) * left / static_cast<double>(numbers.done));
  return IntervalPGetDatum(interval);
}

constexpr int kColumns = 25;

class RowWriter {
 public:
  void put(Datum value) {
    values[count] = value;
    nulls[count++] = false;
  }
  void put_null() {
    values[count] = Datum{0};
    nulls[count++] = true;
  }
  void put_text(const char* text) {
    if (text[0] == '\0') return put_null();
    put(CStringGetTextDatum(message_text(text)));
  }
  void put_count(uint64 number) { put(Int64GetDatum(static_cast<int64>(number))); }

  Datum values[kColumns];
  bool nulls[kColumns];
  int count = 0;
};

void put_extent(RowWriter* row, const ActivityNumbers& numbers) {
  if (numbers.to_do == 0 || numbers.done > numbers.to_do) {
    row->put_null();
    row->put_null();
    return;
  }
  row->put(Float8GetDatum(100.0 * static_cast<double>(numbers.done) / static_cast<double>(numbers.to_do)));
  bool is_null;
  const Datum left = remaining_time(numbers, &is_null);
  if (is_null)
    row->put_null();
  else
    row->put(left);
}

void put_numbers(RowWriter* row, const ActivityNumbers& numbers) {
  const Costs& costs = numbers.costs;
  for (uint64 number :
       {costs.requests, costs.retries, costs.throttled, costs.pages, costs.items_returned, costs.items_scanned})
    row->put_count(number);
  row->put(Float8GetDatum(costs.read_capacity));
  row->put_count(costs.items_written);
  row->put(Float8GetDatum(costs.write_capacity));
  row->put_count(costs.bytes_received);
  row->put(Float8GetDatum(static_cast<double>(costs.waited) / 1000));
  if (numbers.to_do > 0)
    row->put_count(numbers.to_do);
  else
    row->put_null();
  put_extent(row, numbers);
}

void put_row(ReturnSetInfo* result, const Shown& shown) {
  RowWriter row;
  const ActivitySubject& subject = shown.subject;
  row.put(Int32GetDatum(shown.pid));
  if (subject.leader_pid != 0)
    row.put(Int32GetDatum(subject.leader_pid));
  else
    row.put_null();
  row.put(ObjectIdGetDatum(subject.key.database));
  row.put(ObjectIdGetDatum(subject.user));
  if (may_see(shown)) {
    for (const char* text : {subject.key.server_name, subject.key.region, subject.key.operation, subject.key.table_name,
                             subject.index_name, subject.foreign_table})
      row.put_text(text);
    row.put(TimestampTzGetDatum(subject.since));
    put_numbers(&row, shown.numbers);
  }
  while (row.count < kColumns) row.put_null();
  tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(dynamodb_fdw_get_activity);
Datum dynamodb_fdw_get_activity(PG_FUNCTION_ARGS) {
  SharedMemory* shared = require_shared_memory();
  init_materialized_result(fcinfo);
  int count = 0;
  const Shown* rows = copy_all(&shared->activities, &count);
  for (int i = 0; i < count; ++i) put_row(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), rows[i]);
  return Datum{0};
}
}

}  // namespace dynamodb_fdw
