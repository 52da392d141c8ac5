// Tests of printable.hpp.
#include "dynamodb/printable.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

TEST(Printable, OneLine) {
  const struct {
    std::string_view text;
    std::size_t max_bytes;
    const char* expected;
  } cases[] = {
      {"", 10, ""},
      {"plain", 10, "plain"},
      {"  a \r\n\t b\x01\x7f"
       "c  ",
       10, "a b c"},
      {std::string_view("a\0b", 3), 10, "a b"},
      {"exactly", 7, "exactly"},
      {"exactly ", 7, "exactly"},
      {"longer text", 6, "longer..."},
      {"gr\xC3\xBC\xC3\x9F"
       "e",
       3, "gr..."},  // not in the middle of a character
      {"gr\xC3\xBC\xC3\x9F"
       "e",
       4, "gr\xC3\xBC..."},
      {"x", 0, "..."},
  };
  for (const auto& c : cases) EXPECT_EQ(one_line(c.text, c.max_bytes), c.expected) << c.text;
}

TEST(Printable, Ascii) {
  EXPECT_EQ(printable_ascii("a\xFFz\xC3\xBC", 10), "a?z??");
  EXPECT_EQ(printable_ascii(std::string(100000, 'x'), 5), "xxxxx...");
  EXPECT_EQ(printable_ascii(std::string(100000, '\0'), 5), "");
}

}  // namespace
}  // namespace dynamodb
