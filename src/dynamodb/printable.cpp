// Text from outside made fit for a message.
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr std::string_view kCut = "...";

bool is_blank(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= ' ' || byte == 0x7f;
}

bool continues_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string one_line(std::string_view utf8, std::size_t max_bytes) {
  std::string line;
  bool blank_before = false;
  for (const char c : utf8) {
    if (is_blank(c)) {
      blank_before = !line.empty();
      continue;
    }
    if (blank_before) line += ' ';
    blank_before = false;
    line += c;
    if (line.size() > max_bytes) break;
  }
  if (line.size() <= max_bytes) return line;
  std::size_t end = max_bytes;
  while (end > 0 && continues_character(line[end])) --end;
  line.resize(end);
  return line.append(kCut);
}

std::string printable_ascii(std::string_view bytes, std::size_t max_bytes) {
  // Look no further than needed: a whole page of HTML may stand behind an excerpt of some words.
  std::string line = one_line(bytes.substr(0, 8 * max_bytes + kCut.size()), max_bytes);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return line;
}

}  // namespace dynamodb
