// Bodies of the reading requests: Query, Scan, GetItem and BatchGetItem.
#include "dynamodb/request.hpp"

#include <simdjson.h>

#include <algorithm>

#include "dynamodb/json_writer.hpp"
#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

std::string common_head(const ReadRequest& request) {
  std::string json = "{\"TableName\":";
  append_json_string(json, request.table);
  if (!request.index.empty()) {
    json += ",\"IndexName\":";
    append_json_string(json, request.index);
  }
  json += ",\"ReturnConsumedCapacity\":\"TOTAL\"";
  if (request.consistent_read) json += ",\"ConsistentRead\":true";
  return json;
}

void append_expression(std::string& json, const char* member, const std::string& expression) {
  if (expression.empty()) return;
  json += ",\"";
  json += member;
  json += "\":";
  append_json_string(json, expression);
}

void append_key(std::string& json, const Key& key) {
  char separator = '{';
  for (const auto& [name, value] : key) {
    json += separator;
    separator = ',';
    append_json_string(json, name);
    json += ':';
    append_scalar(json, value);
  }
  json += '}';
}

void append_projection(std::string& json, const ReadRequest& request) {
  ExpressionPlaceholders placeholders;
  append_expression(json, "ProjectionExpression", projection_expression(request.projection, placeholders));
  placeholders.append_members(json);
}

// Filter and projection of a Query or Scan, sharing the placeholders of the key condition.
void append_reading(std::string& json, const ReadRequest& request, ExpressionPlaceholders& placeholders) {
  if (request.filter != nullptr)
    append_expression(json, "FilterExpression", filter_expression(*request.filter, placeholders));
  if (request.count_only)
    json += ",\"Select\":\"COUNT\"";
  else
    append_expression(json, "ProjectionExpression", projection_expression(request.projection, placeholders));
  placeholders.append_members(json);
}

constexpr std::string_view kBatchStart = "{\"ReturnConsumedCapacity\":\"TOTAL\",\"RequestItems\":";

std::string batch_get_item_head(const ReadRequest& request, const Key* keys, std::size_t count) {
  std::string json(kBatchStart);
  json += '{';
  append_json_string(json, request.table);
  json += ":{\"Keys\":";
  for (std::size_t i = 0; i < count; ++i) {
    json += i == 0 ? '[' : ',';
    append_key(json, keys[i]);
  }
  json += ']';
  if (request.consistent_read) json += ",\"ConsistentRead\":true";
  append_projection(json, request);
  json += "}}";
  return json;
}

// The JSON of each key in RequestItems, as views into it. Empty when it is not what it should be.
std::vector<std::string_view> keys_of(const simdjson::padded_string& request_items) {
  namespace ondemand = simdjson::ondemand;
  std::vector<std::string_view> keys;
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object tables;
  if (parser.iterate(request_items).get(document) || document.get_object().get(tables)) return {};
  for (auto table : tables) {
    ondemand::array list;
    if (table.value()["Keys"].get_array().get(list)) return {};
    for (auto element : list) {
      ondemand::object key;
      std::string_view text;
      if (element.get_object().get(key) || key.raw_json().get(text)) return {};
      keys.push_back(text);
    }
    break;  // only one table is ever asked
  }
  return keys;
}

std::string joined(const std::string_view* keys, std::size_t count) {
  std::string json;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) json += ',';
    json += keys[i];
  }
  return json;
}

}  // namespace

std::string query_head(const ReadRequest& request, const std::vector<KeyCondition>& conditions) {
  ExpressionPlaceholders placeholders;
  std::string json = common_head(request);
  if (request.backward) json += ",\"ScanIndexForward\":false";
  append_expression(json, "KeyConditionExpression", key_condition_expression(conditions, placeholders));
  append_reading(json, request, placeholders);
  return json;
}

std::string scan_head(const ReadRequest& request) {
  ExpressionPlaceholders placeholders;
  std::string json = common_head(request);
  append_reading(json, request, placeholders);
  return json;
}

std::string get_item_head(const ReadRequest& request, const Key& key) {
  std::string json = common_head(request);
  json += ",\"Key\":";
  append_key(json, key);
  append_projection(json, request);
  return json;
}

std::vector<std::string> batch_get_item_heads(const ReadRequest& request, const std::vector<Key>& keys) {
  std::vector<std::string> heads;
  for (std::size_t i = 0; i < keys.size(); i += kBatchGetItemKeys)
    heads.push_back(batch_get_item_head(request, &keys[i], std::min<std::size_t>(kBatchGetItemKeys, keys.size() - i)));
  return heads;
}

std::string batch_get_item_again(const std::string& unprocessed_keys) {
  return std::string(kBatchStart) + unprocessed_keys;
}

std::vector<std::string> halved_keys(std::string_view head) {
  if (!head.starts_with(kBatchStart)) return {};
  simdjson::padded_string items(head.substr(kBatchStart.size()));
  std::vector<std::string_view> keys = keys_of(items);
  if (keys.size() < 2) return {};
  const char* start = items.data();
  const char* end = start + items.size();
  std::string before(start, keys.front().data());
  std::string after(keys.back().data() + keys.back().size(), end);
  std::size_t half = keys.size() / 2;
  return {before + joined(keys.data(), half) + after, before + joined(&keys[half], keys.size() - half) + after};
}

std::string segment_members(uint32_t segment, uint32_t total_segments) {
  if (total_segments <= 1) return "";
  return ",\"Segment\":" + std::to_string(segment) + ",\"TotalSegments\":" + std::to_string(total_segments);
}

}  // namespace dynamodb
