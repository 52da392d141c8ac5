// Tells the user of a long scan how far it is.
#include "progress.hpp"

#include "execute_scan.hpp"

extern "C" {
#include "access/parallel.h"
#include "utils/timestamp.h"
}

namespace dynamodb_fdw {

int progress_interval = 10;

namespace {

// "about 3 min" or "about 40 s".
char* duration_text(double seconds) {
  return seconds >= 120 ? psprintf("%.0f min", seconds / 60) : psprintf("%.0f s", seconds);
}

void emit(const ScanState* state, double elapsed) {
  dynamodb::PageStreamStatistics statistics = collect_statistics(state);
  auto scanned = static_cast<double>(statistics.items_scanned);
  double expected = state->plan.expected_items;
  char* rest = pstrdup("");
  if (expected > scanned && scanned > 0)
    rest = psprintf(" of about %.0f (%.0f %%), about %s left", expected, 100 * scanned / expected,
                    duration_text(elapsed * (expected - scanned) / scanned));
  else if (state->stream != nullptr && state->stream->sources() > 1)
    rest = psprintf(" (" UINT64_FORMAT " of " UINT64_FORMAT " %s read to their end)", statistics.finished_sources,
                    state->stream->sources(), state->plan.operation == ReadOperation::scan ? "segments" : "queries");
  ereport(NOTICE,
          (errmsg("DynamoDB FDW is reading table \"%s\": %.0f items%s; %.1f capacity units consumed in %s",
                  state->table->table_name, scanned, rest, statistics.consumed_capacity, duration_text(elapsed))));
}

}  // namespace

void report_progress(ScanState* state) {
  if (progress_interval <= 0 || IsParallelWorker()) return;
  TimestampTz now = GetCurrentTimestamp();
  if (!TimestampDifferenceExceeds(state->last_progress, now, progress_interval * 1000)) return;
  state->last_progress = now;
  emit(state, static_cast<double>(now - state->start_time) / USECS_PER_SEC);
}

}  // namespace dynamodb_fdw
