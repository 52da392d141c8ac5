// Decodes the items of a response in place: typed JSON -> flat views into the page.
#include "dynamodb/item_reader.hpp"

#include <charconv>

#include "dynamodb/document.hpp"
#include "dynamodb/json_tokens.hpp"
#include "dynamodb/limits.hpp"

namespace dynamodb {

using simdjson::error_code;

static_assert(BodyBuffer::kPadding >= simdjson::SIMDJSON_PADDING);

namespace {

// The parser takes four bytes of memory for each of the page's and grows to the largest page. What one beyond the
// usual size needed is given back: 1 MB of items seldom has more JSON than this.
constexpr std::size_t kMaxKeptPageBytes = std::size_t{4} << 20;

ValueNode text_node(AttributeType type, std::string_view text, bool verbatim) {
  ValueNode node{};
  node.type = type;
  node.verbatim = verbatim;
  node.size = static_cast<uint32_t>(text.size());
  node.text = text.data();
  return node;
}

ValueNode plain_node(AttributeType type) {
  ValueNode node{};
  node.type = type;
  return node;
}

// Steps from token to token. What is there is checked before a step is made, and the end of the text is no token that
// any step takes, so that no step leaves the text.
class TokenWalk {
 public:
  TokenWalk(JsonTokens& tokens, uint32_t at) noexcept : tokens_(&tokens), at_(at) {}

  uint32_t at() const noexcept { return at_; }
  char kind() const noexcept { return tokens_->kind(at_); }
  bool take(char kind) noexcept {
    if (tokens_->kind(at_) != kind) return false;
    ++at_;
    return true;
  }
  bool skip() noexcept {
    // Most of what is skipped is {"S":"text"}.
    if (at_ + 5 < tokens_->count() && tokens_->kind(at_) == '{' && tokens_->kind(at_ + 4) == '}' &&
        tokens_->kind(at_ + 2) == ':' && is_plain(tokens_->kind(at_ + 1)) && is_plain(tokens_->kind(at_ + 3))) {
      at_ += 5;
      return true;
    }
    uint32_t behind = tokens_->skip(at_);
    if (behind != 0) at_ = behind;
    return behind != 0;
  }
  error_code string(std::string_view* value) {
    if (tokens_->kind(at_) != '"') return simdjson::INCORRECT_TYPE;
    return tokens_->string(at_++, value);
  }
  bool is_verbatim(std::string_view value) const noexcept { return tokens_->is_verbatim(value); }
  /// The text of a number or word; empty where there is none.
  std::string_view scalar() noexcept {
    char kind = tokens_->kind(at_);
    return at_ < tokens_->count() && kind != '"' && is_plain(kind) ? tokens_->raw(at_++) : std::string_view();
  }
  /// "name": before a value.
  error_code name(std::string_view* value) {
    if (error_code failure = string(value)) return failure;
    return take(':') ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
  }

  /// Reads the members of an object by read(name) -> error_code, which takes or skips the value.
  template <typename Read>
  error_code members(Read read) {
    if (!take('{')) return simdjson::INCORRECT_TYPE;
    if (take('}')) return simdjson::SUCCESS;
    do {
      std::string_view key;
      if (error_code failure = name(&key)) return failure;
      if (error_code failure = read(key)) return failure;
    } while (take(','));
    return take('}') ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
  }

  /// Reads the elements of an array by read() -> error_code.
  template <typename Read>
  error_code elements(Read read) {
    if (!take('[')) return simdjson::INCORRECT_TYPE;
    if (take(']')) return simdjson::SUCCESS;
    do {
      if (error_code failure = read()) return failure;
    } while (take(','));
    return take(']') ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
  }

 private:
  static bool is_plain(char kind) noexcept {
    return kind != '{' && kind != '}' && kind != '[' && kind != ']' && kind != ':' && kind != ',';
  }

  JsonTokens* tokens_;
  uint32_t at_;
};

error_code skip_value(TokenWalk& walk) { return walk.skip() ? simdjson::SUCCESS : simdjson::TAPE_ERROR; }

// Appends the nodes of typed JSON values; stops at the first thing that is not one.
class ValueDecoder {
 public:
  ValueDecoder(TokenWalk& walk, std::vector<ValueNode>& nodes) noexcept : walk_(walk), nodes_(nodes) {}

