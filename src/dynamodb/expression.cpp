// Expressions of the API: names and values behind placeholders, key conditions and projections, limits counted.
#include "dynamodb/expression.hpp"

#include <algorithm>

#include "dynamodb/json_writer.hpp"

namespace dynamodb {
namespace {

const char* comparator(KeyOperator op) {
  switch (op) {
    case KeyOperator::equal:
      return " = ";
    case KeyOperator::less:
      return " < ";
    case KeyOperator::less_equal:
      return " <= ";
    case KeyOperator::greater:
      return " > ";
    case KeyOperator::greater_equal:
      return " >= ";
    default:
      return nullptr;
  }
}

std::string one_condition(const KeyCondition& condition, ExpressionPlaceholders& placeholders) {
  std::string name = placeholders.name(condition.attribute);
  std::string first = placeholders.value(condition.operands[0]);
  if (condition.op == KeyOperator::begins_with) return "begins_with(" + name + ", " + first + ")";
  if (condition.op == KeyOperator::between)
    return name + " BETWEEN " + first + " AND " + placeholders.value(condition.operands[1]);
  return name + comparator(condition.op) + first;
}

// "#n," for each attribute: where this says yes, n has at most four digits.
bool projection_fits(const std::vector<std::string>& attributes) {
  return attributes.size() * 6 <= kMaxExpressionBytes;
}

}  // namespace

std::string ExpressionPlaceholders::name(std::string_view attribute) {
  auto known = std::find(names_.begin(), names_.end(), attribute);
  if (known == names_.end()) known = names_.emplace(names_.end(), attribute);
  return "#" + std::to_string(known - names_.begin());
}

std::string ExpressionPlaceholders::value(const ScalarValue& value) {
  std::string json;
  append_scalar(json, value);
  return typed_value(std::move(json));
}

std::string ExpressionPlaceholders::typed_value(std::string json) {
  values_.push_back(std::move(json));
  return ":" + std::to_string(values_.size() - 1);
}

std::string ExpressionPlaceholders::path(const DocumentPath& path) {
  std::string text;
  for (const PathStep& step : path) {
    if (step.is_index) {
      text += '[' + std::to_string(step.index) + ']';
    } else {
      if (!text.empty()) text += '.';
      text += name(step.name);
    }
  }
  return text;
}

void ExpressionPlaceholders::append_members(std::string& json) const {
  const char* separator = ",\"ExpressionAttributeNames\":{";
  for (std::size_t i = 0; i < names_.size(); ++i) {
    json += separator;
    separator = ",";
    json += "\"#" + std::to_string(i) + "\":";
    append_json_string(json, names_[i]);
  }
  if (!names_.empty()) json += '}';
  separator = ",\"ExpressionAttributeValues\":{";
  for (std::size_t i = 0; i < values_.size(); ++i) {
    json += separator;
    separator = ",";
    json += "\":" + std::to_string(i) + "\":";
    json += values_[i];
  }
  if (!values_.empty()) json += '}';
}

std::string key_condition_expression(const std::vector<KeyCondition>& conditions,
                                     ExpressionPlaceholders& placeholders) {
  std::string expression;
  for (const KeyCondition& condition : conditions) {
    if (!expression.empty()) expression += " AND ";
    expression += one_condition(condition, placeholders);
  }
  return expression;
}

std::string projection_expression(const std::vector<std::string>& attributes, ExpressionPlaceholders& placeholders) {
  std::string expression;
  if (!projection_fits(attributes)) return expression;
  for (const std::string& attribute : attributes) {
    if (!expression.empty()) expression += ',';
    expression += placeholders.name(attribute);
  }
  return expression;
}

void append_scalar(std::string& json, const ScalarValue& value) {
  json += "{\"";
  json += type_name(value.type);
  json += "\":";
  if (value.type == AttributeType::BOOL) {
    json += value.bytes;
  } else if (value.type == AttributeType::B) {
    json += '"';
    append_base64(json, value.bytes);
    json += '"';
  } else {
    append_json_string(json, value.bytes);
  }
  json += '}';
}

}  // namespace dynamodb
