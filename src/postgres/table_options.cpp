// Resolves the options of a foreign table and its columns, and checks what only the table as a whole shows.
#include <cstring>

#include "option_table.hpp"

extern "C" {
#include "utils/typcache.h"
}

namespace dynamodb_fdw {
namespace {

using dynamodb::AttributeType;

// ---- checks of one column; each names table and column

struct ColumnCheck {
  const char* table;  // the foreign table's name
  const ColumnOptions* column;
};

[[noreturn]] void report_type(const ColumnCheck& check, const char* purpose, const char* accepted) {
  ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
                  errmsg("column \"%s\" of foreign table \"%s\" cannot be %s: its type is %s",
                         check.column->column_name, check.table, purpose, format_type_be(check.column->type)),
                  errhint("Use %s.", accepted)));
  pg_unreachable();
}

bool is_json(Oid type) { return type == JSONOID || type == JSONBOID; }

bool is_timestamp(Oid type) { return type == TIMESTAMPTZOID || type == TIMESTAMPOID; }

bool is_number(Oid type) {
  return type == INT2OID || type == INT4OID || type == INT8OID || type == FLOAT4OID || type == FLOAT8OID ||
         type == NUMERICOID;
}

// Invalid when the type is no array.
Oid element_type(Oid type) {
  Oid element = get_element_type(type);
  return OidIsValid(element) ? getBaseType(element) : InvalidOid;
}

bool is_string_array(Oid element) {
  return OidIsValid(element) && element != BYTEAOID && element != BOOLOID && !is_number(element);
}

bool is_key(const ColumnOptions& column) {
  return column.partition_key || column.sort_key || column.lsi_names != NIL || column.gsi_partition_names != NIL ||
         column.gsi_sort_names != NIL;
}

bool can_be_key(Oid type) {
  return column_type_fits(type, AttributeType::S) || column_type_fits(type, AttributeType::N) ||
         column_type_fits(type, AttributeType::B);
}

void check_column_type(const ColumnCheck& check) {
  const ColumnOptions& column = *check.column;
  Oid type = getBaseType(column.type);
  if (column.row_id && type != TEXTOID && type != VARCHAROID)
    report_type(check, "the row-id column", "text, or give the column an option such as mapped_attr 'oid'");
  if (column.document && !is_json(type)) report_type(check, "the document (ddb_document)", "jsonb or json");
  if (column.document_format == DocumentFormat::dynamodb && !is_json(type))
    report_type(check, "in document_format \"dynamodb\"", "jsonb or json");
  if (column.has_time_unit && !is_timestamp(type))
    report_type(check, "read by time_unit", "timestamp or timestamp with time zone");
  if (column.has_ddb_type && !column_type_fits(type, column.ddb_type))
    report_type(check, psprintf("of ddb_type %s", dynamodb::type_name(column.ddb_type)),
                column_types_for(column.ddb_type));
  if (is_key(column) && !can_be_key(type)) report_type(check, "a key", "text, numeric, bytea or a type like them");
}

// ---- reading the columns

// Attribute names travel as UTF-8.
const char* to_utf8(const char* text) { return pg_server_to_any(text, static_cast<int>(strlen(text)), PG_UTF8); }

void read_column_options(const TableOptions& table, List* options, ColumnOptions* column) {
  apply_option_defaults(&OptionTargets::column, column);
  column->on_type_mismatch = table.on_type_mismatch;
  apply_options(options, &OptionTargets::column, column);
  column->has_ddb_type = find_option_value(options, "ddb_type") != nullptr;
  column->has_time_unit = find_option_value(options, "time_unit") != nullptr;
  column->row_id = options == NIL && strcmp(column->column_name, "oid") == 0;
  if (column->mapped_path != nullptr)
    column->mapped_path = to_utf8(column->mapped_path);
  else if (!column->row_id && !column->document)
    column->attribute = to_utf8(column->attribute != nullptr ? column->attribute : column->column_name);
}

void read_column(const TableOptions& table, Relation relation, Form_pg_attribute attribute, ColumnOptions* column) {
  column->attnum = attribute->attnum;
  column->dropped = attribute->attisdropped;
  if (column->dropped) return;
  column->column_name = pstrdup(NameStr(attribute->attname));
  column->type = attribute->atttypid;
  column->typmod = attribute->atttypmod;
  column->collation = attribute->attcollation;
  column->not_null = attribute->attnotnull;

  List* options = GetForeignColumnOptions(table.relid, attribute->attnum);
  read_column_options(table, options, column);
  check_column_type({RelationGetRelationName(relation), column});
}

// Remembers which column is the partition or sort key; there is one of each.
void note_key(const TableOptions& table, int index, const char* option, const char* relation_name, int* key) {
  if (*key >= 0)
    ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_COLUMN_NUMBER),
                    errmsg("columns \"%s\" and \"%s\" of foreign table \"%s\" both have option \"%s\"",
                           table.columns[*key].column_name, table.columns[index].column_name, relation_name, option),
                    errhint("A DynamoDB table has one partition key and at most one sort key.")));
  *key = index;
}

