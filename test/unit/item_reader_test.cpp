// Tests of item_reader.
#include "dynamodb/item_reader.hpp"

#include <gtest/gtest.h>

#include "dynamodb/limits.hpp"
#include "unit/test_page.hpp"

namespace dynamodb {
namespace {

using test::everything;
using test::page_of;
using test::PageText;
using test::read_page;
using test::text_of;

// A page as the service sends it, with every type, escapes, white space and a nested document.
constexpr std::string_view kSample =
    R"json({"ConsumedCapacity":{"CapacityUnits":128.5,"TableName":"t"},"Count":3,"Items":[
  {"id":{"S":"a-1"},"n":{"N":"-12.50"},"b":{"B":"AQID"},"yes":{"BOOL":true},"no":{"BOOL":false},"nil":{"NULL":true}},
  {"ss":{"SS":["x","y \"z\""]},"ns":{"NS":["1","2.5"]},"bs":{"BS":["AQ==",""]},"l":{"L":[{"S":""},{"L":[]},{"M":{}}]}},
  {"say \"hi\"":{"S":"line\nbreak \u00e9 \ud83d\ude00"},"m":{"M":{"a.b":{"N":"1"},"\u0041":{"M":{"":{"NULL":true}}}}}} ],
  "LastEvaluatedKey" : {"id": {"S": "a-1"}} ,"ScannedCount":30}
)json";

const std::vector<std::string> kSampleItems = {
    "id=S(a-1) n=N(-12.50) b=B(AQID) yes=BOOL(true) no=BOOL(false) nil=NULL",
    "ss=SS(S(x) S(y \"z\")) ns=NS(N(1) N(2.5)) bs=BS(B(AQ==) B()) l=L(S() L() M())",
    "say \"hi\"=S(line\nbreak é 😀) m=M(a.b=N(1) A=M(=NULL))",
};

std::string one_item(std::string_view item) { return "{\"Items\":[" + std::string(item) + "],\"Count\":1}"; }

TEST(PageReader, ReadsAWholePage) {
  PageReader reader;
  BodyBuffer body = page_of(kSample);
  PageText page = read_page(reader, body);
  EXPECT_FALSE(page.error) << page.error->message;
  EXPECT_EQ(page.items, kSampleItems);
  EXPECT_EQ(reader.summary().count, 3u);
  EXPECT_EQ(reader.summary().scanned_count, 30u);
  EXPECT_EQ(reader.summary().consumed_capacity, 128.5);
  EXPECT_TRUE(reader.summary().has_last_evaluated_key);
  EXPECT_EQ(reader.summary().last_evaluated_key, R"({"id": {"S": "a-1"}})");
}

TEST(PageReader, ReadsEveryType) {
  struct {
    const char* item;
    const char* text;
  } cases[] = {
      {R"({})", ""},
      {R"({"a":{"S":"x"}})", "a=S(x)"},
      {R"({"a":{"S":""}})", "a=S()"},
      {R"({"a":{"N":"123.4500E-7"}})", "a=N(123.4500E-7)"},
      {R"({"a":{"N":"12345678901234567890123456789012345678"}})", "a=N(12345678901234567890123456789012345678)"},
      {R"({"a":{"B":""}})", "a=B()"},
      {R"({"a":{"B":"\/\/8="}})", "a=B(//8=)"},
      {R"({"a":{"BOOL":true},"b":{"BOOL":false}})", "a=BOOL(true) b=BOOL(false)"},
      {R"({"a":{"NULL":true}})", "a=NULL"},
      {R"({"a":{"SS":["x"]}})", "a=SS(S(x))"},
      {R"({"a":{"SS":["","a b",","]}})", "a=SS(S() S(a b) S(,))"},
      {R"({"a":{"NS":["1","-2"]}})", "a=NS(N(1) N(-2))"},
      {R"({"a":{"BS":["AQ==","Ag=="]}})", "a=BS(B(AQ==) B(Ag==))"},
      {R"({"a":{"SS":[]},"b":{"NS":[]},"c":{"BS":[]}})", "a=SS() b=NS() c=BS()"},
      {R"({"a":{"L":[]}})", "a=L()"},
      {R"({"a":{"M":{}}})", "a=M()"},
      {R"({"a":{"L":[{"L":[{"L":[]}]},{"M":{"x":{"L":[]}}},{"SS":["q"]}]}})", "a=L(L(L()) M(x=L()) SS(S(q)))"},
      {R"({"a":{"M":{"x":{"M":{"y":{"M":{}}}},"z":{"NULL":true}}},"b":{"N":"1"}})", "a=M(x=M(y=M()) z=NULL) b=N(1)"},
      {R"({"a":{"M":{"S":{"S":"M"},"M":{"M":{"N":{"N":"1"}}}}}})", "a=M(S=S(M) M=M(N=N(1)))"},
      {"\n { \"a\" :\t{ \"S\" : \"x\" } , \"b\" : { \"L\" : [ { \"N\" : \"1\" } , { \"BOOL\" : true } ] }\r}",
       "a=S(x) b=L(N(1) BOOL(true))"},
  };
  for (const auto& test : cases) {
    PageText page = read_page(one_item(test.item));
    ASSERT_FALSE(page.error) << test.item << ": " << page.error->message;
    EXPECT_EQ(page.items, std::vector<std::string>{test.text}) << test.item;
  }
}

