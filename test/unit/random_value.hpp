// Random attribute values, small and with few names and texts, so that equal ones occur.
#pragma once

#include <algorithm>
#include <random>
#include <string>

#include "dynamodb/value.hpp"

namespace dynamodb::test {

class RandomValues {
 public:
  explicit RandomValues(uint32_t seed) : engine_(seed) {}

  uint32_t below(uint32_t limit) { return engine_() % limit; }

  /// A value of any type with at most `depth` levels of lists and maps.
  Value value(int depth) {
    auto type = static_cast<AttributeType>(below(depth > 0 ? 10 : 8));
    Value value = Value::of_type(type);
    switch (type) {
      case AttributeType::S:
      case AttributeType::N:
      case AttributeType::B:
        value.text = text(type);
        break;
      case AttributeType::BOOL:
        value.boolean = below(2) == 0;
        break;
      case AttributeType::NUL:
        break;
      case AttributeType::SS:
        return set(type, AttributeType::S);
      case AttributeType::NS:
        return set(type, AttributeType::N);
      case AttributeType::BS:
        return set(type, AttributeType::B);
      case AttributeType::L:
        for (uint32_t count = below(4); count > 0; --count) value.elements.push_back(this->value(depth - 1));
        break;
      case AttributeType::M:
        return map(depth);
    }
    return value;
  }

  /// A map of such values, or an item.
  Value map(int depth) {
    Value map = Value::map();
    for (uint32_t count = below(4); count > 0; --count) map.set(name(), value(depth - 1));
    return map;
  }

  /// One of few names, some of them not plain.
  std::string name() {
    static const char* const kNames[] = {"a", "b", "c", "d.e", "\"", "é"};
    return kNames[below(6)];
  }

 private:
  std::string text(AttributeType type) {
    static const std::string kTexts[] = {"", "x", "y", "\\x01", "\\xzz", std::string("\0\n\"", 3), "é😀", "1"};
    static const char* const kNumbers[] = {"0", "1", "-1.5", "12345678901234567890123456789012345678", "1E+100", "10"};
    if (type == AttributeType::N) return kNumbers[below(6)];
    if (type == AttributeType::B) return std::string(below(3), static_cast<char>(below(4) * 85));
    return kTexts[below(8)];
  }

  Value set(AttributeType type, AttributeType element_type) {
    Value set = Value::of_type(type);
    for (uint32_t count = 1 + below(3); count > 0; --count) {
      Value element = Value::of_type(element_type);
      element.text = text(element_type);
      auto same = [&](const Value& other) { return other.text == element.text; };
      if (std::none_of(set.elements.begin(), set.elements.end(), same)) set.elements.push_back(std::move(element));
    }
    return set;
  }

  std::mt19937 engine_;
};

/// A value as typed JSON, as the service gives it.
inline std::string typed_text(const Value& value) {
  std::string text;
  append_typed(text, value);
  return text;
}

inline std::string typed_item_text(const Value& item) {
  std::string text;
  append_typed_item(text, item);
  return text;
}

/// The value of typed JSON that is known to be right.
inline Value value_of(std::string_view typed) { return parse_typed_value(typed).value(); }
inline Value item_of(std::string_view typed) { return parse_typed_item(typed).value(); }

/// The steps of a path that is known to be right.
inline DocumentPath path_of(std::string_view text) { return parse_document_path(text).value(); }

}  // namespace dynamodb::test
