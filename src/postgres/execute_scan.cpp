// The executor's callbacks of a foreign scan, and the state that EXPLAIN reads.
#include "execute_scan.hpp"

#include <cstring>
#include <new>

#include "compat.hpp"
#include "connections.hpp"
#include "handles.hpp"
#include "progress.hpp"
#include "wait.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace dynamodb_fdw {

using dynamodb::PageStream;
using dynamodb::PageStreamStatistics;

namespace {

ScanState* scan_state(ForeignScanState* node) { return static_cast<ScanState*>(node->fdw_state); }

const char* operation_name(const ScanState* state) {
  return state->plan.operation == ReadOperation::query ? "Query" : "Scan";
}

ErrorContext error_context(const ScanState* state) { return {operation_name(state), state->table->table_name}; }

void prepare_operands(ForeignScanState* node, ScanState* state) {
  List* expressions = reinterpret_cast<ForeignScan*>(node->ss.ps.plan)->fdw_exprs;
  List* operands = ExecInitExprList(expressions, &node->ss.ps);
  if (operands == NIL) return;
  auto type_of = [expressions](int i) { return exprType(static_cast<Node*>(list_nth(expressions, i))); };
  state->partition = {state->plan.partition_match, static_cast<ExprState*>(linitial(operands)), type_of(0)};
  state->sort_count = list_length(operands) - 1;
  state->sorts = static_cast<KeyOperand*>(palloc0(sizeof(KeyOperand) * Max(state->sort_count, 1)));
  for (int i = 0; i < state->sort_count; ++i)
    state->sorts[i] = {static_cast<KeyMatch>(list_nth_int(state->plan.sort_matches, i)),
                       static_cast<ExprState*>(list_nth(operands, i + 1)), type_of(i + 1)};
}

// The objects that live as long as the node: client, selection, item and the columns' readers.
void prepare_reading(ForeignScanState* node, ScanState* state) {
  MemoryContext context = node->ss.ps.state->es_query_cxt;
  state->client = acquire_client(state->table->serverid, state->userid, state->table->aws_region, context);
  state->stream_context = AllocSetContextCreate(context, "dynamodb_fdw stream", ALLOCSET_SMALL_SIZES);
  state->selection = make_owned<dynamodb::AttributeSelection>(
      context, [] { return std::make_unique<dynamodb::AttributeSelection>(); });
  state->item = make_owned<dynamodb::Item>(context, [] { return std::make_unique<dynamodb::Item>(); });
  state->read.context = context;
  state->read.table_name = state->table->table_name;
  state->read.item = state->item;
  state->read.partition_key = state->plan.partition_key;
  state->read.sort_key = state->plan.sort_key;
  state->reader_count = list_length(state->plan.columns);
  state->readers = prepare_readers(&state->read, state->table, state->plan.columns, state->selection);
}

// --- requests: library code, guarded

dynamodb::ReadRequest make_request(const ScanState* state) {
  dynamodb::ReadRequest request;
  request.table = state->table->table_name;
  request.consistent_read = state->table->consistent_read;
  ListCell* cell;
  foreach (cell, state->plan.projection) request.projection.emplace_back(strVal(lfirst(cell)));
  return request;
}

dynamodb::ScalarValue scalar(const KeyValue& value) {
  return {value.type, std::string(value.bytes, static_cast<std::size_t>(value.length))};
}

dynamodb::RequestSet scan_requests(const ScanState* state) {
  dynamodb::RequestSet requests;
  requests.operation = "Scan";
  requests.heads.push_back(dynamodb::scan_head(make_request(state)));
  requests.segments = static_cast<uint32_t>(state->table->parallel_scan_count);
  return requests;
}

dynamodb::RequestSet query_requests(const ScanState* state, const ScanKeys& keys) {
  dynamodb::RequestSet requests;
  requests.operation = "Query";
  dynamodb::ReadRequest request = make_request(state);
  std::vector<dynamodb::KeyCondition> conditions(keys.sort.present ? 2 : 1);
  conditions[0].attribute = state->plan.partition_key;
  if (keys.sort.present) {
    conditions[1].attribute = state->plan.sort_key;
    conditions[1].op = keys.sort.op;
    conditions[1].operands = {scalar(keys.sort.operands[0])};
    if (keys.sort.op == dynamodb::KeyOperator::between) conditions[1].operands.push_back(scalar(keys.sort.operands[1]));
  }
  for (int i = 0; i < keys.partition_count; ++i) {
    conditions[0].operands = {scalar(keys.partitions[i])};
    requests.heads.push_back(dynamodb::query_head(request, conditions));
  }
  return requests;
}

// ---

void start_stream(ScanState* state, const ScanKeys& keys) {
  dynamodb::RateLimiter* limiter = read_rate_limiter(state->table->relid, state->table->read_capacity_limit);
  dynamodb::PageStreamOptions options;
  options.slow_start = state->plan.slow_start;
  bool query = state->plan.operation == ReadOperation::query;
  // More segments than connections would only wait in memory for one.
  options.max_in_flight = state->server->max_connections;
  if (!query) options.max_in_flight = Min(state->table->parallel_scan_count, state->server->max_connections);
  state->stream = make_owned<PageStream>(state->stream_context, [&] {
    return std::make_unique<PageStream>(*state->client, query ? query_requests(state, keys) : scan_requests(state),
                                        options, limiter, dynamodb::system_clock());
  });
}

void apply_scan_policy(const ScanState* state) {
  if (state->plan.operation != ReadOperation::scan) return;
  if (state->table->scan_policy == ScanPolicy::warn)
    ereport(WARNING, (errmsg("DynamoDB FDW SCAN operation; this can be costly and time-consuming; use partition_key "
                             "if possible")));
  if (state->table->scan_policy != ScanPolicy::deny) return;
  const TableOptions* table = state->table;
  const char* key = table->partition_key >= 0 ? table->columns[table->partition_key].column_name : nullptr;
  ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                  errmsg("Scan of DynamoDB table \"%s\" is denied by scan_policy", table->table_name),
                  key != nullptr ? errhint("Add an equality condition on the partition key, column \"%s\".", key) : 0));
}