TEST(PageReader, UnescapesStringsAndNames) {
  struct {
    const char* json;  // between quotes
    std::string text;
  } cases[] = {
      {R"(a\"b)", "a\"b"},
      {R"(\\)", "\\"},
      {R"(\\\\\\\")", "\\\\\\\""},
      {R"(\/\b\f\n\r\t)", "/\b\f\n\r\t"},
      {R"(\u0041\u00e9\u20ac)", "Aé€"},
      {R"(\ud83d\ude00)", "😀"},
      {R"(\u0000)", std::string("\0", 1)},
      {R"(end \\)", "end \\"},
      {"Zürich 東京 😀", "Zürich 東京 😀"},
      {"{\\\"S\\\":\\\"x\\\"}", "{\"S\":\"x\"}"},
      {"}],[{:,", "}],[{:,"},
  };
  for (const auto& test : cases) {
    std::string json = test.json;
    PageText page = read_page(one_item("{\"s\":{\"S\":\"" + json + "\"},\"" + json + "\":{\"M\":{\"" + json +
                                       "\":{\"SS\":[\"" + json + "\"]}}}}"));
    ASSERT_FALSE(page.error) << test.json << ": " << page.error->message;
    EXPECT_EQ(page.items, std::vector<std::string>{"s=S(" + test.text + ") " + test.text + "=M(" + test.text +
                                                   "=SS(S(" + test.text + ")))"});
  }
}

TEST(PageReader, ReadsItsMembersInAnyOrder) {
  const char* cases[] = {
      R"({"Count":2,"Items":[{"a":{"N":"1"}},{}],"LastEvaluatedKey":{"a":{"N":"1"}},"ScannedCount":7})",
      R"({"LastEvaluatedKey":{"a":{"N":"1"}},"ScannedCount":7,"Items":[{"a":{"N":"1"}},{}],"Count":2})",
      R"({"ScannedCount":7,"Items":[{"a":{"N":"1"}},{}],"New":[{"Items":[{"b":{"N":"2"}}]},"Count",null],"Count":2,
          "LastEvaluatedKey":{"a":{"N":"1"}},"More":{"Count":9,"ScannedCount":9,"LastEvaluatedKey":{}}})",
      R"({"I\u0074ems2":1,"Count":2,"ScannedCount":7,"LastEvaluatedKey":{"a":{"N":"1"}},"Items":[{"a":{"N":"1"}},{}]})",
  };
  for (const char* json : cases) {
    PageReader reader;
    BodyBuffer body = page_of(json);
    PageText page = read_page(reader, body);
    ASSERT_FALSE(page.error) << json << ": " << page.error->message;
    EXPECT_EQ(page.items, (std::vector<std::string>{"a=N(1)", ""})) << json;
    EXPECT_EQ(reader.summary().count, 2u) << json;
    EXPECT_EQ(reader.summary().scanned_count, 7u) << json;
    EXPECT_EQ(reader.summary().last_evaluated_key, R"({"a":{"N":"1"}})") << json;
  }
}

// The end of the items is looked for from behind, and not too far.
TEST(PageReader, ReadsWhatStandsBehindTheItemsHoweverLong) {
  for (int count : {1, 100, 200, 300, 5000}) {
    for (const char* unit : {"7", "{}", R"({"Count":[9]})", "[[],{}]"}) {
      std::string more = R"("More":[)" + std::string(unit);
      for (int i = 1; i < count; ++i) more += "," + std::string(unit);
      more += ']';
      std::string items = R"("Items":[{"a":{"L":[{"N":"1"}]}},{}])";
      for (bool before : {true, false}) {
        std::string key = R"("LastEvaluatedKey":{"a":{"N":"1"}},"Count":2)";
        std::string json = "{" + (before ? key + "," + items + "," + more : items + "," + more + "," + key) + "}";
        PageReader reader;
        BodyBuffer body = page_of(json);
        PageText page = read_page(reader, body);
        ASSERT_FALSE(page.error) << page.error->message << " " << count << unit;
        EXPECT_EQ(page.items, (std::vector<std::string>{"a=L(N(1))", ""}));
        EXPECT_EQ(reader.summary().count, 2u);
        EXPECT_EQ(reader.summary().last_evaluated_key, R"({"a":{"N":"1"}})");
      }
      // Between the items and a long array a key can be overlooked: that is an error, not a table that ends early.
      PageReader reader;
      BodyBuffer body = page_of("{" + items + R"(,"LastEvaluatedKey":{"a":{"N":"1"}},)" + more + "}");
      PageText page = read_page(reader, body);
      EXPECT_TRUE(page.error || reader.summary().has_last_evaluated_key) << count << unit;
      EXPECT_EQ(page.items.size(), 2u);
    }
  }
}

