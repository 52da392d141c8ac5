// Bodies of the reading requests: Query and Scan.
#include "dynamodb/request.hpp"

#include "dynamodb/json_writer.hpp"

namespace dynamodb {
namespace {

std::string common_head(const ReadRequest& request) {
  std::string json = "{\"TableName\":";
  append_json_string(json, request.table);
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

}  // namespace

std::string query_head(const ReadRequest& request, const std::vector<KeyCondition>& conditions) {
  ExpressionPlaceholders placeholders;
  std::string json = common_head(request);
  append_expression(json, "KeyConditionExpression", key_condition_expression(conditions, placeholders));
  append_expression(json, "ProjectionExpression", projection_expression(request.projection, placeholders));
  placeholders.append_members(json);
  return json;
}

std::string scan_head(const ReadRequest& request) {
  ExpressionPlaceholders placeholders;
  std::string json = common_head(request);
  append_expression(json, "ProjectionExpression", projection_expression(request.projection, placeholders));
  placeholders.append_members(json);
  return json;
}

std::string segment_members(uint32_t segment, uint32_t total_segments) {
  if (total_segments <= 1) return "";
  return ",\"Segment\":" + std::to_string(segment) + ",\"TotalSegments\":" + std::to_string(total_segments);
}

}  // namespace dynamodb
