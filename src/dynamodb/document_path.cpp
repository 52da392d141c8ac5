// Parses a document path such as address.city or lines[0].sku, as DynamoDB's expressions write them.
#include "dynamodb/document_path.hpp"

#include <charconv>
#include <optional>

#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

// An item has 400 KB, so no list is longer than this.
constexpr uint32_t kMaxListIndex = 999'999;

class Parser {
 public:
  explicit Parser(std::string_view text) noexcept : text_(text) {}

  Result<std::vector<PathStep>> parse() {
    if (auto error = read_name()) return *error;
    while (position_ < text_.size())
      if (auto error = read_step()) return *error;
    return std::move(steps_);
  }

 private:
  std::optional<Error> read_step() {
    if (steps_.size() > static_cast<std::size_t>(kMaxItemNesting))
      return fail("items are not nested that deep: too many steps", position_);
    char separator = text_[position_];
    if (separator != '.' && separator != '[') return fail("\".\" or \"[\" is expected", position_);
    ++position_;
    return separator == '.' ? read_name() : read_index();
  }

  std::optional<Error> read_name() {
    PathStep step;
    if (position_ < text_.size() && text_[position_] == '"') {
      if (auto error = read_quoted(&step.name)) return error;
    } else {
      std::size_t end = text_.find_first_of(".[]\" ", position_);
      step.name = text_.substr(position_, end == std::string_view::npos ? end : end - position_);
      position_ += step.name.size();
    }
    if (step.name.empty()) return fail("a name is expected", position_);
    steps_.push_back(std::move(step));
    return std::nullopt;
  }

  std::optional<Error> read_quoted(std::string* name) {
    std::size_t opened = position_++;
    while (position_ < text_.size()) {
      char character = text_[position_++];
      bool quote = character == '"';
      if (quote && (position_ == text_.size() || text_[position_] != '"')) return std::nullopt;
      if (quote) ++position_;
      name->push_back(character);
    }
    return fail("the double quote is not closed that opens", opened);
  }

  std::optional<Error> read_index() {
    PathStep step;
    step.is_index = true;
    const char* start = text_.data() + position_;
    auto [end, outcome] = std::from_chars(start, text_.data() + text_.size(), step.index);
    if (end == start) return fail("the number of a list element is expected", position_);
    if (outcome != std::errc{} || step.index > kMaxListIndex)
      return fail("lists are not that long: too large a number", position_);
    position_ += static_cast<std::size_t>(end - start);
    if (position_ == text_.size() || text_[position_] != ']') return fail("\"]\" is expected", position_);
    ++position_;
    steps_.push_back(std::move(step));
    return std::nullopt;
  }

  std::optional<Error> fail(const char* message, std::size_t position) const {
    return Error::bad_configuration(std::string(message) + " at character " + std::to_string(position + 1));
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::vector<PathStep> steps_;
};

}  // namespace

Result<std::vector<PathStep>> parse_document_path(std::string_view path) { return Parser(path).parse(); }

std::string document_path_text(const std::vector<PathStep>& path) {
  std::string text;
  for (const PathStep& step : path) {
    if (step.is_index) {
      append_path_index(text, step.index);
    } else {
      append_path_name(text, step.name);
    }
  }
  return text;
}

void append_path_name(std::string& path, std::string_view name) {
  if (!path.empty()) path += '.';
  if (!name.empty() && name.find_first_of(".[]\" ") == std::string_view::npos) {
    path += name;
    return;
  }
  path += '"';
  for (char character : name) path.append(character == '"' ? 2 : 1, character);
  path += '"';
}

void append_path_index(std::string& path, std::size_t index) { path.append("[").append(std::to_string(index)) += ']'; }

}  // namespace dynamodb