TEST(PageReader, ReadsPagesWithoutItems) {
  struct {
    const char* json;
    uint64_t count;
    uint64_t scanned;
    bool more;
  } cases[] = {
      {R"({"Count":0,"Items":[],"ScannedCount":0})", 0, 0, false},
      {R"({"Count":0,"Items":[],"ScannedCount":1500,"LastEvaluatedKey":{"id":{"S":"x"}}})", 0, 1500, true},
      {R"({"Count":2004,"ScannedCount":2004})", 2004, 2004, false},
      {R"({"Count":18446744073709551615})", UINT64_MAX, 0, false},
      {R"({"Items":[ ]})", 0, 0, false},
      {R"(  {"Items"  :[],"LastEvaluatedKey":{}}  )", 0, 0, true},
  };
  for (const auto& test : cases) {
    PageReader reader;
    BodyBuffer body = page_of(test.json);
    PageText page = read_page(reader, body);
    EXPECT_FALSE(page.error) << test.json << ": " << page.error->message;
    EXPECT_TRUE(page.items.empty()) << test.json;
    EXPECT_EQ(reader.summary().count, test.count) << test.json;
    EXPECT_EQ(reader.summary().scanned_count, test.scanned) << test.json;
    EXPECT_EQ(reader.summary().has_last_evaluated_key, test.more) << test.json;
    Item item;
    EXPECT_EQ(reader.next(everything(), item), PageReader::Step::end) << "the end is the end";
  }
}

TEST(PageReader, TakesCapacityFromAnswersOfAllAges) {
  struct {
    const char* capacity;
    double units;
  } cases[] = {
      {R"({"TableName":"t","CapacityUnits":0.5})", 0.5},
      {R"({"CapacityUnits":1})", 1},
      {R"({"CapacityUnits":1.285E2,"TableName":"t"})", 128.5},
      {R"({"TableName":"t","Table":{"CapacityUnits":3},"LocalSecondaryIndexes":{"i":{"CapacityUnits":4}},"CapacityUnits":7})",
       7},
      {R"({"VectorIndexes":{"v":[{"CapacityUnits":9}]},"CapacityUnits":2.5,"ReadCapacityUnits":2.5,"Later":[]})", 2.5},
      {R"({"CapacityUnits":"1"})", 0},
      {R"({"CapacityUnits":null})", 0},
      {R"({"TableName":"t"})", 0},
      {R"({})", 0},
      {R"([{"TableName":"t","CapacityUnits":1},{"CapacityUnits":0.5,"Later":{}}])", 1.5},
      {R"([{"CapacityUnits":"1"},null,{"CapacityUnits":2}])", 2},
      {R"([])", 0},
      {R"(null)", 0},
      {R"("1")", 0},
  };
  for (const auto& test : cases) {
    for (bool first : {true, false}) {
      std::string capacity = std::string("\"ConsumedCapacity\":") + test.capacity;
      std::string json = first ? "{" + capacity + R"(,"Items":[{"a":{"S":"x"}}],"Count":1})"
                               : R"({"Items":[{"a":{"S":"x"}}],"Count":1,)" + capacity + "}";
      PageReader reader;
      BodyBuffer body = page_of(json);
      PageText page = read_page(reader, body);
      EXPECT_FALSE(page.error) << json << ": " << page.error->message;
      EXPECT_EQ(page.items, std::vector<std::string>{"a=S(x)"}) << json;
      EXPECT_EQ(reader.summary().consumed_capacity, test.units) << json;
      EXPECT_EQ(reader.summary().count, 1u) << json;
    }
  }
}

TEST(PageReader, TellsAttributesFromItsOwnMembers) {
  constexpr std::string_view kJson = R"({"Items":[
      {"LastEvaluatedKey":{"M":{"Items":{"L":[]}}},"Items":{"L":[{"S":"x"}]},"Count":{"N":"77"},"S":{"N":"1"}},
      {"Items":{"S":"Items"},"\u0049tems2":{"S":"y"}}],"Count":2,"ScannedCount":2})";
  PageReader reader;
  BodyBuffer body = page_of(kJson);
  PageText page = read_page(reader, body);
  EXPECT_EQ(page.items, (std::vector<std::string>{"LastEvaluatedKey=M(Items=L()) Items=L(S(x)) Count=N(77) S=N(1)",
                                                  "Items=S(Items) Items2=S(y)"}));
  EXPECT_FALSE(reader.summary().has_last_evaluated_key);
  EXPECT_EQ(reader.summary().count, 2u);
}

