// Writes an item as typed JSON, value by value, and measures it on the way.
#include "dynamodb/item_text.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "dynamodb/document.hpp"
#include "dynamodb/json_input.hpp"
#include "dynamodb/json_writer.hpp"
#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

// What a value begins with, by its type: one piece, as most values are short.
constexpr std::array<std::string_view, 10> kOpenings = {"{\"S\":",  "{\"N\":",  "{\"B\":",  "{\"BOOL\":", "{\"NULL\":",
                                                        "{\"SS\":", "{\"NS\":", "{\"BS\":", "{\"L\":",    "{\"M\":"};

void open(std::string& text, AttributeType type) { text += kOpenings[static_cast<std::size_t>(type)]; }

}  // namespace

/// Plain JSON -> typed JSON in one pass.
class ItemText::PlainTyper : private JsonInput {
 public:
  std::optional<AttributeType> append(std::string_view json, std::string& text, std::size_t& size) {
    text_ = &text;
    size_ = 0;
    members_.clear();
    AttributeType type = AttributeType::NUL;
    if (read_text(json, [&](JsonValue& source) { return any(source, 0, type); })) return std::nullopt;
    size += size_;
    return type;
  }

 private:
  struct Member {
    std::string_view name;
    std::size_t start;  // of its text
    std::size_t end;

    bool operator<(const Member& other) const noexcept { return name < other.name; }
  };

  // Somebody else says what is wrong, and where.
  static std::optional<Error> refuse() { return Error::invalid_value(""); }

  // `level` counts the arrays and objects around the value.
  std::optional<Error> any(JsonValue& source, int level, AttributeType& type) {
    const std::string_view text = token(source);
    switch (text.front()) {
      case '{':
        type = AttributeType::M;
        return object(source, level + 1);
      case '[':
        type = AttributeType::L;
        return array(source, level + 1);
      case '"':
        type = AttributeType::S;
        return string(source);
      default:
        return word(text, type);
    }
  }

  std::optional<Error> string(JsonValue& source) {
    std::string_view text;
    if (source.get_string().get(text)) return refuse();
    text_->append("{\"S\":");
    append_json_string(*text_, text);
    *text_ += '}';
    size_ += text.size();
    return std::nullopt;
  }

  // null, true, false or a number.
  std::optional<Error> word(std::string_view text, AttributeType& type) {
    if (text == "true" || text == "false") {
      type = AttributeType::BOOL;
      text_->append("{\"BOOL\":").append(text) += '}';
      ++size_;
      return std::nullopt;
    }
    if (text == "null") {
      type = AttributeType::NUL;
      text_->append("{\"NULL\":true}");
      ++size_;
      return std::nullopt;
    }
    if (!is_json_number(text)) return refuse();
    const auto number = canonical_number(text);
    if (!number) return refuse();
    type = AttributeType::N;
    text_->append("{\"N\":\"").append(*number).append("\"}");
    size_ += number_size(*number);
    return std::nullopt;
  }

  std::optional<Error> array(JsonValue& source, int level) {
    if (level > kMaxContainerNesting) return refuse();
    simdjson::ondemand::array array;
    if (source.get_array().get(array)) return refuse();
    text_->append("{\"L\":[");
    size_ += 3;
    bool first = true;
    for (auto entry : array) {
      if (entry.error()) return refuse();
      if (!std::exchange(first, false)) *text_ += ',';
      ++size_;
      AttributeType type;
      if (auto error = any(entry.value_unsafe(), level, type)) return error;
    }
    text_->append("]}");
    return std::nullopt;
  }

  std::optional<Error> object(JsonValue& source, int level) {
    if (level > kMaxContainerNesting) return refuse();
    simdjson::ondemand::object object;
    if (source.get_object().get(object)) return refuse();
    text_->append("{\"M\":{");
    size_ += 3;
    const std::size_t first = members_.size();  // those of the objects around it come before
    for (auto entry : object) {
      if (entry.error()) return refuse();
      if (members_.size() > first) *text_ += ',';
      if (auto error = member(entry.value_unsafe(), level)) return error;
    }
    if (!sort_members(first)) return refuse();
    members_.resize(first);
    text_->append("}}");
    return std::nullopt;
  }

