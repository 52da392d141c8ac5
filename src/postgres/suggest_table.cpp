// dynamodb_suggest_table(): the CREATE FOREIGN TABLE statement for what a sample of a table shows.
#include <cmath>
#include <cstring>

#include "dynamodb/attribute_sampler.hpp"
#include "create_table.hpp"
#include "function_arguments.hpp"
#include "shown_text.hpp"
#include "handles.hpp"
#include "import_names.hpp"
#include "option_table.hpp"
#include "option_values.hpp"
#include "profile_table.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(dynamodb_suggest_table);
PGDLLEXPORT Datum dynamodb_suggest_table(PG_FUNCTION_ARGS);
}

namespace dynamodb_fdw {
namespace {

using dynamodb::AttributeSample;
using dynamodb::AttributeType;
using dynamodb::PathStatistics;
using dynamodb::ProfiledPath;
using dynamodb::TableProfile;
using dynamodb::ValueForm;

// A value inside a document gets a column of its own if this share of the items has it.
constexpr double kFrequent = 0.5;

struct Suggestion {
  SampleRequest request;
  const char* schema;         // null: none is named
  const char* foreign_table;  // null: as the DynamoDB table
  ColumnNaming column_naming;
  bool guess_types;
  bool nested_columns;
  MemoryContext work;
  const TableSample* sample;
};

// ---- the profile as IMPORT's sample

AttributeSample attribute_sample(const TableProfile& profile) {
  AttributeSample sample;
  for (const ProfiledPath& path : profile.paths()) {
    if (path.depth != 1) continue;
    dynamodb::SampledAttribute& attribute = sample[path.attribute];
    attribute.items = static_cast<uint32_t>(path.statistics->items);
    for (size_t i = 0; i < dynamodb::kAttributeTypes; ++i) {
      const auto type = static_cast<AttributeType>(i);
      if (path.statistics->types[i] == 0 || type == AttributeType::NUL) continue;
      attribute.mixed = attribute.type.has_value();
      if (!attribute.type) attribute.type = type;
    }
  }
  return sample;
}

// The one type of the values other than NULL; NUL where there is none, or several.
AttributeType only_type(const PathStatistics& statistics) {
  AttributeType only = AttributeType::NUL;
  for (size_t i = 0; i < dynamodb::kAttributeTypes; ++i) {
    const auto type = static_cast<AttributeType>(i);
    if (statistics.types[i] == 0 || type == AttributeType::NUL) continue;
    if (only != AttributeType::NUL) return AttributeType::NUL;
    only = type;
  }
  return only;
}

// ---- what values look like beyond their type

struct Guess {
  const char* type;     // of the column; null: nothing better
  const char* comment;  // what the values look like, if the type is not changed to it
};

bool all_are(const PathStatistics& statistics, ValueForm form) {
  return statistics.of_form(form) > 0 && statistics.of_form(form) == statistics.of_type(only_type(statistics));
}

Guess guess_of_number(const PathStatistics& statistics) {
  if (all_are(statistics, ValueForm::epoch_seconds))
    return {"bigint", "whole numbers, perhaps seconds: bigint, or timestamptz OPTIONS (time_unit 's')"};
  if (all_are(statistics, ValueForm::epoch_milliseconds))
    return {"bigint", "whole numbers, perhaps milliseconds: bigint, or timestamptz OPTIONS (time_unit 'ms')"};
  const uint64_t whole = statistics.of_form(ValueForm::integer) + statistics.of_form(ValueForm::epoch_seconds) +
                         statistics.of_form(ValueForm::epoch_milliseconds);
  if (whole == statistics.of_type(AttributeType::N)) return {"bigint", "whole numbers: bigint"};
  return {};
}

Guess guess_of_string(const PathStatistics& statistics) {
  if (all_are(statistics, ValueForm::uuid)) return {"uuid", "UUIDs: uuid"};
  if (all_are(statistics, ValueForm::date)) return {"date", "dates: date"};
  if (all_are(statistics, ValueForm::timestamp)) return {"timestamptz", "times with a time zone: timestamptz"};
  return {};
}

Guess guess_of_list(const PathStatistics* elements) {
  if (elements == nullptr) return {};
  switch (only_type(*elements)) {
    case AttributeType::S:
      return {"text[]", "lists of strings: text[]"};
    case AttributeType::N:
      return {"numeric[]", "lists of numbers: numeric[]"};
    case AttributeType::B:
      return {"bytea[]", "lists of binaries: bytea[]"};
    case AttributeType::BOOL:
      return {"boolean[]", "lists of booleans: boolean[]"};
    default:
      return {};
  }
}

Guess guess(const PathStatistics& statistics, const PathStatistics* elements) {
  switch (only_type(statistics)) {
    case AttributeType::N:
      return guess_of_number(statistics);
    case AttributeType::S:
      return guess_of_string(statistics);
    case AttributeType::L:
      return guess_of_list(elements);
    default:
      return {};
  }
}

// ---- columns

// "97.6 %: S 240, NULL 4"
char* share_text(const Suggestion& suggestion, const PathStatistics& statistics) {
  StringInfoData text;
  initStringInfo(&text);
  const double share = static_cast<double>(statistics.items) / static_cast<double>(suggestion.sample->profile->items());
  appendStringInfo(&text, "%.4g %%:", std::floor(1000 * share) / 10);
  const char* separator = "";
  for (size_t i = 0; i < dynamodb::kAttributeTypes; ++i)
    if (statistics.types[i] > 0) {
      appendStringInfo(&text, "%s %s " UINT64_FORMAT, separator, dynamodb::type_name(static_cast<AttributeType>(i)),
                       statistics.types[i]);
      separator = ",";
    }
  return text.data;
}

bool is_key(const ImportColumn& column) {
  return column.partition_key || column.sort_key || column.lsi_names != NIL || column.gsi_partition_names != NIL ||
         column.gsi_sort_names != NIL;
}

const char* set_type(const PathStatistics& statistics) {
  const AttributeType type = only_type(statistics);
  return dynamodb::set_element_type(type) ? dynamodb::type_name(type) : nullptr;
}

// Keys keep the type by which conditions on them are pushed down.
void describe_column(const Suggestion& suggestion, ImportColumn* column, const PathStatistics& statistics,
                     const PathStatistics* elements) {
  const char* comment = share_text(suggestion, statistics);
  column->mismatch_is_null = statistics.of_form(ValueForm::null_character) > 0;
  if (column->mismatch_is_null) comment = psprintf("%s; strings with U+0000 are read as NULL", comment);
  if (!is_key(*column)) {
    column->ddb_type = set_type(statistics);
    Guess found = guess(statistics, elements);
    if (found.type != nullptr && suggestion.guess_types)
      column->type = found.type;
    else if (found.comment != nullptr)
      comment = psprintf("%s; %s", comment, found.comment);
  }
  column->comment = comment;
}

ImportColumn* find_column(List* columns, const ProfiledPath& path) {
  const char* name = to_server_name(path.attribute.data(), path.attribute.size());
  ListCell* cell;
  foreach (cell, columns) {
    auto* column = static_cast<ImportColumn*>(lfirst(cell));
    if (name != nullptr && column->path == nullptr && strcmp(column->attribute, name) == 0) return column;
  }
  return nullptr;
}

// The elements of the list at paths[number]; they come before anything that is not in it.
const PathStatistics* elements_of(const std::vector<ProfiledPath>& paths, size_t number) {
  const size_t length = paths[number].path.size();
  for (size_t i = number + 1; i < paths.size() && paths[i].depth > paths[number].depth; ++i)
    if (paths[i].depth == paths[number].depth + 1 && paths[i].path.size() == length + 2 &&
        paths[i].path.compare(length, 2, "[]") == 0)
      return paths[i].statistics;
  return nullptr;
}

void describe_columns(const Suggestion& suggestion, List* columns) {
  const std::vector<ProfiledPath>& paths = suggestion.sample->profile->paths();
  for (size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].depth != 1) continue;
    if (ImportColumn* column = find_column(columns, paths[i]))
      describe_column(suggestion, column, *paths[i].statistics, elements_of(paths, i));
  }
}

