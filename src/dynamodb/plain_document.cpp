// Plain JSON, as SQL users write it -> attribute values.
#include "dynamodb/plain_document.hpp"

#include <algorithm>
#include <utility>

#include "dynamodb/document.hpp"
#include "dynamodb/json_input.hpp"
#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

class PlainReader : private JsonInput {
 public:
  std::optional<Error> read(std::string_view json, Value& value) {
    return read_text(json, [&](JsonValue& source) { return any(source, 0, value); });
  }

 private:
  // `level` counts the arrays and objects around the value.
  std::optional<Error> any(JsonValue& source, int level, Value& value) {
    std::string_view text = token(source);
    switch (text.front()) {
      case '{':
        return object(source, level + 1, value);
      case '[':
        return array(source, level + 1, value);
      case '"':
        return string(source, value);
      default:
        return word(text, value);
    }
  }

  std::optional<Error> string(JsonValue& source, Value& value) {
    std::string_view text;
    if (auto failure = source.get_string().get(text)) return not_json(failure);
    value.type = AttributeType::S;
    value.text = text;
    return std::nullopt;
  }

  // null, true, false or a number.
  std::optional<Error> word(std::string_view text, Value& value) const {
    value.boolean = text == "true";
    value.type = AttributeType::BOOL;
    if (value.boolean || text == "false") return std::nullopt;
    value.type = AttributeType::NUL;
    if (text == "null") return std::nullopt;
    if (!is_json_number(text)) return fail("this is not JSON: \"" + one_line(text, 60) + "\"");
    auto number = canonical_number(text);
    if (!number) return fail("DynamoDB cannot hold the number " + one_line(text, 60));
    value.type = AttributeType::N;
    value.text = std::move(*number);
    return std::nullopt;
  }

  std::optional<Error> array(JsonValue& source, int level, Value& value) {
    if (level > kMaxItemNesting) return too_deep();
    simdjson::ondemand::array array;
    if (auto failure = source.get_array().get(array)) return not_json(failure);
    value.type = AttributeType::L;
    for (auto entry : array) {
      if (entry.error()) return not_json(entry.error());
      std::size_t place = place_index(value.elements.size());
      if (auto error = any(entry.value_unsafe(), level, value.elements.emplace_back())) return error;
      leave(place);
    }
    return std::nullopt;
  }

  std::optional<Error> object(JsonValue& source, int level, Value& value) {
    if (level > kMaxItemNesting) return too_deep();
    return read_members(source, value, [&](JsonValue& member, Value& element) { return any(member, level, element); });
  }

  std::optional<Error> too_deep() const {
    return fail("arrays and objects are nested more than " + std::to_string(kMaxItemNesting) + " levels deep");
  }
};

int hex_digit(char character) noexcept {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return -1;
}

// The bytes that "\x0aff" stands for.
std::optional<std::string> bytes_of(std::string_view text) {
  if (text.size() % 2 != 0 || text.substr(0, 2) != "\\x") return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2 - 1);
  for (std::size_t i = 2; i < text.size(); i += 2) {
    int high = hex_digit(text[i]);
    int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

// A value of plain JSON as one of type S, N or B; nothing where it does not fit.
std::optional<Value> as_scalar(const Value& plain, AttributeType type) {
  if (type != AttributeType::B) return plain.type == type ? std::optional(plain) : std::nullopt;
  if (plain.type != AttributeType::S) return std::nullopt;
  auto bytes = bytes_of(plain.text);
  if (!bytes) return std::nullopt;
  Value value = Value::of_type(AttributeType::B);
  value.text = std::move(*bytes);
  return value;
}

// A list of plain JSON as a set of that type; nothing where it does not fit. Whether it is empty or has duplicates is
// not asked here.
std::optional<Value> as_set(const Value& plain, AttributeType type) {
  if (plain.type != AttributeType::L) return std::nullopt;
  AttributeType element_type = type == AttributeType::SS   ? AttributeType::S
                               : type == AttributeType::NS ? AttributeType::N
                                                           : AttributeType::B;
  Value set = Value::of_type(type);
  set.elements.reserve(plain.elements.size());
  for (const Value& element : plain.elements) {
    auto scalar = as_scalar(element, element_type);
    if (!scalar) return std::nullopt;
    set.elements.push_back(std::move(*scalar));
  }
  return set;
}

bool is_set(AttributeType type) noexcept {
  return type == AttributeType::SS || type == AttributeType::NS || type == AttributeType::BS;
}

// Whether `plain` is the plain form of `old`.
bool is_plain_form(const Value& plain, const Value& old) {
  auto pairwise = [&] {
    return std::equal(plain.elements.begin(), plain.elements.end(), old.elements.begin(), old.elements.end(),
                      is_plain_form);
  };
  if (old.type == AttributeType::L) return plain.type == AttributeType::L && pairwise();
  if (old.type == AttributeType::M) return plain.type == AttributeType::M && plain.names == old.names && pairwise();
  if (is_set(old.type)) {
    if (plain.type != AttributeType::L || plain.elements.size() != old.elements.size()) return false;
    auto set = as_set(plain, old.type);
    return set && same_value(*set, old);
  }
  if (old.type == AttributeType::B) {
    auto binary = as_scalar(plain, AttributeType::B);
    return binary && same_value(*binary, old);
  }
  return same_value(plain, old);
}

void keep_types(Value& plain, const Value& old);

// Gives the elements the types of the old list's: of those that are equal from its start on and from its end on, and
// between them by position.
void keep_list_types(Value& plain, const Value& old) {
  std::size_t common = std::min(plain.elements.size(), old.elements.size());
  std::size_t head = 0;
  while (head < common && is_plain_form(plain.elements[head], old.elements[head])) {
    plain.elements[head] = old.elements[head];
    ++head;
  }
  std::size_t plain_end = plain.elements.size();
  std::size_t old_end = old.elements.size();
  while (plain_end > head && old_end > head && is_plain_form(plain.elements[plain_end - 1], old.elements[old_end - 1]))
    plain.elements[--plain_end] = old.elements[--old_end];
  for (std::size_t i = head; i < std::min(plain_end, old_end); ++i) keep_types(plain.elements[i], old.elements[i]);
}

void keep_map_types(Value& plain, const Value& old) {
  for (std::size_t i = 0; i < plain.names.size(); ++i)
    if (const Value* member = old.find(plain.names[i])) keep_types(plain.elements[i], *member);
}

// The new value of a set. What the service would not take as one becomes a list.
void keep_set_type(Value& plain, const Value& old) {
  auto set = as_set(plain, old.type);
  if (!set) return;
  if (same_value(*set, old)) {
    plain = old;  // in its order
  } else if (!check_value(*set)) {
    plain = std::move(*set);
  }
}

// Each level of `plain` is gone through at most three times for each level around it, so the work is bounded by its
// size and kMaxItemNesting.
void keep_types(Value& plain, const Value& old) {
  if (old.type == AttributeType::L && plain.type == AttributeType::L) return keep_list_types(plain, old);
  if (old.type == AttributeType::M && plain.type == AttributeType::M) return keep_map_types(plain, old);
  if (is_set(old.type)) return keep_set_type(plain, old);
  if (old.type != AttributeType::B) return;
  if (auto binary = as_scalar(plain, AttributeType::B)) plain = std::move(*binary);
}

}  // namespace

Result<Value> value_from_plain_json(std::string_view json, const Value* old) {
  Value value;
  if (auto failure = PlainReader().read(json, value)) return std::move(*failure);
  if (old != nullptr) keep_types(value, *old);
  return value;
}

}  // namespace dynamodb
