// Fuzzes the readers of users' JSON: any text gives a value or an error, and a value that is written is read as it was.
// The input is typed JSON of an item, or plain JSON; before the first line feed, if there is any, stands a typed value
// that the plain JSON behind it replaces.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dynamodb/document.hpp"
#include "dynamodb/item_edit.hpp"
#include "dynamodb/item_text.hpp"
#include "dynamodb/plain_document.hpp"

namespace {

using namespace dynamodb;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_error(const Error& error) {
  require(error.kind == ErrorKind::invalid_value && !error.message.empty() && error.message.size() < 1000);
}

Value item_with(const Value& value) {
  Value item = Value::map();
  item.set("value", value);
  return item;
}

// Typed JSON is read by parse_typed_item(), and as an answer of the service, as it was written.
void check_typed(const Value& item) {
  std::string text;
  append_typed_item(text, item);
  auto again = parse_typed_item(text);
  require(again.ok() && same_value(again.value(), item));
  check_item(item);
}

// An item's plain JSON, as the extension makes it from an answer of the service.
std::string plain_text(const Value& item) {
  std::string page = R"({"Count":1,"Items":[)";
  append_typed_item(page, item);
  page += "]}";
  BodyBuffer body;
  require(body.reserve(0) && body.append(page.data(), page.size()));
  body.pad();
  PageReader reader;
  AttributeSelection everything;
  everything.select_all();
  Item decoded;
  require(!reader.open(body) && reader.next(everything, decoded) == PageReader::Step::item);
  auto copy = copy_item(decoded);
  require(copy.ok() && same_value(copy.value(), item));
  std::string plain;
  require(!append_json_document(plain, decoded, JsonForm::plain));
  return plain;
}

// What is not changed keeps its types, whatever they are. Values may be nested deeper than those of an item.
void check_plain(const Value& item) {
  auto again = value_from_plain_json(plain_text(item), &item);
  require(again.ok() ? same_value(again.value(), item) : check_item(item).has_value());
}

// What is written without a tree of values is what a tree is written as.
void check_text(std::string_view json) {
  std::string text;
  ItemText writer;
  writer.begin(&text);
  writer.attribute("value");
  if (!writer.plain_json(json)) return;
  const std::size_t size = writer.end();
  auto value = value_from_plain_json(json, nullptr);
  require(value.ok() && !check_value(value.value()));
  std::string expected;
  append_typed_item(expected, item_with(value.value()));
  require(text == expected && size == item_size(item_with(value.value())));
}

void check_changes(const Value& before, const Value& after) {
  Value item = before;
  auto changes = changes_between(before, after);
  require(!apply_changes(item, changes) && same_value(item, after));
  auto merged = merge_changes(changes, changes_between(after, before));
  require(merged.ok());
  item = before;
  require(!apply_changes(item, merged.value()) && same_value(item, before));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Value old;
  auto typed = parse_typed_item(text);
  if (typed.ok()) {
    check_typed(typed.value());
    check_plain(typed.value());
  } else {
    require_error(typed.error());
  }
  std::size_t split = text.find('\n');
  if (split != std::string_view::npos) {
    // Typed JSON can say all that may be replaced.
    auto first = parse_typed_value(text.substr(0, split));
    if (first.ok()) old = std::move(first.value());
    text.remove_prefix(split + 1);
  }
  check_text(text);
  auto plain = value_from_plain_json(text, &old);
  if (!plain.ok()) {
    require_error(plain.error());
    return 0;
  }
  // What is nested too deep for an item cannot be read again as part of one.
  if (check_value(plain.value()) || check_value(old)) return 0;
  Value item = item_with(plain.value());
  check_typed(item);
  check_plain(item);
  check_changes(item_with(old), item);
  return 0;
}
