// What this backend is doing at DynamoDB: counted for the view dynamodb_fdw_stats, shown in dynamodb_fdw_activity.
#include "activity.hpp"

#include <cmath>
#include <cstring>

#include "execute_scan.hpp"
#include "shared_memory.hpp"

extern "C" {
#include "access/parallel.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "utils/timestamp.h"
}

namespace dynamodb_fdw {

using dynamodb::CallStatistics;
using dynamodb::PageStream;
using dynamodb::PageStreamStatistics;
using dynamodb::WriteStream;

struct Activity {
  MemoryContextCallback callback;
  ActivityEntry* entry;  // null: not shown
  bool counted;          // its costs go to the sums
  ActivitySubject subject;
  ActivityNumbers numbers;
  const PageStream* reader;          // the stream under way; null: none
  PageStreamStatistics ended_reads;  // of earlier streams
  const WriteStream* writer;
  double share_from, share_to;
  Costs ended_writes;
};

namespace {

constexpr int kFree = 0;
constexpr int kTaken = -1;

// --- texts; may ereport

void put_utf8(char* target, int room, const char* text) {
  if (text == nullptr) return;
  const char* utf8 = pg_server_to_any(text, static_cast<int>(strlen(text)), PG_UTF8);
  const int length = pg_encoding_mbcliplen(PG_UTF8, utf8, static_cast<int>(strlen(utf8)), room - 1);
  memcpy(target, utf8, length);
}

void describe(ActivitySubject* subject, const ActivityWish& wish) {
  CostKey* key = &subject->key;
  key->database = MyDatabaseId;
  key->serverid = wish.serverid;
  // Both may have been dropped in this transaction, before its commit writes to them.
  const ForeignServer* server = GetForeignServerExtended(wish.serverid, FSV_MISSING_OK);
  if (server != nullptr) put_utf8(key->server_name, sizeof(key->server_name), server->servername);
  strlcpy(key->region, wish.client->config().endpoint.signing_region.c_str(), sizeof(key->region));
  strlcpy(key->table_name, wish.table_name, sizeof(key->table_name));
  strlcpy(key->operation, wish.operation, sizeof(key->operation));
  if (wish.index_name != nullptr) strlcpy(subject->index_name, wish.index_name, sizeof(subject->index_name));
  if (const char* table = get_rel_name(wish.relid)) {
    const char* name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(wish.relid)), table);
    put_utf8(subject->foreign_table, sizeof(subject->foreign_table), name);
  }
  subject->user = GetSessionUserId();
  const PGPROC* leader = MyProc->lockGroupLeader;
  subject->leader_pid = leader != nullptr && leader != MyProc ? leader->pid : 0;
  subject->since = GetCurrentTimestamp();
}

// --- entries

void begin_change(ActivityEntry* entry) noexcept {
  entry->changes.fetch_add(1, std::memory_order_relaxed);
  pg_write_barrier();
}

void end_change(ActivityEntry* entry) noexcept {
  pg_write_barrier();
  entry->changes.fetch_add(1, std::memory_order_relaxed);
}

// Only if it is still this process's.
void release(ActivityEntry* entry) noexcept {
  int32 own = MyProcPid;
  entry->pid.compare_exchange_strong(own, kFree);
}

// When the process ends, before its memory goes.
void release_all(int, Datum) {
  for (ActivityEntry& entry : shared_memory()->activities.entries) release(&entry);
}

void release_all_at_exit() {
  static bool registered = false;
  if (registered) return;
  before_shmem_exit(release_all, 0);
  registered = true;
}

// Where each process begins to look, so that they do not all look at the same places.
ActivityEntry* take_entry(SharedActivities* shared) {
  const uint32 first = static_cast<uint32>(MyProcPid) * 37;
  for (uint32 i = 0; i < kMaxActivities; ++i) {
    ActivityEntry* entry = &shared->entries[(first + i) % kMaxActivities];
    int32 expected = kFree;
    if (entry->pid.load(std::memory_order_relaxed) == kFree && entry->pid.compare_exchange_strong(expected, kTaken))
      return entry;
  }
  return nullptr;
}

void show(Activity* activity, SharedMemory* shared) {
  release_all_at_exit();
  activity->counted = true;
  ActivityEntry* entry = take_entry(&shared->activities);
  if (entry == nullptr) return;
  begin_change(entry);
  entry->subject = activity->subject;
  entry->numbers = activity->numbers;
  end_change(entry);
  entry->pid.store(MyProcPid, std::memory_order_release);
  activity->entry = entry;
}

// --- costs

void add_calls(Costs* costs, const CallStatistics& calls) {
  costs->requests += calls.requests;
  costs->retries += calls.retries;
  costs->throttled += calls.throttled;
  costs->bytes_received += calls.bytes_received;
}

// Parts that are rounded so that they add up to the whole.
uint64 part(uint64 whole, double from, double to) {
  return static_cast<uint64>(std::floor(static_cast<double>(whole) * to)) -
         static_cast<uint64>(std::floor(static_cast<double>(whole) * from));
}

