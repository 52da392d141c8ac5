// Tests of request.
#include "dynamodb/request.hpp"

#include <gtest/gtest.h>

#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

ScalarValue text(std::string bytes) { return {AttributeType::S, std::move(bytes)}; }
ScalarValue number(std::string digits) { return {AttributeType::N, std::move(digits)}; }

ReadRequest request(std::vector<std::string> projection = {}) {
  ReadRequest request;
  request.table = "t";
  request.projection = std::move(projection);
  return request;
}

TEST(ScanHead, NamesTableIndexAndProjection) {
  EXPECT_EQ(scan_head(request()), R"({"TableName":"t","ReturnConsumedCapacity":"TOTAL")");
  ReadRequest full = request({"id", "size", "a.b"});
  full.table = "arn:aws:dynamodb:us-west-2:123456789012:table/t\"";
  full.index = "i";
  full.consistent_read = true;
  EXPECT_EQ(scan_head(full),
            R"({"TableName":"arn:aws:dynamodb:us-west-2:123456789012:table/t\"","IndexName":"i")"
            R"(,"ReturnConsumedCapacity":"TOTAL","ConsistentRead":true,"ProjectionExpression":"#0,#1,#2")"
            R"(,"ExpressionAttributeNames":{"#0":"id","#1":"size","#2":"a.b"})");
}

TEST(QueryHead, HasItsKeyCondition) {
  EXPECT_EQ(query_head(request(), {{"id", KeyOperator::equal, {text("x")}}}),
            R"({"TableName":"t","ReturnConsumedCapacity":"TOTAL","KeyConditionExpression":"#0 = :0")"
            R"(,"ExpressionAttributeNames":{"#0":"id"},"ExpressionAttributeValues":{":0":{"S":"x"}})");
  ReadRequest full = request({"n", "id", "other"});
  full.index = "by id";
  full.backward = true;
  full.consistent_read = true;
  EXPECT_EQ(query_head(full, {{"id", KeyOperator::equal, {text("\"")}},
                              {"n", KeyOperator::between, {number("1"), number("2")}}}),
            R"({"TableName":"t","IndexName":"by id","ReturnConsumedCapacity":"TOTAL","ConsistentRead":true)"
            R"(,"ScanIndexForward":false,"KeyConditionExpression":"#0 = :0 AND #1 BETWEEN :1 AND :2")"
            R"(,"ProjectionExpression":"#1,#0,#2","ExpressionAttributeNames":{"#0":"id","#1":"n","#2":"other"})"
            R"(,"ExpressionAttributeValues":{":0":{"S":"\""},":1":{"N":"1"},":2":{"N":"2"}})");
}

TEST(Heads, AskForEverythingWhenTheProjectionIsTooLong) {
  std::vector<std::string> names;
  for (int i = 0; i < 2000; ++i) names.push_back("attribute" + std::to_string(i));
  EXPECT_EQ(scan_head(request(names)), scan_head(request()));
  std::vector<KeyCondition> key = {{"id", KeyOperator::equal, {text("x")}}};
  EXPECT_EQ(query_head(request(names), key), query_head(request(), key));
  EXPECT_EQ(get_item_head(request(names), {{"id", text("x")}}), get_item_head(request(), {{"id", text("x")}}));
}

TEST(GetItemHead, HasItsKey) {
  EXPECT_EQ(get_item_head(request(), {{"id", text("x")}}),
            R"({"TableName":"t","ReturnConsumedCapacity":"TOTAL","Key":{"id":{"S":"x"}})");
  ReadRequest full = request({"a"});
  full.consistent_read = true;
  EXPECT_EQ(
      get_item_head(full, {{"id", text("x")}, {"n\"", number("1")}}),
      R"({"TableName":"t","ReturnConsumedCapacity":"TOTAL","ConsistentRead":true,"Key":{"id":{"S":"x"},"n\"":{"N":"1"}})"
      R"(,"ProjectionExpression":"#0","ExpressionAttributeNames":{"#0":"a"})");
}

