// Tests of plain_document.
#include "dynamodb/plain_document.hpp"

#include <gtest/gtest.h>

#include "dynamodb/document.hpp"
#include "unit/random_value.hpp"
#include "unit/test_page.hpp"

namespace dynamodb {
namespace {

using test::DecodedItem;
using test::RandomValues;
using test::typed_item_text;
using test::typed_text;
using test::value_of;

std::string repeated(std::string_view text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

// What plain JSON is read as, in typed JSON; or the error.
std::string read(std::string_view json, const Value* old = nullptr) {
  auto value = value_from_plain_json(json, old);
  return value ? typed_text(value.value()) : value.error().message;
}

TEST(PlainDocument, IsReadByTheTypesOfJson) {
  struct {
    const char* json;
    const char* typed;
  } cases[] = {
      {R"("x")", R"({"S":"x"})"},
      {R"("")", R"({"S":""})"},
      {R"( "a\"\\\/\n\u0000\u00e9\ud83d\ude00" )", R"({"S":"a\"\\/\n\u0000é😀"})"},
      {R"("\\x0aff")", R"({"S":"\\x0aff"})"},
      {"0", R"({"N":"0"})"},
      {"-0", R"({"N":"0"})"},
      {" 1.50 ", R"({"N":"1.5"})"},
      {"15e-1", R"({"N":"1.5"})"},
      {"12345678901234567890123456789012345678", R"({"N":"12345678901234567890123456789012345678"})"},
      {"0.00000000000000000012345678901234567890123456789012345678",
       R"({"N":"0.00000000000000000012345678901234567890123456789012345678"})"},
      {"-9.9999999999999999999999999999999999999E+125", R"({"N":"-9.9999999999999999999999999999999999999E+125"})"},
      {"true", R"({"BOOL":true})"},
      {"false", R"({"BOOL":false})"},
      {"null", R"({"NULL":true})"},
      {"[]", R"({"L":[]})"},
      {"{}", R"({"M":{}})"},
      {R"([1, "x", [null], {"a": true}])",
       R"({"L":[{"N":"1"},{"S":"x"},{"L":[{"NULL":true}]},{"M":{"a":{"BOOL":true}}}]})"},
      {R"({"b": 1, "a": {"c": []}, "b": 2, "\u0061b": null})",
       R"({"M":{"a":{"M":{"c":{"L":[]}}},"ab":{"NULL":true},"b":{"N":"2"}}})"},
  };
  for (const auto& test : cases) EXPECT_EQ(read(test.json), test.typed) << test.json;
}

TEST(PlainDocument, ErrorsSayWhatAndWhere) {
  struct {
    std::string json;
    const char* error;  // null: some text
  } cases[] = {
      {"1E126", "DynamoDB cannot hold the number 1E126"},
      {R"({"a": [0, {"b c": 1e-131}]})", "attribute a[1].\"b c\": DynamoDB cannot hold the number 1e-131"},
      {"[123456789012345678901234567890123456789]",
       "attribute [0]: DynamoDB cannot hold the number 123456789012345678901234567890123456789"},
      {"01", "this is not JSON: \"01\""},
      {"NaN", "this is not JSON: \"NaN\""},
      {"truex", "this is not JSON: \"truex\""},
      {"[1,]", "attribute [1]: this is not JSON: \"]\""},
      {repeated("[", 33) + repeated("]", 33), nullptr},
      {repeated("[", 1000000), nullptr},
      {repeated("{\"a\":", 1000000), nullptr},
      {"", nullptr},
      {" ", nullptr},
      {"1 2", nullptr},
      {"1,2", nullptr},
      {"1]", nullptr},
      {"1],[2", nullptr},
      {"[1", nullptr},
      {"[1}", nullptr},
      {"{\"a\" 1}", nullptr},
      {"{\"a\":1 \"b\":2}", nullptr},
      {"{\"a\":1,}", nullptr},
      {"{a:1}", nullptr},
      {"{1:1}", nullptr},
      {"+1", nullptr},
      {".5", nullptr},
      {"1.", nullptr},
      {"'x'", nullptr},
      {"\"x", nullptr},
      {"\"\\ud800\"", nullptr},
      {"\"\\x\"", nullptr},
      {"\"\t\"", nullptr},
      {"\"\xc3\"", nullptr},
      {std::string("\0", 1), nullptr},
  };
  for (const auto& test : cases) {
    std::string shown = test.json.substr(0, 100);
    auto value = value_from_plain_json(test.json, nullptr);
    ASSERT_FALSE(value.ok()) << shown;
    EXPECT_EQ(value.error().kind, ErrorKind::invalid_value) << shown;
    EXPECT_FALSE(value.error().message.empty()) << shown;
    if (test.error != nullptr) {
      EXPECT_EQ(value.error().message, test.error) << shown;
    }
  }
  EXPECT_TRUE(value_from_plain_json(repeated("[", 32) + repeated("]", 32), nullptr).ok());
}

TEST(PlainDocument, KeepsTheTypesOfWhatItReplaces) {
  struct {
    const char* old;
    const char* json;
    const char* typed;  // null: as the old value
  } cases[] = {
      // scalars
      {R"({"S":"x"})", R"("x")", nullptr},
      {R"({"S":"x"})", "1", R"({"N":"1"})"},
      {R"({"N":"1.50"})", "1.5", nullptr},
      {R"({"N":"1.50"})", "150e-2", nullptr},
      {R"({"N":"1.5"})", R"("1.5")", R"({"S":"1.5"})"},
      {R"({"NULL":true})", "null", nullptr},
      {R"({"NULL":true})", R"("x")", R"({"S":"x"})"},
      {R"({"BOOL":true})", "false", R"({"BOOL":false})"},
      {R"({"S":"\\x01"})", R"("\\x02")", R"({"S":"\\x02"})"},
      // binary
      {R"({"B":"AAH/qw=="})", R"("\\x0001ffab")", nullptr},
      {R"({"B":"AAH/qw=="})", R"("\\x0001FFaB")", nullptr},
      {R"({"B":"AAH/qw=="})", R"("\\x02")", R"({"B":"Ag=="})"},
      {R"({"B":"AAH/qw=="})", R"("\\x")", R"({"B":""})"},
      {R"({"B":"AQ=="})", R"("\\x0")", R"({"S":"\\x0"})"},
      {R"({"B":"AQ=="})", R"("\\x0g")", R"({"S":"\\x0g"})"},
      {R"({"B":"AQ=="})", R"("\\X01")", R"({"S":"\\X01"})"},
      {R"({"B":"AQ=="})", R"("01")", R"({"S":"01"})"},
      {R"({"B":"AQ=="})", "1", R"({"N":"1"})"},
      // sets
      {R"({"SS":["a","b"]})", R"(["a","b"])", nullptr},
      {R"({"SS":["a","b"]})", R"(["b","a"])", nullptr},
      {R"({"SS":["a","b"]})", R"(["b","c","a"])", R"({"SS":["b","c","a"]})"},
      {R"({"SS":["a","b"]})", R"(["a"])", R"({"SS":["a"]})"},
      {R"({"SS":["a","b"]})", R"(["a","a"])", R"({"L":[{"S":"a"},{"S":"a"}]})"},
      {R"({"SS":["a","b"]})", R"([])", R"({"L":[]})"},
      {R"({"SS":["a","b"]})", R"(["a",1])", R"({"L":[{"S":"a"},{"N":"1"}]})"},
      {R"({"SS":["a","b"]})", R"(["a",null])", R"({"L":[{"S":"a"},{"NULL":true}]})"},
      {R"({"SS":["a","b"]})", R"("a")", R"({"S":"a"})"},
      {R"({"SS":["a","b"]})", R"({"a":"b"})", R"({"M":{"a":{"S":"b"}}})"},
      {R"({"NS":["1","2.50"]})", R"([2.5,1.0])", nullptr},
      {R"({"NS":["1","2.50"]})", R"([1,2,3])", R"({"NS":["1","2","3"]})"},
      {R"({"NS":["1","2.50"]})", R"([1,1.0])", R"({"L":[{"N":"1"},{"N":"1"}]})"},
      {R"({"NS":["1","2.50"]})", R"(["1",2])", R"({"L":[{"S":"1"},{"N":"2"}]})"},
      {R"({"BS":["AQ==","/w=="]})", R"(["\\xFF","\\x01"])", nullptr},
      {R"({"BS":["AQ==","/w=="]})", R"(["\\x02","\\x01"])", R"({"BS":["Ag==","AQ=="]})"},
      {R"({"BS":["AQ==","/w=="]})", R"(["\\xff","\\xFF"])", R"({"L":[{"S":"\\xff"},{"S":"\\xFF"}]})"},
      {R"({"BS":["AQ==","/w=="]})", R"(["\\x01","y"])", R"({"L":[{"S":"\\x01"},{"S":"y"}]})"},
      {R"({"SS":[]})", R"([])", nullptr},
      {R"({"L":[{"S":"a"}]})", R"(["a"])", nullptr},
      // maps, by name
      {R"({"M":{"a":{"B":"AQ=="},"b":{"SS":["x"]},"c":{"N":"1"}}})", R"({"c":2,"b":["x"],"a":"\\x01"})",
       R"({"M":{"a":{"B":"AQ=="},"b":{"SS":["x"]},"c":{"N":"2"}}})"},
      {R"({"M":{"a":{"B":"AQ=="},"b":{"SS":["x"]}}})", R"({"b":["y"],"z":["y"],"y":"\\x01"})",
       R"({"M":{"b":{"SS":["y"]},"y":{"S":"\\x01"},"z":{"L":[{"S":"y"}]}}})"},
      {R"({"M":{"a":{"M":{"b":{"L":[{"NS":["1","2"]}]}}}}})", R"({"a":{"b":[[2,1]],"c":0}})",
       R"({"M":{"a":{"M":{"b":{"L":[{"NS":["1","2"]}]},"c":{"N":"0"}}}}})"},
      {R"({"M":{"a":{"B":"AQ=="}}})", R"([{"a":"\\x01"}])", R"({"L":[{"M":{"a":{"S":"\\x01"}}}]})"},
      // lists: changed, added and removed elements
      {R"({"L":[{"B":"AQ=="},{"SS":["x","y"]},{"S":"z"}]})", R"(["\\x02",["y","x"],"z"])",
       R"({"L":[{"B":"Ag=="},{"SS":["x","y"]},{"S":"z"}]})"},
      {R"({"L":[{"B":"AQ=="},{"S":"z"},{"B":"Ag=="}]})", R"(["z","\\x02"])", R"({"L":[{"S":"z"},{"B":"Ag=="}]})"},
      {R"({"L":[{"B":"AQ=="},{"B":"Ag=="}]})", R"(["new","\\x01","\\x02"])",
       R"({"L":[{"S":"new"},{"B":"AQ=="},{"B":"Ag=="}]})"},
      {R"({"L":[{"B":"AQ=="},{"B":"Ag=="}]})", R"(["\\x01","\\x02","\\x03"])",
       R"({"L":[{"B":"AQ=="},{"B":"Ag=="},{"S":"\\x03"}]})"},
      {R"({"L":[{"B":"AQ=="},{"B":"AQ=="}]})", R"(["\\x01"])", R"({"L":[{"B":"AQ=="}]})"},
      {R"({"L":[{"M":{"a":{"B":"AQ=="},"b":{"N":"1"}}},{"B":"Ag=="}]})", R"([{"a":"\\x01","b":2},"\\x02"])",
       R"({"L":[{"M":{"a":{"B":"AQ=="},"b":{"N":"2"}}},{"B":"Ag=="}]})"},
  };
  for (const auto& test : cases) {
    Value old = value_of(test.old);
    EXPECT_EQ(read(test.json, &old), test.typed != nullptr ? test.typed : typed_text(old)) << test.old << test.json;
  }
}

TEST(PlainDocument, UnchangedItemsStayAsTheyAre) {
  RandomValues random(6);
  for (int i = 0; i < 2000; ++i) {
    Value item = random.map(5);
    std::string typed = typed_item_text(item);
    DecodedItem decoded(typed);
    std::string plain;
    ASSERT_FALSE(append_json_document(plain, decoded.item(), JsonForm::plain)) << typed;
    auto again = value_from_plain_json(plain, &item);
    ASSERT_TRUE(again.ok()) << plain;
    EXPECT_EQ(typed_item_text(again.value()), typed) << plain;
  }
}

TEST(PlainDocument, OtherMembersStayAsTheyAre) {
  RandomValues random(7);
  for (int i = 0; i < 2000; ++i) {
    Value item = random.map(4);
    Value changed = item;
    std::string name = random.name();
    changed.set(name, Value::of({AttributeType::S, "changed"}));
    std::string plain;
    DecodedItem decoded(typed_item_text(changed));
    ASSERT_FALSE(append_json_document(plain, decoded.item(), JsonForm::plain));
    auto again = value_from_plain_json(plain, &item);
    ASSERT_TRUE(again.ok()) << plain;
    EXPECT_EQ(typed_item_text(again.value()), typed_item_text(changed)) << plain;
  }
}

}  // namespace
}  // namespace dynamodb
