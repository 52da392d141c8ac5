// Tells the user of a long scan how far it is.
#pragma once

namespace dynamodb_fdw {

struct ScanState;

/// The setting dynamodb_fdw.progress_interval: seconds between progress messages; 0: never.
extern int progress_interval;

/// Emits a NOTICE when the interval has passed since the last one (or the start). Call it for each page and whenever
/// the scan waits.
void report_progress(ScanState* state);

}  // namespace dynamodb_fdw
