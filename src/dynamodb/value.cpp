// Attribute values that own all they hold: maps, copies of decoded values, typed JSON of values, sameness.
#include "dynamodb/value.hpp"

#include <algorithm>
#include <cstdint>

#include "dynamodb/json_writer.hpp"
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

// Where a member is in a map, or would be.
std::size_t member_position(const Value& map, std::string_view name) noexcept {
  auto found = std::lower_bound(map.names.begin(), map.names.end(), name);
  return static_cast<std::size_t>(found - map.names.begin());
}

bool has_member_at(const Value& map, std::size_t position, std::string_view name) noexcept {
  return position < map.names.size() && map.names[position] == name;
}

class Copier {
 public:
  explicit Copier(const Item& item) noexcept : item_(item) {}

  // Decoded values are nested at most kMaxDecodeNesting levels deep.
  std::optional<Error> copy(uint32_t index, Value& value) {
    const ValueNode& node = item_.node(index);
    value.type = node.type;
    switch (node.type) {
      case AttributeType::S:
        value.text = node.view();
        return std::nullopt;
      case AttributeType::N:
        return copy_number(node.view(), value.text);
      case AttributeType::B:
        return copy_binary(node.view(), value.text);
      case AttributeType::BOOL:
        value.boolean = node.boolean;
        return std::nullopt;
      case AttributeType::NUL:
        return std::nullopt;
      case AttributeType::M:
        return copy_map(index, value);
      default:
        return copy_elements(index, value);
    }
  }

 private:
  static std::optional<Error> copy_number(std::string_view text, std::string& number) {
    auto canonical = canonical_number(text);
    if (!canonical) return Error::invalid_value("\"" + one_line(text, 60) + "\" is not a number");
    number = std::move(*canonical);
    return std::nullopt;
  }

  static std::optional<Error> copy_binary(std::string_view text, std::string& bytes) {
    auto size = base64_decoded_size(text);
    bytes.resize(size.value_or(0));
    if (size && decode_base64(text, reinterpret_cast<unsigned char*>(bytes.data()))) return std::nullopt;
    return Error::invalid_value("a binary value is not base64");
  }

  std::optional<Error> copy_elements(uint32_t index, Value& value) {
    const ValueNode& node = item_.node(index);
    value.elements.reserve(node.size);
    for (uint32_t child = index + 1; child < node.end; child = item_.next(child))
      if (auto failure = copy(child, value.elements.emplace_back())) return failure;
    return std::nullopt;
  }

  std::optional<Error> copy_map(uint32_t index, Value& value) {
    const ValueNode& node = item_.node(index);
    std::vector<std::pair<std::string, Value>> members;
    members.reserve(node.size);
    for (uint32_t name = index + 1; name < node.end; name = item_.next(name + 1)) {
      members.emplace_back(item_.node(name).view(), Value());
      if (auto failure = copy(name + 1, members.back().second)) return failure;
    }
    value = Value::map_of(std::move(members));
    return std::nullopt;
  }

  const Item& item_;
};

void append_map(std::string& json, const Value& map);

// The texts of S, N and B, as the API writes them.
void append_text(std::string& json, const Value& value) {
  if (value.type != AttributeType::B) return append_json_string(json, value.text);
  json += '"';
  append_base64(json, value.text);
  json += '"';
}

void append_list(std::string& json, const Value& list) {
  json += '[';
  for (std::size_t i = 0; i < list.elements.size(); ++i) {
    if (i > 0) json += ',';
    if (list.type == AttributeType::L) {
      append_typed(json, list.elements[i]);
    } else {
      append_text(json, list.elements[i]);
    }
  }
  json += ']';
}

void append_payload(std::string& json, const Value& value) {
  switch (value.type) {
    case AttributeType::S:
    case AttributeType::N:
    case AttributeType::B:
      return append_text(json, value);
    case AttributeType::BOOL:
      json += value.boolean ? "true" : "false";
      return;
    case AttributeType::NUL:
      json += "true";
      return;
    case AttributeType::M:
      return append_map(json, value);
    default:
      return append_list(json, value);
  }
}

void append_map(std::string& json, const Value& map) {
  json += '{';
  for (std::size_t i = 0; i < map.names.size(); ++i) {
    if (i > 0) json += ',';
    append_json_string(json, map.names[i]);
    json += ':';
    append_typed(json, map.elements[i]);
  }
  json += '}';
}

bool same_elements(const std::vector<Value>& left, const std::vector<Value>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), same_value);
}

