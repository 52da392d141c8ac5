// Rows -> items: what the columns of a foreign table make of an item when it is inserted or changed.
#include "item_writer.hpp"

#include <algorithm>
#include <cstring>

#include "handles.hpp"
#include "item_keys.hpp"
#include "key_schema.hpp"
#include "table_metadata.hpp"

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using dynamodb::DocumentPath;
using dynamodb::Error;
using dynamodb::PathStep;
using dynamodb::Result;
using dynamodb::Value;

namespace {

// --- preparing

const DocumentPath* make_path(const ColumnOptions& column, MemoryContext context) {
  auto* path = make_owned<DocumentPath>(context, [&] {
    auto made = std::make_unique<DocumentPath>();
    if (column.mapped_path == nullptr) {
      PathStep step;
      step.name = column.attribute;
      made->push_back(std::move(step));
    } else if (auto parsed = dynamodb::parse_document_path(column.mapped_path); parsed.ok()) {
      *made = std::move(parsed.value());
    }
    return made;
  });
  return path;
}

void note_key(ColumnWriter* writer, const KeyAttribute& key, KeyRole role) {
  if (writer->has_key_type || writer->column->attribute == nullptr || strcmp(writer->column->attribute, key.name) != 0)
    return;
  writer->has_key_type = true;
  writer->key_type = key.type;
  writer->role = role;
  writer->is_key = role == KeyRole::partition || role == KeyRole::sort;
}

// The table's schema comes first, so that its keys are known as such where they are keys of indexes, too.
void find_key(ColumnWriter* writer, List* schemas) {
  ListCell* cell;
  foreach (cell, schemas) {
    auto* schema = static_cast<KeySchema*>(lfirst(cell));
    bool base = schema->index_name == nullptr;
    for (int i = 0; i < schema->partition_count; ++i)
      note_key(writer, schema->partition[i], base ? KeyRole::partition : KeyRole::index_partition);
    for (int i = 0; i < schema->sort_count; ++i)
      note_key(writer, schema->sort[i], base ? KeyRole::sort : KeyRole::index_sort);
  }
}

void add_index_key(ItemWriter* writer, const char* name, AttributeType type, KeyRole role) {
  for (const char* own : {writer->target->partition_key, writer->target->sort_key})
    if (own != nullptr && strcmp(own, name) == 0) return;
  writer->index_keys[writer->index_key_count++] = {name, type, role, -1};
}

IndexKey* index_key_room(std::size_t indexes) {
  return static_cast<IndexKey*>(palloc0(sizeof(IndexKey) * 2 * kMaxKeyAttributes * Max(indexes, std::size_t{1})));
}

void add_index_keys_of_schema(ItemWriter* writer, const KeySchema* schema) {
  for (int i = 0; i < schema->partition_count; ++i)
    add_index_key(writer, schema->partition[i].name, schema->partition[i].type, KeyRole::index_partition);
  for (int i = 0; i < schema->sort_count; ++i)
    add_index_key(writer, schema->sort[i].name, schema->sort[i].type, KeyRole::index_sort);
}

// All of the table's indexes where they are known, else those that the options name.
void collect_index_keys(ItemWriter* writer, const dynamodb::TableDescription* description, List* schemas) {
  if (description == nullptr) {
    writer->index_keys = index_key_room(static_cast<std::size_t>(list_length(schemas)));
    ListCell* cell;
    foreach (cell, schemas) {
      auto* schema = static_cast<KeySchema*>(lfirst(cell));
      if (schema->index_name != nullptr) add_index_keys_of_schema(writer, schema);
    }
    return;
  }
  writer->index_keys = index_key_room(description->indexes.size());
  for (const dynamodb::IndexDescription& index : description->indexes) {
    for (const auto& key : index.partition_keys)
      add_index_key(writer, pstrdup(key.name.c_str()), key.type, KeyRole::index_partition);
    for (const auto& key : index.sort_keys)
      add_index_key(writer, pstrdup(key.name.c_str()), key.type, KeyRole::index_sort);
  }
}

bool step_comes_first(const PathStep& left, const PathStep& right) {
  if (left.is_index != right.is_index) return left.is_index;
  return left.is_index ? left.index < right.index : left.name < right.name;
}

bool comes_first(const ColumnWriter& left, const ColumnWriter& right) {
  if (left.path == nullptr || right.path == nullptr) return left.path == nullptr && right.path != nullptr;
  if (left.path->size() != right.path->size()) return left.path->size() < right.path->size();
  return std::lexicographical_compare(left.path->begin(), left.path->end(), right.path->begin(), right.path->end(),
                                      step_comes_first);
}

// The attribute that a column is by itself; null: it is none, or one that DynamoDB does not take.
const std::string* own_attribute(const ColumnWriter& column) {
  if (column.path == nullptr || column.path->size() != 1) return nullptr;
  const std::string& name = column.path->front().name;
  return name.empty() || name.size() > dynamodb::kMaxAttributeNameBytes ? nullptr : &name;
}

bool is_flat(const ItemWriter* writer) {
  const std::string* last = nullptr;
  for (int i = 0; i < writer->column_count; ++i) {
    const std::string* name = own_attribute(writer->columns[i]);
    if (name == nullptr || (last != nullptr && *last >= *name)) return false;
    last = name;
  }
  return true;
}

int find_flat_column(const ItemWriter* writer, const char* attribute) {
  for (int i = 0; i < writer->column_count; ++i)
    if (attribute != nullptr && writer->columns[i].path->front().name == attribute) return i;
  return -1;
}

void note_flat_keys(ItemWriter* writer) {
  writer->partition_column = find_flat_column(writer, writer->target->partition_key);
  writer->sort_column = find_flat_column(writer, writer->target->sort_key);
  for (int i = 0; i < writer->index_key_count; ++i)
    writer->index_keys[i].column = find_flat_column(writer, writer->index_keys[i].name);
}

// --- composing; library code

// Says at which column it happened.
std::optional<Error> at_column(const ColumnWriter* writer, const ColumnOptions** failed_column, Error error) {
  *failed_column = writer->column;
  return error;
}

bool is_document(const WrittenColumn& column) { return column.writer->path == nullptr; }

Result<Value> document_value(const WrittenColumn& column, const Value* old) {
  Result<Value> document = to_value(column.value, old);
  if (document.ok() && document.value().type != AttributeType::M)
    return Error::invalid_value("the document must be a JSON object");
  return document;
}

// The document and a key column must not say different things.
std::optional<Error> check_key_agrees(const Value& item, const WrittenColumn& column, const Value& value) {
  if (!column.writer->is_key) return std::nullopt;
  const Value* present = dynamodb::find_path(item, *column.writer->path);
  if (present == nullptr || dynamodb::same_value(*present, value)) return std::nullopt;
  return Error::invalid_value("the document has another value for this key attribute");
}

std::optional<Error> put_column(Value& item, const WrittenColumn& column, bool document_given) {
  const Value* old = dynamodb::find_path(item, *column.writer->path);
  Result<Value> value = to_value(column.value, document_given ? old : nullptr);
  if (!value.ok()) return std::move(value.error());
  if (auto error = dynamodb::check_value(value.value())) return error;
  if (auto error = check_key_agrees(item, column, value.value())) return error;
  return dynamodb::apply_edit(item, {*column.writer->path, std::move(value.value())});
}

bool sets_attribute(const WrittenRow& row, const char* name) {
  for (int i = 0; i < row.count; ++i)
    if (row.columns[i].writer->is_key && strcmp(row.columns[i].writer->column->attribute, name) == 0) return true;
  return false;
}

// The attributes of `before` that make its key stay where the new document does not name them. Where a column of the
// row has the key, that one wins.
std::optional<Error> keep_key(const ItemWriter* writer, const WrittenRow& row, const Value& before, Value& after) {
  for (const char* name : {writer->target->partition_key, writer->target->sort_key}) {
    if (name == nullptr) continue;
    const Value* old = before.find(name);
    const Value* present = after.find(name);
    if (old == nullptr || (present != nullptr && sets_attribute(row, name))) continue;
    if (present == nullptr)
      after.set(name, *old);
    else if (!dynamodb::same_value(*old, *present))
      return Error::invalid_value(std::string("the document changes the key attribute \"") + name + "\"");
  }
  return std::nullopt;
}

std::optional<Error> replace_document(const ItemWriter* writer, const WrittenRow& row, const WrittenColumn& column,
                                      const Value& before, Value& after) {
  if (column.value.form == WrittenValue::Form::absent) {
    after = Value::map();
  } else {
    Result<Value> document = document_value(column, &before);
    if (!document.ok()) return std::move(document.error());
    after = std::move(document.value());
  }
  return keep_key(writer, row, before, after);
}

std::optional<Error> edit_column(const WrittenColumn& column, const Value& before, Value& after) {
  dynamodb::PathEdit edit;
  edit.path = *column.writer->path;
  if (column.value.form != WrittenValue::Form::absent) {
    Result<Value> value = to_value(column.value, dynamodb::find_path(before, edit.path));
    if (!value.ok()) return std::move(value.error());
    if (auto error = dynamodb::check_value(value.value())) return error;
    edit.value = std::move(value.value());
  }
  return dynamodb::apply_edit(after, edit);
}

}  // namespace

