// Reads a sample of a DynamoDB table into a TableProfile, for functions.
#include <algorithm>
#include <cmath>

#include "dynamodb/scan_sample.hpp"
#include "dynamodb/table_describer.hpp"
#include "connections.hpp"
#include "function_server.hpp"
#include "option_table.hpp"
#include "option_values.hpp"
#include "profile_table.hpp"
#include "progress.hpp"
#include "read_stream.hpp"
#include "scan_policy.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace dynamodb_fdw {
namespace {

using dynamodb::ErrorKind;
using dynamodb::PageStream;
using dynamodb::ProfiledKey;
using dynamodb::ScanSample;
using dynamodb::TableDescriber;
using dynamodb::TableDescription;
using dynamodb::TableProfile;

// Items read for each that is wanted, where segments turn out larger than was expected.
constexpr double kMostPerWanted = 1.5;
// Items that are asked for at once, for each that a segment is expected to have: one that is much larger shows as such,
// and does not crowd out the others.
constexpr double kPageReserve = 4;
constexpr uint32_t kMostInFlight = 16;
constexpr double kItemsPerWholeSegment = 1000;  // each costs half a unit at least

// What is read with; lives in `context`.
struct Reading {
  TableSample* sample;
  MemoryContext context;
  dynamodb::Client* client;
  double wanted;
  double item_count;  // as DescribeTable says; 0: not known
  ScanSample* segments;
  double most;  // items
  PageStream* stream;
  TableProfile* profile;
  dynamodb::AttributeSelection* everything;
  dynamodb::Item* item;
  TimestampTz start;
  TimestampTz last_progress;
};

// ---- what is asked for

void check_request(const SampleRequest& request) {
  if (request.server == nullptr || request.table == nullptr)
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("server and table_name must not be NULL")));
  if (request.sample_items < 1 || request.sample_items > kMaxSampleItems)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("sample_items must be from 1 to %d, but is %d", kMaxSampleItems, request.sample_items)));
  check_option_value(*find_option("table_name"), request.table);
  if (request.region != nullptr) check_option_value(*find_option("aws_region"), request.region);
}

[[noreturn]] void raise_error(const dynamodb::Error& error, const ErrorContext& error_context) {
  PlainError failure;
  copy_error(&failure, error);
  report_error(failure, error_context);
}

// Asked anew: how many items there are decides how the table is read. Null where that is not permitted.
const TableDescription* describe(const Reading& reading) {
  const char* table_name = reading.sample->table->table_name;
  const ErrorContext error_context = {"DescribeTable", table_name};
  auto* describer = make_owned<TableDescriber>(reading.context, [&] {
    return std::make_unique<TableDescriber>(*reading.client, std::vector<std::string>{table_name});
  });
  finish_worker(reading.client, describer, error_context);
  const TableDescriber::Outcome& outcome = describer->outcomes()[0];
  if (outcome.description) return &*outcome.description;
  if (outcome.error->kind != ErrorKind::access_denied) raise_error(*outcome.error, error_context);
  ereport(NOTICE,
          (errmsg("no permission for DescribeTable on DynamoDB table \"%s\": its keys and its size are not known",
                  table_name)));
  return nullptr;
}

// ---- the keys

std::vector<std::string> names_of(const std::vector<dynamodb::KeyAttribute>& keys) {
  std::vector<std::string> names;
  for (const dynamodb::KeyAttribute& key : keys) names.push_back(key.name);
  return names;
}

// Keys by which several items can have the same partition key. The collections of an LSI are those of its table.
std::vector<ProfiledKey> keys_of(const TableDescription* description) {
  std::vector<ProfiledKey> keys;
  if (description == nullptr) return keys;
  if (description->sort_key) keys.push_back({"", {description->partition_key.name}, {description->sort_key->name}});
  for (const dynamodb::IndexDescription& index : description->indexes)
    if (index.global) keys.push_back({index.name, names_of(index.partition_keys), names_of(index.sort_keys)});
  return keys;
}

// ---- which segments, and whether they may be read

