// Compares the keys and indexes that column options declare with those that the DynamoDB table has.
#include <cstring>

#include "key_contradiction.hpp"

namespace dynamodb_fdw {
namespace {

using dynamodb::IndexDescription;
using dynamodb::KeyAttribute;
using dynamodb::TableDescription;

struct Comparison {
  const TableOptions* table;
  const TableDescription* description;
};

const KeyContradiction* contradiction(int sqlstate, const char* message, const char* hint) {
  auto* result = static_cast<KeyContradiction*>(palloc(sizeof(KeyContradiction)));
  *result = {sqlstate, message, hint};
  return result;
}

// Text of the service, as this database spells it.
const char* to_server(const char* utf8) { return pg_any_to_server(utf8, static_cast<int>(strlen(utf8)), PG_UTF8); }
const char* to_server(const std::string& utf8) { return to_server(utf8.c_str()); }

const char* relation_name(const TableOptions* table) { return get_rel_name(table->relid); }

bool is_attribute(const ColumnOptions& column, const KeyAttribute& key) {
  return column.attribute != nullptr && key.name == column.attribute;
}

const KeyAttribute* find_attribute(const std::vector<KeyAttribute>& keys, const ColumnOptions& column) {
  for (const KeyAttribute& key : keys)
    if (is_attribute(column, key)) return &key;
  return nullptr;
}

// What the column is declared to be, such as: column "x" of foreign table "t" is declared as partition key "a"
const char* declared(const Comparison& comparison, const ColumnOptions& column, const char* role, const char* where) {
  return psprintf("column \"%s\" of foreign table \"%s\" is declared as %s \"%s\"%s", column.column_name,
                  relation_name(comparison.table), role, to_server(column.attribute), where);
}

const char* describe_keys(const std::vector<KeyAttribute>& keys) {
  StringInfoData text;
  initStringInfo(&text);
  for (const KeyAttribute& key : keys)
    appendStringInfo(&text, "%s\"%s\" (type %s)", text.len == 0 ? "" : ", ", to_server(key.name),
                     dynamodb::type_name(key.type));
  return text.data;
}

// A column whose type can never hold the key; where mismatches read as NULL that is the user's wish.
const KeyContradiction* compare_type(const Comparison& comparison, const ColumnOptions& column, const KeyAttribute& key,
                                     const char* role) {
  if (column.on_type_mismatch == MismatchAction::null || column_type_fits(column.type, key.type)) return nullptr;
  return contradiction(
      ERRCODE_FDW_INVALID_DATA_TYPE,
      psprintf("column \"%s\" of foreign table \"%s\" has type %s, but %s \"%s\" of DynamoDB table \"%s\" has type %s",
               column.column_name, relation_name(comparison.table), format_type_be(column.type), role,
               to_server(key.name), comparison.table->table_name, dynamodb::type_name(key.type)),
      psprintf("Use %s.", column_types_for(key.type)));
}

const KeyContradiction* compare_partition_key(const Comparison& comparison, const ColumnOptions& column) {
  const KeyAttribute& key = comparison.description->partition_key;
  if (is_attribute(column, key)) return compare_type(comparison, column, key, "partition key");
  return contradiction(ERRCODE_FDW_INVALID_COLUMN_NAME,
                       psprintf("%s, but the partition key of DynamoDB table \"%s\" is \"%s\" (type %s)",
                                declared(comparison, column, "partition key", ""), comparison.table->table_name,
                                to_server(key.name), dynamodb::type_name(key.type)),
                       nullptr);
}

const KeyContradiction* compare_sort_key(const Comparison& comparison, const ColumnOptions& column) {
  const std::optional<KeyAttribute>& key = comparison.description->sort_key;
  if (key && is_attribute(column, *key)) return compare_type(comparison, column, *key, "sort key");
  const char* declaration = declared(comparison, column, "sort key", "");
  const char* table_name = comparison.table->table_name;
  return contradiction(ERRCODE_FDW_INVALID_COLUMN_NAME,
                       key ? psprintf("%s, but the sort key of DynamoDB table \"%s\" is \"%s\" (type %s)", declaration,
                                      table_name, to_server(key->name), dynamodb::type_name(key->type))
                           : psprintf("%s, but DynamoDB table \"%s\" has no sort key", declaration, table_name),
                       nullptr);
}

// What one option of a column says about indexes.
struct IndexRole {
  const char* option;
  const char* role;
  bool global;
  List* ColumnOptions::*names;
  std::vector<KeyAttribute> IndexDescription::*keys;
};

const IndexRole kIndexRoles[] = {
    {"lsi_name", "sort key", false, &ColumnOptions::lsi_names, &IndexDescription::sort_keys},
    {"gsi_partition_key_gsi_name", "partition key", true, &ColumnOptions::gsi_partition_names,
     &IndexDescription::partition_keys},
    {"gsi_sort_key_gsi_name", "sort key", true, &ColumnOptions::gsi_sort_names, &IndexDescription::sort_keys},
};

const char* kind_of(bool global) { return global ? "global secondary index" : "local secondary index"; }

const char* list_indexes(const TableDescription& description, bool global) {
  StringInfoData text;
  initStringInfo(&text);
  for (const IndexDescription& index : description.indexes)
    if (index.global == global) appendStringInfo(&text, "%s\"%s\"", text.len == 0 ? "" : ", ", to_server(index.name));
  return text.data;
}

// The beginning of a message about an option that names an index.
const char* option_names(const Comparison& comparison, const ColumnOptions& column, const IndexRole& role,
                         const char* name) {
  return psprintf("option \"%s\" of column \"%s\" of foreign table \"%s\" names \"%s\"", role.option,
                  column.column_name, relation_name(comparison.table), name);
}

const KeyContradiction* report_missing_index(const Comparison& comparison, const ColumnOptions& column,
                                             const IndexRole& role, const char* name) {
  const char* known = list_indexes(*comparison.description, role.global);
  return contradiction(
      ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE,
      psprintf("%s, but DynamoDB table \"%s\" has no %s of that name", option_names(comparison, column, role, name),
               comparison.table->table_name, kind_of(role.global)),
      known[0] == '\0' ? nullptr : psprintf("It has: %s.", known));
}

const KeyContradiction* report_other_kind(const Comparison& comparison, const ColumnOptions& column,
                                          const IndexRole& role, const char* name) {
  return contradiction(
      ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE,
      psprintf("%s, but that is a %s of DynamoDB table \"%s\"", option_names(comparison, column, role, name),
               kind_of(!role.global), comparison.table->table_name),
      role.global ? "Name it in option lsi_name."
                  : "Name it in option gsi_partition_key_gsi_name or gsi_sort_key_gsi_name.");
}

const KeyContradiction* compare_index(const Comparison& comparison, const ColumnOptions& column, const IndexRole& role,
                                      const char* name) {
  const IndexDescription* index = comparison.description->find_index(name);
  if (index == nullptr) return report_missing_index(comparison, column, role, name);
  if (index->global != role.global) return report_other_kind(comparison, column, role, name);
  const std::vector<KeyAttribute>& keys = index->*role.keys;
  if (const KeyAttribute* key = find_attribute(keys, column))
    return compare_type(comparison, column, *key, psprintf("index \"%s\" %s", name, role.role));
  const char* declaration = declared(comparison, column, role.role, psprintf(" of index \"%s\"", name));
  const char* table_name = comparison.table->table_name;
  return contradiction(ERRCODE_FDW_INVALID_COLUMN_NAME,
                       keys.empty() ? psprintf("%s, but that index of DynamoDB table \"%s\" has no %s", declaration,
                                               table_name, role.role)
                                    : psprintf("%s, but the %s of that index of DynamoDB table \"%s\" is %s",
                                               declaration, role.role, table_name, describe_keys(keys)),
                       nullptr);
}

const KeyContradiction* compare_indexes(const Comparison& comparison, const ColumnOptions& column) {
  for (const IndexRole& role : kIndexRoles) {
    ListCell* cell;
    foreach (cell, column.*role.names)
      if (auto* found = compare_index(comparison, column, role, static_cast<const char*>(lfirst(cell)))) return found;
  }
  return nullptr;
}

const KeyContradiction* compare_column(const Comparison& comparison, const ColumnOptions& column) {
  if (column.dropped) return nullptr;
  const KeyContradiction* found = nullptr;
  if (column.partition_key) found = compare_partition_key(comparison, column);
  if (found == nullptr && column.sort_key) found = compare_sort_key(comparison, column);
  if (found == nullptr) found = compare_indexes(comparison, column);
  return found;
}

}  // namespace

const KeyContradiction* find_key_contradiction(const TableOptions* table, const TableDescription* description) {
  // A table that is being deleted may not say its keys any more.
  if (description->partition_key.name.empty()) return nullptr;
  for (int index = 0; index < table->column_count; ++index)
    if (auto* found = compare_column({table, description}, table->columns[index])) return found;
  return nullptr;
}

}  // namespace dynamodb_fdw
