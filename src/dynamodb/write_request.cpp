// Bodies of the writing requests, and of the GetItem that looks what became of one.
#include "dynamodb/write_request.hpp"

#include <algorithm>

#include "dynamodb/expression.hpp"
#include "dynamodb/filter.hpp"
#include "dynamodb/json_writer.hpp"

namespace dynamodb {
namespace {

using Kind = ItemWrite::Kind;

constexpr std::size_t kBatchRequestBytes = 64;  // about as much as is around an item
constexpr char kWithCapacity[] = "\"ReturnConsumedCapacity\":\"TOTAL\"";

struct Expressions {
  std::string condition;
  std::string update;
  ExpressionPlaceholders placeholders;
};

void append_clause(std::string& expression, const char* separator, const std::string& clause) {
  if (!expression.empty()) expression += separator;
  expression += clause;
}

std::string clause_of(const WriteCondition& condition, ExpressionPlaceholders& placeholders) {
  const std::string path = placeholders.path(condition.path);
  switch (condition.kind) {
    case WriteCondition::Kind::missing:
      return "attribute_not_exists(" + path + ')';
    case WriteCondition::Kind::exists:
      return "attribute_exists(" + path + ')';
    case WriteCondition::Kind::equals:
      break;
  }
  return path + " = " + placeholders.typed_value(condition.value);
}

std::string condition_expression(const ItemWrite& write, Existence existence, ExpressionPlaceholders& placeholders) {
  std::string expression;
  if (existence != Existence::any) {
    expression = existence == Existence::must_exist ? "attribute_exists(" : "attribute_not_exists(";
    expression += placeholders.name(write.partition_key) + ')';
  }
  for (const WriteCondition& condition : write.conditions)
    append_clause(expression, " AND ", clause_of(condition, placeholders));
  return expression;
}

std::string update_expression(const std::vector<AttributeChange>& changes, ExpressionPlaceholders& placeholders) {
  std::string set;
  std::string remove;
  for (const AttributeChange& change : changes) {
    const std::string path = placeholders.path(change.path);
    if (change.value.empty())
      append_clause(remove, ", ", path);
    else
      append_clause(set, ", ", path + " = " + placeholders.typed_value(change.value));
  }
  std::string expression;
  if (!set.empty()) expression = "SET " + set;
  if (!remove.empty()) append_clause(expression, " ", "REMOVE " + remove);
  return expression;
}

Expressions expressions_of(const ItemWrite& write, Existence existence) {
  Expressions expressions;
  expressions.condition = condition_expression(write, existence, expressions.placeholders);
  if (write.kind == Kind::update) expressions.update = update_expression(write.changes, expressions.placeholders);
  return expressions;
}

void append_expression(std::string& json, const char* member, const std::string& expression) {
  if (expression.empty()) return;
  json.append(",\"").append(member).append("\":");
  append_json_string(json, expression);
}

// {"TableName":...,"Key":...,"ConditionExpression":... and so on, without the closing brace.
std::string members_of(const ItemWrite& write, Existence existence) {
  std::string json = "{\"TableName\":";
  append_json_string(json, write.table);
  const bool put = write.kind == Kind::put;
  json.append(put ? ",\"Item\":" : ",\"Key\":").append(put ? write.item : write.key);
  const Expressions expressions = expressions_of(write, existence);
  append_expression(json, "UpdateExpression", expressions.update);
  append_expression(json, "ConditionExpression", expressions.condition);
  expressions.placeholders.append_members(json);
  return json;
}

// Only a transaction can check without a write. So what must be missing is removed, and what must be there is updated
// without a change; a condition on a value implies that it must.
WriteRequest check_request(const ItemWrite& write) {
  if (write.existence == Existence::must_not_exist) return {"DeleteItem", members_of(write, write.existence)};
  return {"UpdateItem", members_of(write, Existence::must_exist)};
}

WriteRequest open_request(const ItemWrite& write) {
  switch (write.kind) {
    case Kind::put:
      return {"PutItem", members_of(write, write.existence)};
    case Kind::update:
      return {"UpdateItem", members_of(write, write.existence)};
    case Kind::remove:
      return {"DeleteItem", members_of(write, write.existence)};
    case Kind::check:
      break;
  }
  return check_request(write);
}

const char* action_of(const ItemWrite& write) {
  switch (write.kind) {
    case Kind::put:
      return "Put";
    case Kind::update:
      return "Update";
    case Kind::remove:
      return "Delete";
    case Kind::check:
      break;
  }
  return "ConditionCheck";
}

void append_batch_request(std::string& json, const ItemWrite& write) {
  if (write.kind == Kind::put)
    json.append("{\"PutRequest\":{\"Item\":").append(write.item).append("}}");
  else
    json.append("{\"DeleteRequest\":{\"Key\":").append(write.key).append("}}");
}

std::size_t operator_count(const ItemWrite& write) {
  const std::size_t conditions = write.conditions.size() + (write.existence == Existence::any ? 0 : 1);
  return conditions == 0 ? 0 : 2 * conditions - 1;  // the ANDs between them count, too
}

// As the service counts, where the text is so long that it matters.
std::size_t value_bytes(const std::string& json) {
  const Result<Value> value = parse_typed_value(json);
  return value.ok() ? value_size(value.value()) : json.size();
}

bool values_fit(const ItemWrite& write) {
  std::vector<const std::string*> values;
  for (const WriteCondition& condition : write.conditions) values.push_back(&condition.value);
  for (const AttributeChange& change : write.changes) values.push_back(&change.value);
  std::size_t bytes = 0;
  for (const std::string* value : values) bytes += value->size();
  if (bytes <= kMaxValueBytes) return true;  // as JSON a value is never shorter
  bytes = 0;
  for (const std::string* value : values) bytes += value->empty() ? 0 : value_bytes(*value);
  return bytes <= kMaxValueBytes;
}

Error beyond_limit(std::string message, std::string detail) {
  Error error;
  error.kind = ErrorKind::limit_exceeded;
  error.message = std::move(message);
  error.detail = std::move(detail);
  return error;
}

std::optional<Error> check_length(const char* what, const std::string& expression) {
  if (expression.size() <= kMaxExpressionBytes) return std::nullopt;
  return beyond_limit("one write " + std::string(what) + " more attributes of an item than DynamoDB takes in a request",
                      "The expression has " + std::to_string(expression.size()) + " bytes; DynamoDB takes at most " +
                          std::to_string(kMaxExpressionBytes) + '.');
}

}  // namespace

std::optional<Error> check_write(const ItemWrite& write) {
  const bool alone_must_exist = write.kind == Kind::check && write.existence == Existence::any;
  const Expressions expressions = expressions_of(write, alone_must_exist ? Existence::must_exist : write.existence);
  if (auto error = check_length("changes", expressions.update)) return error;
  if (auto error = check_length("depends on", expressions.condition)) return error;
  if (operator_count(write) > kMaxOperators) {
    return beyond_limit("one write depends on more attributes of an item than DynamoDB takes in a request",
                        "The condition has " + std::to_string(operator_count(write)) +
                            " operators; DynamoDB takes at most " + std::to_string(kMaxOperators) + '.');
  }
  if (!values_fit(write)) {
    return beyond_limit("the values that one write changes or depends on are larger than DynamoDB takes in a request",
                        "DynamoDB takes at most " + std::to_string(kMaxValueBytes >> 20) + " MB of them.");
  }
  return std::nullopt;
}

WriteRequest single_write_request(const ItemWrite& write) {
  WriteRequest request = open_request(write);
  request.body.append(",").append(kWithCapacity).append("}");
  return request;
}

std::string batch_write_body(const std::vector<const ItemWrite*>& writes) {
  std::vector<std::string_view> tables;
  std::size_t bytes = 0;
  for (const ItemWrite* write : writes)
    if (std::find(tables.begin(), tables.end(), write->table) == tables.end()) tables.push_back(write->table);
  for (const ItemWrite* write : writes) bytes += kBatchRequestBytes + write->item.size() + write->key.size();
  std::string json;
  json.reserve(bytes + kBatchRequestBytes);
  json.append("{").append(kWithCapacity).append(",\"RequestItems\":");
  for (const std::string_view& table : tables) {
    json += &table == &tables.front() ? '{' : ',';
    append_json_string(json, table);
    const char* separator = ":[";
    for (const ItemWrite* write : writes) {
      if (write->table != table) continue;
      json += separator;
      separator = ",";
      append_batch_request(json, *write);
    }
    json += ']';
  }
  return json + "}}";
}

std::string transact_write_body(const std::vector<const ItemWrite*>& writes, std::string_view token) {
  std::string json = std::string("{") + kWithCapacity + ",\"ClientRequestToken\":";
  append_json_string(json, token);
  const char* separator = ",\"TransactItems\":[";
  for (const ItemWrite* write : writes) {
    json.append(separator).append("{\"").append(action_of(*write)).append("\":");
    separator = ",";
    json.append(members_of(*write, write->existence)).append("}}");
  }
  return json + "]}";
}

std::string look_body(const ItemWrite& write) {
  std::string json = "{\"TableName\":";
  append_json_string(json, write.table);
  return json.append(",\"Key\":").append(write.key).append(",\"ConsistentRead\":true,").append(kWithCapacity) + '}';
}

}  // namespace dynamodb