TEST(PageReader, KeepsTheLastEvaluatedKeyVerbatim) {
  PageReader reader;
  BodyBuffer body =
      page_of(R"({"Items":[],"LastEvaluatedKey": { "a\u0041" :{"B":"AQ=="} , "n":{"N":"1E+2"} } ,"Count":0})");
  ASSERT_FALSE(reader.open(body));
  EXPECT_EQ(reader.summary().last_evaluated_key.substr(0, 10), R"({ "a\u0041)");
  EXPECT_EQ(reader.summary().last_evaluated_key.back(), '}');
  EXPECT_NE(reader.summary().last_evaluated_key.find(R"("n":{"N":"1E+2"})"), std::string::npos);
}

TEST(PageReader, RefusesALastEvaluatedKeyThatNoTableHas) {
  PageReader reader;
  for (std::size_t size : {std::size_t{150} << 10, kMaxStartKeyBytes}) {
    BodyBuffer body =
        page_of(R"({"Items":[],"Count":0,"LastEvaluatedKey":{"p":{"S":")" + std::string(size, 'x') + "\"}}}");
    EXPECT_EQ(reader.open(body).has_value(), size == kMaxStartKeyBytes);
  }
}

// --- answers to look-ups by key

TEST(PageReader, ReadsAnswersOfGetItemAndBatchGetItem) {
  struct {
    const char* json;
    std::vector<std::string> items;
    const char* unprocessed;
  } cases[] = {
      {R"({})", {}, ""},
      {R"({"ConsumedCapacity":{"CapacityUnits":0.5,"TableName":"t"}})", {}, ""},
      {R"({"Item":{}})", {""}, ""},
      {R"({"Item":{"id":{"S":"x"},"Item":{"M":{"Item":{"N":"1"}}}},"ConsumedCapacity":{"CapacityUnits":0.5}})",
       {"id=S(x) Item=M(Item=N(1))"},
       ""},
      {R"({"Responses":{}})", {}, ""},
      {R"({"Responses":{"t":[]},"UnprocessedKeys":{}})", {}, ""},
      {R"({"UnprocessedKeys": { } ,"Responses":{"t":[{"id":{"S":"x"}},{"id":{"S":"y"}}]}})",
       {"id=S(x)", "id=S(y)"},
       ""},
      {R"({"Responses":{"t":[{"Responses":{"NULL":true}}]},"UnprocessedKeys":{"t":{"Keys":[{"id":{"S":"z"}}]}} })",
       {"Responses=NULL"},
       R"({"t":{"Keys":[{"id":{"S":"z"}}]}})"},
  };
  for (const auto& test : cases) {
    PageReader reader;
    BodyBuffer body = page_of(test.json);
    ASSERT_FALSE(reader.open(body, true)) << test.json;
    Item item;
    for (const std::string& text : test.items) {
      ASSERT_EQ(reader.next(everything(), item), PageReader::Step::item) << test.json;
      EXPECT_EQ(text_of(item), text) << test.json;
    }
    EXPECT_EQ(reader.next(everything(), item), PageReader::Step::end) << test.json;
    EXPECT_EQ(reader.next(everything(), item), PageReader::Step::end) << "the end is the end";
    EXPECT_EQ(reader.summary().unprocessed_keys, test.unprocessed) << test.json;
    EXPECT_FALSE(reader.summary().has_count) << test.json;
  }
}

TEST(PageReader, RefusesBrokenAnswersOfGetItemAndBatchGetItem) {
  for (const char* json : {R"({"Item":[]})", R"({"Item":null})", R"({"Item":"x"})", R"({"Responses":[]})",
                           R"({"Responses":{"t":{}}})", R"({"Responses":{"t":null}})", R"({"Responses":{"t"}})",
                           R"({"Responses":{"t":[]},"UnprocessedKeys":[]})", R"({"Item":{})", "[]", "null"}) {
    PageReader reader;
    BodyBuffer body = page_of(json);
    auto error = reader.open(body, true);
    ASSERT_TRUE(error) << json;
    EXPECT_EQ(error->kind, ErrorKind::corrupt_response) << json;
  }
  PageReader reader;
  Item item;
  BodyBuffer body = page_of(R"({"Item":{"id":{"S":5}}})");
  ASSERT_FALSE(reader.open(body, true));
  EXPECT_EQ(reader.next(everything(), item), PageReader::Step::failed);
}

