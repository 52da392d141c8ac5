// Tests of json_tokens.
#include "dynamodb/json_tokens.hpp"

#include <gtest/gtest.h>

#include <string>

#include "unit/test_page.hpp"

namespace dynamodb {
namespace {

using test::page_of;

TEST(JsonTokens, FindsWhereTokensBegin) {
  BodyBuffer body = page_of(R"( {"a" : [ 1.5 ,true, "x y"],"":{} } )");
  JsonTokens tokens;
  ASSERT_EQ(tokens.index(body.view()), simdjson::SUCCESS);
  std::string kinds;
  for (uint32_t i = 0; i < tokens.count(); ++i) kinds += tokens.kind(i);
  EXPECT_EQ(kinds, R"({":[1,t,"],":{}})");
  EXPECT_EQ(tokens.kind(tokens.count()), '\0');
  EXPECT_EQ(tokens.raw(1), R"("a")");
  EXPECT_EQ(tokens.raw(4), "1.5");
  EXPECT_EQ(tokens.raw(6), "true");
  EXPECT_EQ(tokens.span(3, 9), R"([ 1.5 ,true, "x y"])");
}

TEST(JsonTokens, SkipsValues) {
  BodyBuffer body = page_of(R"([1,{"a":[{}]},"x",,:]])");
  JsonTokens tokens;
  ASSERT_EQ(tokens.index(body.view()), simdjson::SUCCESS);
  EXPECT_EQ(tokens.skip(0), tokens.count() - 1) << "the first ] ends it";
  EXPECT_EQ(tokens.skip(1), 2u);
  EXPECT_EQ(tokens.skip(3), 11u);
  EXPECT_EQ(tokens.skip(12), 13u);
  EXPECT_EQ(tokens.skip(13), 0u) << "a comma is no value";
  EXPECT_EQ(tokens.skip(15), 0u) << "nor a colon";
  EXPECT_EQ(tokens.skip(16), 0u) << "nor an end";
  EXPECT_EQ(tokens.skip(tokens.count()), 0u);
  body = page_of("[[]");
  ASSERT_EQ(tokens.index(body.view()), simdjson::SUCCESS);
  EXPECT_EQ(tokens.skip(0), 0u) << "it does not end";
}

TEST(JsonTokens, UnescapesStrings) {
  struct {
    const char* json;
    const char* text;  // null: refused
  } cases[] = {
      {R"("")", ""},
      {R"("plain")", "plain"},
      {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
      {R"("a\u0041\u00e9\u20AC\ud83d\uDE00z")", "aAé€😀z"},
      {R"("\u007f\u0080\u07ff\u0800\uffff")", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
      {R"("\udbff\udfff")", "\xf4\x8f\xbf\xbf"},
      {R"("\\u0041")", "\\u0041"},
      {R"("\x")", nullptr},
      {R"("\u")", nullptr},
      {R"("\u12")", nullptr},
      {R"("\u12g4")", nullptr},
      {R"("\ud800")", nullptr},
      {R"("\ud800x")", nullptr},
      {R"("\ud800\n")", nullptr},
      {R"("\ud800\ud800")", nullptr},
      {R"("\ud800\u0041")", nullptr},
      {R"("\udc00")", nullptr},
      {"5", nullptr},
      {"true", nullptr},
  };
  for (const auto& test : cases) {
    BodyBuffer body = page_of("[\"first\"," + std::string(test.json) + ",\"last\"]");
    JsonTokens tokens;
    ASSERT_EQ(tokens.index(body.view()), simdjson::SUCCESS) << test.json;
    std::string_view first, text, last;
    ASSERT_EQ(tokens.string(1, &first), simdjson::SUCCESS);
    EXPECT_EQ(tokens.string(3, &text) == simdjson::SUCCESS, test.text != nullptr) << test.json;
    ASSERT_EQ(tokens.string(5, &last), simdjson::SUCCESS);
    if (test.text != nullptr) {
      EXPECT_EQ(text, test.text);
    }
    EXPECT_EQ(first, "first");
    EXPECT_EQ(last, "last");
    ASSERT_EQ(tokens.string(1, &first), simdjson::SUCCESS) << "back again";
    EXPECT_EQ(first, "first");
  }
}

TEST(JsonTokens, KeepsAZeroByte) {
  BodyBuffer body = page_of(R"(["a\u0000b"])");
  JsonTokens tokens;
  ASSERT_EQ(tokens.index(body.view()), simdjson::SUCCESS);
  std::string_view text;
  ASSERT_EQ(tokens.string(1, &text), simdjson::SUCCESS);
  EXPECT_EQ(text, std::string_view("a\0b", 3));
}

TEST(JsonTokens, KeepsUnescapedStringsApart) {
  std::string json = "[";
  for (int i = 0; i < 1000; ++i) json += (i > 0 ? ",\"\\u0041" : "\"\\u0041") + std::to_string(i) + "\"";
  BodyBuffer body = page_of(json + "]");
  JsonTokens tokens;
  ASSERT_EQ(tokens.index(body.view()), simdjson::SUCCESS);
  std::vector<std::string_view> texts(1000);
  for (uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(tokens.string(1 + 2 * i, &texts[i]), simdjson::SUCCESS);
  for (std::size_t i = 0; i < 1000; ++i) EXPECT_EQ(texts[i], "A" + std::to_string(i));
}

TEST(JsonTokens, RefusesWhatIsNoText) {
  for (std::string_view json : {"", "\"open", "[\"\xff\"]", "[\"\n\"]"}) {
    BodyBuffer body = page_of(json);
    JsonTokens tokens;
    EXPECT_NE(tokens.index(body.view()), simdjson::SUCCESS) << json;
    EXPECT_EQ(tokens.count(), 0u);
  }
}

}  // namespace
}  // namespace dynamodb
