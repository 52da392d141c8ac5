// The executor's callbacks of a foreign scan, and the state that EXPLAIN reads.
#include "execute_scan.hpp"

#include <cstring>
#include <new>

#include "compat.hpp"
#include "connections.hpp"
#include "handles.hpp"
#include "modify_plan.hpp"
#include "parallel_scan.hpp"
#include "read_stream.hpp"
#include "scan_policy.hpp"
#include "wait.hpp"

extern "C" {
#include "access/parallel.h"
#include "utils/snapshot.h"
}

namespace dynamodb_fdw {

using dynamodb::PageStream;
using dynamodb::PageStreamStatistics;

namespace {

ScanState* scan_state(ForeignScanState* node) { return static_cast<ScanState*>(node->fdw_state); }

const char* operation_name(const ScanState* state) {
  static const char* const kNames[] = {"Scan", "Query", "GetItem", "BatchGetItem"};
  return kNames[static_cast<int>(state->plan.operation)];
}

void prepare_operands(ForeignScanState* node, ScanState* state) {
  List* expressions = reinterpret_cast<ForeignScan*>(node->ss.ps.plan)->fdw_exprs;
  List* states = ExecInitExprList(expressions, &node->ss.ps);
  state->operand_count = list_length(state->plan.clause_attributes);
  state->operands = static_cast<KeyOperand*>(palloc0(sizeof(KeyOperand) * Max(state->operand_count, 1)));
  for (int i = 0; i < state->operand_count; ++i)
    state->operands[i] = {list_nth_int(state->plan.clause_attributes, i),
                          static_cast<Comparator>(list_nth_int(state->plan.clause_comparators, i)),
                          static_cast<ExprState*>(list_nth(states, i)),
                          exprType(static_cast<Node*>(list_nth(expressions, i)))};
  int filter_count = list_length(states) - state->operand_count;
  state->filter_operands = static_cast<ExprState**>(palloc0(sizeof(ExprState*) * Max(filter_count, 1)));
  for (int i = 0; i < filter_count; ++i)
    state->filter_operands[i] = static_cast<ExprState*>(list_nth(states, state->operand_count + i));
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
  if (!state->plan.for_change) return;
  state->selection->select_all();
  state->item_text = make_owned<std::string>(context, [] { return std::make_unique<std::string>(); });
}

// --- requests: library code, guarded

dynamodb::ReadRequest make_request(const ScanState* state, const dynamodb::Filter* filter) {
  dynamodb::ReadRequest request;
  request.table = state->table->table_name;
  if (state->plan.index_name != nullptr) request.index = state->plan.index_name;
  request.backward = state->plan.backward;
  request.consistent_read = state->plan.consistent;
  request.filter = filter;
  request.count_only = state->counting;
  ListCell* cell;
  foreach (cell, state->plan.projection) request.projection.emplace_back(strVal(lfirst(cell)));
  return request;
}

dynamodb::ScalarValue scalar(const KeyValue& value) {
  return {value.type, std::string(value.bytes, static_cast<std::size_t>(value.length))};
}

std::string key_name(const ScanState* state, int attribute) {
  return strVal(list_nth(state->plan.key_names, attribute));
}

void add_scan(const ScanState* state, const dynamodb::ReadRequest& request, dynamodb::RequestSet& requests) {
  requests.heads.push_back(dynamodb::scan_head(request));
  requests.segments = static_cast<uint32_t>(state->table->parallel_scan_count);
}

void add_queries(const ScanState* state, const ScanKeys& keys, const dynamodb::ReadRequest& request,
                 dynamodb::RequestSet& requests) {
  std::vector<dynamodb::KeyCondition> conditions(keys.fixed_count);
  for (int i = 0; i < keys.fixed_count; ++i) conditions[i].attribute = key_name(state, i);
  if (keys.range.present) {
    dynamodb::KeyCondition range{key_name(state, keys.fixed_count), keys.range.op, {scalar(keys.range.operands[0])}};
    if (range.op == dynamodb::KeyOperator::between) range.operands.push_back(scalar(keys.range.operands[1]));
    conditions.push_back(std::move(range));
  }
  for (int k = 0; k < keys.key_count; ++k) {
    for (int i = 0; i < keys.fixed_count; ++i) conditions[i].operands = {scalar(keys.values[k * keys.fixed_count + i])};
    requests.heads.push_back(dynamodb::query_head(request, conditions));
  }
}

// Key number `first` and those behind it, as many as `keys` has room for. What it had is used again: lists may be long.
void fill_keys(const ScanKeys& scan_keys, int first, std::vector<dynamodb::Key>& keys) {
  const KeyValue* value = scan_keys.values + static_cast<std::size_t>(first) * scan_keys.fixed_count;
  for (dynamodb::Key& key : keys)
    for (auto& [name, held] : key) {
      held.type = value->type;
      held.bytes.assign(value->bytes, static_cast<std::size_t>(value->length));
      ++value;
    }
}

void add_look_ups(const ScanState* state, const ScanKeys& scan_keys, const dynamodb::ReadRequest& request,
                  dynamodb::RequestSet& requests) {
  dynamodb::Key names;
  std::vector<uint32_t> slots;
  for (int i = 0; i < scan_keys.fixed_count; ++i) {
    names.emplace_back(key_name(state, i), dynamodb::ScalarValue{});
    slots.push_back(state->selection->add(names.back().first));
  }
  // The conditions that list the keys may have been left out of PostgreSQL's (is_settled_by_keys).
  requests.keys.emplace(std::move(slots));
  const bool single = scan_keys.key_count == 1;
  requests.operation = single ? "GetItem" : "BatchGetItem";
  constexpr int kMost = static_cast<int>(dynamodb::kBatchGetItemKeys);
  std::vector<dynamodb::Key> keys(Min(scan_keys.key_count, kMost), names);
  for (int first = 0; first < scan_keys.key_count; first += kMost) {
    keys.resize(Min(scan_keys.key_count - first, kMost));
    fill_keys(scan_keys, first, keys);
    requests.keys->add_request(keys);
    requests.heads.push_back(single ? dynamodb::get_item_head(request, keys[0])
                                    : std::move(dynamodb::batch_get_item_heads(request, keys)[0]));
  }
}

dynamodb::RequestSet make_requests(const ScanState* state, const ScanKeys& keys, const PlainFilter* plain) {
  dynamodb::Filter filter;
  if (plain != nullptr) filter = dynamodb::simplify(to_library_filter(plain));
  bool filtered = filter.kind != dynamodb::Filter::Kind::constant;
  dynamodb::ReadRequest request = make_request(state, filtered ? &filter : nullptr);
  dynamodb::RequestSet requests;
  requests.operation = operation_name(state);
  switch (state->plan.operation) {
    case ReadOperation::scan:
      add_scan(state, request, requests);
      break;
    case ReadOperation::query:
      add_queries(state, keys, request, requests);
      break;
    default:
      add_look_ups(state, keys, request, requests);
      break;
  }
  return requests;
}

// ---

void start_stream(ScanState* state, const ScanKeys& keys, const PlainFilter* filter) {
  dynamodb::RateLimiter* limiter = read_rate_limiter(state->table->relid, state->table->read_capacity_limit);
  dynamodb::PageStreamOptions options;
  options.slow_start = state->plan.slow_start;
  options.count_only = state->counting;
  options.first_limit = static_cast<uint32_t>(state->plan.first_limit);
  options.max_in_flight = static_cast<uint32_t>(state->max_in_flight);
  if (state->shared != nullptr) options.shared_next = &state->shared->next_segment;
  state->stream = make_owned<PageStream>(state->stream_context, [&] {
    return std::make_unique<PageStream>(*state->client, make_requests(state, keys, filter), options, limiter,
                                        dynamodb::system_clock());
  });
  watch_stream(state->activity, state->stream, state->stream_context);
}

Activity* begin_scan_activity(ForeignScanState* node, const ScanState* state) {
  return begin_activity({.operation = operation_name(state),
                         .serverid = state->table->serverid,
                         .relid = state->table->relid,
                         .table_name = state->table->table_name,
                         .index_name = state->plan.index_name,
                         .client = state->client},
                        node->ss.ps.state->es_query_cxt);
}

void start_scan(ForeignScanState* node, ScanState* state) {
  if (!state->ever_started) {
    check_scan_policy(state);
    prepare_scan(node);
    state->activity = begin_scan_activity(node, state);
  }
  begin_progress(state);
  state->started = state->ever_started = true;
  ScanKeys keys{};
  // Per-tuple memory is reset before the next row, but not before the requests are made.
  if (state->plan.operation != ReadOperation::scan) keys = evaluate_scan_keys(state, node->ss.ps.ps_ExprContext);
  const PlainFilter* filter = evaluate_scan_filter(state, node->ss.ps.ps_ExprContext);
  state->ended = keys.impossible || is_never_true(filter);
  if (state->ended) return;
  bool scans = state->plan.operation == ReadOperation::scan;
  state->overlay = begin_overlay(state->table, state->userid, &state->plan, scans ? nullptr : &keys,
                                 node->ss.ps.state->es_snapshot->curcid, state->selection, state->stream_context);
  // What the transaction has written has to be told from what DynamoDB has, item by item.
  state->counting = state->overlay == nullptr && will_count(state, keys, filter);
  if (state->overlay == nullptr || !covers_everything(state->overlay)) start_stream(state, keys, filter);
}

// Waits for the next item of the stream and decodes it; false at the end, or where an Append does the waiting.
bool next_streamed_item(ScanState* state) {
  if (state->stream == nullptr) return false;
  for (;;) {
    PageStream::Step step =
        advance_stream(state->stream, *state->selection, state->item, state->table->serverid, error_context(state));
    if (step == PageStream::Step::end) return false;
    // A look at the clock for each page, not for each item.
    uint64_t pages = state->stream->statistics().pages;
    if (step == PageStream::Step::waiting || pages != state->pages_at_last_look) note_progress(state);
    state->pages_at_last_look = pages;
    if (step == PageStream::Step::item) return true;
    state->waiting = state->async;
    if (state->async) return false;
    wait_and_advance(state->client, error_context(state), progress_time(state, state->stream->wake_time()));
  }
}

// The next item that DynamoDB has and the transaction has not written.
bool next_uncovered_item(ScanState* state) {
  while (!state->item_waits && next_streamed_item(state)) {
    state->item_waits = !is_covered(state->overlay, *state->item);
    CHECK_FOR_INTERRUPTS();
  }
  return state->item_waits;
}

// The next item of those that the transaction has put or changed and those of DynamoDB; in order, where the scan is
// ordered, else the transaction's first.
bool next_item_of_both(ScanState* state) {
  const dynamodb::Item* own = peek_covering(state->overlay);
  bool streamed = (own == nullptr || state->plan.ordered) && next_uncovered_item(state);
  if (state->waiting) return false;
  if (own != nullptr && (!streamed || comes_first(state->overlay, *state->item))) {
    state->read.item = own;
    take_covering(state->overlay);
    return true;
  }
  state->read.item = state->item;
  state->item_waits = false;
  return streamed;
}

bool next_item(ScanState* state) {
  return state->overlay != nullptr ? next_item_of_both(state) : next_streamed_item(state);
}

// What an UPDATE or DELETE gets besides the columns: the item as it was read, the row as one value, and tableoid.
void add_extras(ForeignScanState* node, const ScanState* state, TupleTableSlot* slot) {
  TupleDesc row = RelationGetDescr(node->ss.ss_currentRelation);
  PlainError failure;
  bool done = guard(&failure, [&] {
    state->item_text->clear();
    return dynamodb::append_json_document(*state->item_text, *state->read.item, dynamodb::JsonForm::typed);
  });
  if (!done) report_error(failure, error_context(state));
  auto set = [&](ScanExtra extra, Datum value) {
    int place = row->natts + static_cast<int>(extra);
    slot->tts_values[place] = value;
    slot->tts_isnull[place] = false;
  };
  set(ScanExtra::item,
      PointerGetDatum(cstring_to_text_with_len(state->item_text->data(), static_cast<int>(state->item_text->size()))));
  HeapTuple tuple = heap_form_tuple(row, slot->tts_values, slot->tts_isnull);
  set(ScanExtra::whole_row, heap_copy_tuple_as_datum(tuple, row));
  set(ScanExtra::tableoid, ObjectIdGetDatum(RelationGetRelid(node->ss.ss_currentRelation)));
}

// Puts the next item into the slot; with nothing in it, where items are only counted.
bool next_row(ForeignScanState* node, ScanState* state, TupleTableSlot* slot) {
  if (!next_item(state)) return false;
  memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
  if (!state->counting) read_row(&state->read, state->readers, state->reader_count, slot->tts_values, slot->tts_isnull);
  if (state->plan.for_change) add_extras(node, state, slot);
  ExecStoreVirtualTuple(slot);
  return true;
}

// Items that are read although only their number is used: those for which the conditions are not true are passed over.
// That happens here, because PostgreSQL would check the items that are counted as well.
bool next_passing_row(ForeignScanState* node, ScanState* state, TupleTableSlot* slot) {
  ExprContext* econtext = node->ss.ps.ps_ExprContext;
  econtext->ecxt_scantuple = slot;
  while (next_row(node, state, slot)) {
    if (ExecQual(node->fdw_recheck_quals, econtext)) return true;
    InstrCountFiltered1(node, 1);
    ExecClearTuple(slot);
    ResetExprContext(econtext);
    CHECK_FOR_INTERRUPTS();
  }
  return false;
}

void drop_stream(ScanState* state) {
  state->stream = nullptr;
  state->overlay = nullptr;
  state->item_waits = false;
  state->pages_at_last_look = 0;
  MemoryContextReset(state->stream_context);
}

}  // namespace

void add_statistics(PageStreamStatistics* sum, const PageStreamStatistics& more) {
  sum->calls.requests += more.calls.requests;
  sum->calls.retries += more.calls.retries;
  sum->calls.throttled += more.calls.throttled;
  sum->calls.bytes_received += more.calls.bytes_received;
  sum->pages += more.pages;
  sum->items += more.items;
  sum->items_scanned += more.items_scanned;
  sum->consumed_capacity += more.consumed_capacity;
  sum->finished_sources += more.finished_sources;
}

// In a parallel query the leader does it for all.
void check_scan_policy(ScanState* state) {
  if (state->plan.operation != ReadOperation::scan || state->policy_checked || IsParallelWorker()) return;
  apply_scan_policy(state->table, state->plan.estimated_capacity, state->plan.indexes_left_out);
  state->policy_checked = true;
}

void join_parallel_scan(ScanState* state, ParallelScan* shared) {
  state->shared = shared;
  share_connections(state, 1);
}

void prepare_scan(ForeignScanState* node) {
  ScanState* state = scan_state(node);
  if (state->client == nullptr) prepare_reading(node, state);
}

// More segments than connections would only wait in memory for one. Who takes more than its share of them leaves the
// other processes of a parallel query nothing to do.
void share_connections(ScanState* state, int scans) {
  int most = Max(state->server->max_connections / Max(scans, 1), 1);
  if (state->plan.operation == ReadOperation::scan) most = Min(most, state->table->parallel_scan_count);
  if (state->shared != nullptr) most = (most + state->shared->participants - 1) / state->shared->participants;
  state->max_in_flight = most;
  if (state->stream != nullptr) state->stream->set_max_in_flight(static_cast<uint32_t>(most));
}

ErrorContext error_context(const ScanState* state) {
  return {operation_name(state), state->table->table_name, state->activity};
}

PageStreamStatistics collect_statistics(const ScanState* state) {
  PageStreamStatistics sum = reading_of(state->activity);
  add_statistics(&sum, *state->workers);
  return sum;
}

ReservedNames reserved_names(const ScanState* state) { return {state->plan.key_names, state->plan.key_attributes}; }

bool will_count(const ScanState* state, const ScanKeys& keys, const PlainFilter* filter) {
  if (!state->plan.count_only || (filter != nullptr && filter->wider)) return false;
  return state->plan.operation != ReadOperation::query || keys.exact;
}

PlainFilter* evaluate_scan_filter(const ScanState* state, ExprContext* econtext) {
  if (state->plan.filter == nullptr) return nullptr;
  return within_limits(evaluate_filter(econtext, state->plan.filter, state->filter_operands, reserved_names(state)));
}

ScanKeys evaluate_scan_keys(const ScanState* state, ExprContext* econtext) {
  if (state->plan.tuple_count > 0)
    return evaluate_tuples(econtext, state->operands, state->operand_count, state->plan.tuple_count,
                           state->plan.key_types, state->plan.partition_count);
  return evaluate_keys(econtext, state->operands, state->operand_count, state->plan.key_types,
                       state->plan.partition_count);
}

void dynamodbBeginForeignScan(ForeignScanState* node, int) {
  auto* state = static_cast<ScanState*>(palloc0(sizeof(ScanState)));
  node->fdw_state = state;
  state->plan = deserialize_scan_plan(reinterpret_cast<ForeignScan*>(node->ss.ps.plan)->fdw_private);
  state->table = get_table_options(RelationGetRelid(node->ss.ss_currentRelation));
  state->server = get_server_options(state->table->serverid);
  state->userid = foreign_scan_user(node);
  state->async = node->ss.ps.async_capable;
  share_connections(state, 1);
  state->workers = new (palloc0(sizeof(PageStreamStatistics))) PageStreamStatistics();
  prepare_operands(node, state);
}

TupleTableSlot* dynamodbIterateForeignScan(ForeignScanState* node) {
  ScanState* state = scan_state(node);
  TupleTableSlot* slot = node->ss.ss_ScanTupleSlot;
  ExecClearTuple(slot);
  state->waiting = false;
  if (!state->started) start_scan(node, state);
  if (state->stream == nullptr && state->overlay == nullptr) return slot;
  if (state->plan.count_only && !state->counting)
    next_passing_row(node, state, slot);
  else
    next_row(node, state, slot);
  state->ended = TTS_EMPTY(slot) && !state->waiting;
  return slot;
}

void dynamodbReScanForeignScan(ForeignScanState* node) {
  ScanState* state = scan_state(node);
  if (!state->started) return;
  drop_stream(state);
  state->started = state->ended = false;
}

void dynamodbEndForeignScan(ForeignScanState* node) {
  ScanState* state = scan_state(node);
  if (state == nullptr) return;
  if (state->ever_started) drop_stream(state);
  log_all_slow_requests();
  if (IsParallelWorker()) return;
  // In a parallel query the workers may have done it all.
  if (!state->ever_started && state->workers->calls.requests == 0) return;
  const PageStreamStatistics totals = collect_statistics(state);
  ereport(NOTICE, (errmsg("DynamoDB FDW retrieved " UINT64_FORMAT " pages containing " UINT64_FORMAT
                          " records; DynamoDB scanned " UINT64_FORMAT " records server-side",
                          totals.pages, totals.items, totals.items_scanned)));
  if (totals.calls.throttled > 0)
    ereport(NOTICE, (errmsg("DynamoDB throttled " UINT64_FORMAT " of " UINT64_FORMAT " requests, which slowed the scan",
                            totals.calls.throttled, totals.calls.requests)));
}

}  // namespace dynamodb_fdw
