// Tests of write_request.
#include "dynamodb/write_request.hpp"

#include <gtest/gtest.h>

#include "dynamodb/filter.hpp"

namespace dynamodb {
namespace {

using Kind = ItemWrite::Kind;
using Condition = WriteCondition::Kind;

DocumentPath path(std::string_view text) { return parse_document_path(text).value(); }

ItemWrite write_of(Kind kind) {
  ItemWrite write;
  write.kind = kind;
  write.table = "abc";
  write.key = R"({"id":{"S":"k"}})";
  write.partition_key = "id";
  if (kind == Kind::put) write.item = R"({"id":{"S":"k"},"n":{"N":"1"}})";
  if (kind == Kind::update) write.changes = {{path("n"), R"({"N":"2"})"}};
  return write;
}

ItemWrite with(ItemWrite write, Existence existence, std::vector<WriteCondition> conditions = {}) {
  write.existence = existence;
  write.conditions = std::move(conditions);
  return write;
}

constexpr char kCapacity[] = R"(,"ReturnConsumedCapacity":"TOTAL"})";

TEST(SingleWriteRequest, EachKind) {
  const ItemWrite put = write_of(Kind::put);
  const ItemWrite update = write_of(Kind::update);
  const ItemWrite remove = write_of(Kind::remove);
  const ItemWrite check = write_of(Kind::check);
  const std::string item = R"({"TableName":"abc","Item":{"id":{"S":"k"},"n":{"N":"1"}})";
  const std::string key = R"({"TableName":"abc","Key":{"id":{"S":"k"}})";
  const std::string id = R"(,"ExpressionAttributeNames":{"#0":"id"})";
  const std::vector<WriteCondition> two = {{path("a.b[1]"), Condition::equals, R"({"S":"x"})"},
                                           {path("c"), Condition::missing, ""}};
  const struct {
    ItemWrite write;
    const char* operation;
    std::string body;
  } cases[] = {
      {put, "PutItem", item},
      {with(put, Existence::must_not_exist), "PutItem",
       item + R"x(,"ConditionExpression":"attribute_not_exists(#0)")x" + id},
      {update, "UpdateItem",
       key + R"(,"UpdateExpression":"SET #0 = :0","ExpressionAttributeNames":{"#0":"n"})" +
           R"(,"ExpressionAttributeValues":{":0":{"N":"2"}})"},
      {with(update, Existence::must_exist, two), "UpdateItem",
       key + R"(,"UpdateExpression":"SET #4 = :1")" +
           R"x(,"ConditionExpression":"attribute_exists(#0) AND #1.#2[1] = :0 AND attribute_not_exists(#3)")x" +
           R"(,"ExpressionAttributeNames":{"#0":"id","#1":"a","#2":"b","#3":"c","#4":"n"})" +
           R"(,"ExpressionAttributeValues":{":0":{"S":"x"},":1":{"N":"2"}})"},
      {remove, "DeleteItem", key},
      {with(remove, Existence::any, {{path("c"), Condition::exists, ""}}), "DeleteItem",
       key + R"x(,"ConditionExpression":"attribute_exists(#0)","ExpressionAttributeNames":{"#0":"c"})x"},
      {with(check, Existence::must_not_exist), "DeleteItem",
       key + R"x(,"ConditionExpression":"attribute_not_exists(#0)")x" + id},
      {with(check, Existence::must_exist), "UpdateItem",
       key + R"x(,"ConditionExpression":"attribute_exists(#0)")x" + id},
      {with(check, Existence::any, {{path("c"), Condition::equals, R"({"N":"1"})"}}), "UpdateItem",
       key + R"x(,"ConditionExpression":"attribute_exists(#0) AND #1 = :0")x" +
           R"(,"ExpressionAttributeNames":{"#0":"id","#1":"c"},"ExpressionAttributeValues":{":0":{"N":"1"}})"},
  };
  for (const auto& c : cases) {
    const WriteRequest request = single_write_request(c.write);
    EXPECT_STREQ(request.operation, c.operation);
    EXPECT_EQ(request.body, c.body + kCapacity);
    EXPECT_FALSE(check_write(c.write));
  }
}

TEST(SingleWriteRequest, SetsAndRemoves) {
  ItemWrite write = write_of(Kind::update);
  write.changes = {{path("a"), R"({"N":"1"})"},
                   {path(R"("a.b"."say ""x""")"), R"({"L":[]})"},
                   {path("list[3]"), ""},
                   {path("a2.a[0]"), R"({"NULL":true})"},
                   {path("size"), ""}};
  EXPECT_EQ(single_write_request(write).body,
            R"({"TableName":"abc","Key":{"id":{"S":"k"}},)"
            R"("UpdateExpression":"SET #0 = :0, #1.#2 = :1, #4.#0[0] = :2 REMOVE #3[3], #5",)"
            R"("ExpressionAttributeNames":{"#0":"a","#1":"a.b","#2":"say \"x\"","#3":"list","#4":"a2","#5":"size"},)"
            R"("ExpressionAttributeValues":{":0":{"N":"1"},":1":{"L":[]},":2":{"NULL":true}})" +
                std::string(kCapacity));
  write.changes = {{path("size"), ""}};
  EXPECT_NE(single_write_request(write).body.find(R"("UpdateExpression":"REMOVE #0")"), std::string::npos);
}

TEST(BatchWriteBody, GroupsByTable) {
  ItemWrite put = write_of(Kind::put);
  ItemWrite remove = write_of(Kind::remove);
  ItemWrite other = write_of(Kind::remove);
  other.table = "def";
  EXPECT_EQ(
      batch_write_body({&put, &other, &remove}),
      R"({"ReturnConsumedCapacity":"TOTAL","RequestItems":{)"
      R"("abc":[{"PutRequest":{"Item":{"id":{"S":"k"},"n":{"N":"1"}}}},{"DeleteRequest":{"Key":{"id":{"S":"k"}}}}],)"
      R"("def":[{"DeleteRequest":{"Key":{"id":{"S":"k"}}}}]}})");
}

TEST(TransactWriteBody, EachAction) {
  const ItemWrite put = write_of(Kind::put);
  const ItemWrite update = write_of(Kind::update);
  const ItemWrite remove = write_of(Kind::remove);
  const ItemWrite check = with(write_of(Kind::check), Existence::any, {{path("c"), Condition::equals, R"({"N":"1"})"}});
  EXPECT_EQ(transact_write_body({&put, &update, &remove, &check}, "token"),
            R"({"ReturnConsumedCapacity":"TOTAL","ClientRequestToken":"token","TransactItems":[)"
            R"({"Put":{"TableName":"abc","Item":{"id":{"S":"k"},"n":{"N":"1"}}}},)"
            R"({"Update":{"TableName":"abc","Key":{"id":{"S":"k"}},"UpdateExpression":"SET #0 = :0",)"
            R"("ExpressionAttributeNames":{"#0":"n"},"ExpressionAttributeValues":{":0":{"N":"2"}}}},)"
            R"({"Delete":{"TableName":"abc","Key":{"id":{"S":"k"}}}},)"
            R"({"ConditionCheck":{"TableName":"abc","Key":{"id":{"S":"k"}},"ConditionExpression":"#0 = :0",)"
            R"("ExpressionAttributeNames":{"#0":"c"},"ExpressionAttributeValues":{":0":{"N":"1"}}}}]})");
}

TEST(LookBody, ReadsTheWholeItemConsistently) {
  EXPECT_EQ(look_body(write_of(Kind::put)),
            R"({"TableName":"abc","Key":{"id":{"S":"k"}},"ConsistentRead":true,"ReturnConsumedCapacity":"TOTAL"})");
}

// DynamoDB Local refuses from the 151st condition on: "operator count: 301".
TEST(CheckWrite, CountsOperators) {
  ItemWrite write = write_of(Kind::remove);
  for (int i = 0; i < 150; ++i)
    write.conditions.push_back({path("a" + std::to_string(i)), Condition::equals, R"({"N":"1"})"});
  EXPECT_FALSE(check_write(write));
  write.existence = Existence::must_exist;
  const auto error = check_write(write);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::limit_exceeded);
  EXPECT_EQ(error->detail, "The condition has 301 operators; DynamoDB takes at most 300.");
}

TEST(CheckWrite, MeasuresExpressions) {
  ItemWrite write = write_of(Kind::update);
  write.changes.clear();
  for (int i = 0; i < 300; ++i) write.changes.push_back({path("a" + std::to_string(i)), R"({"N":"1"})"});
  EXPECT_FALSE(check_write(write)) << "the = of SET is no operator";
  for (int i = 300; i < 400; ++i) write.changes.push_back({path("a" + std::to_string(i)), R"({"N":"1"})"});
  const auto error = check_write(write);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "one write changes more attributes of an item than DynamoDB takes in a request");
  write = write_of(Kind::remove);
  std::string deep = "a";
  for (int i = 0; i < 31; ++i) deep += ".b";
  for (int i = 0; i < 60; ++i) write.conditions.push_back({path(deep), Condition::missing, ""});
  ASSERT_TRUE(check_write(write));
  EXPECT_EQ(check_write(write)->message,
            "one write depends on more attributes of an item than DynamoDB takes in a request");
}

TEST(CheckWrite, MeasuresValuesAsTheServiceDoes) {
  ItemWrite write = write_of(Kind::update);
  const std::string escaped(300000, '\x01');  // six times as long in JSON
  std::string value;
  append_scalar(value, {AttributeType::S, escaped});
  write.changes = {{path("a"), value}};
  write.conditions = {{path("a"), Condition::equals, value}};
  EXPECT_FALSE(check_write(write));
  std::string large;
  append_scalar(large, {AttributeType::S, std::string(400000, 'x')});
  for (int i = 0; i < 4; ++i) write.conditions.push_back({path("b" + std::to_string(i)), Condition::equals, large});
  ASSERT_TRUE(check_write(write));
  EXPECT_EQ(check_write(write)->kind, ErrorKind::limit_exceeded);
}

}  // namespace
}  // namespace dynamodb
