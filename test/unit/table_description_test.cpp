// Tests of table_description.
#include "dynamodb/table_description.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

// As the service answers, with members that nobody here needs.
constexpr const char* kOrders = R"json({
  "Table": {
    "AttributeDefinitions": [
      {"AttributeName": "customer", "AttributeType": "S"}, {"AttributeName": "number", "AttributeType": "N"},
      {"AttributeName": "region", "AttributeType": "S"}, {"AttributeName": "digest", "AttributeType": "B"}],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": 1.7e9},
    "CreationDateTime": 1722247496.254, "DeletionProtectionEnabled": false,
    "GlobalSecondaryIndexes": [
      {"IndexName": "by_region", "IndexStatus": "ACTIVE", "IndexSizeBytes": 900, "ItemCount": 9,
       "IndexArn": "arn:aws:dynamodb:us-west-2:123456789012:table/Orders/index/by_region",
       "KeySchema": [{"AttributeName": "region", "KeyType": "HASH"}, {"AttributeName": "customer", "KeyType": "HASH"},
                     {"AttributeName": "number", "KeyType": "RANGE"}, {"AttributeName": "digest", "KeyType": "RANGE"}],
       "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total", "a \"b\""]},
       "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}},
      {"IndexName": "by_digest", "IndexStatus": "CREATING", "Backfilling": true,
       "KeySchema": [{"AttributeName": "digest", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}],
    "ItemCount": 10,
    "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "number", "KeyType": "RANGE"}],
    "LocalSecondaryIndexes": [
      {"IndexName": "by_digest_too", "IndexSizeBytes": 1000, "ItemCount": 10,
       "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "digest", "KeyType": "RANGE"}],
       "Projection": {"ProjectionType": "ALL"}}],
    "TableArn": "arn:aws:dynamodb:us-west-2:123456789012:table/Orders", "TableId": "8a1f", "TableName": "Orders",
    "TableSizeBytes": 7654, "TableStatus": "ACTIVE", "WarmThroughput": {"Status": "ACTIVE"}, "StreamSpecification": null
  }
})json";

constexpr const char* kSmallest = R"json({"Table": {"TableName": "abc", "TableStatus": "CREATING",
  "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "N"}],
  "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]}})json";

TEST(TableDescription, ReadsEverything) {
  auto result = parse_describe_table_response(kOrders);
  ASSERT_TRUE(result.ok()) << result.error().message;
  const KeyAttribute customer{"customer", AttributeType::S};
  const KeyAttribute number{"number", AttributeType::N};
  const KeyAttribute region{"region", AttributeType::S};
  const KeyAttribute digest{"digest", AttributeType::B};
  TableDescription expected;
  expected.name = "Orders";
  expected.arn = "arn:aws:dynamodb:us-west-2:123456789012:table/Orders";
  expected.status = "ACTIVE";
  expected.billing_mode = "PAY_PER_REQUEST";
  expected.partition_key = customer;
  expected.sort_key = number;
  expected.item_count = 10;
  expected.size_bytes = 7654;
  expected.indexes = {
      {"by_digest_too", false, "", {customer}, {digest}, Projection::all, {}, 10, 1000},
      {"by_region",
       true,
       "ACTIVE",
       {region, customer},
       {number, digest},
       Projection::include,
       {"total", "a \"b\""},
       9,
       900},
      {"by_digest", true, "CREATING", {digest}, {}, Projection::keys_only, {}, 0, 0},
  };
  EXPECT_EQ(result.value(), expected);
}

TEST(TableDescription, FindsIndexesByTheirExactName) {
  auto result = parse_describe_table_response(kOrders);
  ASSERT_TRUE(result.ok());
  const TableDescription& table = result.value();
  ASSERT_NE(table.find_index("by_region"), nullptr);
  EXPECT_EQ(table.find_index("by_region"), &table.indexes[1]);
  EXPECT_EQ(table.find_index("By_region"), nullptr);
  EXPECT_TRUE(table.find_index("by_digest_too")->readable());
  EXPECT_TRUE(table.find_index("by_region")->readable());
  EXPECT_FALSE(table.find_index("by_digest")->readable());
}

