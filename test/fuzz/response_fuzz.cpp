// Fuzzes the decoder of items: any bytes give items or an error; what was decoded is whole, and is read back from the
// typed JSON that is written of it. The first byte chooses whether the answer is one to a look-up by key.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dynamodb/document.hpp"
#include "dynamodb/item_reader.hpp"

namespace {

using namespace dynamodb;

void require(bool condition) {
  if (!condition) std::abort();
}

BodyBuffer buffer_of(std::string_view text) {
  BodyBuffer body;
  require(body.reserve(0) && body.append(text.data(), text.size()));
  body.pad();
  return body;
}

bool has_text(const ValueNode& value) {
  return value.type == AttributeType::S || value.type == AttributeType::N || value.type == AttributeType::B;
}

// Walks the value at `node`, at most up to `end`; the first node behind it.
uint32_t walk(const Item& item, uint32_t node, uint32_t end, int depth) {
  require(node < end && depth < 100);
  const ValueNode& value = item.node(node);
  if (!value.is_container()) {
    require(item.next(node) == node + 1);
    return node + 1;
  }
  require(value.end > node && value.end <= end && item.next(node) == value.end);
  uint32_t count = 0;
  uint32_t child = node + 1;
  for (; child < value.end; ++count) {
    if (value.type == AttributeType::M) {
      require(item.node(child).type == AttributeType::S);
      ++child;
    }
    AttributeType type = item.node(child).type;
    if (value.type == AttributeType::SS) require(type == AttributeType::S);
    if (value.type == AttributeType::NS) require(type == AttributeType::N);
    if (value.type == AttributeType::BS) require(type == AttributeType::B);
    child = walk(item, child, value.end, depth + 1);
  }
  require(child == value.end && count == value.size);
  return child;
}

void require_same_value(const Item& a, uint32_t a_node, const Item& b, uint32_t b_node) {
  uint32_t count = a.next(a_node) - a_node;
  require(b.next(b_node) - b_node == count);
  for (uint32_t i = 0; i < count; ++i) {
    const ValueNode& left = a.node(a_node + i);
    const ValueNode& right = b.node(b_node + i);
    require(left.type == right.type && left.size == right.size);
    if (left.type == AttributeType::BOOL) require(left.boolean == right.boolean);
    if (left.is_container()) require(left.end - a_node == right.end - b_node);
    if (has_text(left)) require(left.view() == right.view());
  }
}

void require_same(const Item& a, const Item& b) {
  require(a.attributes().size() == b.attributes().size());
  for (std::size_t i = 0; i < a.attributes().size(); ++i) {
    require(a.attributes()[i].name == b.attributes()[i].name);
    require_same_value(a, a.attributes()[i].node, b, b.attributes()[i].node);
  }
}

// Attributes stand one behind the other, and the slots lead to the last of each name.
void check_item(const Item& item, const AttributeSelection& selection) {
  const auto& attributes = item.attributes();
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    uint32_t end = i + 1 < attributes.size() ? attributes[i + 1].node : item.next(attributes[i].node);
    require(walk(item, attributes[i].node, end, 0) == end);
  }
  for (uint32_t slot = 0; slot < selection.size(); ++slot) {
    uint32_t found = Item::kMissing;
    for (const Item::Attribute& attribute : attributes)
      if (attribute.name == selection.name(slot)) found = attribute.node;
    require(item.slot(slot) == found);
  }
}

void check_documents(const Item& item, const AttributeSelection& everything) {
  std::string plain;
  auto failure = append_json_document(plain, item, JsonForm::plain);
  require(failure ? failure->kind == ErrorKind::invalid_value : plain.front() == '{' && plain.back() == '}');

  std::string typed = "{\"Item\":";
  require(!append_json_document(typed, item, JsonForm::typed));
  typed += '}';
  BodyBuffer body = buffer_of(typed);
  PageReader reader;
  Item again;
  require(!reader.open(body, true));
  require(reader.next(everything, again) == PageReader::Step::item);
  require_same(item, again);
  require(reader.next(everything, again) == PageReader::Step::end);
}

AttributeSelection selection_of_some() {
  AttributeSelection selection;
  for (const char* name : {"id", "name", "a", "Items", "", "tags"}) selection.add(name);
  return selection;
}

// The number of items, or -1 for a page that could not be read to its end.
int read(PageReader& reader, const BodyBuffer& body, bool by_key, const AttributeSelection& selection) {
  if (auto error = reader.open(body, by_key)) {
    require(error->kind == ErrorKind::corrupt_response && !error->message.empty());
    return -1;
  }
  Item item;
  for (int items = 0;; ++items) {
    PageReader::Step step = reader.next(selection, item);
    if (step == PageReader::Step::end) return items;
    if (step == PageReader::Step::failed) {
      require(reader.error().kind == ErrorKind::corrupt_response && !reader.error().message.empty());
      return -1;
    }
    if (!selection.all()) continue;
    check_item(item, selection);
    check_documents(item, selection);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bool by_key = data[0] % 2 == 1;
  BodyBuffer body = buffer_of(std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));

  static PageReader reader;  // used again and again, as in a scan
  AttributeSelection some = selection_of_some();
  AttributeSelection everything = selection_of_some();
  everything.select_all();
  int all_items = read(reader, body, by_key, everything);
  int some_items = read(reader, body, by_key, some);
  // What is not asked for is not looked at, so that a page may be readable only in part; never the other way.
  require(all_items < 0 || some_items == all_items);
  // What is inside of a key is for the service to judge, when it comes back there.
  if (all_items >= 0 && reader.summary().has_last_evaluated_key) require(reader.summary().last_evaluated_key[0] == '{');
  reader.close();
  return 0;
}
