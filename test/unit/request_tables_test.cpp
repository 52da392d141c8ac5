// Tests of request_tables.hpp.
#include "dynamodb/request_tables.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

TEST(RequestTables, NamesTablesAndNothingElse) {
  const struct {
    const char* body;
    const char* tables;
  } cases[] = {
      {R"({"TableName":"orders","Key":{"id":{"S":"secret"}}})", "orders"},
      {R"({"RequestItems":{"a":[{"PutRequest":{"Item":{"TableName":{"S":"x"}}}}],"b":[]}})", "a, b"},
      {R"({"TransactItems":[{"Put":{"TableName":"a","Item":{}}},{"Delete":{"TableName":"b"}},{"Update":{"TableName":"a"}}]})",
       "a, b"},
      {R"({"Item":{"TableName":{"S":"x"}}})", ""},
      {R"({"TableName":{"S":"x"}})", ""},
      {R"({"TransactItems":[1,{"Put":2}],"RequestItems":[]})", ""},
      {R"({"TableName":"a\nb"})", "a b"},
      {"{}", ""},
      {"", ""},
      {"no JSON", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(tables_of_request(c.body), c.tables) << c.body;
}

TEST(RequestTables, AreNotTooMany) {
  std::string body = R"({"RequestItems":{)";
  for (int i = 0; i < 20; ++i) body += (i > 0 ? ",\"t" : "\"t") + std::to_string(i) + "\":[]";
  EXPECT_EQ(tables_of_request(body + "}}"), "t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, ...");
}

}  // namespace
}  // namespace dynamodb
