// Decodes the items of a response in place: typed JSON -> flat views into the page.
#include "dynamodb/item_reader.hpp"

#include <simdjson.h>

#include <cstring>

#include "dynamodb/limits.hpp"

namespace dynamodb {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

static_assert(BodyBuffer::kPadding >= simdjson::SIMDJSON_PADDING);

namespace {

// The parser takes up to six bytes of memory for each of the page's and grows to the largest page. What one beyond the
// usual size needed is given back: 1 MB of items seldom has more JSON than this.
constexpr std::size_t kMaxKeptPageBytes = std::size_t{4} << 20;

// The parser's raw text of a string or an object, without the white space that may follow it.
std::string_view trim_token(std::string_view token) {
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

bool has_escape(std::string_view text) { return std::memchr(text.data(), '\\', text.size()) != nullptr; }

// The key of a field without escapes. Keys are short: finding the closing quote is cheaper than unescaping.
error_code read_key(ondemand::field& field, std::string_view* key) {
  const char* start = field.key().raw();
  const char* end = start;
  while (*end != '"' && *end != '\\') ++end;
  if (*end == '"') {
    *key = {start, static_cast<std::size_t>(end - start)};
    return simdjson::SUCCESS;
  }
  return field.unescaped_key().get(*key);
}

// The text of a JSON string: a view of the page where it has no escapes, else the parser's unescaped copy.
error_code read_text(ondemand::value& value, std::string_view* text) {
  std::string_view token = trim_token(value.raw_json_token());
  if (token.size() < 2 || token.front() != '"') return simdjson::INCORRECT_TYPE;
  token.remove_prefix(1);
  token.remove_suffix(1);
  if (!has_escape(token)) {
    *text = token;
    return simdjson::SUCCESS;
  }
  return value.get_string().get(*text);
}

ValueNode text_node(AttributeType type, std::string_view text) {
  ValueNode node{};
  node.type = type;
  node.size = static_cast<uint32_t>(text.size());
  node.text = text.data();
  return node;
}

ValueNode plain_node(AttributeType type) {
  ValueNode node{};
  node.type = type;
  return node;
}

// What an iterator over members compares equal to at the end.
const ondemand::object_iterator kEnd{};

// Appends the nodes of typed JSON values; stops at the first thing that is not one. Fields and values are used where
// the iterators made them: copying them just after they were written stalls, and took a third of the time.
class ValueDecoder {
 public:
  explicit ValueDecoder(std::vector<ValueNode>& nodes) noexcept : nodes_(nodes) {}

  // {"<type>": <payload>}
  error_code decode(ondemand::value& value, int depth) {
    if (depth > kMaxDecodeNesting) return simdjson::DEPTH_ERROR;
    ondemand::object object;
    if (error_code failure = value.get_object().get(object)) return failure;
    ondemand::object_iterator members;
    if (error_code failure = object.begin().get(members)) return failure;
    if (members == kEnd) return simdjson::INCORRECT_TYPE;
    auto entry = *members;
    if (entry.error()) return entry.error();
    ondemand::field& field = entry.value_unsafe();
    std::string_view tag;
    if (error_code failure = read_key(field, &tag)) return failure;
    std::optional<AttributeType> type = tag_type(tag);
    if (!type) return simdjson::INCORRECT_TYPE;
    if (error_code failure = payload(*type, field.value(), depth)) return failure;
    ++members;
    return members == kEnd ? simdjson::SUCCESS : simdjson::INCORRECT_TYPE;
  }

 private:
  static std::optional<AttributeType> tag_type(std::string_view tag) {
    if (tag.size() == 1) {
      switch (tag[0]) {
        case 'S':
          return AttributeType::S;
        case 'N':
          return AttributeType::N;
        case 'B':
          return AttributeType::B;
        case 'L':
          return AttributeType::L;
        case 'M':
          return AttributeType::M;
        default:
          return std::nullopt;
      }
    }
    return parse_type_name(tag);
  }

  error_code payload(AttributeType type, ondemand::value& value, int depth) {
    switch (type) {
      case AttributeType::S:
      case AttributeType::N:
      case AttributeType::B:
        return text(type, value);
      case AttributeType::BOOL:
        return boolean(value);
      case AttributeType::NUL:
        nodes_.push_back(plain_node(type));
        return simdjson::SUCCESS;
      case AttributeType::SS:
        return set(type, AttributeType::S, value);
      case AttributeType::NS:
        return set(type, AttributeType::N, value);
      case AttributeType::BS:
        return set(type, AttributeType::B, value);
      case AttributeType::L:
        return list(value, depth);
      case AttributeType::M:
        return map(value, depth);
    }
    return simdjson::INCORRECT_TYPE;
  }

  error_code text(AttributeType type, ondemand::value& value) {
    std::string_view view;
    if (error_code failure = read_text(value, &view)) return failure;
    nodes_.push_back(text_node(type, view));
    return simdjson::SUCCESS;
  }

  error_code boolean(ondemand::value& value) {
    ValueNode node = plain_node(AttributeType::BOOL);
    if (error_code failure = value.get_bool().get(node.boolean)) return failure;
    nodes_.push_back(node);
    return simdjson::SUCCESS;
  }

  error_code set(AttributeType type, AttributeType element, ondemand::value& value) {
    ondemand::array array;
    if (error_code failure = value.get_array().get(array)) return failure;
    std::size_t start = open_container(type);
    uint32_t count = 0;
    for (auto entry : array) {
      if (entry.error()) return entry.error();
      ondemand::value& member = entry.value_unsafe();
      if (error_code failure = text(element, member)) return failure;
      ++count;
    }
    close_container(start, count);
    return simdjson::SUCCESS;
  }

  error_code list(ondemand::value& value, int depth) {
    ondemand::array array;
    if (error_code failure = value.get_array().get(array)) return failure;
    std::size_t start = open_container(AttributeType::L);
    uint32_t count = 0;
    for (auto entry : array) {
      if (entry.error()) return entry.error();
      ondemand::value& member = entry.value_unsafe();
      if (error_code failure = decode(member, depth + 2)) return failure;
      ++count;
    }
    close_container(start, count);
    return simdjson::SUCCESS;
  }

  error_code map(ondemand::value& value, int depth) {
    ondemand::object object;
    if (error_code failure = value.get_object().get(object)) return failure;
    std::size_t start = open_container(AttributeType::M);
    uint32_t count = 0;
    for (auto entry : object) {
      if (entry.error()) return entry.error();
      ondemand::field& field = entry.value_unsafe();
      std::string_view name;
      if (error_code failure = read_key(field, &name)) return failure;
      nodes_.push_back(text_node(AttributeType::S, name));
      if (error_code failure = decode(field.value(), depth + 2)) return failure;
      ++count;
    }
    close_container(start, count);
    return simdjson::SUCCESS;
  }

  std::size_t open_container(AttributeType type) {
    nodes_.push_back(plain_node(type));
    return nodes_.size() - 1;
  }
  void close_container(std::size_t start, uint32_t count) {
    nodes_[start].size = count;
    nodes_[start].end = static_cast<uint32_t>(nodes_.size());
  }

  std::vector<ValueNode>& nodes_;
};

Error malformed(error_code failure, const char* where) {
  return Error::corrupt_response(std::string("the response is not what DynamoDB sends: ") + where + ": " +
                                 simdjson::error_message(failure));
}

// ConsumedCapacity of one table; unknown members (such as those of newer services) are ignored.
double table_capacity(ondemand::object object) {
  double units = 0;
  if (object["CapacityUnits"].get_double().get(units)) return 0;
  return units;
}

// BatchGetItem lists its tables, the others speak of one.
double capacity_units(ondemand::value value) {
  ondemand::object object;
  if (!value.get_object().get(object)) return table_capacity(object);
  ondemand::array tables;
  if (value.get_array().get(tables)) return 0;
  double units = 0;
  for (auto entry : tables)
    if (!std::move(entry).get_object().get(object)) units += table_capacity(object);
  return units;
}

// Where the items of a response are.
enum class ItemsAt : uint8_t { nowhere, items, item, responses };

ItemsAt items_at(std::string_view key) {
  if (key == "Items") return ItemsAt::items;
  if (key == "Item") return ItemsAt::item;
  return key == "Responses" ? ItemsAt::responses : ItemsAt::nowhere;
}

}  // namespace

uint32_t AttributeSelection::add(std::string_view name) {
  if (int32_t slot = find(name); slot >= 0) return static_cast<uint32_t>(slot);
  auto slot = static_cast<int32_t>(names_.size());
  names_.emplace_back(name);
  std::size_t bucket = bucket_of(name);
  next_.push_back(buckets_[bucket]);
  buckets_[bucket] = slot;
  return static_cast<uint32_t>(slot);
}

// The document must keep its address: iterators point to it.
struct PageReader::Impl {
  ondemand::parser parser;
  ondemand::document document;
  simdjson::simdjson_result<ondemand::array_iterator> position;
  simdjson::simdjson_result<ondemand::array_iterator> end;
  ondemand::object single;  // GetItem's
  ItemsAt at = ItemsAt::nowhere;
  bool started = false;

