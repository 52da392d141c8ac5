// The executor's callbacks of a foreign scan, and the state that EXPLAIN reads.
#pragma once

#include "activity.hpp"
#include "errors.hpp"
#include "filter_values.hpp"
#include "options.hpp"
#include "overlay.hpp"
#include "pg.hpp"
#include "progress.hpp"
#include "scan_keys.hpp"
#include "scan_plan.hpp"
#include "to_datum.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace dynamodb_fdw {

struct ParallelScan;

/// State of one ForeignScan node, in the executor's per-query memory.
struct ScanState {
  ScanPlan plan;
  TableOptions* table;
  ServerOptions* server;
  Oid userid;
  KeyOperand* operands;  ///< of the key's clauses
  int operand_count;
  ExprState** filter_operands;

  dynamodb::Client* client;  ///< null until the scan starts
  dynamodb::AttributeSelection* selection;
  dynamodb::Item* item;
  ReadContext read;
  ColumnReader* readers;
  int reader_count;
  std::string* item_text;  ///< of UPDATE and DELETE: scratch for the item as typed JSON

  MemoryContext stream_context;  ///< owns the stream; reset by each rescan
  dynamodb::PageStream* stream;  ///< null: not started, or nothing to ask
  Overlay* overlay;              ///< the transaction's own writes; null: there are none; belongs to stream_context
  bool item_waits;               ///< the stream's item has not been handed out, because one of the overlay's came first
  bool started;                  ///< this scan (since the last rescan) has been started
  bool ever_started;
  bool counting;         ///< this scan's items are only counted
  bool ended;            ///< this scan has been read to its end
  bool async;            ///< an Append waits for the scan, which never waits itself: see async_scan.hpp
  bool waiting;          ///< async: the row that was asked for last has not arrived
  ParallelScan* shared;  ///< with the other processes of a parallel query; null: there are none
  bool policy_checked;   ///< scan_policy has let the Scan start
  int max_in_flight;     ///< pages in flight or waiting to be read, at most
  Activity* activity;    ///< null until the scan starts
  dynamodb::PageStreamStatistics* workers;  ///< what other processes of a parallel scan have cost

  ProgressClock progress;
  ScanExtent before;       ///< what passes before this one have come to
  ScanExtent contributed;  ///< to `shared`
  uint64_t pages_at_last_look;
};

/// Gets the client and what else lives as long as the node, unless that was done before. Asks nothing of DynamoDB.
void prepare_scan(ForeignScanState* node);

/// Sets max_in_flight, of a stream under way too, for `scans` scans that use the server's connections together.
void share_connections(ScanState* state, int scans);

/// Applies the scan_policy, unless that was done before.
void check_scan_policy(ScanState* state);

/// From its next start on the scan reads only segments that no other process of the parallel query reads.
void join_parallel_scan(ScanState* state, ParallelScan* shared);

/// Adds up what scans have cost.
void add_statistics(dynamodb::PageStreamStatistics* sum, const dynamodb::PageStreamStatistics& more);

/// What errors of the scan's requests are about.
ErrorContext error_context(const ScanState* state);

/// All that the node's scans have cost so far; of a parallel query that has ended, with its workers.
dynamodb::PageStreamStatistics collect_statistics(const ScanState* state);

/// What the scan's filter must not name.
ReservedNames reserved_names(const ScanState* state);

/// Evaluates the filter, as much of it as is sent; palloc'ed in the current context. Null: there is none.
PlainFilter* evaluate_scan_filter(const ScanState* state, ExprContext* econtext);

/// Evaluates the key conditions; results are palloc'ed in the current context. REQUIRES: the plan's operation is no
/// Scan.
ScanKeys evaluate_scan_keys(const ScanState* state, ExprContext* econtext);

/// Whether the scan's items are only counted, given its key conditions (not of a Scan) and filter (null: none): nothing
/// else of them is used, and DynamoDB lets through just those for which the conditions are true. REQUIRES: something
/// can pass them.
bool will_count(const ScanState* state, const ScanKeys& keys, const PlainFilter* filter);

extern "C" {
void dynamodbBeginForeignScan(ForeignScanState* node, int eflags);
TupleTableSlot* dynamodbIterateForeignScan(ForeignScanState* node);
void dynamodbReScanForeignScan(ForeignScanState* node);
void dynamodbEndForeignScan(ForeignScanState* node);
}

}  // namespace dynamodb_fdw