ItemWriter* make_item_writer(const TableOptions* table, const WriteTarget* target, Oid userid, MemoryContext context) {
  MemoryContext old = MemoryContextSwitchTo(context);
  const dynamodb::TableDescription* description = get_table_description(table, userid, context);
  List* schemas = find_key_schemas(table, description);
  auto* writer = static_cast<ItemWriter*>(palloc0(sizeof(ItemWriter)));
  writer->table = table;
  writer->target = target;
  writer->columns = static_cast<ColumnWriter*>(palloc0(sizeof(ColumnWriter) * Max(table->column_count, 1)));
  for (int i = 0; i < table->column_count; ++i) {
    const ColumnOptions& column = table->columns[i];
    if (column.dropped || column.row_id) continue;
    ColumnWriter* next = &writer->columns[writer->column_count++];
    next->column = &column;
    if (!column.document) next->path = make_path(column, context);
    find_key(next, schemas);
  }
  collect_index_keys(writer, description, schemas);
  std::stable_sort(writer->columns, writer->columns + writer->column_count, comes_first);
  for (int i = 0; i < writer->column_count; ++i) {
    ColumnWriter* column = &writer->columns[i];
    column->source = column_source(column->column, column->has_key_type ? &column->key_type : nullptr);
  }
  writer->flat = is_flat(writer);
  if (writer->flat) note_flat_keys(writer);
  MemoryContextSwitchTo(old);
  return writer;
}

