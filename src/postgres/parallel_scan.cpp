// A Scan that PostgreSQL's parallel workers share: each takes segments that nobody has begun.
#include "parallel_scan.hpp"

#include <algorithm>
#include <new>

#include "connections.hpp"
#include "shared_limits.hpp"
#include "transaction.hpp"

extern "C" {
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "storage/spin.h"
}

namespace dynamodb_fdw {
namespace {

ScanState* scan_state(ForeignScanState* node) { return static_cast<ScanState*>(node->fdw_state); }

// What this transaction has written is in the memory of this process only, so it has to read alone. (A plan may be
// older than the write.)
bool must_read_alone(const ScanState* state) { return find_write_targets(state->table) != NIL; }

void begin(ForeignScanState* node, ParallelContext* context, ParallelScan* shared) {
  ScanState* state = scan_state(node);
  if (must_read_alone(state)) context->nworkers_to_launch = 0;
  shared->participants = 1 + context->nworkers_to_launch;
  shared->next_segment.store(0);
  shared->extent = {};
  shared->progress = start_progress();
  check_scan_policy(state);
  join_parallel_scan(state, shared);
}

}  // namespace

int count_scan_workers(RelOptInfo* rel, double bytes, int segments) {
  int workers = compute_parallel_worker(rel, bytes / BLCKSZ, -1, max_parallel_workers_per_gather);
  return std::min(workers, segments - 1);
}

double parallel_divisor(int workers) {
  const double leader = parallel_leader_participation ? std::max(1.0 - 0.3 * workers, 0.0) : 0.0;
  return workers + leader;
}

// A limit on what is consumed holds for the processes together only where they share it. A statement that changes the
// table is never parallel.
bool dynamodbIsForeignScanParallelSafe(PlannerInfo*, RelOptInfo*, RangeTblEntry* entry) {
  const TableOptions* table = get_table_options(entry->relid);
  if (find_write_targets(table) != NIL) return false;
  return table->read_capacity_limit <= 0 || shared_rate_account(entry->relid, false) != nullptr;
}

Size dynamodbEstimateDSMForeignScan(ForeignScanState*, ParallelContext*) { return sizeof(ParallelScan); }

void dynamodbInitializeDSMForeignScan(ForeignScanState* node, ParallelContext* context, void* coordinate) {
  auto* shared = new (coordinate) ParallelScan{};
  SpinLockInit(&shared->mutex);
  static uint32 scans = 0;
  shared->id = static_cast<uint64>(MyProcPid) << 32 | ++scans;
  begin(node, context, shared);
}

void dynamodbReInitializeDSMForeignScan(ForeignScanState* node, ParallelContext* context, void* coordinate) {
  context->nworkers_to_launch = context->nworkers;
  begin(node, context, static_cast<ParallelScan*>(coordinate));
}

void dynamodbInitializeWorkerForeignScan(ForeignScanState* node, shm_toc*, void* coordinate) {
  join_parallel_scan(scan_state(node), static_cast<ParallelScan*>(coordinate));
}

void dynamodbShutdownForeignScan(ForeignScanState* node) {
  ScanState* state = scan_state(node);
  ParallelScan* shared = state != nullptr ? state->shared : nullptr;
  if (shared == nullptr) return;
  const dynamodb::PageStreamStatistics own = collect_statistics(state);
  SpinLockAcquire(&shared->mutex);
  if (IsParallelWorker())
    add_statistics(&shared->workers, own);
  else
    add_statistics(state->workers, shared->workers);
  SpinLockRelease(&shared->mutex);
  state->shared = nullptr;
}

}  // namespace dynamodb_fdw
