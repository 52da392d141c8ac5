// Tests of table_details.
#include "dynamodb/table_details.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

TEST(TableDetails, ReadsWhatOperatorsWant) {
  const TableDetails details = parse_table_details(R"({"Table": {
    "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 7},
    "GlobalSecondaryIndexes": [{"IndexName": "g", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}},
                               {"IndexName": "h"}],
    "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
    "LatestStreamArn": "arn:aws:dynamodb:us-west-2:1:table/t/stream/2026",
    "TableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
    "DeletionProtectionEnabled": true,
    "CreationDateTime": 1363729002.358,
    "Replicas": [{"RegionName": "eu-west-1"}, {}, {"RegionName": "us-east-1"}]}})");
  EXPECT_EQ(details.throughput.read, 5u);
  EXPECT_EQ(details.throughput.write, 7u);
  ASSERT_EQ(details.index_throughput.size(), 2u);
  EXPECT_EQ(details.index_throughput[0].first, "g");
  EXPECT_EQ(details.index_throughput[0].second.write, 2u);
  EXPECT_EQ(details.index_throughput[1].second.read, 0u);
  EXPECT_EQ(details.stream_view, "NEW_IMAGE");
  EXPECT_EQ(details.stream_arn, "arn:aws:dynamodb:us-west-2:1:table/t/stream/2026");
  EXPECT_EQ(details.table_class, "STANDARD_INFREQUENT_ACCESS");
  EXPECT_TRUE(details.deletion_protection);
  EXPECT_DOUBLE_EQ(details.created.value(), 1363729002.358);
  EXPECT_EQ(details.replicas, (std::vector<std::string>{"eu-west-1", "us-east-1"}));
}

TEST(TableDetails, LeavesOutWhatIsNotThereOrIsSomethingElse) {
  for (const char* body :
       {R"({"Table": {}})", "{}", "nonsense", R"({"Table": {"ProvisionedThroughput": 1, "GlobalSecondaryIndexes": {},
           "StreamSpecification": {"StreamEnabled": false, "StreamViewType": "NEW_IMAGE"}, "LatestStreamArn": "old",
           "TableClassSummary": {"TableClass": 1}, "DeletionProtectionEnabled": "yes", "CreationDateTime": "now",
           "Replicas": [1]}})"}) {
    const TableDetails details = parse_table_details(body);
    EXPECT_EQ(details.throughput.read, 0u) << body;
    EXPECT_TRUE(details.index_throughput.empty());
    EXPECT_EQ(details.stream_view + details.stream_arn, "");
    EXPECT_EQ(details.table_class, "STANDARD");
    EXPECT_FALSE(details.deletion_protection);
    EXPECT_FALSE(details.created.has_value());
    EXPECT_TRUE(details.replicas.empty());
  }
}

TEST(TableDetails, WritesIndexesAsJson) {
  TableDescription table;
  EXPECT_EQ(indexes_as_json(table, {}), "[]");
  IndexDescription local;
  local.name = "l";
  local.partition_keys = {{"p", AttributeType::S}};
  local.sort_keys = {{"s\"", AttributeType::N}};
  local.item_count = 3;
  local.size_bytes = 4;
  IndexDescription global = local;
  global.name = "g";
  global.global = true;
  global.status = "ACTIVE";
  global.sort_keys.clear();
  global.partition_keys.push_back({"q", AttributeType::B});
  global.projection = Projection::include;
  global.non_key_attributes = {"a", "b"};
  table.indexes = {local, global};
  TableDetails details;
  details.index_throughput = {{"g", {5, 6}}};
  EXPECT_EQ(indexes_as_json(table, details),
            R"([{"name":"l","kind":"local","partition_keys":[{"name":"p","type":"S"}],)"
            R"("sort_keys":[{"name":"s\"","type":"N"}],"projection":"ALL","item_count":3,"bytes":4},)"
            R"({"name":"g","kind":"global","partition_keys":[{"name":"p","type":"S"},{"name":"q","type":"B"}],)"
            R"("sort_keys":[],"projection":"INCLUDE","non_key_attributes":["a","b"],"status":"ACTIVE","item_count":3,)"
            R"("bytes":4,"read_capacity":5,"write_capacity":6}])");
}

TEST(TableDetails, ReadsTimeToLive) {
  auto ttl = parse_time_to_live_response(
      R"({"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}})");
  ASSERT_TRUE(ttl.ok());
  EXPECT_EQ(ttl.value().status, "ENABLED");
  EXPECT_EQ(ttl.value().attribute, "expires");
  ttl = parse_time_to_live_response(R"({"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}})");
  ASSERT_TRUE(ttl.ok());
  EXPECT_EQ(ttl.value().attribute, "");
  for (const char* body : {"{}", "nonsense", "[]"}) EXPECT_FALSE(parse_time_to_live_response(body).ok()) << body;
}

}  // namespace
}  // namespace dynamodb