// Where a document is written as well, a column may replace a part of it.
void expect_new_items(ItemWriter* writer) {
  for (int i = 0; i < writer->column_count; ++i) writer->columns[i].source.replaces_nothing = writer->flat;
}

namespace {

constexpr int kMaxShownKeyBytes = 200;

void append_key_column(StringInfo text, const ColumnOptions* column, TupleTableSlot* slot) {
  appendStringInfo(text, "%s%s=", text->len > 0 ? ", " : "", column->column_name);
  bool is_null;
  Datum value = slot_getattr(slot, column->attnum, &is_null);
  if (is_null) {
    appendStringInfoString(text, "null");
    return;
  }
  Oid output;
  bool is_varlena;
  getTypeOutputInfo(column->type, &output, &is_varlena);
  const char* shown = OidOutputFunctionCall(output, value);
  const auto length = static_cast<int>(strlen(shown));
  const int clipped = pg_mbcliplen(shown, length, kMaxShownKeyBytes);
  appendBinaryStringInfo(text, shown, clipped);
  if (clipped < length) appendStringInfoString(text, "...");
}

}  // namespace

void add_row_context(void* argument) {
  auto* in_hand = static_cast<RowInHand*>(argument);
  if (in_hand->shown != nullptr) {
    errcontext("row to be changed with the key %s", message_text(in_hand->shown->c_str()));
    return;
  }
  StringInfoData text;
  initStringInfo(&text);
  for (int i = 0; i < in_hand->writer->column_count; ++i)
    if (in_hand->writer->columns[i].is_key) append_key_column(&text, in_hand->writer->columns[i].column, in_hand->slot);
  if (text.len > 0) errcontext("row to be written with the key %s", text.data);
}

