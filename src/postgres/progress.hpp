// Tells the user of a long scan or commit how far it is.
#pragma once

#include "dynamodb/clock.hpp"
#include "pg.hpp"

extern "C" {
#include "datatype/timestamp.h"
}

namespace dynamodb_fdw {

struct ScanState;

/// The setting dynamodb_fdw.progress_interval: seconds between progress messages; 0: never.
extern int progress_interval;

/// When it began, and when something was said last.
struct ProgressClock {
  TimestampTz start;
  TimestampTz last;
};

/// Of what is to be told: how far a scan is.
struct ScanExtent {
  uint64_t items_scanned;
  uint64_t finished_sources;  ///< segments or queries read to their end
  double consumed_capacity;
};

ProgressClock start_progress();

/// Whether the interval has passed since something was said last (or the start); if so, it counts as said.
bool is_progress_due(ProgressClock* clock);

/// When the next message will be due, but `latest` at the latest: a wait may not be longer.
dynamodb::Steady::time_point progress_time(const ProgressClock& clock, dynamodb::Steady::time_point latest);
dynamodb::Steady::time_point progress_time(const ScanState* state, dynamodb::Steady::time_point latest);

/// Begins a pass of a scan: its start, or a rescan.
void begin_progress(ScanState* state);

/// Shows others how far the scan is, and emits a NOTICE when it is time. Of the processes of a parallel scan one speaks
/// for all. To be called for each page and whenever the scan waits.
void note_progress(ScanState* state);

/// "DynamoDB FDW is VERB table ...: DONE items[ of about TO_DO ...]EXTRA; CAPACITY units consumed in ..." as a NOTICE.
struct ProgressMessage {
  const char* verb;
  const char* table;
  uint64_t done;
  double to_do;           ///< 0: not known
  bool exact;             ///< to_do is no estimate
  const char* otherwise;  ///< what is said in place of the share that is done, where to_do does not tell; may be empty
  double capacity;
};
void emit_progress(const ProgressMessage& message, const ProgressClock& clock);

}  // namespace dynamodb_fdw
