// JSON text as a row of tokens, found by simdjson's first stage; for readers that must not cost more than it does.
#include "dynamodb/json_tokens.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace dynamodb {
namespace {

using simdjson::error_code;

using FirstStage = simdjson::internal::dom_parser_implementation;
static_assert(std::is_same_v<decltype(FirstStage::structural_indexes), std::unique_ptr<uint32_t[]>> &&
                  std::is_same_v<decltype(FirstStage::n_structural_indexes), uint32_t>,
              "simdjson has changed how its first stage gives positions: json_tokens.cpp has to be adapted to it");

// How each kind of token changes the depth.
constexpr std::array<signed char, 256> make_depths() {
  std::array<signed char, 256> depths{};
  depths['{'] = depths['['] = 1;
  depths['}'] = depths[']'] = -1;
  return depths;
}
constexpr auto kDepths = make_depths();

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The code unit of the four digits behind \u; -1 where there are none.
int32_t code_unit(const char* text, const char* end) {
  if (end - text < 4) return -1;
  int32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    int digit = hex_digit(text[i]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

bool is_high_surrogate(int32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(int32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// Reads what stands behind \u, of two escapes where it takes a pair; -1 where it is no character.
int32_t escaped_character(const char*& text, const char* end) {
  int32_t first = code_unit(text, end);
  if (first < 0 || is_low_surrogate(first)) return -1;
  text += 4;
  if (!is_high_surrogate(first)) return first;
  if (end - text < 2 || text[0] != '\\' || text[1] != 'u') return -1;
  int32_t second = code_unit(text + 2, end);
  if (!is_low_surrogate(second)) return -1;
  text += 6;
  return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

char* append_utf8(char* out, int32_t code) {
  auto put = [&out](int32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
  return out;
}

// What a letter behind a backslash stands for; 0 where there is no such escape.
char simple_escape(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

// Writes `text` without its escapes; null where one is wrong, else the end of what was written.
char* write_unescaped(std::string_view value, char* out) {
  const char* text = value.data();
  const char* end = text + value.size();
  while (text < end) {
    if (*text != '\\') {
      *out++ = *text++;
      continue;
    }
    if (end - text < 2) return nullptr;
    char letter = text[1];
    text += 2;
    if (letter == 'u') {
      int32_t code = escaped_character(text, end);
      if (code < 0) return nullptr;
      out = append_utf8(out, code);
    } else {
      char plain = simple_escape(letter);
      if (plain == 0) return nullptr;
      *out++ = plain;
    }
  }
  return out;
}

}  // namespace

error_code JsonTokens::index(std::string_view text) {
  [[maybe_unused]] static const bool checked = (check_first_stage(), true);
  return find_tokens(text);
}

// A text longer than a block of 64 bytes with all kinds of tokens, and texts with the errors that must be found.
void JsonTokens::check_first_stage() {
  constexpr std::string_view kText =
      R"( {"a\\" :[ -1.5e3, true,null],"b\"{":{}, "long": ")"
      "\xC3\xA9 and a string that goes on from one block of sixty-four bytes into the next\"}\n";
  constexpr std::string_view kKinds = R"({":[-,t,n],":{},":"})";
  auto tokens_of = [](std::string_view text, std::string* kinds) {
    std::string padded(text);
    padded.append(simdjson::SIMDJSON_PADDING, '\0');
    JsonTokens tokens;
    error_code result = tokens.find_tokens({padded.data(), text.size()});
    for (uint32_t i = 0; i < tokens.count(); ++i) *kinds += tokens.kind(i);
    return result;
  };
  std::string kinds, ignored;
  const bool as_known = tokens_of(kText, &kinds) == simdjson::SUCCESS && kinds == kKinds &&
                        tokens_of(R"(["without end])", &ignored) != simdjson::SUCCESS &&
                        tokens_of("[\"control \x01\"]", &ignored) != simdjson::SUCCESS &&
                        tokens_of("[\"no UTF-8 \xFF\"]", &ignored) != simdjson::SUCCESS;
  if (as_known) return;
  throw std::logic_error("dynamodb_fdw does not work with this simdjson, " +
                         std::to_string(simdjson::SIMDJSON_VERSION_MAJOR) + "." +
                         std::to_string(simdjson::SIMDJSON_VERSION_MINOR) + "." +
                         std::to_string(simdjson::SIMDJSON_VERSION_REVISION) + ": its first stage finds other tokens");
}

error_code JsonTokens::find_tokens(std::string_view text) {
  count_ = 0;
  if (text.empty()) return simdjson::EMPTY;
  if (!parser_) {
    if (auto failure = simdjson::get_active_implementation()->create_dom_parser_implementation(text.size(), 1, parser_))
      return failure;
  } else if (parser_->capacity() < text.size()) {
    if (auto failure = parser_->set_capacity(text.size())) return failure;
  }
  auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  if (auto failure = parser_->stage1(bytes, text.size(), simdjson::stage1_mode::regular)) return failure;
  text_ = text.data();
  size_ = text.size();
  count_ = parser_->n_structural_indexes;
  parser_->structural_indexes[count_] = static_cast<uint32_t>(text.size());
  starts_ = parser_->structural_indexes.get();
  clear_from_ = backslash_ = nullptr;
  return simdjson::SUCCESS;
}

void JsonTokens::release(std::size_t kept_bytes) noexcept {
  count_ = 0;
  if (parser_ && parser_->capacity() > kept_bytes) parser_.reset();
  if (unescaped_size_ <= kept_bytes) return;
  unescaped_.reset();
  unescaped_size_ = 0;
}

uint32_t JsonTokens::skip(uint32_t token) const noexcept {
  int32_t depth = 0;
  if (kind(token) == ',' || kind(token) == ':') return 0;
  do {
    if (token >= count_) return 0;
    depth += kDepths[static_cast<unsigned char>(kind(token++))];
  } while (depth > 0);
  return depth < 0 ? 0 : token;
}

void JsonTokens::find_backslash(const char* from) noexcept {
  const char* end = text_ + size_;
  auto* found = static_cast<const char*>(std::memchr(from, '\\', static_cast<std::size_t>(end - from)));
  clear_from_ = from;
  backslash_ = found != nullptr ? found : end;
}

error_code JsonTokens::unescape(std::string_view* value) {
  if (unescaped_size_ < size_) {
    unescaped_.reset();
    unescaped_ = std::make_unique_for_overwrite<char[]>(size_);
    unescaped_size_ = size_;
  }
  char* start = unescaped_.get() + (value->data() - text_);
  char* end = write_unescaped(*value, start);
  if (end == nullptr) return simdjson::STRING_ERROR;
  *value = {start, static_cast<std::size_t>(end - start)};
  return simdjson::SUCCESS;
}

}  // namespace dynamodb