TEST(TableDescription, ReadsTheLeastThereCanBe) {
  auto result = parse_describe_table_response(kSmallest);
  ASSERT_TRUE(result.ok()) << result.error().message;
  TableDescription expected;
  expected.name = "abc";
  expected.status = "CREATING";
  expected.billing_mode = "PROVISIONED";
  expected.partition_key = {"k", AttributeType::N};
  EXPECT_EQ(result.value(), expected);
}

TEST(TableDescription, ReadsATableThatIsBeingDeleted) {
  auto result =
      parse_describe_table_response(R"({"Table": {"TableName": "abc", "TableStatus": "DELETING", "ItemCount": 0}})");
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result.value().status, "DELETING");
  EXPECT_EQ(result.value().partition_key.name, "");
}

TEST(TableDescription, TakesAnUnknownProjectionForTheSmallest) {
  std::string body = kOrders;
  body.replace(body.find("\"ALL\""), 5, "\"NEW\"");
  auto result = parse_describe_table_response(body);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.value().indexes[0].projection, Projection::keys_only);
}

// A copy of `text` in which the first `from` is replaced.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  std::size_t position = text.find(from);
  EXPECT_NE(position, std::string::npos) << from;
  return text.replace(position, from.size(), to);
}

TEST(TableDescription, RefusesWhatIsNoDescription) {
  struct {
    std::string body;
    const char* message;  // its end; empty where it is simdjson's
  } cases[] = {
      {"", ""},
      {"[]", ""},
      {"{}", "Table is missing or wrong"},
      {R"({"Table": []})", "Table is missing or wrong"},
      {replaced(kSmallest, "\"abc\"", "7"), "TableName is missing or wrong"},
      {replaced(kSmallest, "\"abc\"", "\"\""), "TableName is missing or wrong"},
      {replaced(kSmallest, "TableStatus", "Status"), "TableStatus is missing or wrong"},
      {replaced(kSmallest, "KeySchema", "Schema"), "KeySchema is missing or wrong"},
      {replaced(kSmallest, R"([{"AttributeName": "k", "KeyType": "HASH"}])", "{}"), "KeySchema is missing or wrong"},
      {replaced(kSmallest, R"([{"AttributeName": "k", "KeyType": "HASH"}])", "[]"), "KeySchema is missing or wrong"},
      {replaced(kSmallest, "HASH", "RANGE"), "KeySchema is missing or wrong"},
      {replaced(kSmallest, "HASH", "LIST"), "KeyType is missing or wrong"},
      {replaced(kSmallest, R"("k", "KeyType")", R"("x", "KeyType")"), "AttributeDefinitions is missing or wrong"},
      {replaced(kSmallest, R"("N")", R"("L")"), "AttributeDefinitions is missing or wrong"},
      {replaced(kOrders, "7654", "-1"), "TableSizeBytes is missing or wrong"},
      {replaced(kOrders, "7654", "\"1\""), "TableSizeBytes is missing or wrong"},
      {replaced(kOrders, R"({"ProjectionType": "ALL"})", "\"ALL\""), "Projection is missing or wrong"},
      {replaced(kOrders, "\"NonKeyAttributes\": [", "\"NonKeyAttributes\": [1, "),
       "NonKeyAttributes is missing or wrong"},
      {replaced(kOrders, R"(, {"AttributeName": "digest", "KeyType": "RANGE"}],
       "Projection": {"ProjectionType": "ALL"})",
                R"(], "Projection": {"ProjectionType": "ALL"})"),
       "KeySchema is missing or wrong"},
  };
  for (const auto& test : cases) {
    auto result = parse_describe_table_response(test.body);
    ASSERT_FALSE(result.ok()) << test.body;
    EXPECT_EQ(result.error().kind, ErrorKind::corrupt_response);
    EXPECT_TRUE(result.error().message.ends_with(test.message))
        << result.error().message << "\nexpected: " << test.message;
  }
}