void add_part(Costs* costs, const dynamodb::WriteStreamStatistics& statistics, double from, double to) {
  const CallStatistics& calls = statistics.calls;
  add_calls(costs, {part(calls.requests, from, to), part(calls.retries, from, to), part(calls.throttled, from, to),
                    part(calls.bytes_received, from, to)});
  costs->write_capacity += statistics.consumed_capacity * (to - from);
}

// Sets all but what is counted in the activity itself.
void collect_costs(Activity* activity) {
  const PageStreamStatistics reads = reading_of(activity);
  Costs costs = activity->ended_writes;
  if (activity->writer != nullptr)
    add_part(&costs, activity->writer->statistics(), activity->share_from, activity->share_to);
  add_calls(&costs, reads.calls);
  costs.pages = reads.pages;
  costs.items_returned = reads.items;
  costs.items_scanned = reads.items_scanned;
  costs.read_capacity = reads.consumed_capacity;
  costs.calls = activity->numbers.costs.calls;
  costs.items_written = activity->numbers.costs.items_written;
  costs.waited = activity->numbers.costs.waited;
  activity->numbers.costs = costs;
}

// Runs while a statement is cleaned up, after an error, too: nothing here may fail.
void end_activity(void* argument) {
  auto* activity = static_cast<Activity*>(argument);
  collect_costs(activity);
  if (activity->entry != nullptr) release(activity->entry);
  activity->entry = nullptr;
  if (activity->counted) add_costs(activity->subject.key, activity->numbers.costs);
}

// The link between a stream and its activity.
struct Watch {
  MemoryContextCallback callback;
  Activity* activity;
  const void* stream;
};

void leave_reader(Activity* activity) {
  if (activity->reader != nullptr) add_statistics(&activity->ended_reads, activity->reader->statistics());
  activity->reader = nullptr;
}

void leave_writer(Activity* activity) {
  if (activity->writer != nullptr)
    add_part(&activity->ended_writes, activity->writer->statistics(), activity->share_from, activity->share_to);
  activity->writer = nullptr;
}

// A stream that another one has followed meanwhile has been counted.
void end_reading(void* argument) {
  const auto* watch = static_cast<Watch*>(argument);
  if (watch->activity->reader == watch->stream) leave_reader(watch->activity);
}

void end_writing(void* argument) {
  const auto* watch = static_cast<Watch*>(argument);
  if (watch->activity->writer == watch->stream) leave_writer(watch->activity);
}

Watch* make_watch(Activity* activity, MemoryContextCallbackFunction function, MemoryContext context) {
  auto* watch = static_cast<Watch*>(MemoryContextAllocZero(context, sizeof(Watch)));
  watch->activity = activity;
  watch->callback.func = function;
  watch->callback.arg = watch;
  return watch;
}

}  // namespace

Activity* begin_activity(const ActivityWish& wish, MemoryContext owner) {
  auto* activity = static_cast<Activity*>(MemoryContextAllocZero(owner, sizeof(Activity)));
  SharedMemory* shared = shared_memory();
  if (shared != nullptr) describe(&activity->subject, wish);
  activity->numbers.costs.calls = IsParallelWorker() ? 0 : 1;
  activity->callback.func = end_activity;
  activity->callback.arg = activity;
  MemoryContextRegisterResetCallback(owner, &activity->callback);
  if (shared != nullptr) show(activity, shared);
  return activity;
}

void watch_stream(Activity* activity, const PageStream* stream, MemoryContext context) {
  Watch* watch = make_watch(activity, end_reading, context);
  leave_reader(activity);
  watch->stream = activity->reader = stream;
  MemoryContextRegisterResetCallback(context, &watch->callback);
}

void watch_stream(Activity* activity, const WriteStream* stream, double from, double to, MemoryContext context) {
  Watch* watch = make_watch(activity, end_writing, context);
  leave_writer(activity);
  watch->stream = activity->writer = stream;
  activity->share_from = from;
  activity->share_to = to;
  MemoryContextRegisterResetCallback(context, &watch->callback);
}

PageStreamStatistics reading_of(const Activity* activity) {
  PageStreamStatistics sum;
  if (activity == nullptr) return sum;
  sum = activity->ended_reads;
  if (activity->reader != nullptr) add_statistics(&sum, activity->reader->statistics());
  return sum;
}

void set_extent(Activity* activity, uint64 done, uint64 to_do, TimestampTz done_since) {
  activity->numbers.done = done;
  activity->numbers.to_do = to_do;
  activity->numbers.done_since = done_since;
}

void set_done(Activity* activity, uint64 done) { activity->numbers.done = done; }

void set_scan(Activity* activity, uint64 scan) { activity->numbers.scan = scan; }

void note_written(Activity* activity) noexcept { ++activity->numbers.costs.items_written; }

uint64 written_by(const Activity* activity) noexcept { return activity->numbers.costs.items_written; }

void publish_activity(Activity* activity) noexcept {
  if (activity == nullptr || activity->entry == nullptr) return;
  collect_costs(activity);
  begin_change(activity->entry);
  activity->entry->numbers = activity->numbers;
  end_change(activity->entry);
}

void add_waiting(Activity* activity, uint64 microseconds) noexcept {
  if (activity != nullptr) activity->numbers.costs.waited += microseconds;
}

}  // namespace dynamodb_fdw
