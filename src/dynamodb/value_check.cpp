// What the service would refuse of a value or an item, and how large it counts them.
#include <algorithm>
#include <string>

#include "dynamodb/limits.hpp"
#include "dynamodb/printable.hpp"
#include "dynamodb/value.hpp"

namespace dynamodb {
namespace {

std::size_t elements_size(const Value& value) noexcept {
  std::size_t size = 0;
  for (const Value& element : value.elements) size += value_size(element);
  return size;
}

class Checker {
 public:
  // `level` counts the lists and maps around the value.
  std::optional<Error> check(const Value& value, int level) {
    if (value.type == AttributeType::M) return check_map(value, level + 1);
    if (value.type == AttributeType::L) return check_list(value, level + 1);
    if (auto element = set_element_type(value.type)) return check_set(value, *element);
    return std::nullopt;
  }

  std::optional<Error> check_map(const Value& map, int level) {
    if (level > kMaxContainerNesting) return too_deep();
    for (std::size_t i = 0; i < map.names.size(); ++i) {
      const std::string& name = map.names[i];
      if (name.empty()) return fail("a name is empty, which DynamoDB does not take");
      std::size_t length = place_.size();
      append_path_name(place_, name);
      if (name.size() > kMaxAttributeNameBytes)
        return fail("the name has " + std::to_string(name.size()) + " bytes, but DynamoDB takes at most " +
                    std::to_string(kMaxAttributeNameBytes));
      if (auto failure = check(map.elements[i], level)) return failure;
      place_.resize(length);
    }
    return std::nullopt;
  }

 private:
  std::optional<Error> check_list(const Value& list, int level) {
    if (level > kMaxContainerNesting) return too_deep();
    for (std::size_t i = 0; i < list.elements.size(); ++i) {
      std::size_t length = place_.size();
      append_path_index(place_, i);
      if (auto failure = check(list.elements[i], level)) return failure;
      place_.resize(length);
    }
    return std::nullopt;
  }

  std::optional<Error> check_set(const Value& set, AttributeType type) const {
    if (set.elements.empty()) return fail("a set is empty, which DynamoDB does not take");
    std::vector<std::string_view> texts;
    texts.reserve(set.elements.size());
    for (const Value& element : set.elements) {
      if (element.type != type)
        return fail(std::string("a set of type ") + type_name(set.type) + " has an element of type " +
                    type_name(element.type));
      texts.push_back(element.text);
    }
    std::sort(texts.begin(), texts.end());
    auto twice = std::adjacent_find(texts.begin(), texts.end());
    if (twice == texts.end()) return std::nullopt;
    if (type == AttributeType::B) return fail("a set has an element twice, which DynamoDB does not take");
    return fail("a set has the element \"" + one_line(*twice, 60) + "\" twice, which DynamoDB does not take");
  }

  std::optional<Error> too_deep() const {
    return fail("lists and maps are nested more than " + std::to_string(kMaxContainerNesting) + " levels deep");
  }

  std::optional<Error> fail(std::string message) const {
    if (place_.empty()) return Error::invalid_value(std::move(message));
    return Error::invalid_value("attribute " + one_line(place_, 100) + ": " + message);
  }

  std::string place_;  // as a document path
};

}  // namespace

// Sign, and a byte for two digits (with one more for the exponent): at most 1 + 19 + 1.
std::size_t number_size(std::string_view number) noexcept {
  std::size_t mantissa_end = std::min(number.find('E'), number.size());
  std::size_t digits = 0;
  std::size_t significant = 0;  // without zeros at the end
  for (char character : number.substr(0, mantissa_end)) {
    if (character < '0' || character > '9') continue;
    if (digits == 0 && character == '0') continue;  // a zero at the start
    ++digits;
    if (character != '0') significant = digits;
  }
  bool negative = !number.empty() && number.front() == '-';
  return (negative ? 1 : 0) + (std::max<std::size_t>(significant, 1) + 1) / 2 + 1;
}

std::size_t value_size(const Value& value) noexcept {
  switch (value.type) {
    case AttributeType::S:
    case AttributeType::B:
      return value.text.size();
    case AttributeType::N:
      return number_size(value.text);
    case AttributeType::BOOL:
    case AttributeType::NUL:
      return 1;
    case AttributeType::L:
      return 3 + value.elements.size() + elements_size(value);
    case AttributeType::M:
      return 3 + value.elements.size() + item_size(value);
    default:
      return elements_size(value);
  }
}

std::size_t item_size(const Value& item) noexcept {
  std::size_t size = elements_size(item);
  for (const std::string& name : item.names) size += name.size();
  return size;
}

std::optional<Error> check_value(const Value& value) { return Checker().check(value, 0); }

std::optional<Error> check_item(const Value& item) {
  if (auto failure = Checker().check_map(item, 0)) return failure;
  std::size_t size = item_size(item);
  if (size <= kMaxItemBytes) return std::nullopt;
  return Error::limit_exceeded("the item has " + std::to_string(size) + " bytes, but DynamoDB takes at most " +
                               std::to_string(kMaxItemBytes));
}

}  // namespace dynamodb