WrittenRow write_row(const ItemWriter* writer, TupleTableSlot* slot, List* attnums) {
  WrittenRow row{};
  row.columns = static_cast<WrittenColumn*>(palloc0(sizeof(WrittenColumn) * Max(writer->column_count, 1)));
  for (int i = 0; i < writer->column_count; ++i) {
    const ColumnWriter* column = &writer->columns[i];
    if (attnums != NIL && !list_member_int(attnums, column->column->attnum)) continue;
    bool is_null;
    Datum value = slot_getattr(slot, column->column->attnum, &is_null);
    WrittenColumn* written = &row.columns[row.count++];
    written->writer = column;
    written->value = write_value(column->source, value, is_null);
    // A key that the row leaves to the document is looked at when the item is complete.
    if (column->has_key_type && written->value.form != WrittenValue::Form::absent)
      check_key_value(writer->table, column->column, column->role, &written->value);
  }
  return row;
}

void report_row_failure(const ItemWriter* writer, const RowFailure& failure) {
  if (failure.column != nullptr) report_unwritable(failure.column, failure.error);
  report_error(failure.error, {"write", writer->target->table_name});
}

Result<Value> compose_item(const WrittenRow& row, const ColumnOptions** failed_column) {
  Value item = Value::map();
  bool document_given = false;
  for (int i = 0; i < row.count; ++i) {
    const WrittenColumn& column = row.columns[i];
    if (column.value.form == WrittenValue::Form::absent) continue;
    if (is_document(column)) {
      Result<Value> document = document_value(column, nullptr);
      if (!document.ok()) return *at_column(column.writer, failed_column, std::move(document.error()));
      item = std::move(document.value());
      document_given = true;
    } else if (auto error = put_column(item, column, document_given)) {
      return *at_column(column.writer, failed_column, std::move(*error));
    }
  }
  return item;
}

std::optional<Error> check_index_keys(const ItemWriter* writer, const Value* before, const Value& item) {
  for (int i = 0; i < writer->index_key_count; ++i) {
    const IndexKey& key = writer->index_keys[i];
    const Value* value = item.find(key.name);
    const Value* old = before != nullptr ? before->find(key.name) : nullptr;
    if (value == nullptr || (old != nullptr && dynamodb::same_value(*old, *value))) continue;
    if (const char* reason = why_no_key(key.type, value->type, value->text.size(), key.role))
      return Error::invalid_value(std::string("attribute \"") + key.name + "\", a key of an index, " + reason);
  }
  return std::nullopt;
}

Result<EditedItem> edit_item(const ItemWriter* writer, const Value& before, const WrittenRow& row,
                             const ColumnOptions** failed_column) {
  EditedItem edited{before, {}};
  std::vector<DocumentPath> touched;
  bool document_given = false;
  for (int i = 0; i < row.count; ++i) {
    const WrittenColumn& column = row.columns[i];
    auto error = is_document(column) ? replace_document(writer, row, column, before, edited.after)
                                     : edit_column(column, before, edited.after);
    if (error) return *at_column(column.writer, failed_column, std::move(*error));
    if (is_document(column))
      document_given = true;
    else
      touched.push_back(*column.writer->path);
  }
  edited.changes = document_given ? dynamodb::changes_between(before, edited.after)
                                  : dynamodb::changes_at(before, edited.after, touched);
  return edited;
}

}  // namespace dynamodb_fdw
