// ANALYZE: a sample of the table's items from random segments.
#include "analyze.hpp"

#include <algorithm>

#include "dynamodb/scan_sample.hpp"
#include "activity.hpp"
#include "connections.hpp"
#include "handles.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "read_stream.hpp"
#include "table_metadata.hpp"
#include "to_datum.hpp"
#include "wait.hpp"

extern "C" {
#include "utils/sampling.h"
}

namespace dynamodb_fdw {

using dynamodb::PageStream;

namespace {

constexpr double kMostPerWanted =
    4;  // items read for each that is wanted, where DynamoDB's count proves wrong or is missing

// What a sample is read with. Lives in `context`.
struct Sampler {
  MemoryContext context;
  TableOptions* table;
  double item_count;  // as DescribeTable says; 0: not known
  dynamodb::Client* client;
  dynamodb::AttributeSelection* selection;
  dynamodb::Item* item;
  ReadContext read;
  ColumnReader* readers;
  int reader_count;
  PageStream* stream;
  Activity* activity;
  ProgressClock progress;
  double expected;  // items that will be read
  bool whole;       // the table is small, or nobody knows how large it is: it is read from its start
  double most;      // items to read
  Datum* values;
  bool* nulls;
};

List* all_columns(const TableOptions* table) {
  List* columns = NIL;
  for (int i = 0; i < table->column_count; ++i)
    if (!table->columns[i].dropped) columns = lappend_int(columns, table->columns[i].attnum);
  return columns;
}

void prepare_columns(Sampler* sampler) {
  List* columns = all_columns(sampler->table);
  sampler->selection = make_owned<dynamodb::AttributeSelection>(
      sampler->context, [] { return std::make_unique<dynamodb::AttributeSelection>(); });
  sampler->item = make_owned<dynamodb::Item>(sampler->context, [] { return std::make_unique<dynamodb::Item>(); });
  sampler->read.context = sampler->context;
  sampler->read.table_name = sampler->table->table_name;
  sampler->read.item = sampler->item;
  const TableOptions* table = sampler->table;
  if (table->partition_key >= 0) sampler->read.partition_key = table->columns[table->partition_key].attribute;
  if (table->sort_key >= 0) sampler->read.sort_key = table->columns[table->sort_key].attribute;
  sampler->reader_count = list_length(columns);
  sampler->readers = prepare_readers(&sampler->read, table, columns, sampler->selection);
  sampler->values = static_cast<Datum*>(palloc0(sizeof(Datum) * table->column_count));
  sampler->nulls = static_cast<bool*>(palloc0(sizeof(bool) * table->column_count));
}

// What has no known end must not cost without one, so `most` ends it.
void start_stream(Sampler* sampler, int wanted) {
  dynamodb::RateLimiter* limiter = read_rate_limiter(sampler->table->relid, sampler->table->read_capacity_limit);
  sampler->most = wanted * kMostPerWanted;
  sampler->stream = make_owned<PageStream>(sampler->context, [&] {
    dynamodb::ScanSample sample =
        dynamodb::choose_scan_sample(sampler->item_count, wanted, sampler->table->parallel_scan_count);
    sampler->whole = sample.whole;
    sampler->expected = sampler->item_count * static_cast<double>(sample.chosen.size()) / sample.segments;
    dynamodb::ReadRequest request;
    request.table = sampler->table->table_name;
    dynamodb::PageStreamOptions options;
    options.max_in_flight = static_cast<uint32_t>(sampler->client->config().max_connections);
    return std::make_unique<PageStream>(*sampler->client, dynamodb::scan_sample_requests(sample, request), options,
                                        limiter, dynamodb::system_clock());
  });
  watch_stream(sampler->activity, sampler->stream, sampler->context);
}

void note_progress(Sampler* sampler) {
  const dynamodb::PageStreamStatistics reading = reading_of(sampler->activity);
  set_extent(sampler->activity, reading.items_scanned, static_cast<uint64>(sampler->expected), sampler->progress.start);
  if (!is_progress_due(&sampler->progress)) return;
  emit_progress({.verb = "sampling",
                 .table = sampler->table->table_name,
                 .done = reading.items_scanned,
                 .to_do = sampler->expected,
                 .exact = false,
                 .otherwise = "",
                 .capacity = reading.consumed_capacity},
                sampler->progress);
}

bool next_item(Sampler* sampler) {
  const ErrorContext context = {"Scan", sampler->table->table_name, sampler->activity};
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    PageStream::Step step =
        advance_stream(sampler->stream, *sampler->selection, sampler->item, sampler->table->serverid, context);
    if (step != PageStream::Step::waiting) return step == PageStream::Step::item;
    note_progress(sampler);
    wait_and_advance(sampler->client, context, progress_time(sampler->progress, sampler->stream->wake_time()));
  }
}

HeapTuple current_row(Sampler* sampler, TupleDesc descriptor, MemoryContext scratch) {
  MemoryContext caller = MemoryContextSwitchTo(scratch);
  memset(sampler->nulls, true, sizeof(bool) * sampler->table->column_count);
  read_row(&sampler->read, sampler->readers, sampler->reader_count, sampler->values, sampler->nulls);
  MemoryContextSwitchTo(caller);
  HeapTuple row = heap_form_tuple(descriptor, sampler->values, sampler->nulls);
  MemoryContextReset(scratch);
  return row;
}

// Vitter's reservoir: every item that is read has the same chance to be in the sample.
int collect_rows(Sampler* sampler, TupleDesc descriptor, HeapTuple* rows, int wanted, double* seen) {
  MemoryContext scratch = AllocSetContextCreate(sampler->context, "dynamodb_fdw sample row", ALLOCSET_DEFAULT_SIZES);
  ReservoirStateData reservoir;
  reservoir_init_selection_state(&reservoir, wanted);
  double to_skip = -1;
  int count = 0;
  for (; next_item(sampler); ++*seen) {
    if (*seen >= sampler->most) break;
    if (count < wanted) {
      rows[count++] = current_row(sampler, descriptor, scratch);
      continue;
    }
    if (to_skip < 0) to_skip = reservoir_get_next_S(&reservoir, *seen, wanted);
    if (to_skip-- > 0) continue;
    int place = static_cast<int>(wanted * sampler_random_fract(&reservoir.randstate));
    heap_freetuple(rows[place]);
    rows[place] = current_row(sampler, descriptor, scratch);
  }
  return count;
}

Sampler* open_sampler(Relation relation, MemoryContext context) {
  auto* sampler = static_cast<Sampler*>(palloc0(sizeof(Sampler)));
  sampler->context = context;
  sampler->table = get_table_options(RelationGetRelid(relation));
  Oid owner = relation->rd_rel->relowner;
  const dynamodb::TableDescription* description = get_table_description(sampler->table, owner, context);
  if (description != nullptr) sampler->item_count = static_cast<double>(description->item_count);
  sampler->client = acquire_client(sampler->table->serverid, owner, sampler->table->aws_region, context);
  sampler->activity = begin_activity({.operation = "ANALYZE",
                                      .serverid = sampler->table->serverid,
                                      .relid = sampler->table->relid,
                                      .table_name = sampler->table->table_name,
                                      .index_name = nullptr,
                                      .client = sampler->client},
                                     context);
  sampler->progress = start_progress();
  prepare_columns(sampler);
  return sampler;
}

int acquire_sample(Relation relation, int elevel, HeapTuple* rows, int wanted, double* total_rows, double* dead_rows) {
  MemoryContext caller = CurrentMemoryContext;
  MemoryContext context = AllocSetContextCreate(caller, "dynamodb_fdw sample", ALLOCSET_DEFAULT_SIZES);
  MemoryContextSwitchTo(context);
  Sampler* sampler = open_sampler(relation, context);
  start_stream(sampler, wanted);
  MemoryContextSwitchTo(caller);

  double seen = 0;
  int count = collect_rows(sampler, RelationGetDescr(relation), rows, wanted, &seen);
  *total_rows = sampler->whole ? std::max(seen, sampler->item_count) : sampler->item_count;
  *dead_rows = 0;
  const dynamodb::PageStreamStatistics& statistics = sampler->stream->statistics();
  ereport(elevel, (errmsg("\"%s\": sampled %d of about %.0f items; read %.0f items for %.1f capacity units",
                          RelationGetRelationName(relation), count, *total_rows, seen, statistics.consumed_capacity)));
  MemoryContextDelete(context);
  return count;
}

}  // namespace

bool dynamodbAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc* function, BlockNumber* total_pages) {
  MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "dynamodb_fdw analyze", ALLOCSET_SMALL_SIZES);
  const TableOptions* table = get_table_options(RelationGetRelid(relation));
  const dynamodb::TableDescription* description = get_table_description(table, relation->rd_rel->relowner, context);
  double bytes = description != nullptr ? static_cast<double>(description->size_bytes) : 0;
  *total_pages = static_cast<BlockNumber>(std::clamp(bytes / BLCKSZ, 1.0, double{MaxBlockNumber}));
  *function = acquire_sample;
  MemoryContextDelete(context);
  return true;
}

}  // namespace dynamodb_fdw