// --- selections

TEST(AttributeSelection, GivesOneSlotPerName) {
  AttributeSelection selection;
  EXPECT_EQ(selection.size(), 0u);
  EXPECT_EQ(selection.find("a"), -1);
  EXPECT_EQ(selection.add("a"), 0u);
  EXPECT_EQ(selection.add("b"), 1u);
  EXPECT_EQ(selection.add("a"), 0u);
  EXPECT_EQ(selection.add(""), 2u);
  EXPECT_EQ(selection.size(), 3u);
  EXPECT_EQ(selection.find("b"), 1);
  EXPECT_EQ(selection.find(""), 2);
  EXPECT_EQ(selection.find("B"), -1);
  EXPECT_EQ(selection.find("ab"), -1);
  EXPECT_EQ(selection.name(1), "b");
  EXPECT_FALSE(selection.all());
}

TEST(AttributeSelection, FindsEachOfManyNames) {
  AttributeSelection selection;
  for (uint32_t i = 0; i < 3000; ++i) ASSERT_EQ(selection.add("attribute_" + std::to_string(i) + "_x"), i);
  for (uint32_t i = 0; i < 3000; ++i)
    ASSERT_EQ(selection.find("attribute_" + std::to_string(i) + "_x"), static_cast<int32_t>(i));
  EXPECT_EQ(selection.find("attribute_3000_x"), -1);
}

// The slots of the only item as text, in order; "-" where the item does not have the attribute.
std::string slots_of(std::string_view item_json, const AttributeSelection& selection) {
  PageReader reader;
  BodyBuffer body = page_of(one_item(item_json));
  if (auto error = reader.open(body)) return error->message;
  Item item;
  if (reader.next(selection, item) != PageReader::Step::item) return reader.error().message;
  if (!selection.all() && !item.attributes().empty()) return "attributes() is filled";
  std::string text;
  for (uint32_t slot = 0; slot < selection.size(); ++slot) {
    uint32_t node = item.slot(slot);
    if (slot > 0) text += ' ';
    text += node == Item::kMissing ? "-" : text_of(item, node);
  }
  return text;
}

TEST(PageReader, DecodesOnlyWhatIsSelected) {
  constexpr std::string_view kItem = R"({"a":{"S":"x"},"skip":{"M":{"a":{"N":"0"},"b":{"L":[{"S":"b"}]}}},"b":{"N":"1"},
      "c\u0041":{"BOOL":true},"\"q\"":{"NULL":true},"":{"S":"empty name"},"Größe":{"N":"2"},"ss":{"SS":["a","b"]}})";
  struct {
    std::vector<std::string> names;
    const char* text;
  } cases[] = {
      {{}, ""},
      {{"a"}, "S(x)"},
      {{"b", "a"}, "N(1) S(x)"},
      {{"missing"}, "-"},
      {{"ss", "missing", "b"}, "SS(S(a) S(b)) - N(1)"},
      {{"cA", "\"q\""}, "BOOL(true) NULL"},
      {{""}, "S(empty name)"},
      {{"Größe", "A", "B", "c\\u0041"}, "N(2) - - -"},
  };
  for (const auto& test : cases) {
    AttributeSelection selection;
    for (const std::string& name : test.names) selection.add(name);
    EXPECT_EQ(slots_of(kItem, selection), test.text);
    selection.select_all();
    EXPECT_EQ(slots_of(kItem, selection), test.text) << "with all";
  }
}

TEST(PageReader, StepsOverWhatIsNotSelectedWithoutALook) {
  AttributeSelection selection;
  selection.add("a");
  for (const char* other : {R"({"X":1})", R"({"S":7})", "{}", "[]", "5", R"({"L":[1,{"N":"1"}]})"}) {
    std::string item = std::string(R"({"b":)") + other + R"(,"a":{"S":"x"},"c":)" + other + "}";
    EXPECT_EQ(slots_of(item, selection), "S(x)") << other;
  }
}

TEST(PageReader, DecodesItemsOfManyAttributes) {
  AttributeSelection selection;
  std::string json = "{";
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    std::string name = "attribute" + std::to_string(i * 7919 % 1000);
    json += (i > 0 ? ",\"" : "\"") + name + "\":{\"N\":\"" + std::to_string(i) + "\"}";
    text += (i > 0 ? " " : "") + name + "=N(" + std::to_string(i) + ")";
    selection.add(name);
  }
  json += '}';
  EXPECT_EQ(read_page(one_item(json)).items, std::vector<std::string>{text});
  std::string slots = slots_of(json, selection);
  EXPECT_TRUE(slots.starts_with("N(0) N(1) N(2)") && slots.ends_with(" N(998) N(999)")) << slots;
}

