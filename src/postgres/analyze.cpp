// ANALYZE: a sample of the table's items from random segments.
#include "analyze.hpp"

#include <algorithm>
#include <cmath>

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
#include "common/pg_prng.h"
#include "utils/sampling.h"
}

namespace dynamodb_fdw {

using dynamodb::PageStream;

namespace {

// Items of one partition come together. Small segments spread the sample over many partitions; a request costs half a
// unit at least, which buys 4 KB to 8 KB of items, some sixteen of ordinary size.
constexpr double kItemsPerSegment = 16;

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
  double most;      // items to read: what has no known end must not cost without one
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

// One random segment out of each of `count` equal stretches of all segments.
uint32_t* choose_segments(int count, uint32_t total) {
  auto* segments = static_cast<uint32_t*>(palloc(sizeof(uint32_t) * count));
  for (int i = 0; i < count; ++i) {
    auto first = static_cast<uint64_t>(total) * i / count;
    auto last = static_cast<uint64_t>(total) * (i + 1) / count - 1;
    segments[i] = static_cast<uint32_t>(pg_prng_uint64_range(&pg_global_prng_state, first, std::max(first, last)));
  }
  return segments;
}

void start_stream(Sampler* sampler, const uint32_t* segments, int count, uint32_t total) {
  dynamodb::RateLimiter* limiter = read_rate_limiter(sampler->table->relid, sampler->table->read_capacity_limit);
  sampler->stream = make_owned<PageStream>(sampler->context, [&] {
    dynamodb::ReadRequest request;
    request.table = sampler->table->table_name;
    dynamodb::RequestSet requests;
    requests.operation = "Scan";
    std::string head = dynamodb::scan_head(request);
    for (int i = 0; i < count; ++i) requests.heads.push_back(head + dynamodb::segment_members(segments[i], total));
    dynamodb::PageStreamOptions options;
    options.max_in_flight = static_cast<uint32_t>(sampler->client->config().max_connections);
    return std::make_unique<PageStream>(*sampler->client, std::move(requests), options, limiter,
                                        dynamodb::system_clock());
  });
  watch_stream(sampler->activity, sampler->stream, sampler->context);
}

// A small table is read whole, and one of unknown size as far as `most`; of a large one as many random segments as give
// enough items.
void choose_sample(Sampler* sampler, int wanted) {
  sampler->whole = sampler->item_count <= wanted * 1.5;
  sampler->most = wanted * kMostPerWanted;
  if (sampler->whole) {
    int count = sampler->table->parallel_scan_count;
    sampler->expected = sampler->item_count;
    start_stream(sampler, choose_segments(count, count), count, count);
    return;
  }
  double total = std::clamp(sampler->item_count / kItemsPerSegment, 1.0, double{dynamodb::kMaxScanSegments});
  double share = std::min(1.0, 1.1 * wanted / sampler->item_count);
  int count = std::max(1, static_cast<int>(std::ceil(total * share)));
  sampler->expected = sampler->item_count * count / std::floor(total);
  start_stream(sampler, choose_segments(count, static_cast<uint32_t>(total)), count, static_cast<uint32_t>(total));
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
  choose_sample(sampler, wanted);
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