// A table without a known size is begun in several places.
int whole_segments(const Reading& reading) {
  const int count = std::min(reading.sample->table->parallel_scan_count, static_cast<int>(kMostInFlight));
  if (reading.item_count == 0) return count;
  return std::min(count, 1 + static_cast<int>(reading.item_count / kItemsPerWholeSegment));
}

double expected_capacity(const Reading& reading) {
  if (reading.item_count == 0) return 0;
  const double item_bytes = static_cast<double>(reading.sample->description->size_bytes) / reading.item_count;
  const double items = std::min(reading.item_count, reading.wanted);
  return items * item_bytes / 8192 + 0.5 * static_cast<double>(reading.segments->chosen.size());
}

void check_policy(const Reading& reading) {
  const TableOptions* table = reading.sample->table;
  const double expected = expected_capacity(reading);
  if (max_scan_capacity > 0 && expected > max_scan_capacity)
    ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                    errmsg("a sample of DynamoDB table \"%s\" would consume about %.1f capacity units, more than "
                           "dynamodb_fdw.max_scan_capacity (%.1f)",
                           table->table_name, expected, max_scan_capacity),
                    errhint("Ask for fewer sample_items.")));
  const TableDescription* description = reading.sample->description;
  bool full_scan = reading.segments->whole && description != nullptr && reading.item_count > 0 &&
                   static_cast<double>(description->size_bytes) > dynamodb::kMaxPageBytes;
  if (table->scan_policy == ScanPolicy::deny && full_scan)
    ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                    errmsg("Scan of DynamoDB table \"%s\" is denied by scan_policy", table->table_name),
                    errdetail("A sample of %.0f items would be the whole table, which has about %.0f.", reading.wanted,
                              reading.item_count),
                    errhint("Ask for fewer sample_items.")));
}

uint32_t page_limit(const Reading& reading) {
  const ScanSample& segments = *reading.segments;
  if (segments.whole) return static_cast<uint32_t>(std::ceil(reading.most / static_cast<double>(segments.segments)));
  return static_cast<uint32_t>(std::ceil(kPageReserve * reading.item_count / segments.segments));
}

void choose_segments(Reading* reading) {
  const int whole = whole_segments(*reading);
  reading->segments = make_owned<ScanSample>(reading->context, [&] {
    return std::make_unique<ScanSample>(dynamodb::choose_scan_sample(reading->item_count, reading->wanted, whole));
  });
  reading->most = reading->item_count > 0 ? std::ceil(reading->wanted * kMostPerWanted) : reading->wanted;
}

void start_stream(Reading* reading) {
  const TableOptions* table = reading->sample->table;
  dynamodb::RateLimiter* limiter = read_rate_limiter(table->serverid, table->read_capacity_limit);
  const uint32_t limit = page_limit(*reading);
  reading->stream = make_owned<PageStream>(reading->context, [&] {
    dynamodb::ReadRequest request;
    request.table = table->table_name;
    dynamodb::PageStreamOptions options;
    options.max_in_flight = std::min(kMostInFlight, static_cast<uint32_t>(reading->client->config().max_connections));
    options.page_limit = limit;
    options.breadth_first = true;
    return std::make_unique<PageStream>(*reading->client, dynamodb::scan_sample_requests(*reading->segments, request),
                                        options, limiter, dynamodb::system_clock());
  });
}

// ---- reading

void report_sample_progress(Reading* reading) {
  if (progress_interval <= 0) return;
  TimestampTz now = GetCurrentTimestamp();
  if (!TimestampDifferenceExceeds(reading->last_progress, now, progress_interval * 1000)) return;
  reading->last_progress = now;
  ereport(NOTICE, (errmsg("DynamoDB FDW is sampling table \"%s\": %.0f of about %.0f items; %.1f capacity units "
                          "consumed in %.0f s",
                          reading->sample->table->table_name, static_cast<double>(reading->profile->items()),
                          reading->wanted, reading->stream->statistics().consumed_capacity,
                          static_cast<double>(now - reading->start) / USECS_PER_SEC)));
}

bool next_item(Reading* reading) {
  const TableOptions* table = reading->sample->table;
  const ErrorContext error_context = {"Scan", table->table_name};
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    PageStream::Step step =
        advance_stream(reading->stream, *reading->everything, reading->item, table->serverid, error_context);
    report_sample_progress(reading);
    if (step != PageStream::Step::waiting) return step == PageStream::Step::item;
    wait_and_advance(reading->client, error_context, reading->stream->wake_time());
  }
}

