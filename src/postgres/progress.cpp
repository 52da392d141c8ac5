// Tells the user of a long scan or commit how far it is.
#include "progress.hpp"

#include <algorithm>

#include "activity.hpp"
#include "execute_scan.hpp"
#include "parallel_scan.hpp"

extern "C" {
#include "storage/spin.h"
#include "utils/timestamp.h"
}

namespace dynamodb_fdw {

using dynamodb::Steady;

int progress_interval = 10;

namespace {

// "3 min" or "40 s".
char* duration_text(double seconds) {
  return seconds >= 120 ? psprintf("%.0f min", seconds / 60) : psprintf("%.0f s", seconds);
}

ScanExtent difference(const ScanExtent& left, const ScanExtent& right) {
  return {left.items_scanned - right.items_scanned, left.finished_sources - right.finished_sources,
          left.consumed_capacity - right.consumed_capacity};
}

ScanExtent own_extent(const ScanState* state) {
  const dynamodb::PageStreamStatistics reading = reading_of(state->activity);
  return {reading.items_scanned, reading.finished_sources, reading.consumed_capacity};
}

// What this pass has come to: in all processes, where several scan. *due: it is this one's turn to say so.
ScanExtent extent_of_pass(ScanState* state, ProgressClock* clock, bool* due) {
  const ScanExtent own = own_extent(state);
  ParallelScan* shared = state->shared;
  if (shared == nullptr) {
    *due = is_progress_due(&state->progress);
    *clock = state->progress;
    return difference(own, state->before);
  }
  const ScanExtent fresh = difference(own, state->contributed);
  state->contributed = own;
  SpinLockAcquire(&shared->mutex);
  shared->extent.items_scanned += fresh.items_scanned;
  shared->extent.finished_sources += fresh.finished_sources;
  shared->extent.consumed_capacity += fresh.consumed_capacity;
  *due = is_progress_due(&shared->progress);
  *clock = shared->progress;
  const ScanExtent all = shared->extent;
  SpinLockRelease(&shared->mutex);
  return all;
}

char* sources_text(const ScanState* state, const ScanExtent& extent) {
  if (state->stream == nullptr || state->stream->sources() <= 1) return pstrdup("");
  const uint64 finished =
      state->shared != nullptr ? extent.finished_sources : state->stream->statistics().finished_sources;
  return psprintf(" (" UINT64_FORMAT " of " UINT64_FORMAT " %s read to their end)", finished, state->stream->sources(),
                  state->plan.operation == ReadOperation::scan ? "segments" : "queries");
}

}  // namespace

ProgressClock start_progress() {
  const TimestampTz now = GetCurrentTimestamp();
  return {now, now};
}

bool is_progress_due(ProgressClock* clock) {
  if (progress_interval <= 0) return false;
  const TimestampTz now = GetCurrentTimestamp();
  if (now - clock->last < progress_interval * USECS_PER_SEC) return false;
  clock->last = now;
  return true;
}

Steady::time_point progress_time(const ProgressClock& clock, Steady::time_point latest) {
  if (progress_interval <= 0) return latest;
  const TimestampTz left = clock.last + progress_interval * USECS_PER_SEC - GetCurrentTimestamp();
  return std::min(latest, Steady::now() + std::chrono::microseconds(std::max<TimestampTz>(left, 0)));
}

Steady::time_point progress_time(const ScanState* state, Steady::time_point latest) {
  return progress_time(state->shared != nullptr ? state->shared->progress : state->progress, latest);
}

// Of a Scan each pass reads about as many items as the table has. Look-ups and Queries for the other side of a join are
// many and short: they count together.
void begin_progress(ScanState* state) {
  state->contributed = own_extent(state);
  if (state->shared != nullptr) set_scan(state->activity, state->shared->id);
  if (state->progress.start != 0 && state->plan.expected_items <= 0) return;
  const ProgressClock fresh = start_progress();
  state->progress.start = fresh.start;
  if (state->progress.last == 0) state->progress.last = fresh.last;
  state->before = state->contributed;
}

void note_progress(ScanState* state) {
  ProgressClock clock;
  bool due;
  const ScanExtent extent = extent_of_pass(state, &clock, &due);
  set_extent(state->activity, extent.items_scanned, static_cast<uint64>(state->plan.expected_items), clock.start);
  publish_activity(state->activity);
  if (!due) return;
  emit_progress({.verb = "reading",
                 .table = state->table->table_name,
                 .done = extent.items_scanned,
                 .to_do = state->plan.expected_items,
                 .exact = false,
                 .otherwise = sources_text(state, extent),
                 .capacity = extent.consumed_capacity},
                clock);
}

void emit_progress(const ProgressMessage& message, const ProgressClock& clock) {
  const double elapsed = static_cast<double>(clock.last - clock.start) / USECS_PER_SEC;
  const auto done = static_cast<double>(message.done);
  const char* rest = message.otherwise;
  if (message.to_do > done && done > 0)
    rest = psprintf(" of %s%.0f (%.0f %%), about %s left", message.exact ? "" : "about ", message.to_do,
                    100 * done / message.to_do, duration_text(elapsed * (message.to_do - done) / done));
  ereport(NOTICE, (errmsg("DynamoDB FDW is %s table \"%s\": %.0f items%s; %.1f capacity units consumed in %s",
                          message.verb, message.table, done, rest, message.capacity, duration_text(elapsed))));
}

}  // namespace dynamodb_fdw
