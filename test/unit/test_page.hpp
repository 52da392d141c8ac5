// A page to decode, and a decoded item as text to compare.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/item_reader.hpp"

namespace dynamodb::test {

/// A copy of `json` as the client hands it out: padded, and with nothing behind the padding.
inline BodyBuffer page_of(std::string_view json) {
  BodyBuffer body;
  body.reserve(0);
  body.append(json.data(), json.size());
  body.pad();
  return body;
}

/// A value as text: S(abc), N(1), B(AQ==), BOOL(true), NULL, SS(S(a) S(b)), L(N(1) NULL), M(name=S(abc) n=N(1)).
inline std::string text_of(const Item& item, uint32_t node) {
  const ValueNode& value = item.node(node);
  std::string text = type_name(value.type);
  if (value.type == AttributeType::NUL) return text;
  if (value.type == AttributeType::BOOL) return text + (value.boolean ? "(true)" : "(false)");
  if (!value.is_container()) return text + "(" + std::string(value.view()) + ")";
  text += '(';
  uint32_t count = 0;
  for (uint32_t child = node + 1; child < value.end; child = item.next(child), ++count) {
    if (count > 0) text += ' ';
    if (value.type == AttributeType::M) text.append(item.node(child++).view()).append("=");
    text += text_of(item, child);
  }
  return text + (count == value.size ? ")" : ") with a wrong size");
}

/// All attributes: id=S(1) n=N(1). REQUIRES: decoded with a selection that is all().
inline std::string text_of(const Item& item) {
  std::string text;
  for (const Item::Attribute& attribute : item.attributes()) {
    if (!text.empty()) text += ' ';
    text.append(attribute.name).append("=").append(text_of(item, attribute.node));
  }
  return text;
}

inline AttributeSelection everything() {
  AttributeSelection selection;
  selection.select_all();
  return selection;
}

/// The items of a page as text, and the error that ended it, if any.
struct PageText {
  std::vector<std::string> items;
  std::optional<Error> error;
};

inline PageText read_page(PageReader& reader, const BodyBuffer& body) {
  PageText page;
  page.error = reader.open(body);
  if (page.error) return page;
  Item item;
  const AttributeSelection selection = everything();
  for (;;) {
    PageReader::Step step = reader.next(selection, item);
    if (step == PageReader::Step::failed) page.error = reader.error();
    if (step != PageReader::Step::item) return page;
    page.items.push_back(text_of(item));
  }
}

inline PageText read_page(std::string_view json) {
  PageReader reader;
  BodyBuffer body = page_of(json);
  return read_page(reader, body);
}

/// One decoded item and the page that it views. `json` is the item in typed JSON.
class DecodedItem {
 public:
  explicit DecodedItem(std::string_view json) : body_(page_of("{\"Items\":[" + std::string(json) + "],\"Count\":1}")) {
    error_ = reader_.open(body_);
    if (!error_ && reader_.next(everything(), item_) != PageReader::Step::item) error_ = reader_.error();
  }
  const std::optional<Error>& error() const { return error_; }
  const Item& item() const { return item_; }
  /// The value of the first attribute.
  uint32_t first() const { return item_.attributes().at(0).node; }

 private:
  BodyBuffer body_;
  PageReader reader_;
  Item item_;
  std::optional<Error> error_;
};

}  // namespace dynamodb::test
