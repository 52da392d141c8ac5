// A Scan that PostgreSQL's parallel workers share: each takes segments that nobody has begun.
#pragma once

#include <atomic>

#include "execute_scan.hpp"

extern "C" {
#include "access/parallel.h"
#include "nodes/pathnodes.h"
}

namespace dynamodb_fdw {

/// In the shared memory of a parallel query.
struct ParallelScan {
  std::atomic<uint64_t> next_segment;
  int participants;  ///< workers that were asked for, and the leader
  slock_t mutex;
  dynamodb::PageStreamStatistics workers;  ///< what those that have ended have read; under the mutex
  ScanExtent extent;                       ///< of this pass, what all have read so far; under the mutex
  ProgressClock progress;                  ///< the same for all; under the mutex
  uint64_t id;                             ///< of this scan among those of all backends
};

/// How many workers a Scan of so many bytes is worth; 0: none. `segments`: parallel_scan_count.
int count_scan_workers(RelOptInfo* rel, double bytes, int segments);

/// The part of the rows that each of them gets, the leader among them, as PostgreSQL's own parallel scans estimate it.
double parallel_divisor(int workers);

extern "C" {
bool dynamodbIsForeignScanParallelSafe(PlannerInfo* root, RelOptInfo* rel, RangeTblEntry* entry);
Size dynamodbEstimateDSMForeignScan(ForeignScanState* node, ParallelContext* context);
void dynamodbInitializeDSMForeignScan(ForeignScanState* node, ParallelContext* context, void* coordinate);
void dynamodbReInitializeDSMForeignScan(ForeignScanState* node, ParallelContext* context, void* coordinate);
void dynamodbInitializeWorkerForeignScan(ForeignScanState* node, shm_toc* toc, void* coordinate);
void dynamodbShutdownForeignScan(ForeignScanState* node);
}

}  // namespace dynamodb_fdw
