// Tests of json_writer.
#include "dynamodb/json_writer.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

std::string json_of(std::string_view text) {
  std::string out = ":";
  append_json_string(out, text);
  return out;
}

TEST(JsonString, EscapesQuoteBackslashAndControlCharacters) {
  struct {
    std::string text;
    const char* json;
  } cases[] = {
      {"", R"("")"},
      {"abc", R"("abc")"},
      {"say \"hi\"", R"("say \"hi\"")"},
      {"C:\\dir\\", R"("C:\\dir\\")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {std::string("\0", 1), R"("\u0000")"},
      {"\x01\x0b\x1f", R"("\u0001\u000b\u001f")"},
      {"a/b", R"("a/b")"},
      {" !#[]\x7f", "\" !#[]\x7f\""},
      {"Zürich 東京 😀", "\"Zürich 東京 😀\""},
      {"\u2028", "\"\u2028\""},
  };
  for (const auto& test : cases) EXPECT_EQ(json_of(test.text), ":" + std::string(test.json));
}

TEST(JsonString, FindsEveryByteAtEveryPlace) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t size = 1; size < 20; ++size) {
      for (std::size_t place = 0; place < size; ++place) {
        std::string text(size, 'x');
        text[place] = static_cast<char>(byte);
        std::string before(place, 'x');
        std::string after(size - place - 1, 'x');
        std::string escaped = json_of(std::string_view(&text[place], 1)).substr(2);
        ASSERT_EQ(json_of(text), ":\"" + before + escaped.substr(0, escaped.size() - 1) + after + "\"")
            << byte << " at " << place << " of " << size;
      }
    }
  }
}

TEST(JsonString, EscapesSeveralInARow) {
  EXPECT_EQ(
      json_of(std::string(20, '"')), ":\"" + [] {
        std::string escaped;
        for (int i = 0; i < 20; ++i) escaped += "\\\"";
        return escaped;
      }() + "\"");
  EXPECT_EQ(json_of("\x80\xff\"\xc2\xa0\n\xe2\x80\xa8"), ":\"\x80\xff\\\"\xc2\xa0\\n\xe2\x80\xa8\"");
}

TEST(JsonEscaped, HasNoQuotesOfItsOwn) {
  std::string out = "\"a";
  append_json_escaped(out, "b\"c");
  append_json_escaped(out, "");
  EXPECT_EQ(out, R"("ab\"c)");
}

}  // namespace
}  // namespace dynamodb