  error_code read_member(std::string_view key, ondemand::value value, PageSummary& summary);
  error_code read_summary(PageSummary& summary);
  error_code find_items();
  Step next_object(ondemand::object& object, error_code& failure);
  error_code decode_item(ondemand::object object, const AttributeSelection& selection, std::vector<ValueNode>& nodes,
                         std::vector<uint32_t>& slots, std::vector<Item::Attribute>& attributes);
};

namespace {

// The text of a JSON object that is to be sent back verbatim.
error_code copy_object(ondemand::value value, std::string& text) {
  ondemand::object object;
  std::string_view raw;
  if (error_code failure = value.get_object().get(object)) return failure;
  if (error_code failure = object.raw_json().get(raw)) return failure;
  text.assign(trim_token(raw));
  return simdjson::SUCCESS;
}

}  // namespace

error_code PageReader::Impl::read_member(std::string_view key, ondemand::value value, PageSummary& summary) {
  if (key == "Count") {
    summary.has_count = true;
    return value.get_uint64().get(summary.count);
  }
  if (key == "ScannedCount") return value.get_uint64().get(summary.scanned_count);
  if (key == "ConsumedCapacity") {
    summary.consumed_capacity = capacity_units(value);
  } else if (key == "LastEvaluatedKey") {
    summary.has_last_evaluated_key = true;
    error_code failure = copy_object(value, summary.last_evaluated_key);
    return !failure && summary.last_evaluated_key.size() > kMaxStartKeyBytes ? simdjson::CAPACITY : failure;
  } else if (key == "UnprocessedKeys") {
    error_code failure = copy_object(value, summary.unprocessed_keys);
    if (summary.unprocessed_keys.find('"') == std::string::npos) summary.unprocessed_keys.clear();
    return failure;
  } else if (ItemsAt found = items_at(key); found != ItemsAt::nowhere) {
    at = found;
    summary.has_items = true;
  }
  return simdjson::SUCCESS;
}

error_code PageReader::Impl::read_summary(PageSummary& summary) {
  ondemand::object object;
  at = ItemsAt::nowhere;
  if (error_code failure = document.get_object().get(object)) return failure;
  for (auto entry : object) {
    if (entry.error()) return entry.error();
    ondemand::field& field = entry.value_unsafe();
    std::string_view key;
    if (error_code failure = read_key(field, &key)) return failure;
    if (error_code failure = read_member(key, field.value(), summary)) return failure;
  }
  // Skipping does not look at what it skips; at least the document must end where its braces say.
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS ? simdjson::SUCCESS
                                                                        : simdjson::TRAILING_CONTENT;
}

// Stands before the first item: of the array, of the first (and only) table's array, or before the one item itself.
error_code PageReader::Impl::find_items() {
  document.rewind();
  if (at == ItemsAt::item) return document["Item"].get_object().get(single);
  ondemand::array items;
  if (at == ItemsAt::responses) {
    ondemand::object tables;
    if (error_code failure = document["Responses"].get_object().get(tables)) return failure;
    auto table = tables.begin();
    if (error_code failure = table.error()) return failure;
    if (table == tables.end()) {
      at = ItemsAt::nowhere;
      return simdjson::SUCCESS;
    }
    ondemand::field field;
    if (error_code failure = (*table).get(field)) return failure;
    if (error_code failure = field.value().get_array().get(items)) return failure;
  } else if (error_code failure = document["Items"].get_array().get(items)) {
    return failure;
  }
  position = items.begin();
  end = items.end();
  if (error_code failure = position.error()) return failure;
  return end.error();
}

// GetItem has one item, the others an array of them.
PageReader::Step PageReader::Impl::next_object(ondemand::object& object, error_code& failure) {
  bool first = !started;
  started = true;
  if (at == ItemsAt::item) {
    object = single;
    return first ? Step::item : Step::end;
  }
  if (!first) ++position;
  if (position == end) return Step::end;
  failure = (*position).get_object().get(object);
  return failure ? Step::failed : Step::item;
}

error_code PageReader::Impl::decode_item(ondemand::object object, const AttributeSelection& selection,
                                         std::vector<ValueNode>& nodes, std::vector<uint32_t>& slots,
                                         std::vector<Item::Attribute>& attributes) {
  ValueDecoder decoder(nodes);
  for (auto entry : object) {
    if (entry.error()) return entry.error();
    ondemand::field& field = entry.value_unsafe();
    std::string_view name;
    if (error_code failure = read_key(field, &name)) return failure;
    int32_t slot = selection.find(name);
    if (slot < 0 && !selection.all()) continue;
    auto node = static_cast<uint32_t>(nodes.size());
    if (error_code failure = decoder.decode(field.value(), 1)) return failure;
    if (slot >= 0) slots[static_cast<std::size_t>(slot)] = node;
    if (selection.all()) attributes.push_back({name, node});
  }
  return simdjson::SUCCESS;
}

PageReader::PageReader() : impl_(std::make_unique<Impl>()) {}
PageReader::~PageReader() = default;
PageReader::PageReader(PageReader&&) noexcept = default;
PageReader& PageReader::operator=(PageReader&&) noexcept = default;

std::optional<Error> PageReader::open(const BodyBuffer& body, bool by_key) {
  summary_ = PageSummary{};
  impl_->started = false;
  simdjson::padded_string_view text(body.data(), body.size(), body.size() + BodyBuffer::kPadding);
  if (error_code failure = impl_->parser.iterate(text).get(impl_->document)) return malformed(failure, "JSON");
  if (error_code failure = impl_->read_summary(summary_)) return malformed(failure, "page");
  // With Select=COUNT there are no items. Without either it is some other object, and not an empty page.
  if (!by_key && !summary_.has_items && !summary_.has_count) return malformed(simdjson::NO_SUCH_FIELD, "Items");
  if (impl_->at == ItemsAt::nowhere) return std::nullopt;
  if (error_code failure = impl_->find_items()) return malformed(failure, "Items");
  return std::nullopt;
}

PageReader::Step PageReader::next(const AttributeSelection& selection, Item& item) {
  if (impl_->at == ItemsAt::nowhere) return Step::end;
  ondemand::object object;
  error_code failure = simdjson::SUCCESS;
  Step step = impl_->next_object(object, failure);
  if (step == Step::end) {
    impl_->at = ItemsAt::nowhere;  // the iterator would go on into what follows the array
    return step;
  }

  item.nodes_.clear();
  item.attributes_.clear();
  item.slots_.assign(selection.size(), Item::kMissing);
  if (!failure) failure = impl_->decode_item(object, selection, item.nodes_, item.slots_, item.attributes_);
  if (!failure) return Step::item;
  error_ = malformed(failure, "item");
  return Step::failed;
}

void PageReader::close() noexcept {
  impl_->at = ItemsAt::nowhere;
  if (impl_->parser.capacity() > kMaxKeptPageBytes) impl_->parser = ondemand::parser();
}

}  // namespace dynamodb
