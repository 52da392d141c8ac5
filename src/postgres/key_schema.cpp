// The tables and indexes that a foreign table's options name, with their keys, as things that can be queried.
#include "key_schema.hpp"

#include <cstring>

#include "from_datum.hpp"

namespace dynamodb_fdw {

using dynamodb::AttributeType;

namespace {

AttributeType key_type_of(const ColumnOptions* column) {
  if (column->has_ddb_type) return column->ddb_type;
  if (column->has_time_unit) return AttributeType::N;
  for (AttributeType type : {AttributeType::S, AttributeType::N, AttributeType::B})
    if (column_type_fits(column->type, type)) return type;
  return AttributeType::S;
}

bool is_declared_key(const ColumnOptions& column) {
  return column.partition_key || column.sort_key || column.lsi_names != NIL || column.gsi_partition_names != NIL ||
         column.gsi_sort_names != NIL;
}

bool contains_name(List* names, const char* name) {
  ListCell* cell;
  foreach (cell, names)
    if (strcmp(static_cast<char*>(lfirst(cell)), name) == 0) return true;
  return false;
}

// How close a column is to being the key of an index (null: of the table) by its options: 2 that it is, 1 another key.
int declared_for(const ColumnOptions& column, const char* index_name) {
  const bool is_its_key = index_name == nullptr ? column.partition_key || column.sort_key
                                                : contains_name(column.lsi_names, index_name) ||
                                                      contains_name(column.gsi_partition_names, index_name) ||
                                                      contains_name(column.gsi_sort_names, index_name);
  if (is_its_key) return 2;
  return is_declared_key(column) ? 1 : 0;
}

// The column that reads an attribute. Of several, as in the predecessor's DDL, where each index has its own, the one
// that is declared for this index: conditions will be on that.
const ColumnOptions* column_of(const TableOptions* table, const char* attribute, const char* index_name) {
  const ColumnOptions* found = nullptr;
  for (int i = 0; i < table->column_count; ++i) {
    const ColumnOptions& column = table->columns[i];
    if (column.dropped || column.attribute == nullptr || strcmp(column.attribute, attribute) != 0) continue;
    if (found == nullptr || declared_for(column, index_name) > declared_for(*found, index_name)) found = &column;
  }
  return found;
}

void add_partition(KeySchema* schema, KeyAttribute attribute) {
  if (schema->partition_count < kMaxKeyAttributes) schema->partition[schema->partition_count++] = attribute;
}

void add_sort(KeySchema* schema, KeyAttribute attribute) {
  if (schema->sort_count < kMaxKeyAttributes) schema->sort[schema->sort_count++] = attribute;
}

KeyAttribute declared(const ColumnOptions* column) { return {column->attribute, key_type_of(column), column}; }

KeyAttribute described(const TableOptions* table, const dynamodb::KeyAttribute& key, const char* index_name) {
  const char* name = pstrdup(key.name.c_str());
  return {name, key.type, column_of(table, name, index_name)};
}

List* add_attribute(List* attributes, const char* name) {
  ListCell* cell;
  foreach (cell, attributes)
    if (strcmp(strVal(lfirst(cell)), name) == 0) return attributes;
  return lappend(attributes, makeString(pstrdup(name)));
}

void add_keys(KeySchema* schema, const KeySchema* keys) {
  for (int i = 0; i < keys->partition_count; ++i)
    schema->attributes = add_attribute(schema->attributes, keys->partition[i].name);
  for (int i = 0; i < keys->sort_count; ++i) schema->attributes = add_attribute(schema->attributes, keys->sort[i].name);
}

KeySchema* new_schema() {
  auto* schema = static_cast<KeySchema*>(palloc0(sizeof(KeySchema)));
  schema->readable = true;
  return schema;
}

KeySchema* table_schema(const TableOptions* table, const dynamodb::TableDescription* description) {
  KeySchema* schema = new_schema();
  schema->holds_all = true;
  if (description != nullptr) {
    schema->described = true;
    schema->items = static_cast<double>(description->item_count);
    schema->bytes = static_cast<double>(description->size_bytes);
    add_partition(schema, described(table, description->partition_key, nullptr));
    if (description->sort_key) add_sort(schema, described(table, *description->sort_key, nullptr));
    return schema;
  }
  if (table->partition_key < 0) return nullptr;
  add_partition(schema, declared(&table->columns[table->partition_key]));
  if (table->sort_key >= 0) add_sort(schema, declared(&table->columns[table->sort_key]));
  return schema;
}

void fill_from_description(KeySchema* schema, const TableOptions* table, const dynamodb::IndexDescription& index) {
  schema->described = true;
  schema->readable = index.readable();
  schema->holds_all = index.projection == dynamodb::Projection::all;
  schema->items = static_cast<double>(index.item_count);
  schema->bytes = static_cast<double>(index.size_bytes);
  for (const auto& key : index.partition_keys) add_partition(schema, described(table, key, schema->index_name));
  for (const auto& key : index.sort_keys) add_sort(schema, described(table, key, schema->index_name));
  for (const auto& name : index.non_key_attributes)
    schema->attributes = add_attribute(schema->attributes, name.c_str());
}

void fill_from_options(KeySchema* schema, const TableOptions* table, const KeySchema* base) {
  if (!schema->global) add_partition(schema, base->partition[0]);
  for (int i = 0; i < table->column_count; ++i) {
    const ColumnOptions& column = table->columns[i];
    if (column.dropped || column.attribute == nullptr) continue;
    if (schema->global && contains_name(column.gsi_partition_names, schema->index_name))
      add_partition(schema, declared(&column));
    if (contains_name(schema->global ? column.gsi_sort_names : column.lsi_names, schema->index_name))
      add_sort(schema, declared(&column));
  }
}

KeySchema* index_schema(const TableOptions* table, const dynamodb::TableDescription* description, const KeySchema* base,
                        const char* name, bool global) {
  KeySchema* schema = new_schema();
  schema->index_name = name;
  schema->global = global;
  const dynamodb::IndexDescription* index = description ? description->find_index(name) : nullptr;
  if (index != nullptr)
    fill_from_description(schema, table, *index);
  else
    fill_from_options(schema, table, base);
  if (!schema->holds_all) {
    add_keys(schema, schema);
    add_keys(schema, base);
  }
  return schema->partition_count > 0 ? schema : nullptr;
}

bool is_known(List* schemas, const char* name) {
  ListCell* cell;
  foreach (cell, schemas) {
    const char* known = static_cast<KeySchema*>(lfirst(cell))->index_name;
    if (known != nullptr && strcmp(known, name) == 0) return true;
  }
  return false;
}

}  // namespace

List* find_key_schemas(const TableOptions* table, const dynamodb::TableDescription* description) {
  KeySchema* base = table_schema(table, description);
  if (base == nullptr) return NIL;
  List* schemas = list_make1(base);
  for (int i = 0; i < table->column_count; ++i) {
    const ColumnOptions& column = table->columns[i];
    if (column.dropped) continue;
    for (List* names : {column.lsi_names, column.gsi_partition_names, column.gsi_sort_names}) {
      ListCell* cell;
      foreach (cell, names) {
        auto* name = static_cast<char*>(lfirst(cell));
        if (is_known(schemas, name)) continue;
        KeySchema* schema = index_schema(table, description, base, name, names != column.lsi_names);
        if (schema != nullptr) schemas = lappend(schemas, schema);
      }
    }
  }
  return schemas;
}

List* key_names(const KeySchema* schema) {
  List* names = NIL;
  for (int i = 0; i < schema->partition_count; ++i)
    names = lappend(names, makeString(pstrdup(schema->partition[i].name)));
  for (int i = 0; i < schema->sort_count; ++i) names = lappend(names, makeString(pstrdup(schema->sort[i].name)));
  return names;
}

List* all_key_names(List* schemas) {
  List* names = NIL;
  ListCell* cell;
  foreach (cell, schemas) names = list_concat_unique(names, key_names(static_cast<KeySchema*>(lfirst(cell))));
  return names;
}

bool holds_attributes(const KeySchema* schema, List* needed) {
  if (schema->holds_all) return true;
  if (needed == NIL) return false;
  ListCell* cell;
  foreach (cell, needed)
    if (!list_member(schema->attributes, lfirst(cell))) return false;
  return true;
}

}  // namespace dynamodb_fdw
