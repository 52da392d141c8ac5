// The CREATE FOREIGN TABLE command for planned columns.
#include "create_table.hpp"

#include <cstring>

namespace dynamodb_fdw {
namespace {

void append_option(StringInfo sql, const char* name, const char* value) {
  bool first = sql->data[sql->len - 1] == '(';
  appendStringInfo(sql, "%s%s %s", first ? "" : ", ", name, quote_literal_cstr(value));
}

void append_names_option(StringInfo sql, const char* option, List* names) {
  if (names == NIL) return;
  StringInfoData text;
  initStringInfo(&text);
  ListCell* cell;
  foreach (cell, names)
    appendStringInfo(&text, "%s%s", text.len == 0 ? "" : ",", static_cast<const char*>(lfirst(cell)));
  append_option(sql, option, text.data);
}

// A column that is called oid needs an option to be no row id.
bool needs_mapping(const ImportColumn& column) {
  if (column.path != nullptr) return false;
  return strcmp(column.name, column.attribute) != 0 || strcmp(column.name, "oid") == 0;
}

void append_column_options(StringInfo sql, const ImportColumn& column) {
  int start = sql->len;
  appendStringInfoString(sql, " OPTIONS (");
  int empty = sql->len;
  if (needs_mapping(column)) append_option(sql, "mapped_attr", column.attribute);
  if (column.path != nullptr) append_option(sql, "mapped_path", column.path);
  if (column.ddb_type != nullptr) append_option(sql, "ddb_type", column.ddb_type);
  if (column.mismatch_is_null) append_option(sql, "on_type_mismatch", "null");
  if (column.partition_key) append_option(sql, "partition_key", "true");
  if (column.sort_key) append_option(sql, "sort_key", "true");
  append_names_option(sql, "lsi_name", column.lsi_names);
  append_names_option(sql, "gsi_partition_key_gsi_name", column.gsi_partition_names);
  append_names_option(sql, "gsi_sort_key_gsi_name", column.gsi_sort_names);
  if (sql->len == empty) {
    sql->len = start;
    sql->data[start] = '\0';
  } else {
    appendStringInfoChar(sql, ')');
  }
}

void append_comment(StringInfo sql, const char* comment) {
  if (comment != nullptr) appendStringInfo(sql, "  -- %s", comment);
}

void append_column(StringInfo sql, const ImportColumn& column) {
  appendStringInfo(sql, "%s %s", quote_identifier(column.name), column.type);
  append_column_options(sql, column);
  if (column.text_key) appendStringInfoString(sql, " COLLATE pg_catalog.\"C\"");
  if (column.partition_key || column.sort_key) appendStringInfoString(sql, " NOT NULL");
  appendStringInfoChar(sql, ',');
  append_comment(sql, column.comment);
  appendStringInfoString(sql, "\n  ");
}

void append_document(StringInfo sql, const TableDefinition& table) {
  const char* type = table.document_type == DocumentType::json ? "json" : "jsonb";
  appendStringInfo(sql, "document %s OPTIONS (ddb_document 'true')", type);
  append_comment(sql, table.document_comment);
}

void append_table_options(StringInfo sql, const TableDefinition& table) {
  appendStringInfoString(sql, " OPTIONS (");
  append_option(sql, "table_name", table.table_name);
  if (table.aws_region != nullptr) append_option(sql, "aws_region", table.aws_region);
  if (table.parallel_scan_count > 0)
    append_option(sql, "parallel_scan_count", psprintf("%d", table.parallel_scan_count));
  appendStringInfoChar(sql, ')');
}

}  // namespace

char* create_table_command(const TableDefinition& table, List* columns) {
  StringInfoData sql;
  initStringInfo(&sql);
  appendStringInfo(&sql, "CREATE FOREIGN TABLE %s (\n  ", table.name);
  if (table.oid) appendStringInfoString(&sql, "oid text,\n  ");
  ListCell* cell;
  foreach (cell, columns) append_column(&sql, *static_cast<ImportColumn*>(lfirst(cell)));
  append_document(&sql, table);
  appendStringInfo(&sql, "\n) SERVER %s", quote_identifier(table.server_name));
  append_table_options(&sql, table);
  return sql.data;
}

}  // namespace dynamodb_fdw
