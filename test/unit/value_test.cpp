// Tests of value, value_check and typed_value.
#include "dynamodb/value.hpp"

#include <gtest/gtest.h>

#include "dynamodb/document.hpp"
#include "dynamodb/limits.hpp"
#include "unit/random_value.hpp"
#include "unit/test_page.hpp"

namespace dynamodb {
namespace {

using test::DecodedItem;
using test::item_of;
using test::path_of;
using test::RandomValues;
using test::typed_item_text;
using test::typed_text;
using test::value_of;

std::string repeated(std::string_view text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

// A list in a list and so on, `levels` of them, around a null.
std::string nested(int levels) { return repeated("{\"L\":[", levels) + "{\"NULL\":true}" + repeated("]}", levels); }

// What an item in typed JSON is read as, written again; or the error.
std::string read_again(std::string_view json) {
  auto item = parse_typed_item(json);
  if (!item) return item.error().message;
  return typed_item_text(item.value());
}

TEST(TypedValue, IsReadAsItIsWritten) {
  struct {
    const char* json;
    const char* written;  // null: the same
  } cases[] = {
      {R"({})", nullptr},
      {" {\n} ", "{}"},
      {R"({"a":{"S":""},"b":{"S":"say \"hi\"\n\\\u0000é😀"}})", nullptr},
      {R"({"\u0061":{"S":"\ud83d\ude00\/"}})", R"({"a":{"S":"😀/"}})"},
      {R"({"n":{"N":"1.50"}})", R"({"n":{"N":"1.5"}})"},
      {R"({"n":{"N":"12345678901234567890123456789012345678"}})", nullptr},
      {R"({"n":{"N":"-1e-130"}})", R"({"n":{"N":"-1E-130"}})"},
      {R"({"b":{"B":"AAH/qw=="},"e":{"B":""}})", nullptr},
      {R"({"no":{"BOOL":false},"nil":{"NULL":true},"yes":{"BOOL": true }})",
       R"({"nil":{"NULL":true},"no":{"BOOL":false},"yes":{"BOOL":true}})"},
      {R"({"bs":{"BS":["AQ==",""]},"ns":{"NS":["2","1"]},"ss":{"SS":["b","a"]}})", nullptr},
      {R"({"l":{"L":[]},"m":{"M":{}}})", nullptr},
      {R"({"l":{"L":[{"S":"x"},{"L":[{"NULL":true}]},{"M":{"a":{"B":"AQ=="},"b":{"SS":["x"]}}}]}})", nullptr},
      // sorted by name, of a name that is there twice the last counts
      {R"({"b":{"N":"1"},"a":{"N":"2"},"b":{"N":"3"},"B":{"N":"4"}})",
       R"({"B":{"N":"4"},"a":{"N":"2"},"b":{"N":"3"}})"},
      // what the service would refuse is not refused here
      {R"({"":{"SS":[]},"s":{"NS":["1","1"]}})", nullptr},
  };
  for (const auto& test : cases)
    EXPECT_EQ(read_again(test.json), test.written != nullptr ? test.written : test.json) << test.json;
}

TEST(TypedValue, ErrorsSayWhatAndWhere) {
  struct {
    std::string json;
    const char* error;
  } cases[] = {
      {R"([])", "an object with attributes is expected, not an array"},
      {R"("a")", "an object with attributes is expected, not \"a\""},
      {R"({"a":1})", "attribute a: a value with its type is expected, such as {\"S\": \"text\"}, not 1"},
      {R"({"a":{}})", "attribute a: a value has no type"},
      {R"({"a":{"S":"x","N":"1"}})", "attribute a: a value has more than one type"},
      {R"({"a":{"s":"x"}})", "attribute a: \"s\" is none of the types S, N, B, BOOL, NULL, SS, NS, BS, L, M"},
      {R"({"a":{"S":1}})", "attribute a: S has a string as its value, not 1"},
      {R"({"a":{"N":1}})", "attribute a: N has a string as its value, not 1"},
      {R"({"a":{"N":"x"}})", "attribute a: \"x\" is not a number that DynamoDB can hold"},
      {R"({"a":{"N":"123456789012345678901234567890123456789"}})",
       "attribute a: \"123456789012345678901234567890123456789\" is not a number that DynamoDB can hold"},
      {R"({"a":{"N":"1E126"}})", "attribute a: \"1E126\" is not a number that DynamoDB can hold"},
      {R"({"a":{"B":"A"}})", "attribute a: \"A\" is not base64"},
      {R"({"a":{"BOOL":"true"}})", "attribute a: BOOL has true or false as its value, not \"true\""},
      {R"({"a":{"NULL":false}})", "attribute a: NULL has true as its value, not false"},
      {R"({"a":{"SS":"x"}})", "attribute a: SS has an array as its value, not \"x\""},
      {R"({"a":{"NS":["1",2]}})", "attribute a[1]: N has a string as its value, not 2"},
      {R"({"a":{"L":{}}})", "attribute a: L has an array as its value, not an object"},
      {R"({"a b":{"M":{"c":{"L":[{"M":{"":{"S":0}}}]}}}})",
       "attribute \"a b\".c[0].\"\": S has a string as its value, not 0"},
      {R"({"a":{"M":[]}})", "attribute a: an object with attributes is expected, not an array"},
      {"{\"a\":" + nested(33) + "}", nullptr},
      {"{\"a\":" + repeated("{\"M\":{\"a\":", 100000), nullptr},
      {repeated("[", 100000), nullptr},
      // not JSON
      {"", nullptr},
      {"{", nullptr},
      {"{} {}", nullptr},
      {"{}]", nullptr},
      {"{}],[{}", nullptr},
      {R"({"a":{"S":"x"},})", nullptr},
      {R"({"a":{"S":"x"} "b":{"S":"x"}})", nullptr},
      {R"({"a" {"S":"x"}})", nullptr},
      {R"({"a":{"L":[{"S":"x"},]}})", nullptr},
      {R"({"a":{"S":"\ud800"}})", nullptr},
      {R"({"a":{"S":"\q"}})", nullptr},
      {"{\"a\":{\"S\":\"\n\"}}", nullptr},
      {"{\"a\":{\"S\":\"\xff\"}}", nullptr},
      {R"({"a":{"BOOL":truex}})", nullptr},
  };
  for (const auto& test : cases) {
    auto item = parse_typed_item(test.json);
    ASSERT_FALSE(item.ok()) << test.json;
    EXPECT_EQ(item.error().kind, ErrorKind::invalid_value) << test.json;
    EXPECT_FALSE(item.error().message.empty()) << test.json;
    if (test.error != nullptr) {
      EXPECT_EQ(item.error().message, test.error) << test.json;
    }
  }
}

TEST(TypedValue, RandomValuesAreReadAsTheyWere) {
  RandomValues random(4);
  for (int i = 0; i < 2000; ++i) {
    Value value = random.value(4);
    std::string text = typed_text(value);
    auto again = parse_typed_value(text);
    ASSERT_TRUE(again.ok()) << text;
    EXPECT_TRUE(same_value(value, again.value())) << text;
    EXPECT_EQ(typed_text(again.value()), text);
  }
}

TEST(Value, IsCopiedFromADecodedItem) {
  RandomValues random(5);
  for (int i = 0; i < 500; ++i) {
    Value value = random.map(4);
    std::string text = typed_item_text(value);
    DecodedItem decoded(text);
    ASSERT_FALSE(decoded.error()) << text;
    auto copy = copy_item(decoded.item());
    ASSERT_TRUE(copy.ok()) << text;
    EXPECT_EQ(typed_item_text(copy.value()), text);
    if (value.names.empty()) continue;
    auto first = copy_value(decoded.item(), decoded.first());
    ASSERT_TRUE(first.ok()) << text;
    EXPECT_TRUE(same_value(first.value(), value.elements.front())) << text;
  }
  EXPECT_EQ(typed_item_text(copy_item(DecodedItem(R"({"b":{"N":"+1.50"},"a":{"S":"x"}})").item()).value()),
            R"({"a":{"S":"x"},"b":{"N":"1.5"}})");
}

TEST(Value, CopyingNamesWhatIsNoNumberOrBinary) {
  EXPECT_EQ(copy_item(DecodedItem(R"({"a":{"L":[{"N":"x"}]}})").item()).error().message,
            "attribute a: \"x\" is not a number");
  EXPECT_EQ(copy_item(DecodedItem(R"({"a":{"B":"x"}})").item()).error().message,
            "attribute a: a binary value is not base64");
}

TEST(Value, IsMadeOfAScalar) {
  struct {
    ScalarValue scalar;
    const char* typed;
  } cases[] = {
      {{AttributeType::S, "x"}, R"({"S":"x"})"},
      {{AttributeType::N, "1.5"}, R"({"N":"1.5"})"},
      {{AttributeType::B, "\x01"}, R"({"B":"AQ=="})"},
      {{AttributeType::BOOL, "true"}, R"({"BOOL":true})"},
      {{AttributeType::BOOL, "false"}, R"({"BOOL":false})"},
  };
  for (const auto& test : cases) EXPECT_EQ(typed_text(Value::of(test.scalar)), test.typed);
}

TEST(Value, MembersAreFoundSetAndErased) {
  Value map = Value::map();
  for (const char* name : {"m", "b", "", "z", "b"}) map.set(name, Value::of({AttributeType::S, name}));
  EXPECT_EQ(typed_item_text(map), R"({"":{"S":""},"b":{"S":"b"},"m":{"S":"m"},"z":{"S":"z"}})");
  EXPECT_EQ(map.find("m")->text, "m");
  EXPECT_EQ(map.find("n"), nullptr);
  map.erase("m");
  map.erase("m");
  map.erase("zz");
  EXPECT_EQ(typed_item_text(map), R"({"":{"S":""},"b":{"S":"b"},"z":{"S":"z"}})");
  EXPECT_EQ(Value::of({AttributeType::S, "x"}).find("x"), nullptr);
}

TEST(Value, SamenessIsThatOfTheService) {
  struct {
    const char* left;
    const char* right;
    bool same;
  } cases[] = {
      {R"({"S":"1"})", R"({"S":"1"})", true},
      {R"({"S":"1"})", R"({"S":"2"})", false},
      {R"({"S":"1"})", R"({"N":"1"})", false},
      {R"({"N":"1.50"})", R"({"N":"15e-1"})", true},
      {R"({"N":"0"})", R"({"N":"-0.0"})", true},
      {R"({"BOOL":true})", R"({"BOOL":false})", false},
      {R"({"NULL":true})", R"({"NULL":true})", true},
      {R"({"SS":["a","b"]})", R"({"SS":["b","a"]})", true},
      {R"({"SS":["a","b"]})", R"({"SS":["b","a","c"]})", false},
      {R"({"SS":["a","b"]})", R"({"SS":["b","c"]})", false},
      {R"({"SS":["1"]})", R"({"NS":["1"]})", false},
      {R"({"NS":["1.0","2"]})", R"({"NS":["2.0","1"]})", true},
      {R"({"L":[{"S":"a"},{"S":"b"}]})", R"({"L":[{"S":"b"},{"S":"a"}]})", false},
      {R"({"L":[{"SS":["a","b"]}]})", R"({"L":[{"SS":["b","a"]}]})", true},
      {R"({"L":[{"S":"a"}]})", R"({"SS":["a"]})", false},
      {R"({"M":{"a":{"S":"1"},"b":{"S":"2"}}})", R"({"M":{"b":{"S":"2"},"a":{"S":"1"}}})", true},
      {R"({"M":{"a":{"S":"1"}}})", R"({"M":{"a":{"S":"1"},"b":{"S":"2"}}})", false},
      {R"({"M":{"a":{"S":"1"}}})", R"({"M":{"b":{"S":"1"}}})", false},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(same_value(value_of(test.left), value_of(test.right)), test.same) << test.left << test.right;
    EXPECT_EQ(same_value(value_of(test.right), value_of(test.left)), test.same) << test.left << test.right;
  }
}

TEST(Value, ScalarsAreOrderedAsTheServiceSorts) {
  const struct {
    AttributeType type;
    std::vector<std::string> ascending;
  } cases[] = {
      {AttributeType::S,
       {"", std::string("\0", 1), "10", "9", "A", "Z", "a", "a" + std::string("\0", 1), "ab", "b", "\x7f", "é", "€",
        "\xef\xbf\xbd", "😀"}},  // by UTF-8 bytes: U+FFFD before what UTF-16 writes as surrogates
      {AttributeType::B,
       {"", std::string("\0", 1), std::string("\0\0", 2), "\x01", "\x7f", "\x80", "\xff", "\xff\x01"}},
      {AttributeType::N, {"-1E+100", "-150", "-9", "-0.5", "0", "1E-130", "0.5", "1", "9", "10", "100", "1E+41"}},
  };
  for (const auto& test : cases)
    for (std::size_t i = 0; i < test.ascending.size(); ++i)
      for (std::size_t j = 0; j < test.ascending.size(); ++j) {
        const Value left = Value::of({test.type, test.ascending[i]});
        const Value right = Value::of({test.type, test.ascending[j]});
        const int order = compare_scalars(left, right);
        EXPECT_EQ((order > 0) - (order < 0), (i > j) - (i < j)) << typed_text(left) << " and " << typed_text(right);
      }
}

TEST(Value, IsFoundByItsPath) {
  Value item = item_of(R"({"a":{"M":{"b":{"L":[{"N":"0"},{"M":{"c":{"S":"x"}}}]},"0":{"S":"zero"}}}})");
  struct {
    const char* path;
    const char* found;  // null: nothing
  } cases[] = {
      {"a.0", R"({"S":"zero"})"}, {"a.b[0]", R"({"N":"0"})"}, {"a.b[1].c", R"({"S":"x"})"},
      {"a.b[2]", nullptr},        {"a[0]", nullptr},          {"a.b.c", nullptr},
      {"a.b[0].c", nullptr},      {"a.b[0][0]", nullptr},     {"b", nullptr},
  };
  for (const auto& test : cases) {
    const Value* found = find_path(item, path_of(test.path));
    EXPECT_EQ(found != nullptr ? typed_text(*found) : "", test.found != nullptr ? test.found : "") << test.path;
  }
}

TEST(ValueCheck, SizesAreThoseOfTheDeveloperGuide) {
  struct {
    const char* typed;
    std::size_t size;
  } cases[] = {
      {R"({"S":""})", 0},
      {R"({"S":"é😀"})", 6},
      {R"({"N":"0"})", 2},
      {R"({"N":"7"})", 2},
      {R"({"N":"12"})", 2},
      {R"({"N":"123"})", 3},
      {R"({"N":"-123"})", 4},
      {R"({"N":"0.0012"})", 2},
      {R"({"N":"1200"})", 2},
      {R"({"N":"1.2E+100"})", 2},
      {R"({"N":"-12345678901234567890123456789012345678"})", 21},
      {R"({"B":"AAH/qw=="})", 4},
      {R"({"BOOL":true})", 1},
      {R"({"NULL":true})", 1},
      {R"({"SS":["a","bc"]})", 3},
      {R"({"NS":["1","234"]})", 5},
      {R"({"BS":["AQ==","AQI="]})", 3},
      {R"({"L":[]})", 3},
      {R"({"L":[{"S":"ab"},{"BOOL":true}]})", 3 + 2 + 3},
      {R"({"M":{}})", 3},
      {R"({"M":{"name":{"S":"ab"}}})", 3 + 1 + 4 + 2},
  };
  for (const auto& test : cases) EXPECT_EQ(value_size(value_of(test.typed)), test.size) << test.typed;
  EXPECT_EQ(item_size(item_of("{}")), 0u);
  EXPECT_EQ(item_size(item_of(R"({"id":{"S":"abc"},"é":{"L":[{"NULL":true}]}})")), 2u + 3 + 2 + 3 + 1 + 1);
}

TEST(ValueCheck, NamesWhatTheServiceWouldRefuse) {
  std::string long_name(kMaxAttributeNameBytes, 'n');
  struct {
    std::string typed;
    const char* error;  // null: none; empty: any
  } cases[] = {
      {R"({})", nullptr},
      {R"({"a":{"S":""},"b":{"SS":[""]},"c":{"L":[]},"d":{"M":{}}})", nullptr},
      {R"({"a":{"SS":[]}})", "attribute a: a set is empty, which DynamoDB does not take"},
      {R"({"a":{"M":{"b":{"L":[{"NS":["1","2","1.0"]}]}}}})",
       "attribute a.b[0]: a set has the element \"1\" twice, which DynamoDB does not take"},
      {R"({"a":{"BS":["AQ==","AQ=="]}})", "attribute a: a set has an element twice, which DynamoDB does not take"},
      {R"({"a":{"BOOL":true},"":{"S":"x"}})", "a name is empty, which DynamoDB does not take"},
      {R"({"a":{"M":{"":{"S":"x"}}}})", "attribute a: a name is empty, which DynamoDB does not take"},
      {R"({"a":)" + nested(31) + "}", nullptr},
      {R"({"a":)" + nested(32) + "}",
       "attribute a[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: "
       "lists and maps are nested more than 31 levels deep"},
      {"{\"" + long_name + "\":{\"S\":\"\"}}", nullptr},
      {"{\"" + long_name + "n\":{\"S\":\"\"}}", ""},
      {R"({"a":{"S":")" + std::string(kMaxItemBytes - 1, 'x') + "\"}}", nullptr},
      {R"({"a":{"S":")" + std::string(kMaxItemBytes, 'x') + "\"}}",
       "the item has 409601 bytes, but DynamoDB takes at most 409600"},
  };
  for (const auto& test : cases) {
    auto error = check_item(item_of(test.typed));
    std::string shown = test.typed.substr(0, 100);
    ASSERT_EQ(error.has_value(), test.error != nullptr) << shown;
    if (!error) continue;
    const bool too_large = error->message.starts_with("the item has");
    EXPECT_EQ(error->kind, too_large ? ErrorKind::limit_exceeded : ErrorKind::invalid_value) << shown;
    if (*test.error != '\0') {
      EXPECT_EQ(error->message, test.error) << shown;
    }
  }
}

TEST(ValueCheck, KnowsElementsOfOtherTypes) {
  Value set = Value::of_type(AttributeType::SS);
  set.elements.push_back(Value::of({AttributeType::N, "1"}));
  EXPECT_EQ(check_value(set)->message, "a set of type SS has an element of type N");
  EXPECT_FALSE(check_value(value_of(nested(31))).has_value());
  EXPECT_EQ(check_value(value_of(nested(32)))->message,
            "attribute " + repeated("[0]", 31) + ": lists and maps are nested more than 31 levels deep");
}

}  // namespace
}  // namespace dynamodb