  std::optional<Error> member(simdjson::ondemand::field& field, int level) {
    std::string_view name;
    if (field.unescaped_key().get(name)) return refuse();
    if (name.empty() || name.size() > kMaxAttributeNameBytes) return refuse();
    const std::size_t place = members_.size();
    members_.push_back({name, text_->size(), 0});
    append_json_string(*text_, name);
    *text_ += ':';
    size_ += 1 + name.size();
    AttributeType type;
    if (auto error = any(field.value(), level, type)) return error;
    members_[place].end = text_->size();
    return std::nullopt;
  }

  // Puts the text of the members from `first` on, which is the last of the text, into the order of their names. False:
  // a name is there twice.
  bool sort_members(std::size_t first) {
    const auto begin = members_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto twice = [](const Member& left, const Member& right) { return left.name == right.name; };
    if (!std::is_sorted(begin, members_.end())) {
      const std::size_t start = begin->start;
      std::sort(begin, members_.end());
      sorted_.clear();
      for (auto member = begin; member != members_.end(); ++member) {
        if (member != begin) sorted_ += ',';
        sorted_.append(*text_, member->start, member->end - member->start);
      }
      text_->replace(start, std::string::npos, sorted_);
    }
    return std::adjacent_find(begin, members_.end(), twice) == members_.end();
  }

  std::string* text_ = nullptr;
  std::size_t size_ = 0;
  std::vector<Member> members_;  // of the objects that are open
  std::string sorted_;
};

ItemText::ItemText() = default;
ItemText::~ItemText() = default;

void ItemText::begin(std::string* text) {
  text_ = text;
  size_ = 0;
  *text_ += '{';
}

std::size_t ItemText::attribute(std::string_view name) {
  if (text_->back() != '{') *text_ += ',';
  const std::size_t start = text_->size();
  append_json_string(*text_, name);
  *text_ += ':';
  size_ += name.size();
  return start;
}

std::size_t ItemText::end() {
  *text_ += '}';
  return size_;
}

// The texts of S, N, B and BOOL, as the API writes them.
void ItemText::payload(AttributeType type, std::string_view bytes) {
  switch (type) {
    case AttributeType::B:
      *text_ += '"';
      append_base64(*text_, bytes);
      *text_ += '"';
      size_ += bytes.size();
      return;
    case AttributeType::BOOL:
      *text_ += bytes;
      ++size_;
      return;
    default:
      append_json_string(*text_, bytes);
      size_ += type == AttributeType::N ? number_size(bytes) : bytes.size();
  }
}

void ItemText::scalar(AttributeType type, std::string_view bytes) {
  open(*text_, type);
  payload(type, bytes);
  *text_ += '}';
}

void ItemText::null() {
  text_->append("{\"NULL\":true}");
  ++size_;
}

void ItemText::begin_list(std::size_t count) {
  text_->append("{\"L\":[");
  size_ += 3 + count;
}

void ItemText::begin_set(AttributeType type) {
  open(*text_, type);
  *text_ += '[';
}

void ItemText::next() {
  if (text_->back() != '[') *text_ += ',';
}

void ItemText::set_element(AttributeType type, std::string_view bytes) { payload(type, bytes); }

void ItemText::end_elements() { text_->append("]}"); }

void ItemText::begin_map() {
  text_->append("{\"M\":{");
  size_ += 3;
}

void ItemText::member(std::string_view name) {
  attribute(name);
  ++size_;
}

void ItemText::end_map() { text_->append("}}"); }

void ItemText::value(const Value& value) {
  append_typed(*text_, value);
  size_ += value_size(value);
}

std::optional<AttributeType> ItemText::plain_json(std::string_view json) {
  if (!typer_) typer_ = std::make_unique<PlainTyper>();
  return typer_->append(json, *text_, size_);
}

}  // namespace dynamodb