TEST(TableDescription, RefusesEveryTruncation) {
  std::string body = kOrders;
  for (std::size_t size = 0; size < body.size(); ++size)
    ASSERT_FALSE(parse_describe_table_response(body.substr(0, size)).ok()) << size;
}

TEST(TableDescription, IsOfTheTableThatWasAskedFor) {
  const struct {
    const char* asked;
    bool ok;
  } cases[] = {
      {"", true},          {"Orders", true},  {"arn:aws:dynamodb:us-west-2:123456789012:table/Orders", true},
      {"MyOrders", false}, {"orders", false}, {"arn:aws:dynamodb:us-west-2:123456789012:table/MyOrders", false}};
  for (const auto& c : cases) EXPECT_EQ(parse_describe_table_response(kOrders, c.asked).ok(), c.ok) << c.asked;
}

// Names go into DDL, and what is named often takes the planner's time.
TEST(TableDescription, RefusesNamesAndNumbersThatNoTableHas) {
  const auto with = [](const std::string& name, const std::string& key, const std::string& index, int others) {
    std::string body = R"({"Table":{"TableName":")" + name +
                       R"(","TableStatus":"ACTIVE","AttributeDefinitions":[{"AttributeName":")" + key +
                       R"(","AttributeType":"S"}],"KeySchema":[{"AttributeName":")" + key +
                       R"(","KeyType":"HASH"}],"GlobalSecondaryIndexes":[{"IndexName":")" + index +
                       R"(","KeySchema":[{"AttributeName":")" + key +
                       R"(","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["a")";
    for (int i = 0; i < others; ++i) body += R"(,"a")";
    return parse_describe_table_response(body + "]}}]}}").ok();
  };
  EXPECT_TRUE(with("abc", std::string(255, 'k'), "a.b-c_1", 100));
  for (const std::string& name :
       {std::string("ab"), std::string(256, 'a'), std::string("a b"), std::string("a\\u0000b"), std::string("a'b")}) {
    EXPECT_FALSE(with(name, "k", "abc", 0)) << name;
    EXPECT_FALSE(with("abc", "k", name, 0)) << name;
  }
  EXPECT_FALSE(with("abc", std::string(256, 'k'), "abc", 0));
  EXPECT_FALSE(with("abc", "k\\u0000", "abc", 0));
  EXPECT_FALSE(with("abc", "k", "abc", 5000));
}

TEST(TableNames, ReadsPages) {
  auto page = parse_list_tables_response(R"({"TableNames": ["a.b", "C-d"], "LastEvaluatedTableName": "C-d"})");
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page.value().names, (std::vector<std::string>{"a.b", "C-d"}));
  EXPECT_EQ(page.value().last_evaluated_name, "C-d");

  auto last = parse_list_tables_response(R"({"TableNames": []})");
  ASSERT_TRUE(last.ok());
  EXPECT_TRUE(last.value().names.empty());
  EXPECT_EQ(last.value().last_evaluated_name, "");

  EXPECT_FALSE(parse_list_tables_response(R"({})").ok());
  EXPECT_FALSE(parse_list_tables_response(R"({"TableNames": [1]})").ok());
  EXPECT_FALSE(parse_list_tables_response(R"({"TableNames": ["a\"b"]})").ok());
  EXPECT_FALSE(parse_list_tables_response(R"({"TableNames": [], "LastEvaluatedTableName": 1})").ok());
}

TEST(TableRequests, AreJson) {
  EXPECT_EQ(describe_table_request("Orders"), R"({"TableName":"Orders"})");
  EXPECT_EQ(describe_table_request("a\"b"), R"({"TableName":"a\"b"})");
  EXPECT_EQ(list_tables_request(""), R"({"Limit":100})");
  EXPECT_EQ(list_tables_request("Orders"), R"({"Limit":100,"ExclusiveStartTableName":"Orders"})");
}

}  // namespace
}  // namespace dynamodb
