// Tests of document.
#include "dynamodb/document.hpp"

#include <gtest/gtest.h>

#include "unit/test_page.hpp"

namespace dynamodb {
namespace {

using test::DecodedItem;
using test::text_of;

// The document of an item in typed JSON, or what went wrong.
std::string document(std::string_view json, JsonForm form) {
  DecodedItem decoded(json);
  if (decoded.error()) return decoded.error()->message;
  std::string out = ">";
  auto error = append_json_document(out, decoded.item(), form);
  return error ? error->message : out.substr(1);
}

TEST(Document, IsWrittenInBothForms) {
  struct {
    const char* item;
    const char* plain;
    const char* typed;  // null: as the item
  } cases[] = {
      {R"({})", R"({})", nullptr},
      {R"({"s":{"S":"x"}})", R"({"s":"x"})", nullptr},
      {R"({"s":{"S":""},"":{"S":"unnamed"}})", R"({"s":"","":"unnamed"})", nullptr},
      {R"({"s":{"S":"say \"hi\"\n\\\u0000\u001fé 😀"}})", R"({"s":"say \"hi\"\n\\\u0000\u001fé 😀"})", nullptr},
      {R"({"\u0041\/\"b\"":{"S":"\/\u00e9\ud83d\ude00"}})", R"({"A/\"b\"":"/é😀"})", R"({"A/\"b\"":{"S":"/é😀"}})"},
      {R"({"yes":{"BOOL":true},"no":{"BOOL":false},"nil":{"NULL":true}})", R"({"yes":true,"no":false,"nil":null})",
       nullptr},
      // numbers keep every digit
      {R"({"n":{"N":"0"}})", R"({"n":0})", nullptr},
      {R"({"n":{"N":"-12.50"}})", R"({"n":-12.50})", nullptr},
      {R"({"n":{"N":"12345678901234567890123456789012345678"}})", R"({"n":12345678901234567890123456789012345678})",
       nullptr},
      {R"({"n":{"N":"0.00000000000000000000000000000000000001234"}})",
       R"({"n":0.00000000000000000000000000000000000001234})", nullptr},
      {R"({"n":{"N":"1E+100"}})", R"({"n":1E+100})", nullptr},
      {R"({"n":{"N":"-9.9999999999999999999999999999999999999E+125"}})",
       R"({"n":-9.9999999999999999999999999999999999999E+125})", nullptr},
      {R"({"n":{"N":"1e-130"}})", R"({"n":1e-130})", nullptr},
      {R"({"a":{"N":"+5"},"b":{"N":".5"},"c":{"N":"5."},"d":{"N":"007"},"e":{"N":"-.5E1"}})",
       R"({"a":5,"b":0.5,"c":5,"d":7,"e":-5})", nullptr},
      // binary
      {R"({"b":{"B":""}})", R"({"b":"\\x"})", nullptr},
      {R"({"b":{"B":"AAH/qw=="}})", R"({"b":"\\x0001ffab"})", nullptr},
      {R"({"b":{"B":"\/\/8="}})", R"({"b":"\\xffff"})", R"({"b":{"B":"//8="}})"},
      // sets
      {R"({"ss":{"SS":["b","a\"","" ]}})", R"({"ss":["b","a\"",""]})", R"({"ss":{"SS":["b","a\"",""]}})"},
      {R"({"ns":{"NS":["1","2.50","1E+100","+.5"]}})", R"({"ns":[1,2.50,1E+100,0.5]})", nullptr},
      {R"({"bs":{"BS":["AQ==","",  "/w=="]}})", R"({"bs":["\\x01","\\x","\\xff"]})",
       R"({"bs":{"BS":["AQ==","","/w=="]}})"},
      {R"({"ss":{"SS":[]},"ns":{"NS":[]},"bs":{"BS":[]}})", R"({"ss":[],"ns":[],"bs":[]})", nullptr},
      // nested
      {R"({"l":{"L":[]},"m":{"M":{}}})", R"({"l":[],"m":{}})", nullptr},
      {R"({"l":{"L":[{"S":"x"},{"N":"1"},{"NULL":true},{"L":[{"L":[]},{"BOOL":false}]},{"M":{"a":{"B":"AQ=="}}}]}})",
       R"({"l":["x",1,null,[[],false],{"a":"\\x01"}]})", nullptr},
      {R"({"m":{"M":{"a.b":{"M":{"c d":{"M":{}},"e":{"SS":["x"]}}},"":{"N":"1"},"\"":{"L":[{"M":{}}]}}},"z":{"S":"end"}})",
       R"({"m":{"a.b":{"c d":{},"e":["x"]},"":1,"\"":[{}]},"z":"end"})", nullptr},
      // names that look like types
      {R"({"S":{"M":{"S":{"S":"S"},"N":{"N":"1"}}}})", R"({"S":{"S":"S","N":1}})", nullptr},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(document(test.item, JsonForm::plain), test.plain) << test.item;
    EXPECT_EQ(document(test.item, JsonForm::typed), test.typed != nullptr ? test.typed : test.item) << test.item;
  }
}

