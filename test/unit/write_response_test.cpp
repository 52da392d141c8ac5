// Tests of write_response.
#include "dynamodb/write_response.hpp"

#include <gtest/gtest.h>

#include "unit/test_page.hpp"

namespace dynamodb {
namespace {

TEST(WriteAnswer, AddsUpCapacity) {
  const struct {
    const char* body;
    double units;
  } cases[] = {
      {R"({"ConsumedCapacity":{"TableName":"abc","CapacityUnits":2.5}})", 2.5},
      {R"({"ConsumedCapacity":[{"TableName":"abc","CapacityUnits":2},{"TableName":"def","CapacityUnits":3,"New":{}}]})",
       5},
      {R"({"ConsumedCapacity":[]})", 0},
      {R"({"ConsumedCapacity":[7,{"CapacityUnits":"x"}]})", 0},
      {R"({"ConsumedCapacity":null,"UnprocessedItems":{}})", 0},
      {"{}", 0},
  };
  WriteAnswerReader reader;
  for (const auto& c : cases) {
    const auto answer = reader.read(test::page_of(c.body));
    ASSERT_TRUE(answer.ok()) << c.body;
    EXPECT_EQ(answer.value().consumed_capacity, c.units) << c.body;
    EXPECT_TRUE(answer.value().unprocessed.empty()) << c.body;
  }
}

TEST(WriteAnswer, TellsWhatIsUnprocessed) {
  WriteAnswerReader reader;
  const auto answer = reader.read(test::page_of(
      R"({"UnprocessedItems":{"abc":[{"PutRequest":{"Item":{"n":{"S":"x"},"pk":{"S":"a\"b"},"sk":{"N":"10"}}}}],)"
      R"("def":[{"DeleteRequest":{"Key":{"pk":{"S":"a\"b"},"sk":{"N":"10"}}}}]},"ConsumedCapacity":[]})"));
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer.value().unprocessed.size(), 2u);
  ItemWrite write;
  write.table = "abc";
  write.key = R"({"pk":{"S":"a\u0022b"},"sk":{"N":"1e1"}})";
  EXPECT_TRUE(is_of(answer.value().unprocessed[0], write));
  EXPECT_FALSE(is_of(answer.value().unprocessed[1], write)) << "another table";
  write.table = "def";
  EXPECT_TRUE(is_of(answer.value().unprocessed[1], write));
  write.key = R"({"pk":{"S":"a\"b"},"sk":{"N":"11"}})";
  EXPECT_FALSE(is_of(answer.value().unprocessed[1], write));
  write.key = R"({"pk":{"S":"a\"b"},"sk":{"S":"10"}})";
  EXPECT_FALSE(is_of(answer.value().unprocessed[1], write));
  write.key = "broken";
  EXPECT_FALSE(is_of(answer.value().unprocessed[1], write));
}

TEST(WriteAnswer, RefusesWhatIsNone) {
  WriteAnswerReader reader;
  for (const char* body : {"", "[]", "{", R"({"UnprocessedItems":{"abc":{}}})", R"({"UnprocessedItems":{"abc":[{}]}})",
                           R"({"UnprocessedItems":{"abc":[{"PutRequest":{"Item":7}}]}})",
                           R"({"UnprocessedItems":{"abc":[{"PutRequest":{"Item":{"a":{"X":"1"}}}}]}})"}) {
    const auto answer = reader.read(test::page_of(body));
    ASSERT_FALSE(answer.ok()) << body;
    EXPECT_EQ(answer.error().kind, ErrorKind::corrupt_response);
  }
  EXPECT_TRUE(reader.read(test::page_of("{}")).ok()) << "the reader is good for another";
}

}  // namespace
}  // namespace dynamodb