void add_item(Reading* reading) {
  PlainError failure;
  if (!guard(&failure, [&] { reading->profile->add(*reading->item); })) report_error(failure, {});
}

// Whether as much was read as may be.
bool is_enough(const Reading& reading) {
  if (static_cast<double>(reading.profile->items()) >= reading.most) return true;
  const double consumed = reading.stream->statistics().consumed_capacity;
  if (max_scan_capacity <= 0 || consumed < max_scan_capacity) return false;
  ereport(NOTICE, (errmsg("the sample of DynamoDB table \"%s\" ends early, for it has consumed %.1f capacity units",
                          reading.sample->table->table_name, consumed),
                   errhint("dynamodb_fdw.max_scan_capacity is %.1f.", max_scan_capacity)));
  return true;
}

// Whether the segments were read to their ends.
bool read_items(Reading* reading) {
  while (!is_enough(*reading)) {
    if (!next_item(reading)) return true;
    add_item(reading);
  }
  return false;
}

void make_profile(Reading* reading) {
  reading->profile = make_owned<TableProfile>(
      reading->context, [&] { return std::make_unique<TableProfile>(keys_of(reading->sample->description)); });
  reading->sample->profile = reading->profile;
}

// Of a table with few partition keys most small segments have no item: then it is begun in several places instead. What
// was read before would count twice.
bool begin_again(Reading* reading) {
  const int whole = whole_segments(*reading);
  reading->sample->consumed_capacity = reading->stream->statistics().consumed_capacity;
  PlainError failure;
  if (!guard(&failure, [&] { *reading->segments = dynamodb::choose_scan_sample(0, reading->wanted, whole); }))
    report_error(failure, {});
  make_profile(reading);
  start_stream(reading);
  return read_items(reading);
}

void read_sample(Reading* reading) {
  bool ended = read_items(reading);
  if (ended && !reading->segments->whole && static_cast<double>(reading->profile->items()) < reading->wanted / 2)
    ended = begin_again(reading);
  PlainError failure;
  if (!guard(&failure, [&] { reading->profile->finish(); })) report_error(failure, {});

  TableSample* sample = reading->sample;
  const auto items = static_cast<double>(reading->profile->items());
  sample->whole = ended && reading->segments->whole;
  sample->table_items = reading->item_count > 0 ? std::max(reading->item_count, items) : -1;
  if (sample->whole) sample->table_items = items;
  sample->consumed_capacity += reading->stream->statistics().consumed_capacity;
}

void prepare(Reading* reading) {
  make_profile(reading);
  reading->everything = make_owned<dynamodb::AttributeSelection>(reading->context, [] {
    auto selection = std::make_unique<dynamodb::AttributeSelection>();
    selection->select_all();
    return selection;
  });
  reading->item = make_owned<dynamodb::Item>(reading->context, [] { return std::make_unique<dynamodb::Item>(); });
  reading->start = reading->last_progress = GetCurrentTimestamp();
}

}  // namespace

const TableSample* sample_table(const SampleRequest& request, MemoryContext owner) {
  check_request(request);
  MemoryContext caller = MemoryContextSwitchTo(owner);
  Reading reading = {};
  reading.context = owner;
  reading.wanted = request.sample_items;
  reading.sample = static_cast<TableSample*>(palloc0(sizeof(TableSample)));
  const Oid serverid = find_function_server(request.server);
  reading.sample->table = get_server_table_options(serverid, request.table, request.region);
  reading.client = acquire_client(serverid, GetUserId(), reading.sample->table->aws_region, owner);
  reading.sample->description = describe(reading);
  if (reading.sample->description != nullptr)
    reading.item_count = static_cast<double>(reading.sample->description->item_count);

  choose_segments(&reading);
  check_policy(reading);
  prepare(&reading);
  start_stream(&reading);
  read_sample(&reading);
  MemoryContextSwitchTo(caller);
  return reading.sample;
}

}  // namespace dynamodb_fdw
