// Attribute values that own all they hold: what is written, compared and changed before it is sent.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dynamodb/attribute_value.hpp"
#include "dynamodb/document_path.hpp"
#include "dynamodb/error.hpp"
#include "dynamodb/filter.hpp"
#include "dynamodb/item_reader.hpp"
#include "dynamodb/result.hpp"

namespace dynamodb {

/// A value of any of the ten types. An item is a value of type M.
struct Value {
  AttributeType type = AttributeType::NUL;
  bool boolean = false;            ///< BOOL
  std::string text;                ///< S: UTF-8; N: as canonical_number() gives it; B: the raw bytes
  std::vector<Value> elements;     ///< L and sets: the elements; M: the members' values, in the order of `names`
  std::vector<std::string> names;  ///< M: the members' names, ascending by bytes, each once

  static Value of(const ScalarValue& scalar);
  /// A map of members in any order; of those with the same name the last counts.
  static Value map_of(std::vector<std::pair<std::string, Value>> members);
  static Value map() { return of_type(AttributeType::M); }
  static Value of_type(AttributeType type) {
    Value value;
    value.type = type;
    return value;
  }

  /// A member of a map; null when it has none of that name or is no map.
  const Value* find(std::string_view name) const noexcept;
  Value* find(std::string_view name) noexcept;
  /// Sets a member of a map. REQUIRES: type M.
  void set(std::string_view name, Value value);
  /// Removes a member of a map, if it is there. REQUIRES: type M.
  void erase(std::string_view name);
};

/// A copy of a decoded value. Error (invalid_value): an N or B whose text is none.
Result<Value> copy_value(const Item& item, uint32_t node);
/// A copy of a decoded item. REQUIRES: decoded with a selection that is all().
Result<Value> copy_item(const Item& item);

/// Reads an item in typed JSON, {"name": {"S": "..."}, ...}, as append_typed() writes it or a user does. Error
/// (invalid_value): what is wrong and where; also nesting of more than kMaxItemNesting levels of L and M
/// within the item. Of a name that is there twice the last counts.
Result<Value> parse_typed_item(std::string_view json);
/// Reads one typed value, {"S": "..."}. Errors as above.
Result<Value> parse_typed_value(std::string_view json);

/// Appends {"S": "..."} and so on.
void append_typed(std::string& json, const Value& value);
/// Appends an item (or any map) as {"name": {"S": "..."}, ...}. REQUIRES: type M.
void append_typed_item(std::string& json, const Value& item);

/// Whether DynamoDB's = would say so: same type, deep, sets without order, numbers by value.
bool same_value(const Value& left, const Value& right);

/// Order of two values of type S, N or B, of one type, as DynamoDB sorts: UTF-8 bytes, numbers by value, unsigned
/// bytes.
int compare_scalars(const Value& left, const Value& right);

/// Bytes that the service counts for a value or an item, names included (Developer Guide, "DynamoDB item sizes and
/// formats"): a name and an S its UTF-8 bytes; N a byte for every two significant digits and one more, and one for a
/// minus, which is approximate (as that page says); B its raw bytes; BOOL and NULL 1; L and M 3 and one more for each
/// element or member; sets the sum of their elements.
std::size_t value_size(const Value& value) noexcept;
/// Of an N. REQUIRES: `number` as canonical_number() gives it.
std::size_t number_size(std::string_view number) noexcept;
std::size_t item_size(const Value& item) noexcept;

/// Why the service would refuse the value as an attribute, whatever its size: nesting over kMaxContainerNesting, empty
/// sets, duplicates in sets, elements of other types in sets, names of members that are empty or longer than
/// kMaxAttributeNameBytes. Null: nothing is wrong. Error: invalid_value.
std::optional<Error> check_value(const Value& value);
/// The same for a whole item, its attributes' names included; errors name the attribute. limit_exceeded: it is larger
/// than kMaxItemBytes.
std::optional<Error> check_item(const Value& item);

/// The value at a path; null when there is none.
const Value* find_path(const Value& item, const DocumentPath& path) noexcept;

}  // namespace dynamodb
