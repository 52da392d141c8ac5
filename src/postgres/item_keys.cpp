// Keys of items as the transaction's writes know them: typed JSON in one spelling, and as text for messages.
#include <cstring>

#include "item_keys.hpp"

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using dynamodb::Error;
using dynamodb::Value;

namespace {

std::optional<Error> check_key_value(const char* name, const Value* value, AttributeType type, std::size_t most) {
  const std::string attribute = std::string("key attribute \"") + name + "\"";
  if (value == nullptr) return Error::invalid_value("the item has no " + attribute);
  if (value->type != type)
    return Error::invalid_value(attribute + " must be of type " + dynamodb::type_name(type) + ", not " +
                                dynamodb::type_name(value->type));
  if (value->text.empty()) return Error::invalid_value(attribute + " must not be empty");
  if (type != AttributeType::N && value->text.size() > most)
    return Error::invalid_value(attribute + " has " + std::to_string(value->text.size()) +
                                " bytes; DynamoDB takes at most " + std::to_string(most));
  return std::nullopt;
}

void append_member(std::string& json, const char* name, const Value& value) {
  json += json.empty() ? '{' : ',';
  dynamodb::append_json_string(json, name);
  json += ':';
  dynamodb::append_typed(json, value);
}

std::string value_text(const Value* value) {
  if (value == nullptr) return "?";
  if (value->type != AttributeType::B) return value->text;
  std::string text = "\\x";
  dynamodb::append_hex(text, reinterpret_cast<const unsigned char*>(value->text.data()), value->text.size());
  return text;
}

}  // namespace

dynamodb::Result<std::string> key_of_item(const WriteTarget* target, const Value& item) {
  const Value* partition = item.find(target->partition_key);
  if (auto error =
          check_key_value(target->partition_key, partition, target->partition_type, dynamodb::kMaxPartitionKeyBytes))
    return std::move(*error);
  std::string json;
  append_member(json, target->partition_key, *partition);
  if (target->sort_key != nullptr) {
    const Value* sort = item.find(target->sort_key);
    if (auto error = check_key_value(target->sort_key, sort, target->sort_type, dynamodb::kMaxSortKeyBytes))
      return std::move(*error);
    append_member(json, target->sort_key, *sort);
  }
  json += '}';
  return json;
}

dynamodb::Result<std::string> key_of_decoded(const WriteTarget* target, const dynamodb::Item& item, int partition_slot,
                                             int sort_slot) {
  std::string json;
  const std::pair<const char*, int> attributes[] = {{target->partition_key, partition_slot},
                                                    {target->sort_key, sort_slot}};
  for (const auto& [name, slot] : attributes) {
    if (name == nullptr) continue;
    const uint32_t node = slot >= 0 ? item.slot(static_cast<uint32_t>(slot)) : dynamodb::Item::kMissing;
    if (node == dynamodb::Item::kMissing)
      return Error::invalid_value(std::string("an item without the key attribute \"") + name + "\" came back");
    dynamodb::Result<Value> value = dynamodb::copy_value(item, node);
    if (!value.ok()) return std::move(value.error());
    append_member(json, name, value.value());
  }
  json += '}';
  return json;
}

std::string key_text(const WriteTarget* target, std::string_view key) {
  dynamodb::Result<Value> item = dynamodb::parse_typed_item(key);
  if (!item.ok()) return std::string(key);
  std::string names = target->partition_key;
  std::string values = value_text(item.value().find(target->partition_key));
  if (target->sort_key != nullptr) {
    names += std::string(", ") + target->sort_key;
    values += ", " + value_text(item.value().find(target->sort_key));
  }
  return "(" + names + ")=(" + values + ")";
}

char* message_text(const char* text) {
  int length = static_cast<int>(strlen(text));
  if (GetDatabaseEncoding() == PG_UTF8) return pstrdup(text);
  char* converted = pg_any_to_server(text, length, PG_UTF8);
  return converted != text ? converted : pstrdup(text);
}

}  // namespace dynamodb_fdw
