// JSON text as a row of tokens, found by simdjson's first stage; for readers that must not cost more than it does.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <simdjson.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace dynamodb {

/// The tokens of one text after the other: brackets, braces, colons, commas, and the starts of strings, numbers and
/// words. simdjson's first stage has checked that the text is UTF-8, that strings end and hold no control characters;
/// nothing else: the grammar is the reader's. Only what includes simdjson.h may include this.
///
/// The first stage is an interface that simdjson calls internal. Its headers use it inline, so that it cannot change
/// without a new name of the library, and what stands on it there, On-Demand, keeps more state for each value than
/// pages of small values have work in them. Relied upon are: create_dom_parser_implementation(), set_capacity(),
/// stage1() with stage1_mode::regular; n_structural_indexes positions in structural_indexes, ascending, one for each
/// bracket, brace, colon, comma, and first byte of a string, number or word, with room for one more; the errors named
/// above. The types are checked when this is compiled, the behaviour at first use. Tried with simdjson 3.0.1, 3.12.3
/// and 4.6.11.
class JsonTokens {
 public:
  /// Finds the tokens of `text`, which must be followed by SIMDJSON_PADDING bytes, the first of them zero, and stay
  /// unchanged as long as the tokens are used. Throws std::logic_error where simdjson's first stage is another one than
  /// this was written for.
  simdjson::error_code index(std::string_view text);
  /// Lets go of the text, and of memory for texts longer than `kept_bytes`.
  void release(std::size_t kept_bytes) noexcept;

  uint32_t count() const noexcept { return count_; }
  /// The first byte of a token; at count(), behind the last one, a zero byte, which begins no token.
  char kind(uint32_t token) const noexcept { return text_[starts_[token]]; }
  /// The text of a number or word, or all of a string with its quotes. REQUIRES: token < count().
  std::string_view raw(uint32_t token) const noexcept {
    const char* start = text_ + starts_[token];
    const char* end = text_ + starts_[token + 1];
    while (end > start && is_space(end[-1])) --end;
    return {start, static_cast<std::size_t>(end - start)};
  }
  /// The text from one token up to another that is a bracket or brace, this included.
  std::string_view span(uint32_t first, uint32_t last) const noexcept {
    return {text_ + starts_[first], std::size_t{starts_[last]} + 1 - starts_[first]};
  }
  /// A string without its quotes and escapes; views the text or, where there are escapes, memory that lasts as long as
  /// the tokens. REQUIRES: token < count(). Error: the token is no string, or an escape is wrong.
  simdjson::error_code string(uint32_t token, std::string_view* value) {
    std::string_view quoted = raw(token);
    if (quoted.size() < 2 || quoted.front() != '"' || quoted.back() != '"') return simdjson::INCORRECT_TYPE;
    *value = quoted.substr(1, quoted.size() - 2);
    return has_escape(*value) ? unescape(value) : simdjson::SUCCESS;
  }
  /// Whether a string that string() gave views the text, which is then without escapes and between quotes.
  bool is_verbatim(std::string_view value) const noexcept {
    return value.data() >= text_ && value.data() < text_ + size_;
  }
  /// The token behind the value that begins at `token`, whatever is in it; 0 where the value does not end.
  uint32_t skip(uint32_t token) const noexcept;

 private:
  static void check_first_stage();
  simdjson::error_code find_tokens(std::string_view text);
  static bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  // Strings are read in the order of the text: what is remembered of the next backslash saves looking into each.
  bool has_escape(std::string_view value) noexcept {
    const char* start = value.data();
    if (start < clear_from_ || start > backslash_) find_backslash(start);
    return backslash_ < start + value.size();
  }
  void find_backslash(const char* from) noexcept;
  simdjson::error_code unescape(std::string_view* value);

  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
  const char* text_ = "";
  std::size_t size_ = 0;
  const uint32_t* starts_ = nullptr;
  uint32_t count_ = 0;
  const char* clear_from_ = nullptr;   // from here
  const char* backslash_ = nullptr;    // up to here there is no backslash; the text's end where there is none
  std::unique_ptr<char[]> unescaped_;  // each string at its own place in the text: it only gets shorter
  std::size_t unescaped_size_ = 0;
};

}  // namespace dynamodb
