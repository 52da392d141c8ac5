// Rows of which each column is an attribute of its own -> items and keys as texts.
#include "flat_item.hpp"

namespace dynamodb_fdw {

using dynamodb::ItemText;
using dynamodb::Result;
using dynamodb::Value;

namespace {

using Form = WrittenValue::Form;

std::string_view bytes_of(const KeyValue& scalar) { return {scalar.bytes, static_cast<std::size_t>(scalar.length)}; }

// Whether nothing in the list can be wrong: the dimensions of an array are fewer than levels of an item, and what jsonb
// was taken apart to was looked at then.
bool is_plain_list(const WrittenValue& list) {
  for (int i = 0; i < list.element_count; ++i) {
    const WrittenValue& element = list.elements[i];
    if (element.form == Form::absent || element.form == Form::scalar || element.form == Form::map) continue;
    if (element.form != Form::list || !is_plain_list(element)) return false;
  }
  return true;
}

void append_plain(ItemText* text, const WrittenValue& value);

void append_list(ItemText* text, const WrittenValue& list) {
  text->begin_list(static_cast<std::size_t>(list.element_count));
  for (int i = 0; i < list.element_count; ++i) {
    text->next();
    append_plain(text, list.elements[i]);
  }
  text->end_elements();
}

void append_map(ItemText* text, const WrittenValue& map) {
  text->begin_map();
  for (int i = 0; i < map.element_count; ++i) {
    text->member(bytes_of(map.members[i].name));
    append_plain(text, map.members[i].value);
  }
  text->end_map();
}

// An element or member.
void append_plain(ItemText* text, const WrittenValue& value) {
  if (value.form == Form::absent)
    text->null();
  else if (value.form == Form::scalar)
    text->scalar(value.type, bytes_of(value.scalar));
  else if (value.form == Form::map)
    append_map(text, value);
  else
    append_list(text, value);
}

void append_set(ItemText* text, const WrittenValue& set) {
  text->begin_set(set.type);
  for (int i = 0; i < set.element_count; ++i) {
    text->next();
    text->set_element(set.elements[i].type, bytes_of(set.elements[i].scalar));
  }
  text->end_elements();
}

bool append_json(ItemText* text, const WrittenValue& json) {
  const auto type = text->plain_json({json.json, static_cast<std::size_t>(json.json_length)});
  return type && (!json.declared || *type == json.type);
}

bool append_by_tree(ItemText* text, const WrittenValue& written) {
  const Result<Value> value = to_value(written, nullptr);
  if (!value.ok() || dynamodb::check_value(value.value())) return false;
  text->value(value.value());
  return true;
}

bool append_written(ItemText* text, const WrittenValue& written) {
  switch (written.form) {
    case Form::scalar:
      text->scalar(written.type, bytes_of(written.scalar));
      return true;
    case Form::set:
      append_set(text, written);
      return true;
    case Form::list:
      if (!is_plain_list(written)) return append_by_tree(text, written);
      append_list(text, written);
      return true;
    case Form::map:
      append_map(text, written);
      return true;
    case Form::plain_json:
      return append_json(text, written);
    default:
      return append_by_tree(text, written);
  }
}

// A part of the item's text.
struct Range {
  std::size_t start;
  std::size_t length;
};

bool fits_key(const WrittenRow& row, int column, dynamodb::AttributeType type, KeyRole role) {
  const WrittenValue& value = row.columns[column].value;
  return value.form == Form::scalar &&
         why_no_key(type, value.type, static_cast<std::size_t>(value.scalar.length), role) == nullptr;
}

bool fits_keys(const ItemWriter* writer, const WrittenRow& row) {
  const WriteTarget* target = writer->target;
  if (writer->partition_column < 0 ||
      !fits_key(row, writer->partition_column, target->partition_type, KeyRole::partition))
    return false;
  if (target->sort_key != nullptr &&
      (writer->sort_column < 0 || !fits_key(row, writer->sort_column, target->sort_type, KeyRole::sort)))
    return false;
  for (int i = 0; i < writer->index_key_count; ++i) {
    const IndexKey& key = writer->index_keys[i];
    const bool present = key.column >= 0 && row.columns[key.column].value.form != Form::absent;
    if (present && !fits_key(row, key.column, key.type, key.role)) return false;
  }
  return true;
}

}  // namespace

bool compose_flat_item(const ItemWriter* writer, const WrittenRow& row, ItemText* text, std::string* item,
                       std::string* key) {
  if (!fits_keys(writer, row)) return false;
  Range partition{};
  Range sort{};
  text->begin(item);
  for (int i = 0; i < row.count; ++i) {
    const WrittenColumn& column = row.columns[i];
    if (column.value.form == Form::absent) continue;
    const std::size_t start = text->attribute(column.writer->path->front().name);
    if (!append_written(text, column.value)) return false;
    if (i == writer->partition_column) partition = {start, item->size() - start};
    if (i == writer->sort_column) sort = {start, item->size() - start};
  }
  if (text->end() > dynamodb::kMaxItemBytes) return false;
  *key += '{';
  key->append(*item, partition.start, partition.length);
  if (sort.length > 0) (*key += ',').append(*item, sort.start, sort.length);
  *key += '}';
  return true;
}

}  // namespace dynamodb_fdw