TEST(BatchGetItemHeads, HoldAHundredKeysEach) {
  EXPECT_TRUE(batch_get_item_heads(request(), {}).empty());
  ReadRequest full = request({"a"});
  full.consistent_read = true;
  EXPECT_EQ(batch_get_item_heads(full, {{{"id", text("x")}}, {{"id", text("y")}}}),
            std::vector<std::string>{
                R"({"ReturnConsumedCapacity":"TOTAL","RequestItems":{"t":{"Keys":[{"id":{"S":"x"}},{"id":{"S":"y"}}])"
                R"(,"ConsistentRead":true,"ProjectionExpression":"#0","ExpressionAttributeNames":{"#0":"a"}}})"});

  std::vector<Key> keys;
  for (int i = 0; i < 201; ++i) keys.push_back({{"id", number(std::to_string(i))}});
  std::vector<std::string> heads = batch_get_item_heads(request(), keys);
  ASSERT_EQ(heads.size(), 3u);
  for (std::size_t i = 0; i < 201; ++i) {
    std::string key = R"({"id":{"N":")" + std::to_string(i) + "\"}}";
    for (std::size_t head = 0; head < 3; ++head)
      EXPECT_EQ(heads[head].find(key) != std::string::npos, head == i / kBatchGetItemKeys) << i << " in " << head;
  }
}

TEST(BatchGetItemAgain, AsksForWhatWasLeft) {
  EXPECT_EQ(batch_get_item_again(R"({"t":{"Keys":[{"id":{"S":"x"}}]}})"),
            R"({"ReturnConsumedCapacity":"TOTAL","RequestItems":{"t":{"Keys":[{"id":{"S":"x"}}]}})");
}

TEST(HalvedKeys, KeepWhatStandsAroundThem) {
  ReadRequest full = request({"a"});
  full.consistent_read = true;
  const std::string after =
      R"(],"ConsistentRead":true,"ProjectionExpression":"#0","ExpressionAttributeNames":{"#0":"a"}}})";
  std::vector<Key> keys = {{{"id", text("x,\"}{")}}, {{"id", text("y")}}, {{"id", text("z")}}};
  std::string head = batch_get_item_heads(full, keys)[0];
  EXPECT_EQ(halved_keys(head),
            (std::vector<std::string>{R"({"t":{"Keys":[{"id":{"S":"x,\"}{"}})" + after,
                                      R"({"t":{"Keys":[{"id":{"S":"y"}},{"id":{"S":"z"}})" + after}));
  // What is left unprocessed comes with its own spacing and order.
  EXPECT_EQ(halved_keys(batch_get_item_again(
                R"({ "t" : {"ConsistentRead": true, "Keys": [ {"id":{"N":"1"}} , {"id":{"N":"2"}} ] } })")),
            (std::vector<std::string>{R"({ "t" : {"ConsistentRead": true, "Keys": [ {"id":{"N":"1"}} ] } })",
                                      R"({ "t" : {"ConsistentRead": true, "Keys": [ {"id":{"N":"2"}} ] } })"}));
}

TEST(HalvedKeys, AreNoneOfASingleKey) {
  EXPECT_TRUE(halved_keys(batch_get_item_again(R"({"t":{"Keys":[{"id":{"S":"x"}}]}})")).empty());
  for (const char* head : {"", "{", R"({"TableName":"t")"}) EXPECT_TRUE(halved_keys(head).empty()) << head;
  for (const char* items : {"{}", R"({"t":{}})", R"({"t":{"Keys":[1,2]}})", "["})
    EXPECT_TRUE(halved_keys(batch_get_item_again(items)).empty()) << items;
}

TEST(SegmentMembers, AreLeftOutForASingleSegment) {
  EXPECT_EQ(segment_members(0, 0), "");
  EXPECT_EQ(segment_members(0, 1), "");
  EXPECT_EQ(segment_members(0, 2), R"(,"Segment":0,"TotalSegments":2)");
  EXPECT_EQ(segment_members(999'999, kMaxScanSegments), R"(,"Segment":999999,"TotalSegments":1000000)");
}

}  // namespace
}  // namespace dynamodb
