// dynamodb_tables(): what an operator wants to know of each DynamoDB table of a region.
#include "dynamodb/table_survey.hpp"

// After the library's headers, which must come before postgres.h.
#include "function_arguments.hpp"
#include "function_server.hpp"
#include "result_rows.hpp"
#include "table_names.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
}

namespace dynamodb_fdw {
namespace {

using dynamodb::ErrorKind;
using dynamodb::TableDescription;
using dynamodb::TableSurvey;

enum Argument { kServer, kPattern, kRegion };

// Names of tables are compared byte by byte, whatever the database's collation.
List* keep_matching(List* names, const char* pattern) {
  List* kept = NIL;
  ListCell* cell;
  foreach (cell, names) {
    auto* name = static_cast<char*>(lfirst(cell));
    if (DatumGetBool(DirectFunctionCall2Coll(textlike, C_COLLATION_OID, CStringGetTextDatum(name),
                                             CStringGetTextDatum(pattern))))
      kept = lappend(kept, name);
  }
  return kept;
}

std::vector<std::string> to_library(List* names) {
  std::vector<std::string> texts;
  ListCell* cell;
  foreach (cell, names) texts.emplace_back(static_cast<const char*>(lfirst(cell)));
  return texts;
}

const TableSurvey* describe(dynamodb::Client* client, List* names, MemoryContext work) {
  const ErrorContext error_context = {"DescribeTable", nullptr};
  auto* survey =
      make_owned<TableSurvey>(work, [&] { return std::make_unique<TableSurvey>(*client, to_library(names)); });
  for (;;) {
    PlainError failure;
    bool done = false;
    if (!guard(&failure, [&] { done = survey->advance(); })) report_error(failure, error_context);
    if (done) return survey;
    wait_and_advance(client, error_context);
  }
}

// ---- what is an error of one table, and what is one of all

bool concerns_one_table(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::access_denied:
    case ErrorKind::resource_not_found:
    case ErrorKind::validation:
    case ErrorKind::conflict:
    case ErrorKind::service:
    case ErrorKind::throttling:
    case ErrorKind::transient:
    case ErrorKind::corrupt_response:
    case ErrorKind::response_too_large:
      return true;
    default:
      return false;
  }
}

// Without the permission, or at a DynamoDB that does not know the operation, there is no answer to expect.
bool is_no_answer(ErrorKind kind) {
  return kind == ErrorKind::access_denied || kind == ErrorKind::resource_not_found || kind == ErrorKind::validation ||
         kind == ErrorKind::service;
}

void raise_unless_of_one_table(const std::optional<dynamodb::Error>& error, const char* operation, const char* table) {
  if (!error || concerns_one_table(error->kind)) return;
  PlainError failure;
  copy_error(&failure, *error);
  report_error(failure, {operation, table});
}

const char* error_text(const char* operation, const dynamodb::Error& error) {
  return psprintf("%s%s%s: %s", operation, error.type.empty() ? "" : " ", to_server_text(error.type.c_str()),
                  to_server_text(error.message.c_str()));
}

const char* error_column(const TableSurvey::Outcome& outcome) {
  if (outcome.error) return error_text("DescribeTable", *outcome.error);
  if (!outcome.time_to_live_error || is_no_answer(outcome.time_to_live_error->kind)) return nullptr;
  return error_text("DescribeTimeToLive", *outcome.time_to_live_error);
}

// ---- columns

void add_key(ResultRows* rows, const dynamodb::KeyAttribute* key) {
  if (key == nullptr || key->name.empty()) {
    add_null(rows);
    add_null(rows);
    return;
  }
  add_library_text(rows, key->name);
  add_text(rows, type_name(key->type));
}

void add_capacity(ResultRows* rows, const TableDescription& table, uint64_t units) {
  if (table.billing_mode == "PROVISIONED")
    add_count(rows, units);
  else
    add_null(rows);
}

void add_time_to_live(ResultRows* rows, const TableSurvey::Outcome& outcome) {
  if (!outcome.time_to_live) {
    add_null(rows);
    add_null(rows);
    return;
  }
  add_library_text(rows, outcome.time_to_live->attribute);
  add_library_text(rows, outcome.time_to_live->status);
}

void add_texts(ResultRows* rows, const std::vector<std::string>& texts) {
  auto* elements = static_cast<Datum*>(palloc(sizeof(Datum) * (texts.size() + 1)));
  int count = 0;
  for (const std::string& text : texts) elements[count++] = CStringGetTextDatum(to_server_text(text.c_str()));
  add_datum(rows, PointerGetDatum(construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT)));
}

void add_description(ResultRows* rows, const TableSurvey::Outcome& outcome) {
  const TableDescription& table = *outcome.description;
  const dynamodb::TableDetails& details = outcome.details;
  add_library_text(rows, table.name);
  add_library_text(rows, table.status);
  add_key(rows, &table.partition_key);
  add_key(rows, table.sort_key ? &*table.sort_key : nullptr);
  add_library_jsonb(rows, outcome.indexes);
  add_count(rows, table.item_count);
  add_count(rows, table.size_bytes);
  add_library_text(rows, table.billing_mode);
  add_capacity(rows, table, details.throughput.read);
  add_capacity(rows, table, details.throughput.write);
  add_library_text(rows, details.stream_view);
  add_library_text(rows, details.stream_arn);
  add_time_to_live(rows, outcome);
  add_library_text(rows, details.table_class);
  add_bool(rows, details.deletion_protection);
  add_texts(rows, details.replicas);
  if (details.created)
    add_time(rows, *details.created);
  else
    add_null(rows);
  add_library_text(rows, table.arn);
}

void add_outcome(ResultRows* rows, const TableSurvey::Outcome& outcome) {
  raise_unless_of_one_table(outcome.error, "DescribeTable", outcome.name.c_str());
  raise_unless_of_one_table(outcome.time_to_live_error, "DescribeTimeToLive", outcome.name.c_str());
  if (outcome.description) {
    add_description(rows, outcome);
  } else {
    add_library_text(rows, outcome.name);
    while (rows->next < rows->columns->natts - 1) add_null(rows);
  }
  add_text(rows, error_column(outcome));
  end_row(rows);
}

}  // namespace
}  // namespace dynamodb_fdw

extern "C" {
PGDLLEXPORT Datum dynamodb_tables(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(dynamodb_tables);

Datum dynamodb_tables(PG_FUNCTION_ARGS) {
  using namespace dynamodb_fdw;
  const char* server = required_text_argument(fcinfo, kServer, "server");
  const char* pattern = text_argument(fcinfo, kPattern);
  ResultRows* rows = begin_rows(fcinfo);

  MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "dynamodb_fdw tables", ALLOCSET_DEFAULT_SIZES);
  dynamodb::Client* client = open_function_server(server, text_argument(fcinfo, kRegion), work);
  List* names = list_table_names(client, work);
  if (pattern != nullptr) names = keep_matching(names, pattern);
  for (const auto& outcome : describe(client, names, work)->outcomes()) add_outcome(rows, outcome);
  MemoryContextDelete(work);
  return static_cast<Datum>(0);
}
}