// ---- columns for values inside of documents

bool is_scalar(AttributeType type) {
  return type == AttributeType::S || type == AttributeType::N || type == AttributeType::B ||
         type == AttributeType::BOOL;
}

const char* nested_column_type(const Suggestion& suggestion, const ProfiledPath& path) {
  if (path.depth < 2 || !path.addressable) return nullptr;
  const auto items = static_cast<double>(suggestion.sample->profile->items());
  if (static_cast<double>(path.statistics->items) < kFrequent * items) return nullptr;
  const AttributeType type = only_type(*path.statistics);
  return is_scalar(type) ? imported_type(type) : nullptr;
}

const char* nested_column_name(const Suggestion& suggestion, const char* path) {
  if (suggestion.column_naming == ColumnNaming::snake_case) return to_snake_case(path);
  char* name = pstrdup(path);
  for (char* at = name; *at != '\0'; ++at)
    if (*at == '.') *at = '_';
  return name;
}

List* add_nested_columns(const Suggestion& suggestion, List* columns) {
  NameSet names;
  reserve_column_names(names, true);
  ListCell* cell;
  foreach (cell, columns) names.reserve(static_cast<ImportColumn*>(lfirst(cell))->name);
  for (const ProfiledPath& path : suggestion.sample->profile->paths()) {
    if (list_length(columns) >= kMaxImportColumns) break;
    const char* type = nested_column_type(suggestion, path);
    const char* text = type != nullptr ? to_server_name(path.path.data(), path.path.size()) : nullptr;
    if (text == nullptr) continue;
    auto* column = static_cast<ImportColumn*>(palloc0(sizeof(ImportColumn)));
    column->path = text;
    column->type = type;
    column->name = names.take(nested_column_name(suggestion, text));
    describe_column(suggestion, column, *path.statistics, nullptr);
    columns = lappend(columns, column);
  }
  return columns;
}

