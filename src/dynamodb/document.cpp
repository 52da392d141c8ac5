// Decoded attributes -> JSON text: the plain document of SQL users, and DynamoDB's own typed JSON.
#include "dynamodb/document.hpp"

#include "dynamodb/json_writer.hpp"
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

bool skip_digits(std::string_view& text) noexcept {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  text.remove_prefix(count);
  return count > 0;
}

bool skip_one_of(std::string_view& text, const char* set) noexcept {
  if (text.empty() || std::string_view(set).find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

class JsonWriter {
 public:
  JsonWriter(std::string& out, const Item& item, JsonForm form) noexcept : out_(out), item_(item), form_(form) {}

  std::optional<Error> value(uint32_t node) {
    if (form_ == JsonForm::plain) return payload(node);
    out_ += "{\"";
    out_ += type_name(item_.node(node).type);
    out_ += "\":";
    auto failure = payload(node);
    out_ += '}';
    return failure;
  }

  std::optional<Error> document() {
    char separator = '{';
    for (const Item::Attribute& attribute : item_.attributes()) {
      out_ += separator;
      separator = ',';
      if (attribute.verbatim)
        out_ += attribute.quoted_name();
      else
        append_json_string(out_, attribute.name);
      out_ += ':';
      if (auto failure = value(attribute.node)) return failure;
    }
    out_ += separator == '{' ? "{}" : "}";
    return std::nullopt;
  }

 private:
  std::optional<Error> payload(uint32_t index) {
    const ValueNode& node = item_.node(index);
    switch (node.type) {
      case AttributeType::S:
        string(node);
        return std::nullopt;
      case AttributeType::N:
        return number(node);
      case AttributeType::B:
        return binary(node);
      case AttributeType::BOOL:
        out_ += node.boolean ? "true" : "false";
        return std::nullopt;
      case AttributeType::NUL:
        out_ += form_ == JsonForm::plain ? "null" : "true";
        return std::nullopt;
      case AttributeType::M:
        return map(index);
      case AttributeType::L:
        return list(index);
      default:
        return set(index);
    }
  }

  // Most strings have no escapes in the page and need none here.
  void string(const ValueNode& node) {
    if (node.verbatim)
      out_ += node.quoted();
    else
      append_json_string(out_, node.view());
  }

  std::optional<Error> number(const ValueNode& node) {
    std::string_view text = node.view();
    if (form_ == JsonForm::typed) {
      string(node);
      return std::nullopt;
    }
    if (is_json_number(text)) {
      out_ += text;
      return std::nullopt;
    }
    auto rewritten = json_number(text);
    if (!rewritten) return Error::invalid_value("\"" + one_line(text, 60) + "\" is not a number");
    out_ += *rewritten;
    return std::nullopt;
  }

  std::optional<Error> binary(const ValueNode& node) {
    std::string_view text = node.view();
    if (form_ == JsonForm::typed) {
      string(node);
      return std::nullopt;
    }
    auto size = base64_decoded_size(text);
    bytes_.resize(size.value_or(0));
    auto* bytes = reinterpret_cast<unsigned char*>(bytes_.data());
    if (!size || !decode_base64(text, bytes)) return Error::invalid_value("a binary value is not base64");
    out_ += "\"\\\\x";
    append_hex(out_, bytes, *size);
    out_ += '"';
    return std::nullopt;
  }

  // Elements of a set carry no type of their own, in either form.
  std::optional<Error> set(uint32_t index) {
    const ValueNode& node = item_.node(index);
    char separator = '[';
    for (uint32_t child = index + 1; child < node.end; ++child) {
      out_ += separator;
      separator = ',';
      if (auto failure = payload(child)) return failure;
    }
    out_ += separator == '[' ? "[]" : "]";
    return std::nullopt;
  }

  std::optional<Error> list(uint32_t index) {
    uint32_t end = item_.node(index).end;
    char separator = '[';
    for (uint32_t child = index + 1; child < end; child = item_.next(child)) {
      out_ += separator;
      separator = ',';
      if (auto failure = value(child)) return failure;
    }
    out_ += separator == '[' ? "[]" : "]";
    return std::nullopt;
  }

  std::optional<Error> map(uint32_t index) {
    uint32_t end = item_.node(index).end;
    char separator = '{';
    for (uint32_t name = index + 1; name < end; name = item_.next(name + 1)) {
      out_ += separator;
      separator = ',';
      string(item_.node(name));
      out_ += ':';
      if (auto failure = value(name + 1)) return failure;
    }
    out_ += separator == '{' ? "{}" : "}";
    return std::nullopt;
  }

  std::string& out_;
  const Item& item_;
  JsonForm form_;
  std::string bytes_;
};

}  // namespace

bool is_json_number(std::string_view text) noexcept {
  skip_one_of(text, "-");
  if (!skip_one_of(text, "0") && !skip_digits(text)) return false;
  if (skip_one_of(text, ".") && !skip_digits(text)) return false;
  if (!skip_one_of(text, "eE")) return text.empty();
  skip_one_of(text, "+-");
  return skip_digits(text) && text.empty();
}

std::optional<std::string> json_number(std::string_view text) {
  if (is_json_number(text)) return std::string(text);
  return canonical_number(text);
}

std::optional<Error> append_json(std::string& out, const Item& item, uint32_t node, JsonForm form) {
  return JsonWriter(out, item, form).value(node);
}

std::optional<Error> append_json_document(std::string& out, const Item& item, JsonForm form) {
  return JsonWriter(out, item, form).document();
}

}  // namespace dynamodb
