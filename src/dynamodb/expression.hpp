// Expressions of the API: names and values behind placeholders, key conditions and projections, limits counted.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dynamodb/attribute_value.hpp"
#include "dynamodb/document_path.hpp"

namespace dynamodb {

/// Longest expression string, bytes (Developer Guide, "Quotas in Amazon DynamoDB", Expression parameters).
inline constexpr std::size_t kMaxExpressionBytes = 4096;

/// Collects the attribute names and values of one request's expressions. Every name goes behind a placeholder: reserved
/// words, dots and spaces need no thought then.
class ExpressionPlaceholders {
 public:
  /// The placeholder for an attribute name, "#0", "#1" ...; the same name gives the same one.
  std::string name(std::string_view attribute);
  /// The placeholder for a value, ":0", ":1" ...
  std::string value(const ScalarValue& value);
  /// The same for a value in typed JSON.
  std::string typed_value(std::string json);
  /// A path with its names behind placeholders: "#0.#1[2]".
  std::string path(const DocumentPath& path);

  /// Appends the members ExpressionAttributeNames and ExpressionAttributeValues, each with a leading comma, where
  /// they are not empty (the service refuses empty ones).
  void append_members(std::string& json) const;

 private:
  std::vector<std::string> names_;
  std::vector<std::string> values_;  // typed JSON
};

enum class KeyOperator : uint8_t { equal, less, less_equal, greater, greater_equal, between, begins_with };

/// One comparison of a key attribute. `between` has two operands, both inclusive, the others one.
struct KeyCondition {
  std::string attribute;
  KeyOperator op = KeyOperator::equal;
  std::vector<ScalarValue> operands;
};

/// "a = :0 AND b BETWEEN :1 AND :2" of several key conditions.
std::string key_condition_expression(const std::vector<KeyCondition>& conditions, ExpressionPlaceholders& placeholders);

/// The projection of top-level attributes, each named once, or an empty string when they do not fit into an expression:
/// then everything is asked for.
std::string projection_expression(const std::vector<std::string>& attributes, ExpressionPlaceholders& placeholders);

/// Appends {"S": ...}, {"N": ...} or {"B": ...}.
void append_scalar(std::string& json, const ScalarValue& value);

}  // namespace dynamodb
