// Typed JSON of users, {"S": "..."} -> attribute values.
#include <utility>

#include "dynamodb/json_input.hpp"
#include "dynamodb/limits.hpp"
#include "dynamodb/value.hpp"

namespace dynamodb {
namespace {

class TypedReader : private JsonInput {
 public:
  std::optional<Error> read_item(std::string_view json, Value& item) {
    item = Value::map();
    return read_text(json, [&](JsonValue& value) { return map(value, 0, item); });
  }
  std::optional<Error> read_value(std::string_view json, Value& value) {
    return read_text(json, [&](JsonValue& source) { return typed(source, 0, value); });
  }

 private:
  // {"<type>": <payload>}; `level` counts the lists and maps around it.
  std::optional<Error> typed(JsonValue& source, int level, Value& value) {
    if (token(source).front() != '{')
      return fail("a value with its type is expected, such as {\"S\": \"text\"}, not " + excerpt(source));
    simdjson::ondemand::object object;
    if (auto failure = source.get_object().get(object)) return not_json(failure);
    bool found = false;
    for (auto entry : object) {
      if (entry.error()) return not_json(entry.error());
      auto& field = entry.value_unsafe();
      std::string_view name;
      if (auto failure = field.unescaped_key().get(name)) return not_json(failure);
      if (std::exchange(found, true)) return fail("a value has more than one type");
      auto type = parse_type_name(name);
      if (!type)
        return fail("\"" + one_line(name, 60) + "\" is none of the types S, N, B, BOOL, NULL, SS, NS, BS, L, M");
      value.type = *type;
      if (auto error = payload(field.value(), level, value)) return error;
    }
    return found ? std::nullopt : fail("a value has no type");
  }

  std::optional<Error> payload(JsonValue& source, int level, Value& value) {
    switch (value.type) {
      case AttributeType::S:
      case AttributeType::N:
      case AttributeType::B:
        return scalar(source, value);
      case AttributeType::BOOL:
        return boolean(source, value);
      case AttributeType::NUL:
        return token(source) == "true" ? std::nullopt : fail("NULL has true as its value, not " + excerpt(source));
      case AttributeType::SS:
        return set(source, AttributeType::S, value);
      case AttributeType::NS:
        return set(source, AttributeType::N, value);
      case AttributeType::BS:
        return set(source, AttributeType::B, value);
      case AttributeType::L:
        return list(source, level + 1, value);
      case AttributeType::M:
        return map(source, level + 1, value);
    }
    return std::nullopt;
  }

  // S, N or B, as value.type says.
  std::optional<Error> scalar(JsonValue& source, Value& value) {
    if (token(source).front() != '"')
      return fail(std::string(type_name(value.type)) + " has a string as its value, not " + excerpt(source));
    std::string_view text;
    if (auto failure = source.get_string().get(text)) return not_json(failure);
    if (value.type == AttributeType::N) return number(text, value.text);
    if (value.type == AttributeType::B) return binary(text, value.text);
    value.text = text;
    return std::nullopt;
  }

  std::optional<Error> number(std::string_view text, std::string& out) const {
    auto canonical = canonical_number(text);
    if (!canonical) return fail("\"" + one_line(text, 60) + "\" is not a number that DynamoDB can hold");
    out = std::move(*canonical);
    return std::nullopt;
  }

  std::optional<Error> binary(std::string_view text, std::string& out) const {
    auto size = base64_decoded_size(text);
    out.resize(size.value_or(0));
    if (size && decode_base64(text, reinterpret_cast<unsigned char*>(out.data()))) return std::nullopt;
    return fail("\"" + one_line(text, 60) + "\" is not base64");
  }

  std::optional<Error> boolean(JsonValue& source, Value& value) const {
    std::string_view text = token(source);
    value.boolean = text == "true";
    if (value.boolean || text == "false") return std::nullopt;
    return fail("BOOL has true or false as its value, not " + excerpt(source));
  }

  // Whatever is in an array; `read` gets each element.
  template <typename Read>
  std::optional<Error> array(JsonValue& source, Value& value, Read read) {
    if (token(source).front() != '[')
      return fail(std::string(type_name(value.type)) + " has an array as its value, not " + excerpt(source));
    simdjson::ondemand::array array;
    if (auto failure = source.get_array().get(array)) return not_json(failure);
    for (auto entry : array) {
      if (entry.error()) return not_json(entry.error());
      std::size_t place = place_index(value.elements.size());
      if (auto error = read(entry.value_unsafe(), value.elements.emplace_back())) return error;
      leave(place);
    }
    return std::nullopt;
  }

  std::optional<Error> set(JsonValue& source, AttributeType type, Value& value) {
    return array(source, value, [&](JsonValue& member, Value& element) {
      element.type = type;
      return scalar(member, element);
    });
  }

  std::optional<Error> list(JsonValue& source, int level, Value& value) {
    if (level > kMaxItemNesting) return too_deep();
    return array(source, value, [&](JsonValue& member, Value& element) { return typed(member, level, element); });
  }

  std::optional<Error> map(JsonValue& source, int level, Value& value) {
    if (level > kMaxItemNesting) return too_deep();
    if (token(source).front() != '{') return fail("an object with attributes is expected, not " + excerpt(source));
    return read_members(source, value,
                        [&](JsonValue& member, Value& element) { return typed(member, level, element); });
  }

  std::optional<Error> too_deep() const {
    return fail("lists and maps are nested more than " + std::to_string(kMaxItemNesting) + " levels deep");
  }

  // What is there instead of what is expected.
  static std::string excerpt(JsonValue& source) {
    std::string_view text = token(source);
    if (text.front() == '{') return "an object";
    return text.front() == '[' ? "an array" : one_line(text, 60);
  }
};

}  // namespace

Result<Value> parse_typed_item(std::string_view json) {
  Value item;
  if (auto failure = TypedReader().read_item(json, item)) return std::move(*failure);
  return item;
}

Result<Value> parse_typed_value(std::string_view json) {
  Value value;
  if (auto failure = TypedReader().read_value(json, value)) return std::move(*failure);
  return value;
}

}  // namespace dynamodb