  // {"<type>": <payload>}
  error_code decode(int depth) {
    if (depth > kMaxDecodeNesting) return simdjson::DEPTH_ERROR;
    if (!walk_.take('{')) return simdjson::INCORRECT_TYPE;
    std::string_view tag;
    if (error_code failure = walk_.name(&tag)) return failure;
    std::optional<AttributeType> type = tag_type(tag);
    if (!type) return simdjson::INCORRECT_TYPE;
    if (error_code failure = payload(*type, depth)) return failure;
    return walk_.take('}') ? simdjson::SUCCESS : simdjson::INCORRECT_TYPE;
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

  error_code payload(AttributeType type, int depth) {
    switch (type) {
      case AttributeType::S:
      case AttributeType::N:
      case AttributeType::B:
        return text(type);
      case AttributeType::BOOL:
        return boolean();
      case AttributeType::NUL:
        nodes_.push_back(plain_node(type));
        return skip_value(walk_);
      case AttributeType::SS:
        return set(type, AttributeType::S);
      case AttributeType::NS:
        return set(type, AttributeType::N);
      case AttributeType::BS:
        return set(type, AttributeType::B);
      case AttributeType::L:
        return list(depth);
      case AttributeType::M:
        return map(depth);
    }
    return simdjson::INCORRECT_TYPE;
  }

  error_code text(AttributeType type) {
    std::string_view view;
    if (error_code failure = walk_.string(&view)) return failure;
    nodes_.push_back(text_node(type, view, walk_.is_verbatim(view)));
    return simdjson::SUCCESS;
  }

  error_code boolean() {
    std::string_view word = walk_.scalar();
    if (word != "true" && word != "false") return simdjson::INCORRECT_TYPE;
    nodes_.push_back(plain_node(AttributeType::BOOL));
    nodes_.back().boolean = word.size() == 4;
    return simdjson::SUCCESS;
  }

  error_code set(AttributeType type, AttributeType element) {
    return container(type, [&](uint32_t& count) {
      return walk_.elements([&] {
        ++count;
        return text(element);
      });
    });
  }

  error_code list(int depth) {
    return container(AttributeType::L, [&](uint32_t& count) {
      return walk_.elements([&] {
        ++count;
        return decode(depth + 2);
      });
    });
  }

  error_code map(int depth) {
    return container(AttributeType::M, [&](uint32_t& count) {
      return walk_.members([&](std::string_view name) {
        ++count;
        nodes_.push_back(text_node(AttributeType::S, name, walk_.is_verbatim(name)));
        return decode(depth + 2);
      });
    });
  }

  template <typename Read>
  error_code container(AttributeType type, Read read) {
    std::size_t start = nodes_.size();
    uint32_t count = 0;
    nodes_.push_back(plain_node(type));
    if (error_code failure = read(count)) return failure;
    nodes_[start].size = count;
    nodes_[start].end = static_cast<uint32_t>(nodes_.size());
    return simdjson::SUCCESS;
  }

  TokenWalk& walk_;
  std::vector<ValueNode>& nodes_;
};

Error malformed(error_code failure, const char* where) {
  return Error::corrupt_response(std::string("the response is not what DynamoDB sends: ") + where + ": " +
                                 simdjson::error_message(failure));
}

// A number in JSON's grammar, as a whole; nothing where it is something else or too large.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  if (!is_json_number(text)) return std::nullopt;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

error_code read_count(TokenWalk& walk, uint64_t& count) {
  std::optional<uint64_t> number = parse_number<uint64_t>(walk.scalar());
  count = number.value_or(0);
  return number ? simdjson::SUCCESS : simdjson::NUMBER_ERROR;
}

// ConsumedCapacity of one table; unknown members (such as those of newer services) are ignored.
error_code add_table_capacity(TokenWalk& walk, double& units) {
  if (walk.kind() != '{') return skip_value(walk);
  std::optional<double> found;
  error_code failure = walk.members([&](std::string_view name) {
    uint32_t before = walk.at();
    if (name == "CapacityUnits" && !found) found = parse_number<double>(walk.scalar()).value_or(0);
    return walk.at() == before ? skip_value(walk) : simdjson::SUCCESS;
  });
  units += found.value_or(0);
  return failure;
}

// BatchGetItem lists its tables, the others speak of one.
error_code read_capacity(TokenWalk& walk, double& units) {
  units = 0;
  if (walk.kind() != '[') return add_table_capacity(walk, units);
  return walk.elements([&] { return add_table_capacity(walk, units); });
}

// Where the items of a response are.
enum class ItemsAt : uint8_t { nowhere, items, item, responses };

ItemsAt items_at(std::string_view key) {
  if (key == "Items") return ItemsAt::items;
  if (key == "Item") return ItemsAt::item;
  return key == "Responses" ? ItemsAt::responses : ItemsAt::nowhere;
}

// How far to look for the end of the items from behind: what follows them is seldom more than a key and capacities.
constexpr uint32_t kTokensBehindItems = 1024;

// The bracket that closes the array at `start`, a member of the object that is all of the text, found from behind so
// that a page is walked through only once. 0: it cannot be found so. Only an array behind it that is longer than
// kTokensBehindItems can be taken for it; the reader of the items sees that.
uint32_t closing_from_behind(const JsonTokens& tokens, uint32_t start) {
  uint32_t last = tokens.count() - 1;
  if (tokens.kind(last) != '}') return 0;
  uint32_t closing = 0;
  int depth = 1;
  for (uint32_t at = last - 1; at > start && last - at < kTokensBehindItems && depth > 0; --at) {
    char kind = tokens.kind(at);
    if (kind == ']' && depth == 1) closing = at;
    if (kind == ']' || kind == '}') ++depth;
    if (kind == '[' || kind == '{') --depth;
    if (depth == 1 && kind == '[') closing = 0;  // it was of an array behind the items
  }
  return depth > 1 ? closing : 0;
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

struct PageReader::Impl {
  JsonTokens tokens;
  ItemsAt at = ItemsAt::nowhere;
  uint32_t items = 0;      // the token where they begin
  uint32_t items_end = 0;  // of the array, its closing bracket as far as the summary's reader knows
  uint32_t position = 0;   // the token before which the reader of items stands
  bool started = false;

  error_code read_member(TokenWalk& walk, std::string_view key, PageSummary& summary);
  error_code read_summary(PageSummary& summary);
  error_code skip_items(TokenWalk& walk);
  error_code find_items();
  error_code check_end();
  Step next_object(error_code& failure);
  error_code decode_item(const AttributeSelection& selection, std::vector<ValueNode>& nodes,
                         std::vector<uint32_t>& slots, std::vector<Item::Attribute>& attributes);
};

namespace {

bool is_of_summary(std::string_view key) {
  return key == "Count" || key == "ScannedCount" || key == "ConsumedCapacity" || key == "LastEvaluatedKey";
}

// The text of a JSON object that is to be sent back verbatim.
error_code copy_object(const JsonTokens& tokens, TokenWalk& walk, std::string& text) {
  uint32_t start = walk.at();
  if (walk.kind() != '{') return simdjson::INCORRECT_TYPE;
  if (error_code failure = skip_value(walk)) return failure;
  text.assign(tokens.span(start, walk.at() - 1));
  return simdjson::SUCCESS;
}

}  // namespace

error_code PageReader::Impl::read_member(TokenWalk& walk, std::string_view key, PageSummary& summary) {
  if (key == "Count") {
    summary.has_count = true;
    return read_count(walk, summary.count);
  }
  if (key == "ScannedCount") return read_count(walk, summary.scanned_count);
  if (key == "ConsumedCapacity") return read_capacity(walk, summary.consumed_capacity);
  if (key == "LastEvaluatedKey") {
    summary.has_last_evaluated_key = true;
    error_code failure = copy_object(tokens, walk, summary.last_evaluated_key);
    return !failure && summary.last_evaluated_key.size() > kMaxStartKeyBytes ? simdjson::CAPACITY : failure;
  }
  if (key == "UnprocessedKeys") {
    error_code failure = copy_object(tokens, walk, summary.unprocessed_keys);
    if (summary.unprocessed_keys.find('"') == std::string::npos) summary.unprocessed_keys.clear();
    return failure;
  }
  ItemsAt found = items_at(key);
  if (found == ItemsAt::nowhere || summary.has_items) return skip_value(walk);
  at = found;
  items = walk.at();
  summary.has_items = true;
  return skip_items(walk);
}

error_code PageReader::Impl::skip_items(TokenWalk& walk) {
  uint32_t closing = at == ItemsAt::items && walk.kind() == '[' ? closing_from_behind(tokens, items) : 0;
  if (closing != 0)
    walk = TokenWalk(tokens, closing + 1);
  else if (error_code failure = skip_value(walk))
    return failure;
  items_end = walk.at() - 1;
  return simdjson::SUCCESS;
}

error_code PageReader::Impl::read_summary(PageSummary& summary) {
  at = ItemsAt::nowhere;
  TokenWalk walk(tokens, 0);
  error_code failure = walk.members([&](std::string_view key) { return read_member(walk, key, summary); });
  if (failure) return failure;
  return walk.at() == tokens.count() ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

// Stands before the first item: of the array, of the first (and only) table's array, or before the one item itself.
error_code PageReader::Impl::find_items() {
  TokenWalk walk(tokens, items);
  if (at == ItemsAt::item) {
    position = items;
    return walk.kind() == '{' ? simdjson::SUCCESS : simdjson::INCORRECT_TYPE;
  }
  if (at == ItemsAt::responses) {
    if (!walk.take('{')) return simdjson::INCORRECT_TYPE;
    if (walk.kind() == '}') {
      at = ItemsAt::nowhere;
      return simdjson::SUCCESS;
    }
    std::string_view table;
    if (error_code failure = walk.name(&table)) return failure;
  }
  if (walk.kind() != '[') return simdjson::INCORRECT_TYPE;
  position = walk.at() + 1;
  return simdjson::SUCCESS;
}

// The summary went on behind what it took for the end of the items. Was the end before that, nothing of the summary
// may have been overlooked; it cannot have been behind.
error_code PageReader::Impl::check_end() {
  if (at != ItemsAt::items || position == items_end) return simdjson::SUCCESS;
  TokenWalk walk(tokens, position + 1);
  while (walk.at() < items_end) {
    std::string_view key;
    if (!walk.take(',')) return simdjson::TAPE_ERROR;
    if (error_code failure = walk.name(&key)) return failure;
    if (is_of_summary(key)) return simdjson::TAPE_ERROR;
    if (error_code failure = skip_value(walk)) return failure;
  }
  return walk.at() == items_end + 1 ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

// GetItem has one item, the others an array of them.
PageReader::Step PageReader::Impl::next_object(error_code& failure) {
  bool first = !started;
  started = true;
  if (at == ItemsAt::item) return first ? Step::item : Step::end;
  TokenWalk walk(tokens, position);
  if (walk.kind() == ']') {
    failure = check_end();
    return failure ? Step::failed : Step::end;
  }
  if (!first && !walk.take(',')) failure = simdjson::TAPE_ERROR;
  position = walk.at();
  return failure ? Step::failed : Step::item;
}

error_code PageReader::Impl::decode_item(const AttributeSelection& selection, std::vector<ValueNode>& nodes,
                                         std::vector<uint32_t>& slots, std::vector<Item::Attribute>& attributes) {
  TokenWalk walk(tokens, position);
  ValueDecoder decoder(walk, nodes);
  error_code failure = walk.members([&](std::string_view name) {
    int32_t slot = selection.find(name);
    if (slot < 0 && !selection.all()) return skip_value(walk);
    auto node = static_cast<uint32_t>(nodes.size());
    if (error_code problem = decoder.decode(1)) return problem;
    if (slot >= 0) slots[static_cast<std::size_t>(slot)] = node;
    if (selection.all()) attributes.push_back({name, node, walk.is_verbatim(name)});
    return simdjson::SUCCESS;
  });
  position = walk.at();
  return failure;
}

PageReader::PageReader() : impl_(std::make_unique<Impl>()) {}
PageReader::~PageReader() = default;
PageReader::PageReader(PageReader&&) noexcept = default;
PageReader& PageReader::operator=(PageReader&&) noexcept = default;

std::optional<Error> PageReader::open(const BodyBuffer& body, bool by_key) {
  summary_ = PageSummary{};
  impl_->started = false;
  impl_->at = ItemsAt::nowhere;
  if (error_code failure = impl_->tokens.index(body.view())) return malformed(failure, "JSON");
  if (error_code failure = impl_->read_summary(summary_)) return malformed(failure, "page");
  // With Select=COUNT there are no items. Without either it is some other object, and not an empty page.
  if (!by_key && !summary_.has_items && !summary_.has_count) return malformed(simdjson::NO_SUCH_FIELD, "Items");
  if (impl_->at == ItemsAt::nowhere) return std::nullopt;
  if (error_code failure = impl_->find_items()) return malformed(failure, "Items");
  return std::nullopt;
}

PageReader::Step PageReader::next(const AttributeSelection& selection, Item& item) {
  if (impl_->at == ItemsAt::nowhere) return Step::end;
  error_code failure = simdjson::SUCCESS;
  Step step = impl_->next_object(failure);
  if (step == Step::end) {
    impl_->at = ItemsAt::nowhere;  // what follows are no items
    return step;
  }

  item.nodes_.clear();
  item.attributes_.clear();
  item.slots_.assign(selection.size(), Item::kMissing);
  if (!failure) failure = impl_->decode_item(selection, item.nodes_, item.slots_, item.attributes_);
  if (!failure) return Step::item;
  error_ = malformed(failure, "item");
  return Step::failed;
}

void PageReader::close() noexcept {
  impl_->at = ItemsAt::nowhere;
  impl_->tokens.release(kMaxKeptPageBytes);
}

}  // namespace dynamodb
