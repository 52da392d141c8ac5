// Writes JSON text: strings with their escapes.
#include "dynamodb/json_writer.hpp"

#include <cstdint>
#include <cstring>

namespace dynamodb {
namespace {

void append_escape(std::string& out, unsigned char byte) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
  }
}

constexpr bool needs_escape(unsigned char byte) { return byte < 0x20 || byte == '"' || byte == '\\'; }

constexpr uint64_t eight_times(unsigned char byte) { return byte * uint64_t{0x0101010101010101}; }

// Whether one of eight bytes needs an escape. Each term has a byte's high bit set if that byte is below 0x20, a quote
// or a backslash; above such a byte there may be false hits, never without one.
bool any_needs_escape(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  uint64_t quotes = word ^ eight_times('"');
  uint64_t backslashes = word ^ eight_times('\\');
  uint64_t hits = ((word - eight_times(0x20)) & ~word) | ((quotes - eight_times(1)) & ~quotes) |
                  ((backslashes - eight_times(1)) & ~backslashes);
  return (hits & eight_times(0x80)) != 0;
}

// The first position from `start` on whose byte needs an escape, or the size.
std::size_t find_escape(std::string_view text, std::size_t start) {
  std::size_t i = start;
  while (i + 8 <= text.size() && !any_needs_escape(text.data() + i)) i += 8;
  while (i < text.size() && !needs_escape(static_cast<unsigned char>(text[i]))) ++i;
  return i;
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
  std::size_t copied = 0;
  for (;;) {
    std::size_t end = find_escape(text, copied);
    out.append(text.data() + copied, end - copied);
    if (end == text.size()) return;
    append_escape(out, static_cast<unsigned char>(text[end]));
    copied = end + 1;
  }
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_json_escaped(out, text);
  out += '"';
}

}  // namespace dynamodb