void start_scan(ForeignScanState* node, ScanState* state) {
  if (!state->ever_started) {
    apply_scan_policy(state);
    prepare_reading(node, state);
    state->start_time = state->last_progress = GetCurrentTimestamp();
  }
  state->started = state->ever_started = true;
  ScanKeys keys{};
  // Per-tuple memory is reset before the next row, but not before the requests are made.
  if (state->plan.operation == ReadOperation::query) keys = evaluate_scan_keys(state, node->ss.ps.ps_ExprContext);
  if (!keys.impossible) start_stream(state, keys);
}

// Waits for the next item and decodes it; false at the end.
bool next_item(ScanState* state) {
  for (;;) {
    PageStream::Step step = PageStream::Step::end;
    PlainError failure;
    bool done = guard(&failure, [&] {
      step = state->stream->next(*state->selection, *state->item);
      return step == PageStream::Step::failed ? state->stream->error() : nullptr;
    });
    if (!done) report_error(failure, error_context(state));
    if (step == PageStream::Step::item) return true;
    if (step == PageStream::Step::end) return false;
    report_progress(state);
    wait_and_advance(state->client, error_context(state), state->stream->wake_time());
  }
}

void add_statistics(PageStreamStatistics* sum, const PageStreamStatistics& more) {
  sum->calls.requests += more.calls.requests;
  sum->calls.retries += more.calls.retries;
  sum->calls.throttled += more.calls.throttled;
  sum->calls.bytes_received += more.calls.bytes_received;
  sum->pages += more.pages;
  sum->items += more.items;
  sum->items_scanned += more.items_scanned;
  sum->consumed_capacity += more.consumed_capacity;
}

void drop_stream(ScanState* state) {
  if (state->stream == nullptr) return;
  add_statistics(state->totals, state->stream->statistics());
  state->stream = nullptr;
  MemoryContextReset(state->stream_context);
}

}  // namespace

PageStreamStatistics collect_statistics(const ScanState* state) {
  PageStreamStatistics sum = *state->totals;
  if (state->stream != nullptr) add_statistics(&sum, state->stream->statistics());
  return sum;
}

ScanKeys evaluate_scan_keys(const ScanState* state, ExprContext* econtext) {
  return evaluate_keys(econtext, state->partition, state->plan.partition_type, state->sorts, state->sort_count,
                       state->plan.sort_type);
}

void dynamodbBeginForeignScan(ForeignScanState* node, int) {
  auto* state = static_cast<ScanState*>(palloc0(sizeof(ScanState)));
  node->fdw_state = state;
  state->plan = deserialize_scan_plan(reinterpret_cast<ForeignScan*>(node->ss.ps.plan)->fdw_private);
  state->table = get_table_options(RelationGetRelid(node->ss.ss_currentRelation));
  state->server = get_server_options(state->table->serverid);
  state->userid = foreign_scan_user(node);
  state->totals = new (palloc0(sizeof(PageStreamStatistics))) PageStreamStatistics();
  prepare_operands(node, state);
}

TupleTableSlot* dynamodbIterateForeignScan(ForeignScanState* node) {
  ScanState* state = scan_state(node);
  TupleTableSlot* slot = node->ss.ss_ScanTupleSlot;
  ExecClearTuple(slot);
  if (!state->started) start_scan(node, state);
  if (state->stream == nullptr || !next_item(state)) return slot;
  int columns = slot->tts_tupleDescriptor->natts;
  memset(slot->tts_isnull, true, sizeof(bool) * columns);
  read_row(&state->read, state->readers, state->reader_count, slot->tts_values, slot->tts_isnull);
  return ExecStoreVirtualTuple(slot);
}

void dynamodbReScanForeignScan(ForeignScanState* node) {
  ScanState* state = scan_state(node);
  if (!state->started) return;
  drop_stream(state);
  state->started = false;
}

void dynamodbEndForeignScan(ForeignScanState* node) {
  ScanState* state = scan_state(node);
  if (state == nullptr || !state->ever_started) return;
  drop_stream(state);
  const PageStreamStatistics& totals = *state->totals;
  ereport(NOTICE, (errmsg("DynamoDB FDW retrieved " UINT64_FORMAT " pages containing " UINT64_FORMAT
                          " records; DynamoDB scanned " UINT64_FORMAT " records server-side",
                          totals.pages, totals.items, totals.items_scanned)));
}

}  // namespace dynamodb_fdw