TEST(Document, RefusesNumbersAndBinariesThatAreNone) {
  struct {
    const char* item;
    const char* message;
  } cases[] = {
      {R"({"n":{"N":"x"}})", "\"x\" is not a number"},
      {R"({"n":{"N":""}})", "\"\" is not a number"},
      {R"({"n":{"N":"1 "}})", "\"1\" is not a number"},
      {R"({"n":{"N":"NaN"}})", "\"NaN\" is not a number"},
      {R"({"n":{"N":"1,\n2"}})", "\"1, 2\" is not a number"},
      {R"({"n":{"N":"Infinity"}})", "\"Infinity\" is not a number"},
      {R"({"l":{"L":[{"N":"1"},{"NS":["1","one"]}]}})", "\"one\" is not a number"},
      {R"({"b":{"B":"A"}})", "a binary value is not base64"},
      {R"({"b":{"B":"A*=="}})", "a binary value is not base64"},
      {R"({"m":{"M":{"bs":{"BS":["AQ==","====" ]}}}})", "a binary value is not base64"},
  };
  for (const auto& test : cases) {
    DecodedItem decoded(test.item);
    ASSERT_FALSE(decoded.error()) << test.item;
    std::string out;
    auto error = append_json_document(out, decoded.item(), JsonForm::plain);
    ASSERT_TRUE(error) << test.item << " gave " << out;
    EXPECT_EQ(error->kind, ErrorKind::invalid_value);
    EXPECT_EQ(error->message, test.message);
    EXPECT_FALSE(append_json_document(out, decoded.item(), JsonForm::typed)) << "the typed form does not look";
  }
}

TEST(Document, QuotesBadValuesInShort) {
  std::string message = document(R"({"n":{"N":")" + std::string(100000, 'x') + "\"}}", JsonForm::plain);
  EXPECT_TRUE(message.ends_with("...\" is not a number")) << message.substr(0, 200);
  EXPECT_LT(message.size(), 100u);
}

TEST(Document, WritesSingleValues) {
  struct {
    const char* item;
    const char* plain;
    const char* typed;
  } cases[] = {
      {R"({"a":{"S":"x"}})", R"("x")", R"({"S":"x"})"},
      {R"({"a":{"NULL":true}})", "null", R"({"NULL":true})"},
      {R"({"a":{"L":[{"N":"1"}]}})", "[1]", R"({"L":[{"N":"1"}]})"},
      {R"({"a":{"M":{"b":{"BS":["AQ=="]}}}})", R"({"b":["\\x01"]})", R"({"M":{"b":{"BS":["AQ=="]}}})"},
  };
  for (const auto& test : cases) {
    DecodedItem decoded(test.item);
    std::string out = "[";
    EXPECT_FALSE(append_json(out, decoded.item(), decoded.first(), JsonForm::plain));
    out += ',';
    EXPECT_FALSE(append_json(out, decoded.item(), decoded.first(), JsonForm::typed));
    EXPECT_EQ(out, "[" + std::string(test.plain) + "," + test.typed);
  }
}

TEST(Document, ReadsBackWhatTheTypedFormWrote) {
  const char* item =
      R"({"s":{"S":"\ud83d\ude00 \"\u0001"},"n":{"N":"+1.50"},"b":{"B":"AQ=="},"t":{"BOOL":true},"z":{"NULL":true},
      "sets":{"M":{"ss":{"SS":["\\",""]},"ns":{"NS":["1"]},"bs":{"BS":["",  "AA=="]}}},"l":{"L":[{"L":[]},{"M":{"\n":{"S":""}}}]}})";
  DecodedItem first(item);
  ASSERT_FALSE(first.error());
  DecodedItem second(document(item, JsonForm::typed));
  ASSERT_FALSE(second.error());
  EXPECT_EQ(text_of(second.item()), text_of(first.item()));
}

TEST(JsonNumber, IsRewrittenOnlyWhereItMust) {
  struct {
    const char* text;
    const char* json;  // null: no number
    bool already;
  } cases[] = {
      {"0", "0", true},          {"-0", "-0", true},          {"10", "10", true},         {"-1.50", "-1.50", true},
      {"0.0", "0.0", true},      {"1e5", "1e5", true},        {"1E+100", "1E+100", true}, {"1.0E-7", "1.0E-7", true},
      {"0e0", "0e0", true},      {"+5", "5", false},          {".5", "0.5", false},       {"-.5", "-0.5", false},
      {"5.", "5", false},        {"5.e1", "50", false},       {"00", "0", false},         {"007", "7", false},
      {"-01.50", "-1.5", false}, {"+1E100", "1E+100", false}, {"", nullptr, false},       {"-", nullptr, false},
      {"+", nullptr, false},     {".", nullptr, false},       {"1e", nullptr, false},     {"1e+", nullptr, false},
      {"e1", nullptr, false},    {"1.2.3", nullptr, false},   {"0x1", nullptr, false},    {" 1", nullptr, false},
      {"1 ", nullptr, false},    {"1a", nullptr, false},      {"NaN", nullptr, false},    {"-Infinity", nullptr, false},
      {"--1", nullptr, false},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(is_json_number(test.text), test.already) << test.text;
    auto json = json_number(test.text);
    ASSERT_EQ(json.has_value(), test.json != nullptr) << test.text;
    EXPECT_EQ(json.value_or(""), test.json != nullptr ? test.json : "") << test.text;
  }
  EXPECT_FALSE(is_json_number(std::string_view("1\0", 2)));
  EXPECT_FALSE(is_json_number(std::string_view("\0", 1)));
}

}  // namespace
}  // namespace dynamodb
