// IMPORT FOREIGN SCHEMA: foreign tables for the DynamoDB tables of a region.
#include <cstring>

#include "dynamodb/attribute_sampler.hpp"
#include "dynamodb/table_describer.hpp"
#include "connections.hpp"
#include "create_table.hpp"
#include "handles.hpp"
#include "import_columns.hpp"
#include "import_names.hpp"
#include "import_schema.hpp"
#include "option_table.hpp"
#include "table_names.hpp"
#include "wait.hpp"

namespace dynamodb_fdw {
namespace {

using dynamodb::AttributeSample;
using dynamodb::AttributeSampler;
using dynamodb::ErrorKind;
using dynamodb::TableDescriber;
using dynamodb::TableDescription;

struct Import {
  const ImportForeignSchemaStmt* statement;
  const ImportOptions* options;
  const char* server_name;
  dynamodb::Client* client;
  MemoryContext work;  // owns what talks to the client
};

struct ImportTable {
  const char* name;        // of the DynamoDB table
  const char* local_name;  // of the foreign table
};

// ---- which tables there are

ImportTable* make_table(const char* name, const char* local_name) {
  auto* table = static_cast<ImportTable*>(palloc(sizeof(ImportTable)));
  *table = {name, local_name};
  return table;
}

// Tables whose name fits keep it; the others are shortened to what is left.
List* name_tables(List* names) {
  NameSet taken;
  List* tables = NIL;
  ListCell* cell;
  foreach (cell, names) {
    auto* name = static_cast<const char*>(lfirst(cell));
    if (fits_identifier(name)) taken.reserve(name);
  }
  foreach (cell, names) {
    auto* name = static_cast<const char*>(lfirst(cell));
    tables = lappend(tables, make_table(name, fits_identifier(name) ? name : taken.take(name)));
  }
  return tables;
}

// Whether the statement's LIMIT TO or EXCEPT lets this foreign table through.
bool is_wanted(const Import& import, const char* local_name) {
  if (import.statement->list_type == FDW_IMPORT_SCHEMA_ALL) return true;
  bool listed = false;
  ListCell* cell;
  foreach (cell, import.statement->table_list)
    if (strcmp(lfirst_node(RangeVar, cell)->relname, local_name) == 0) listed = true;
  return listed == (import.statement->list_type == FDW_IMPORT_SCHEMA_LIMIT_TO);
}

List* keep_wanted(const Import& import, List* tables) {
  List* wanted = NIL;
  ListCell* cell;
  foreach (cell, tables) {
    auto* table = static_cast<ImportTable*>(lfirst(cell));
    if (!is_wanted(import, table->local_name)) continue;
    if (strcmp(table->local_name, table->name) != 0)
      ereport(NOTICE, (errmsg("DynamoDB table \"%s\" becomes foreign table \"%s\"", table->name, table->local_name)));
    wanted = lappend(wanted, table);
  }
  return wanted;
}

void notice_missing(const char* name, const char* hint) {
  ereport(NOTICE,
          (errmsg("DynamoDB table \"%s\" does not exist, skipping", name), hint != nullptr ? errhint("%s", hint) : 0));
}

constexpr const char* kCaseHint =
    "Names of DynamoDB tables are case-sensitive: write names with capitals in double quotes.";

// Whether the tables in LIMIT TO can be asked for by their names, which needs no permission to list all. Not so when an
// identifier is as long as can be: it may stand for a longer name.
bool can_ask_directly(const Import& import) {
  if (import.statement->list_type != FDW_IMPORT_SCHEMA_LIMIT_TO) return false;
  ListCell* cell;
  foreach (cell, import.statement->table_list)
    if (strlen(lfirst_node(RangeVar, cell)->relname) >= NAMEDATALEN - 1) return false;
  return true;
}

bool contains_table(List* tables, const char* local_name) {
  ListCell* cell;
  foreach (cell, tables)
    if (strcmp(static_cast<ImportTable*>(lfirst(cell))->local_name, local_name) == 0) return true;
  return false;
}

List* tables_of_limit(const Import& import) {
  List* tables = NIL;
  ListCell* cell;
  foreach (cell, import.statement->table_list) {
    const char* name = lfirst_node(RangeVar, cell)->relname;
    const char* reason = nullptr;
    if (!find_option("table_name")->check(name, &reason))
      notice_missing(name, nullptr);
    else if (!contains_table(tables, name))
      tables = lappend(tables, make_table(name, name));
  }
  return tables;
}

// What LIMIT TO names and nobody has.
void notice_unlisted(const Import& import, List* tables) {
  if (import.statement->list_type != FDW_IMPORT_SCHEMA_LIMIT_TO) return;
  ListCell* cell;
  foreach (cell, import.statement->table_list) {
    const char* name = lfirst_node(RangeVar, cell)->relname;
    if (!contains_table(tables, name)) notice_missing(name, kCaseHint);
  }
}

List* find_tables(const Import& import) {
  if (can_ask_directly(import)) return tables_of_limit(import);
  List* tables = keep_wanted(import, name_tables(list_table_names(import.client, import.work)));
  notice_unlisted(import, tables);
  return tables;
}

// ---- what they are

std::vector<std::string> names_of(List* tables) {
  std::vector<std::string> names;
  ListCell* cell;
  foreach (cell, tables) names.emplace_back(static_cast<ImportTable*>(lfirst(cell))->name);
  return names;
}

[[noreturn]] void raise(const dynamodb::Error& error, const ErrorContext& error_context) {
  PlainError failure;
  copy_error(&failure, error);
  report_error(failure, error_context);
}

// Whether the table can be imported. One that went meanwhile, or may not be seen by whoever imports all there are, is
// left out with a message; other failures end the statement.
bool is_described(const Import& import, const TableDescriber::Outcome& outcome) {
  const char* name = outcome.name.c_str();
  if (!outcome.error) {
    if (outcome.description->status != "DELETING") return true;
    ereport(NOTICE, (errmsg("DynamoDB table \"%s\" is being deleted, skipping", name)));
    return false;
  }
  bool named = import.statement->list_type == FDW_IMPORT_SCHEMA_LIMIT_TO;
  if (outcome.error->kind == ErrorKind::resource_not_found) {
    notice_missing(name, named ? kCaseHint : nullptr);
    return false;
  }
  if (outcome.error->kind != ErrorKind::access_denied || named) raise(*outcome.error, {"DescribeTable", name});
  ereport(WARNING, (errmsg("no permission for DescribeTable on DynamoDB table \"%s\", skipping", name)));
  return false;
}

const TableDescriber* describe_tables(const Import& import, List* tables) {
  auto* describer = make_owned<TableDescriber>(
      import.work, [&] { return std::make_unique<TableDescriber>(*import.client, names_of(tables)); });
  finish_worker(import.client, describer, {"DescribeTable", nullptr});
  return describer;
}

// Samples one table after the other would be too slow for many; null when no sample was asked for.
const AttributeSampler* sample_tables(const Import& import, List* tables) {
  if (import.options->sample_items == 0) return nullptr;
  auto* sampler = make_owned<AttributeSampler>(import.work, [&] {
    return std::make_unique<AttributeSampler>(*import.client, names_of(tables),
                                              static_cast<uint64_t>(import.options->sample_items));
  });
  finish_worker(import.client, sampler, {"Scan", nullptr});
  return sampler;
}

// The sample, or null. Without the permission, or while the table is being made, there is none.
const AttributeSample* sample_of(const AttributeSampler* sampler, size_t number) {
  if (sampler == nullptr) return nullptr;
  const AttributeSampler::Outcome& outcome = sampler->outcomes()[number];
  if (!outcome.error) return &outcome.sample;
  const char* name = outcome.table.c_str();
  ErrorKind kind = outcome.error->kind;
  bool harmless =
      kind == ErrorKind::access_denied || kind == ErrorKind::resource_not_found || kind == ErrorKind::conflict;
  if (!harmless) raise(*outcome.error, {"Scan", name});
  ereport(WARNING, (errmsg("items of DynamoDB table \"%s\" cannot be sampled", name),
                    errdetail_internal("%s.", outcome.error->message.c_str())));
  return nullptr;
}

// ---- the commands

char* create_command(const Import& import, const ImportTable& table, List* columns) {
  TableDefinition definition = {};
  definition.name = quote_identifier(table.local_name);
  definition.oid = import.options->oid;
  definition.document_type = import.options->document_type;
  definition.server_name = import.server_name;
  definition.table_name = table.name;
  definition.aws_region = import.options->aws_region;
  definition.parallel_scan_count = import.options->parallel_scan_count;
  return create_table_command(definition, columns);
}

// Those of the tables that can be imported; their descriptions in the same order.
List* keep_described(const Import& import, List* tables, const TableDescriber& describer, List** descriptions) {
  List* kept = NIL;
  for (size_t number = 0; number < describer.outcomes().size(); ++number) {
    const TableDescriber::Outcome& outcome = describer.outcomes()[number];
    if (!is_described(import, outcome)) continue;
    kept = lappend(kept, list_nth(tables, static_cast<int>(number)));
    *descriptions = lappend(*descriptions, const_cast<TableDescription*>(&*outcome.description));
  }
  return kept;
}

List* create_commands(const Import& import) {
  List* descriptions = NIL;
  List* tables = find_tables(import);
  tables = keep_described(import, tables, *describe_tables(import, tables), &descriptions);
  const AttributeSampler* sampler = sample_tables(import, tables);

  List* commands = NIL;
  for (int number = 0; number < list_length(tables); ++number) {
    auto* description = static_cast<const TableDescription*>(list_nth(descriptions, number));
    List* columns = plan_import_columns(*description, sample_of(sampler, static_cast<size_t>(number)), *import.options);
    commands = lappend(commands, create_command(import, *static_cast<ImportTable*>(list_nth(tables, number)), columns));
  }
  return commands;
}

}  // namespace

List* dynamodbImportForeignSchema(ImportForeignSchemaStmt* statement, Oid serverid) {
  Import import = {};
  import.statement = statement;
  import.options = get_import_options(statement->options);
  import.server_name = GetForeignServer(serverid)->servername;
  import.work = AllocSetContextCreate(CurrentMemoryContext, "dynamodb_fdw import", ALLOCSET_DEFAULT_SIZES);
  import.client = acquire_client(serverid, GetUserId(), import.options->aws_region, import.work);
  List* commands = create_commands(import);
  MemoryContextDelete(import.work);
  return commands;
}

}  // namespace dynamodb_fdw