TEST(PageReader, TakesTheLastOfSeveralAttributesWithOneName) {
  AttributeSelection selection;
  selection.add("a");
  constexpr std::string_view kItem = R"({"a":{"S":"first"},"b":{"N":"1"},"\u0061":{"S":"last"}})";
  EXPECT_EQ(slots_of(kItem, selection), "S(last)");
  EXPECT_EQ(read_page(one_item(kItem)).items, std::vector<std::string>{"a=S(first) b=N(1) a=S(last)"});
}

TEST(PageReader, ForgetsTheItemBefore) {
  AttributeSelection selection;
  selection.add("a");
  selection.add("b");
  PageReader reader;
  BodyBuffer body = page_of(R"({"Items":[{"a":{"S":"1"}},{"b":{"SS":["2"]}},{},{"b":{"S":"3"},"a":{"N":"4"}}]})");
  ASSERT_FALSE(reader.open(body));
  Item item;
  const char* expected[][2] = {{"S(1)", "-"}, {"-", "SS(S(2))"}, {"-", "-"}, {"N(4)", "S(3)"}};
  for (const auto& texts : expected) {
    ASSERT_EQ(reader.next(selection, item), PageReader::Step::item);
    for (uint32_t slot = 0; slot < 2; ++slot)
      EXPECT_EQ(item.slot(slot) == Item::kMissing ? "-" : text_of(item, item.slot(slot)), texts[slot]);
  }
  EXPECT_EQ(reader.next(selection, item), PageReader::Step::end);
}

// --- depth and size

std::string nested(int levels, bool maps) {
  std::string json = R"({"S":"deep"})";
  for (int i = 0; i < levels; ++i) json = maps ? R"({"M":{"a":)" + json + "}}" : R"({"L":[)" + json + "]}";
  return json;
}

TEST(PageReader, DecodesWhatTheServiceCanNest) {
  for (bool maps : {true, false}) {
    PageText page = read_page(one_item(R"({"a":)" + nested(kMaxItemNesting, maps) + "}"));
    ASSERT_FALSE(page.error) << page.error->message;
    EXPECT_NE(page.items[0].find("S(deep)"), std::string::npos);
  }
}

TEST(PageReader, RefusesWhatIsNestedDeeper) {
  AttributeSelection other;
  other.add("b");
  for (int levels : {kMaxItemNesting + 8, 500, 2000}) {
    for (bool maps : {true, false}) {
      std::string item = R"({"a":)" + nested(levels, maps) + R"(,"b":{"S":"x"}})";
      PageText page = read_page(one_item(item));
      ASSERT_TRUE(page.error) << levels;
      EXPECT_EQ(page.error->kind, ErrorKind::corrupt_response);
      EXPECT_EQ(slots_of(item, other), "S(x)") << "where it is not asked for";
    }
  }
}

TEST(PageReader, SurvivesAMillionBrackets) {
  for (const char* bracket : {"[", "{\"a\":"}) {
    std::string brackets;
    for (int i = 0; i < 1'000'000; ++i) brackets += bracket;
    EXPECT_TRUE(read_page(brackets).error);
    EXPECT_TRUE(read_page("{\"Items\":" + brackets + "}").error);
    EXPECT_TRUE(read_page(one_item("{\"a\":{\"L\":" + brackets + "}}")).error);
  }
}

TEST(PageReader, ReadsLargePages) {
  std::string json = "{\"Items\":[";
  for (int i = 0; i < 20000; ++i) {
    if (i > 0) json += ',';
    json += R"({"id":{"N":")" + std::to_string(i) + R"("},"text":{"S":")" +
            std::string(static_cast<std::size_t>(i) % 500, 'x') + R"(\n"}})";
  }
  json += "],\"Count\":20000}";
  ASSERT_GT(json.size(), 5'000'000u);
  PageReader reader;
  BodyBuffer body = page_of(json);
  PageText page = read_page(reader, body);
  ASSERT_FALSE(page.error) << page.error->message;
  ASSERT_EQ(page.items.size(), 20000u);
  for (std::size_t i = 0; i < page.items.size(); ++i)
    ASSERT_EQ(page.items[i], "id=N(" + std::to_string(i) + ") text=S(" + std::string(i % 500, 'x') + "\n)");
  reader.close();
  BodyBuffer sample = page_of(kSample);
  EXPECT_EQ(read_page(reader, sample).items, kSampleItems) << "afterwards";
}

