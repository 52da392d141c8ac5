// dynamodb_profile(): what a sample of a table says of its attributes and item collections, as rows.
#include <cmath>

#include "function_arguments.hpp"
#include "shown_text.hpp"
#include "profile_table.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/array.h"
#include "utils/jsonb.h"

PG_FUNCTION_INFO_V1(dynamodb_profile);
PGDLLEXPORT Datum dynamodb_profile(PG_FUNCTION_ARGS);
}

namespace dynamodb_fdw {
namespace {

using dynamodb::AttributeType;
using dynamodb::LargestCollections;
using dynamodb::PathStatistics;
using dynamodb::ProfiledKey;
using dynamodb::ProfiledPath;
using dynamodb::SizeRange;
using dynamodb::TableProfile;

// The columns of the result, in the order of the SQL definition.
enum Column {
  kKind,
  kName,
  kIndexName,
  kItems,
  kShare,
  kTableItems,
  kTypes,
  kOccurrences,
  kMinBytes,
  kAvgBytes,
  kMaxBytes,
  kDistinctValues,
  kExamples,
  kCapacityUnits,
  kColumns
};

// A row being made. All columns are NULL until they are set.
struct Row {
  Datum values[kColumns];
  bool nulls[kColumns];

  Row() {
    for (bool& null : nulls) null = true;
  }
  void set(Column column, Datum value) {
    values[column] = value;
    nulls[column] = false;
  }
  void set_text(Column column, const char* text) { set(column, CStringGetTextDatum(text)); }
  void set_text(Column column, const std::string& utf8) { set_text(column, shown_text(utf8.data(), utf8.size())); }
  void set_count(Column column, double count) { set(column, Int64GetDatum(static_cast<int64>(std::round(count)))); }
  // To 1/parts.
  void set_rounded(Column column, double number, double parts) {
    set(column, Float8GetDatum(std::round(number * parts) / parts));
  }
};

struct Output {
  ReturnSetInfo* result;
  const TableSample* sample;
  MemoryContext scratch;  // of one row
};

void put(const Output& output, Row* row) {
  tuplestore_putvalues(output.result->setResult, output.result->setDesc, row->values, row->nulls);
  MemoryContextReset(output.scratch);
}

double items_read(const Output& output) { return static_cast<double>(output.sample->profile->items()); }

void set_sizes(Row* row, const SizeRange& sizes) {
  if (sizes.count == 0) return;
  row->set_count(kMinBytes, static_cast<double>(sizes.least));
  row->set_rounded(kAvgBytes, static_cast<double>(sizes.sum) / static_cast<double>(sizes.count), 10);
  row->set_count(kMaxBytes, static_cast<double>(sizes.most));
}

// Items, which share of those that were read, and about how many of the table's that makes.
void set_items(Row* row, const Output& output, uint64_t count) {
  const auto items = static_cast<double>(count);
  row->set_count(kItems, items);
  if (items_read(output) == 0) return;
  const double share = items / items_read(output);
  row->set_rounded(kShare, share, 10000);
  if (output.sample->table_items >= 0) row->set_count(kTableItems, share * output.sample->table_items);
}

// {"S": 240, "NULL": 3}
Datum types_datum(const PathStatistics& statistics) {
  StringInfoData json;
  initStringInfo(&json);
  for (size_t type = 0; type < dynamodb::kAttributeTypes; ++type)
    if (statistics.types[type] > 0)
      appendStringInfo(&json, "%s\"%s\": " UINT64_FORMAT, json.len > 0 ? ", " : "{",
                       dynamodb::type_name(static_cast<AttributeType>(type)), statistics.types[type]);
  appendStringInfoString(&json, json.len > 0 ? "}" : "{}");
  return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

Datum text_array(Datum* texts, int count) {
  return PointerGetDatum(construct_array(texts, count, TEXTOID, -1, false, TYPALIGN_INT));
}

Datum examples_datum(const std::vector<PathStatistics::Example>& examples) {
  auto* texts = static_cast<Datum*>(palloc(sizeof(Datum) * examples.size()));
  int count = 0;
  for (const PathStatistics::Example& example : examples)
    texts[count++] = CStringGetTextDatum(shown_text(example.text.data(), example.text.size()));
  return text_array(texts, count);
}

Datum key_datum(const std::vector<std::string>& key) {
  auto* texts = static_cast<Datum*>(palloc(sizeof(Datum) * key.size()));
  int count = 0;
  for (const std::string& value : key) texts[count++] = CStringGetTextDatum(shown_text(value.data(), value.size()));
  return text_array(texts, count);
}

// ---- the rows

void put_sample(const Output& output) {
  const TableSample& sample = *output.sample;
  Row row;
  row.set_text(kKind, "sample");
  row.set_text(kName, sample.table->table_name);
  row.set_count(kItems, items_read(output));
  if (sample.table_items >= 0) row.set_count(kTableItems, sample.table_items);
  if (sample.table_items > 0) row.set_rounded(kShare, items_read(output) / sample.table_items, 10000);
  if (sample.whole) row.set_rounded(kShare, 1, 1);
  set_sizes(&row, sample.profile->item_sizes());
  row.set_rounded(kCapacityUnits, sample.consumed_capacity, 10);
  put(output, &row);
}

void put_path(const Output& output, const ProfiledPath& path) {
  const PathStatistics& statistics = *path.statistics;
  Row row;
  row.set_text(kKind, "attribute");
  row.set_text(kName, path.path);
  set_items(&row, output, statistics.items);
  row.set(kTypes, types_datum(statistics));
  row.set_count(kOccurrences, static_cast<double>(statistics.values()));
  set_sizes(&row, statistics.sizes);
  row.set_count(kDistinctValues, statistics.distinct.count());
  if (!statistics.examples.empty()) row.set(kExamples, examples_datum(statistics.examples));
  put(output, &row);
}

// Values that have no row of their own; about so many different paths.
void put_left_out(const Output& output) {
  const TableProfile& profile = *output.sample->profile;
  if (profile.values_left_out() == 0) return;
  Row row;
  row.set_text(kKind, "left out");
  row.set_count(kOccurrences, static_cast<double>(profile.values_left_out()));
  row.set_count(kDistinctValues, profile.paths_left_out());
  put(output, &row);
}

const char* key_name(const ProfiledKey& key) {
  StringInfoData name;
  initStringInfo(&name);
  for (const std::string& attribute : key.partition_names)
    appendStringInfo(&name, "%s%s", name.len > 0 ? ", " : "", shown_text(attribute.data(), attribute.size()));
  return name.data;
}

// A collection of the table's key is in one segment and was read as a whole, unless the sample ended before it did.
void put_collection(const Output& output, const ProfiledKey& key, const LargestCollections::Collection& collection) {
  Row row;
  row.set_text(kKind, "collection");
  row.set_text(kName, key_name(key));
  if (!key.index.empty()) row.set_text(kIndexName, key.index);
  set_items(&row, output, collection.items);
  if (key.index.empty()) row.set_count(kTableItems, static_cast<double>(collection.items));
  row.set_rounded(kAvgBytes, static_cast<double>(collection.bytes) / static_cast<double>(collection.items), 10);
  row.set(kExamples, key_datum(collection.key));
  put(output, &row);
}

void put_all(const Output& output) {
  MemoryContext caller = MemoryContextSwitchTo(output.scratch);
  const TableProfile& profile = *output.sample->profile;
  put_sample(output);
  for (const ProfiledPath& path : profile.paths()) {
    CHECK_FOR_INTERRUPTS();
    put_path(output, path);
  }
  put_left_out(output);
  for (size_t key = 0; key < profile.keys().size(); ++key)
    for (const LargestCollections::Collection& collection : profile.largest_collections(key))
      put_collection(output, profile.keys()[key], collection);
  MemoryContextSwitchTo(caller);
}

}  // namespace
}  // namespace dynamodb_fdw

Datum dynamodb_profile(PG_FUNCTION_ARGS) {
  using namespace dynamodb_fdw;
  InitMaterializedSRF(fcinfo, 0);
  SampleRequest request = {text_argument(fcinfo, 0), text_argument(fcinfo, 1), PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2),
                           text_argument(fcinfo, 3)};
  MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "dynamodb_fdw profile", ALLOCSET_DEFAULT_SIZES);
  const TableSample* sample = sample_table(request, work);
  MemoryContext scratch = AllocSetContextCreate(work, "dynamodb_fdw profile row", ALLOCSET_DEFAULT_SIZES);
  put_all({reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), sample, scratch});
  MemoryContextDelete(work);
  return static_cast<Datum>(0);
}