void find_keys(TableOptions* table, const char* relation_name) {
  table->partition_key = -1;
  table->sort_key = -1;
  for (int index = 0; index < table->column_count; ++index) {
    if (table->columns[index].partition_key)
      note_key(*table, index, "partition_key", relation_name, &table->partition_key);
    if (table->columns[index].sort_key) note_key(*table, index, "sort_key", relation_name, &table->sort_key);
  }
  if (table->sort_key >= 0 && table->partition_key < 0)
    ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_COLUMN_NUMBER),
                    errmsg("foreign table \"%s\" has a sort key, column \"%s\", but no partition key", relation_name,
                           table->columns[table->sort_key].column_name),
                    errhint("Add option partition_key 'true' to the column of the partition key.")));
}

void read_columns(TableOptions* table, Relation relation) {
  TupleDesc descriptor = RelationGetDescr(relation);
  table->column_count = descriptor->natts;
  table->columns = static_cast<ColumnOptions*>(palloc0(sizeof(ColumnOptions) * Max(descriptor->natts, 1)));
  for (int index = 0; index < descriptor->natts; ++index)
    read_column(*table, relation, TupleDescAttr(descriptor, index), &table->columns[index]);
  find_keys(table, RelationGetRelationName(relation));
}

// A foreign table that names no DynamoDB table means the one of its own name, if that can be a name there.
void default_table_name(TableOptions* table, const char* relation_name) {
  if (table->table_name != nullptr) return;
  const char* reason = nullptr;
  if (!find_option("table_name")->check(relation_name, &reason))
    ereport(ERROR,
            (errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
             errmsg("no DynamoDB table can be called \"%s\" as foreign table \"%s\" is", relation_name, relation_name),
             errhint("Name the DynamoDB table in the foreign table's option table_name.")));
  table->table_name = pstrdup(relation_name);
}

}  // namespace

bool column_type_fits(Oid column_type, AttributeType attribute) {
  Oid type = getBaseType(column_type);
  Oid element = element_type(type);
  bool is_array = OidIsValid(element);
  switch (attribute) {
    case AttributeType::S:  // anything that has one text form, by its input and output function
      return !is_array && type != BYTEAOID && type != BOOLOID && !is_number(type);
    case AttributeType::N:
      return is_number(type) || is_timestamp(type);
    case AttributeType::B:
      return type == BYTEAOID;
    case AttributeType::BOOL:
      return type == BOOLOID;
    case AttributeType::SS:
      return is_string_array(element);
    case AttributeType::NS:
      return is_array && is_number(element);
    case AttributeType::BS:
      return element == BYTEAOID;
    case AttributeType::L:
      return is_array || is_json(type);
    case AttributeType::M:
      return is_json(type);
    case AttributeType::NUL:
      return false;
  }
  return false;
}

const char* column_types_for(AttributeType attribute) {
  switch (attribute) {
    case AttributeType::S:
      return "text or another type with a text form";
    case AttributeType::N:
      return "smallint, integer, bigint, real, double precision, numeric or a timestamp type";
    case AttributeType::B:
      return "bytea";
    case AttributeType::BOOL:
      return "boolean";
    case AttributeType::SS:
      return "text[] or an array of another type with a text form";
    case AttributeType::NS:
      return "numeric[] or another array of numbers";
    case AttributeType::BS:
      return "bytea[]";
    case AttributeType::L:
      return "jsonb, json or an array";
    case AttributeType::M:
    case AttributeType::NUL:
      return "jsonb or json";
  }
  return "";
}

TableOptions* get_server_table_options(Oid serverid, const char* table_name, const char* region) {
  ForeignServer* server = GetForeignServer(serverid);
  auto* table = static_cast<TableOptions*>(palloc0(sizeof(TableOptions)));
  table->serverid = serverid;
  table->server_name = server->servername;
  apply_option_defaults(&OptionTargets::table, table);
  apply_options(server->options, &OptionTargets::table, table);
  table->table_name = table_name;
  if (region != nullptr) table->aws_region = region;
  table->partition_key = table->sort_key = -1;
  return table;
}

TableOptions* get_table_options(Oid relid) {
  ForeignTable* foreign_table = GetForeignTable(relid);
  ForeignServer* server = GetForeignServer(foreign_table->serverid);
  auto* table = static_cast<TableOptions*>(palloc0(sizeof(TableOptions)));
  table->relid = relid;
  table->serverid = server->serverid;
  table->server_name = server->servername;
  apply_option_defaults(&OptionTargets::table, table);
  apply_options(server->options, &OptionTargets::table, table);
  apply_options(foreign_table->options, &OptionTargets::table, table);

  Relation relation = table_open(relid, AccessShareLock);
  default_table_name(table, RelationGetRelationName(relation));
  read_columns(table, relation);
  table_close(relation, NoLock);
  return table;
}

}  // namespace dynamodb_fdw