TEST(PageReader, ReadsOnePageAfterTheOther) {
  PageReader reader;
  Item item;
  AttributeSelection selection = everything();
  BodyBuffer sample = page_of(kSample);
  for (int round = 0; round < 50; ++round) {
    // Pages of growing and shrinking size, left at any point, closed or not, good and bad.
    std::string text(static_cast<std::size_t>(round * 7919 % 5000), 'y');
    BodyBuffer body = page_of(one_item(R"({"a":{"S":")" + text + R"(\t"}})"));
    ASSERT_FALSE(reader.open(body));
    ASSERT_EQ(reader.next(selection, item), PageReader::Step::item);
    EXPECT_EQ(text_of(item), "a=S(" + text + "\t)");
    if (round % 2 == 0) reader.close();

    ASSERT_FALSE(reader.open(sample));
    for (int i = 0; i < round % 4; ++i) {
      ASSERT_EQ(reader.next(selection, item), i < 3 ? PageReader::Step::item : PageReader::Step::end);
      if (i < 3) {
        EXPECT_EQ(text_of(item), kSampleItems[static_cast<std::size_t>(i)]);
      }
    }
    if (round % 3 == 0) reader.close();

    BodyBuffer broken = page_of(R"({"Items":[{"a":{"S":"x"}},{"a":)");
    EXPECT_TRUE(reader.open(broken));
    EXPECT_FALSE(reader.summary().has_last_evaluated_key);
  }
}

TEST(PageReader, HasNothingMoreAfterClose) {
  PageReader reader;
  Item item;
  BodyBuffer body = page_of(kSample);
  ASSERT_FALSE(reader.open(body));
  ASSERT_EQ(reader.next(everything(), item), PageReader::Step::item);
  reader.close();
  EXPECT_EQ(reader.next(everything(), item), PageReader::Step::end);
  EXPECT_EQ(reader.summary().count, 3u) << "the summary stays";
}

TEST(PageReader, CanBeMoved) {
  BodyBuffer body = page_of(kSample);
  PageReader first;
  ASSERT_FALSE(first.open(body));
  PageReader second = std::move(first);
  Item item;
  for (const std::string& text : kSampleItems) {
    ASSERT_EQ(second.next(everything(), item), PageReader::Step::item);
    EXPECT_EQ(text_of(item), text);
  }
  EXPECT_EQ(second.next(everything(), item), PageReader::Step::end);
}

// --- what is not a page

TEST(PageReader, RefusesWhatIsNoPage) {
  const std::string cases[] = {
      "",
      " ",
      "{",
      "}",
      "[",
      "[]",
      "null",
      "5",
      "\"x\"",
      "{}",
      R"({"Table":{}})",
      R"({"message":"x"})",
      R"({"Items":{}})",
      R"({"Items":null})",
      R"({"Items":"x"})",
      R"({"Items":})",
      R"({"Items"})",
      R"({"Items":[]]})",
      R"({"Items":[}})",
      R"({"Items":[})",
      R"({"Items":[]}})",
      R"({"Items":[]} x)",
      R"({"Items":[]}{"Items":[]})",
      R"({"Items":[],)",
      R"({"Items":[] "Count":0})",
      R"({"Items":[],"Count":"1"})",
      R"({"Items":[],"Count":-1})",
      R"({"Items":[],"Count":1.5})",
      R"({"Items":[],"Count":null})",
      R"({"Items":[],"ScannedCount":[]})",
      R"({"Items":[],"Count":18446744073709551616})",
      R"({"Items":[],"LastEvaluatedKey":"x"})",
      R"({"Items":[],"LastEvaluatedKey":[]})",
      R"({"Items":[],"LastEvaluatedKey":null})",
      "{\"Items\":[],\"x\":\"\xff\"}",
      "{\"Items\":[],\"x\":\"\n\"}",
      R"({"Items":[],"x":"unclosed})",
      std::string("\0{\"Items\":[]}", 13),
      std::string("{\"Items\":[]}\0", 13),
  };
  for (const std::string& json : cases) {
    PageText page = read_page(json);
    ASSERT_TRUE(page.error) << json;
    EXPECT_EQ(page.error->kind, ErrorKind::corrupt_response) << json;
    EXPECT_TRUE(page.error->message.starts_with("the response is not what DynamoDB sends: ")) << page.error->message;
    EXPECT_TRUE(page.items.empty()) << json;
  }
}

