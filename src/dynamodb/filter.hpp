// Filter expressions: a tree of conditions on attributes, and its text within the service's limits.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "dynamodb/attribute_value.hpp"
#include "dynamodb/document_path.hpp"
#include "dynamodb/expression.hpp"

namespace dynamodb {

/// One condition. What it says of an item is DynamoDB's logic, which has no third value: a comparison with a missing
/// attribute, or one of another type, is false, and only <> is then true.
struct Filter {
  enum class Kind : uint8_t {
    constant,  ///< `truth`
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,  ///< of the path with values[0]
    in,             ///< the path is one of `values`
    begins_with,
    contains,  ///< with values[0]
    exists,
    not_exists,
    has_type,  ///< the value at the path is of `type`
    is_empty,
    is_not_empty,  ///< a string or binary of length 0, or longer
    all,
    any,       ///< of `children`
    negation,  ///< of children[0]
  };
  Kind kind = Kind::constant;
  bool truth = true;
  DocumentPath path;
  AttributeType type = AttributeType::S;
  std::vector<ScalarValue> values;
  std::vector<Filter> children;

  static Filter constant(bool truth);
  static Filter all(std::vector<Filter> children);
  static Filter any(std::vector<Filter> children);
  static Filter negation(Filter child);
};

/// Without constants inside: they are folded, nested all and any are flattened, lists longer than IN may have operands
/// are split.
Filter simplify(Filter filter);

/// Developer Guide, "Quotas in Amazon DynamoDB", Expression parameters: operators and functions in one expression,
/// operands of IN, bytes of all values.
inline constexpr int kMaxOperators = 300;
inline constexpr std::size_t kMaxInOperands = 100;  // DynamoDB Local counts what is left of IN among them
inline constexpr std::size_t kMaxValueBytes = std::size_t{2} << 20;

/// Which of these conditions (simplified, no constants) fit together into one expression beside any key condition, in
/// their order: one that does not is skipped. What does not fit is the caller's to leave out, and to tell of.
std::vector<bool> fitting_conditions(const std::vector<Filter>& conditions);

/// The expression for a simplified filter that is no constant. Adds to `placeholders`. REQUIRES: it fits.
std::string filter_expression(const Filter& filter, ExpressionPlaceholders& placeholders);

}  // namespace dynamodb