// ---- the statement

// Without the permission to describe the table it has no keys here.
const dynamodb::TableDescription* description_of(const Suggestion& suggestion) {
  if (suggestion.sample->description != nullptr) return suggestion.sample->description;
  return make_owned<dynamodb::TableDescription>(suggestion.work, [&] {
    auto description = std::make_unique<dynamodb::TableDescription>();
    description->name = suggestion.request.table;
    return description;
  });
}

List* plan_columns(const Suggestion& suggestion) {
  const auto* sample = make_owned<AttributeSample>(suggestion.work, [&] {
    return std::make_unique<AttributeSample>(attribute_sample(*suggestion.sample->profile));
  });
  ImportOptions options = {};
  options.column_naming = suggestion.column_naming;
  List* columns = plan_import_columns(*description_of(suggestion), sample, options);
  describe_columns(suggestion, columns);
  return suggestion.nested_columns ? add_nested_columns(suggestion, columns) : columns;
}

const char* table_name_sql(const Suggestion& suggestion) {
  NameSet names;
  const char* name = suggestion.foreign_table;
  if (name == nullptr) name = names.take(suggestion.request.table);
  if (suggestion.schema == nullptr) return quote_identifier(name);
  return quote_qualified_identifier(suggestion.schema, name);
}

// Only json can hold U+0000.
bool has_null_characters(const TableProfile& profile) {
  for (const ProfiledPath& path : profile.paths())
    if (path.statistics->of_form(ValueForm::null_character) > 0) return true;
  return false;
}

void append_head(StringInfo sql, const Suggestion& suggestion) {
  const TableSample& sample = *suggestion.sample;
  appendStringInfo(sql, "-- DynamoDB table %s: " UINT64_FORMAT " items read", suggestion.request.table,
                   sample.profile->items());
  if (sample.whole)
    appendStringInfoString(sql, ", which are all");
  else if (sample.table_items >= 0)
    appendStringInfo(sql, " of about %.0f", sample.table_items);
  appendStringInfo(sql, ", for %.1f capacity units\n", sample.consumed_capacity);
  if (sample.description == nullptr)
    appendStringInfoString(sql, "-- Its keys are not known: add the options partition_key and sort_key.\n");
}

char* statement(const Suggestion& suggestion) {
  TableDefinition definition = {};
  definition.name = table_name_sql(suggestion);
  definition.server_name = suggestion.request.server;
  definition.table_name = suggestion.request.table;
  definition.aws_region = suggestion.request.region;
  if (has_null_characters(*suggestion.sample->profile)) {
    definition.document_type = DocumentType::json;
    definition.document_comment = "json, for jsonb cannot hold U+0000";
  }
  StringInfoData sql;
  initStringInfo(&sql);
  append_head(&sql, suggestion);
  appendStringInfo(&sql, "%s;", create_table_command(definition, plan_columns(suggestion)));
  return sql.data;
}

ColumnNaming column_naming(const char* name) {
  const OptionDefinition& option = *find_option("column_naming");
  ColumnNaming naming = ColumnNaming::preserve;
  if (name == nullptr) return naming;
  check_option_value(option, name);
  const char* reason = nullptr;
  parse_option_value(option, name, &naming, &reason);
  return naming;
}

}  // namespace
}  // namespace dynamodb_fdw

Datum dynamodb_suggest_table(PG_FUNCTION_ARGS) {
  using namespace dynamodb_fdw;
  Suggestion suggestion = {};
  suggestion.request = {text_argument(fcinfo, 0), text_argument(fcinfo, 1), PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2),
                        text_argument(fcinfo, 8)};
  suggestion.foreign_table = text_argument(fcinfo, 3);
  suggestion.schema = text_argument(fcinfo, 4);
  suggestion.column_naming = column_naming(text_argument(fcinfo, 5));
  suggestion.guess_types = !PG_ARGISNULL(6) && PG_GETARG_BOOL(6);
  suggestion.nested_columns = !PG_ARGISNULL(7) && PG_GETARG_BOOL(7);
  suggestion.work = AllocSetContextCreate(CurrentMemoryContext, "dynamodb_fdw suggestion", ALLOCSET_DEFAULT_SIZES);
  suggestion.sample = sample_table(suggestion.request, suggestion.work);
  text* result = cstring_to_text(statement(suggestion));
  MemoryContextDelete(suggestion.work);
  PG_RETURN_TEXT_P(result);
}