TEST(PageReader, RefusesWhatIsNoItem) {
  const char* cases[] = {
      // items
      "5",
      "null",
      "\"x\"",
      "[]",
      "true",
      R"({"a"})",
      R"({"a":})",
      R"({5:{"S":"x"}})",
      R"({"a":{"S":"x"} "b":{"S":"y"}})",
      R"({"a":{"S":"x"},})",
      R"({,"a":{"S":"x"}})",
      R"({"a":{"S":"x"}] )",
      R"({"a","b":{"S":"x"}})",
      // values
      R"({"a":5})",
      R"({"a":"x"})",
      R"({"a":null})",
      R"({"a":[]})",
      R"({"a":{}})",
      R"({"a":{"S":"x","N":"1"}})",
      R"({"a":{"S":"x","S":"x"}})",
      R"({"a":{"S":"x",}})",
      R"({"a":{"X":"x"}})",
      R"({"a":{"":"x"}})",
      R"({"a":{"s":"x"}})",
      R"({"a":{"SSS":["x"]}})",
      R"({"a":{"S"}})",
      R"({"a":{"S":}})",
      // payloads
      R"({"a":{"S":5}})",
      R"({"a":{"S":null}})",
      R"({"a":{"S":{}}})",
      R"({"a":{"N":5}})",
      R"({"a":{"B":true}})",
      R"({"a":{"S":"x""y"}})",
      R"({"a":{"S":"x"y}})",
      R"({"a":{"S":"\x"}})",
      R"({"a":{"S":"\ud800"}})",
      R"({"a":{"S":"\u12"}})",
      R"({"a":{"BOOL":"true"}})",
      R"({"a":{"BOOL":1}})",
      R"({"a":{"BOOL":null}})",
      R"({"a":{"BOOL":truex}})",
      R"({"a":{"SS":"x"}})",
      R"({"a":{"SS":[1]}})",
      R"({"a":{"SS":["x",null]}})",
      R"({"a":{"SS":["x",]}})",
      R"({"a":{"SS":["x" "y"]}})",
      R"({"a":{"SS":[["x"]]}})",
      R"({"a":{"SS":{}}})",
      R"({"a":{"NS":[1]}})",
      R"({"a":{"BS":[{"B":"AQ=="}]}})",
      R"({"a":{"L":{}}})",
      R"({"a":{"L":["x"]}})",
      R"({"a":{"L":[{}]}})",
      R"({"a":{"L":[{"S":"x"},]}})",
      R"({"a":{"L":[{"S":"x"} {"S":"y"}]}})",
      R"({"a":{"L":[{"S":"x"}}}})",
      R"({"a":{"M":[]}})",
      R"({"a":{"M":{"b":"x"}}})",
      R"({"a":{"M":{"b":{}}}})",
      R"({"a":{"M":{"b"}}})",
      R"({"a":{"M":{"b":{"S":"x"},}}})",
      R"({"a":{"M":{"b":{"S":"x"}]}})",
  };
  for (const char* item : cases) {
    for (bool last : {true, false}) {
      std::string good = R"({"id":{"S":"1"}})";
      std::string json = "{\"Items\":[" + good + "," + item + (last ? "" : "," + good) + "],\"Count\":3}";
      PageText page = read_page(json);
      ASSERT_TRUE(page.error) << json;
      EXPECT_EQ(page.error->kind, ErrorKind::corrupt_response) << json;
      if (!page.items.empty()) {
        EXPECT_EQ(page.items, std::vector<std::string>{"id=S(1)"}) << json;
      }
    }
  }
}

TEST(PageReader, RefusesItemsNotSeparatedByCommas) {
  for (const char* json :
       {R"({"Items":[{"a":{"S":"x"}} {"a":{"S":"y"}}]})", R"({"Items":[{"a":{"S":"x"}},,{"a":{"S":"y"}}]})",
        R"({"Items":[{"a":{"S":"x"}},]})", R"({"Items":[{"a":{"S":"x"}}:{"a":{"S":"y"}}]})"}) {
    PageText page = read_page(json);
    EXPECT_TRUE(page.error) << json;
    EXPECT_EQ(page.items, std::vector<std::string>{"a=S(x)"}) << json;
  }
}

TEST(PageReader, RefusesEveryTruncation) {
  std::string_view whole = kSample.substr(0, kSample.rfind('}') + 1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    PageText page = read_page(whole.substr(0, size));
    ASSERT_TRUE(page.error) << size;
    ASSERT_EQ(page.error->kind, ErrorKind::corrupt_response) << size;
  }
}

TEST(PageReader, SurvivesEveryDamagedByte) {
  const char replacements[] = {'\0', ' ', '"', '\\', '{', '}', '[', ']', ':', ',', '0', 'x', '\n', '\xff'};
  for (std::size_t place = 0; place < kSample.size(); ++place) {
    for (char replacement : replacements) {
      std::string json(kSample);
      json[place] = replacement;
      PageText page = read_page(json);
      if (page.error) {
        ASSERT_EQ(page.error->kind, ErrorKind::corrupt_response) << json;
      }
    }
    std::string shorter(kSample);
    shorter.erase(place, 1);
    read_page(shorter);
  }
}

}  // namespace
}  // namespace dynamodb