std::vector<std::string_view> sorted_texts(const Value& set) {
  std::vector<std::string_view> texts;
  texts.reserve(set.elements.size());
  for (const Value& element : set.elements) texts.push_back(element.text);
  std::sort(texts.begin(), texts.end());
  return texts;
}

bool same_set(const Value& left, const Value& right) {
  if (left.elements.size() != right.elements.size()) return false;
  return same_elements(left.elements, right.elements) || sorted_texts(left) == sorted_texts(right);
}

}  // namespace

Value Value::of(const ScalarValue& scalar) {
  Value value = of_type(scalar.type);
  if (scalar.type == AttributeType::BOOL) {
    value.boolean = scalar.bytes == "true";
  } else {
    value.text = scalar.bytes;
  }
  return value;
}

Value Value::map_of(std::vector<std::pair<std::string, Value>> members) {
  auto by_name = [](const auto& left, const auto& right) { return left.first < right.first; };
  if (!std::is_sorted(members.begin(), members.end(), by_name))
    std::stable_sort(members.begin(), members.end(), by_name);
  Value value = map();
  value.names.reserve(members.size());
  value.elements.reserve(members.size());
  for (auto& [name, element] : members) {
    if (!value.names.empty() && value.names.back() == name) {
      value.elements.back() = std::move(element);
    } else {
      value.names.push_back(std::move(name));
      value.elements.push_back(std::move(element));
    }
  }
  return value;
}

const Value* Value::find(std::string_view name) const noexcept {
  if (type != AttributeType::M) return nullptr;
  std::size_t position = member_position(*this, name);
  return has_member_at(*this, position, name) ? &elements[position] : nullptr;
}

Value* Value::find(std::string_view name) noexcept {
  return const_cast<Value*>(static_cast<const Value*>(this)->find(name));
}

void Value::set(std::string_view name, Value value) {
  std::size_t position = member_position(*this, name);
  if (has_member_at(*this, position, name)) {
    elements[position] = std::move(value);
    return;
  }
  auto offset = static_cast<std::ptrdiff_t>(position);
  names.emplace(names.begin() + offset, name);
  elements.insert(elements.begin() + offset, std::move(value));
}

void Value::erase(std::string_view name) {
  std::size_t position = member_position(*this, name);
  if (!has_member_at(*this, position, name)) return;
  auto offset = static_cast<std::ptrdiff_t>(position);
  names.erase(names.begin() + offset);
  elements.erase(elements.begin() + offset);
}

Result<Value> copy_value(const Item& item, uint32_t node) {
  Value value;
  if (auto failure = Copier(item).copy(node, value)) return std::move(*failure);
  return value;
}

Result<Value> copy_item(const Item& item) {
  std::vector<std::pair<std::string, Value>> members;
  members.reserve(item.attributes().size());
  Copier copier(item);
  for (const Item::Attribute& attribute : item.attributes()) {
    members.emplace_back(attribute.name, Value());
    auto failure = copier.copy(attribute.node, members.back().second);
    if (!failure) continue;
    failure->message = "attribute " + one_line(attribute.name, 100) + ": " + failure->message;
    return std::move(*failure);
  }
  return Value::map_of(std::move(members));
}

void append_typed(std::string& json, const Value& value) {
  json += "{\"";
  json += type_name(value.type);
  json += "\":";
  append_payload(json, value);
  json += '}';
}

void append_typed_item(std::string& json, const Value& item) { append_map(json, item); }

int compare_scalars(const Value& left, const Value& right) {
  return left.type == AttributeType::N ? compare_numbers(left.text, right.text) : left.text.compare(right.text);
}

bool same_value(const Value& left, const Value& right) {
  if (left.type != right.type) return false;
  switch (left.type) {
    case AttributeType::S:
    case AttributeType::N:
    case AttributeType::B:
      return left.text == right.text;
    case AttributeType::BOOL:
      return left.boolean == right.boolean;
    case AttributeType::NUL:
      return true;
    case AttributeType::M:
      return left.names == right.names && same_elements(left.elements, right.elements);
    case AttributeType::L:
      return same_elements(left.elements, right.elements);
    default:
      return same_set(left, right);
  }
}

const Value* find_path(const Value& item, const DocumentPath& path) noexcept {
  const Value* value = &item;
  for (const PathStep& step : path) {
    if (!step.is_index) {
      value = value->find(step.name);
    } else if (value->type == AttributeType::L && step.index < value->elements.size()) {
      value = &value->elements[step.index];
    } else {
      return nullptr;
    }
    if (value == nullptr) return nullptr;
  }
  return value;
}

}  // namespace dynamodb
