// Tests of requested_keys.
#include "dynamodb/requested_keys.hpp"

#include <gtest/gtest.h>

#include "dynamodb/limits.hpp"
#include "unit/test_page.hpp"

namespace dynamodb {
namespace {

struct Look {
  explicit Look(std::vector<std::string> names) : keys(slots_of(selection, names)) {}

  static std::vector<uint32_t> slots_of(AttributeSelection& selection, const std::vector<std::string>& names) {
    selection.add("before");  // so that slots and places in the key are not the same
    std::vector<uint32_t> slots;
    for (const std::string& name : names) slots.push_back(selection.add(name));
    return slots;
  }
  // Looks for an item in typed JSON.
  bool finds(const std::string& json) {
    const BodyBuffer body = test::page_of("{\"Item\":" + json + "}");
    PageReader reader;
    Item item;
    EXPECT_FALSE(reader.open(body, true)) << json;
    EXPECT_EQ(reader.next(selection, item), PageReader::Step::item) << json;
    return keys.contains(item);
  }

  AttributeSelection selection;
  RequestedKeys keys;
};

Key key_of(AttributeType type, std::string bytes) { return {{"k", {type, std::move(bytes)}}}; }

TEST(RequestedKeys, CompareValues) {
  const std::string longest(kMaxPartitionKeyBytes, 'x');
  const struct {
    Key key;
    std::string value;
    bool same;
  } cases[] = {
      {key_of(AttributeType::S, "abc"), R"({"S":"abc"})", true},
      {key_of(AttributeType::S, "abc"), R"({"S":"abd"})", false},
      {key_of(AttributeType::S, "abc"), R"({"S":"ab"})", false},
      {key_of(AttributeType::S, "abc"), R"({"S":"abcd"})", false},
      {key_of(AttributeType::S, "abc"), R"({"S":""})", false},
      {key_of(AttributeType::S, "a\"\xC3\xA9"), R"({"S":"\u0061\"\u00e9"})", true},
      {key_of(AttributeType::S, std::string("a\0b", 3)), R"({"S":"a\u0000b"})", true},
      {key_of(AttributeType::S, std::string("a\0b", 3)), R"({"S":"a"})", false},
      {key_of(AttributeType::S, longest), R"({"S":")" + longest + R"("})", true},
      {key_of(AttributeType::S, longest), R"({"S":")" + longest + R"(x"})", false},
      {key_of(AttributeType::S, longest), R"({"S":")" + longest + longest + R"(x"})", false},
      {key_of(AttributeType::N, "1"), R"({"N":"1"})", true},
      {key_of(AttributeType::N, "1"), R"({"N":"1.0"})", true},
      {key_of(AttributeType::N, "1"), R"({"N":"01"})", true},
      {key_of(AttributeType::N, "1"), R"({"N":"-1"})", false},
      {key_of(AttributeType::N, "1"), R"({"N":"10"})", false},
      {key_of(AttributeType::N, "100"), R"({"N":"1E2"})", true},
      {key_of(AttributeType::N, "100"), R"({"N":"1E+2"})", true},
      {key_of(AttributeType::N, "100"), R"({"N":"1E3"})", false},
      {key_of(AttributeType::N, "0"), R"({"N":"-0.00"})", true},
      {key_of(AttributeType::N, "0.5"), R"({"N":".50"})", true},
      {key_of(AttributeType::N, "1E+100"), R"({"N":"10E99"})", true},
      {key_of(AttributeType::N, "12345678901234567890123456789012345678"),
       R"({"N":"12345678901234567890123456789012345678.0"})", true},
      {key_of(AttributeType::N, "12345678901234567890123456789012345678"),
       R"({"N":"12345678901234567890123456789012345679"})", false},
      {key_of(AttributeType::N, "1"), R"({"N":"one"})", false},
      {key_of(AttributeType::N, "1"), R"({"N":""})", false},
      {key_of(AttributeType::B, std::string("\0\xFF", 2)), R"({"B":"AP8="})", true},
      {key_of(AttributeType::B, std::string("\0\xFF", 2)), R"({"B":"AP4="})", false},
      {key_of(AttributeType::B, std::string("\0", 1)), R"({"B":"AP8="})", false},
      {key_of(AttributeType::B, std::string("\0\xFF", 2)), R"({"B":"AP8"})", false},
      {key_of(AttributeType::B, std::string("\0\xFF", 2)), R"({"B":"****"})", false},
      {key_of(AttributeType::B, "AP8="), R"({"B":"AP8="})", false},
      {key_of(AttributeType::S, "1"), R"({"N":"1"})", false},
      {key_of(AttributeType::N, "1"), R"({"S":"1"})", false},
      {key_of(AttributeType::S, "a"), R"({"B":"YQ=="})", false},
      {key_of(AttributeType::S, "a"), R"({"L":[{"S":"a"}]})", false},
      {key_of(AttributeType::S, "a"), R"({"SS":["a"]})", false},
      {key_of(AttributeType::S, "true"), R"({"BOOL":true})", false},
      {key_of(AttributeType::S, ""), R"({"NULL":true})", false},
  };
  for (const auto& test : cases) {
    Look look({"k"});
    look.keys.add_request({test.key});
    look.keys.turn_to(0);
    EXPECT_EQ(look.finds(R"({"before":{"S":"x"},"k":)" + test.value + "}"), test.same)
        << test.key[0].second.bytes.substr(0, 60) << " and " << test.value.substr(0, 60);
  }
}

TEST(RequestedKeys, LookForWholeKeys) {
  Look look({"p", "s"});
  look.keys.add_request({{{"p", {AttributeType::S, "a"}}, {"s", {AttributeType::N, "1"}}},
                         {{"p", {AttributeType::S, "ab"}}, {"s", {AttributeType::N, "2"}}}});
  look.keys.turn_to(0);
  EXPECT_TRUE(look.finds(R"({"p":{"S":"a"},"s":{"N":"1"}})"));
  EXPECT_TRUE(look.finds(R"({"s":{"N":"2.0"},"other":{"NULL":true},"p":{"S":"ab"}})"));
  EXPECT_FALSE(look.finds(R"({"p":{"S":"a"},"s":{"N":"2"}})")) << "of two keys";
  EXPECT_FALSE(look.finds(R"({"p":{"S":"1"},"s":{"S":"a"}})")) << "exchanged";
  EXPECT_FALSE(look.finds(R"({"p":{"S":"a"}})"));
  EXPECT_FALSE(look.finds(R"({"s":{"N":"1"}})"));
  EXPECT_FALSE(look.finds("{}"));
  // What counts of an attribute that is there twice is what is read of it.
  EXPECT_FALSE(look.finds(R"({"p":{"S":"a"},"s":{"N":"1"},"p":{"S":"b"}})"));
}

TEST(RequestedKeys, AreThoseOfTheRequest) {
  constexpr int kRequests = 3;
  auto number = [](int request, int place) { return std::to_string(request * kBatchGetItemKeys + place); };
  Look look({"k"});
  for (int request = 0; request < kRequests; ++request) {
    std::vector<Key> keys;
    for (int i = 0; i < kBatchGetItemKeys; ++i) keys.push_back(key_of(AttributeType::N, number(request, i)));
    look.keys.add_request(keys);
  }
  for (int current : {2, 0, 1, 1, 0}) {
    look.keys.turn_to(static_cast<std::size_t>(current));
    for (int request = 0; request < kRequests; ++request)
      for (int i = 0; i < kBatchGetItemKeys; ++i)
        EXPECT_EQ(look.finds(R"({"k":{"N":")" + number(request, i) + R"("}})"), request == current)
            << number(request, i) << " in request " << current;
  }
}

}  // namespace
}  // namespace dynamodb
