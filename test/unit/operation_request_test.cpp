// Tests of operation_request.
#include "dynamodb/operation_request.hpp"

#include <gtest/gtest.h>

#include "unit/fake_clock.hpp"

namespace dynamodb {
namespace {

OperationRequest made(std::string_view operation, std::string_view request) {
  test::FixedRandom random(0.5);
  auto result = OperationRequest::make(operation, request, random);
  EXPECT_TRUE(result.ok());
  return std::move(result.value());
}

std::string padded(std::string_view text) { return std::string(text) + std::string(64, '\0'); }

std::optional<Error> take(OperationRequest& request, std::string_view answer) {
  const std::string bytes = padded(answer);
  return request.take_answer({bytes.data(), answer.size()});
}

TEST(OperationRequest, NamesAreLettersOnly) {
  EXPECT_TRUE(is_operation_name("GetItem"));
  EXPECT_TRUE(is_operation_name(std::string(64, 'A')));
  for (const std::string& name :
       {std::string(), std::string(65, 'A'), std::string("Get Item"), std::string("Get\r\nX: y"), std::string("Get1"),
        std::string("Gét"), std::string("Get\0", 4)})
    EXPECT_FALSE(is_operation_name(name)) << name;
}

TEST(OperationRequest, FindsNulOnlyAsAnEscape) {
  EXPECT_TRUE(has_escaped_nul(R"({"a":"x\u0000y"})"));
  EXPECT_TRUE(has_escaped_nul(R"({"a":"\\\u0000"})"));
  EXPECT_FALSE(has_escaped_nul(R"({"a":"\\u0000"})"));
  EXPECT_FALSE(has_escaped_nul(R"({"a":"\u0001 \n u0000"})"));
  EXPECT_FALSE(has_escaped_nul("\\"));
}

TEST(OperationRequest, TakesObjectsOnly) {
  test::FixedRandom random(0.5);
  for (const char* text : {"", "[]", "1", "{", R"({"a"})", R"({"a":1)", R"({"a":1}{})", R"({"a":1,})", R"({1:2})"})
    EXPECT_FALSE(OperationRequest::make("Scan", text, random).ok()) << text;
}

TEST(OperationRequest, TellsReadingFromWriting) {
  struct Case {
    const char* operation;
    const char* request;
    bool reads;
  };
  const Case cases[] = {
      {"GetItem", "{}", true},
      {"GetResourcePolicy", "{}", true},
      {"Query", "{}", true},
      {"Scan", "{}", true},
      {"BatchGetItem", "{}", true},
      {"TransactGetItems", "{}", true},
      {"DescribeTable", "{}", true},
      {"ListTables", "{}", true},
      {"PutItem", "{}", false},
      {"UpdateItem", "{}", false},
      {"DeleteItem", "{}", false},
      {"BatchWriteItem", "{}", false},
      {"TransactWriteItems", "{}", false},
      {"CreateTable", "{}", false},
      {"getitem", "{}", false},
      {"Something", "{}", false},
      {"ExecuteStatement", R"({"Statement":" select * from t"})", true},
      {"ExecuteStatement", R"({"Statement":"SELECT\n* from t"})", true},
      {"ExecuteStatement", R"({"Statement":"SELECTED"})", false},
      {"ExecuteStatement", R"({"Statement":"DELETE FROM t WHERE id = 'select'"})", false},
      {"ExecuteStatement", R"({"Statement":1})", false},
      {"ExecuteStatement", "{}", false},
      {"BatchExecuteStatement", R"({"Statements":[{"Statement":"select 1"},{"Statement":"SELECT 2"}]})", true},
      {"BatchExecuteStatement", R"({"Statements":[{"Statement":"select 1"},{"Statement":"UPDATE t"}]})", false},
      {"BatchExecuteStatement", R"({"Statement":"select 1"})", false},
      {"ExecuteTransaction", R"({"TransactStatements":[{"Statement":"select 1"}]})", true},
      {"ExecuteTransaction", R"({"TransactStatements":[{"Statement":"insert into t"}]})", false},
  };
  for (const Case& one : cases)
    EXPECT_EQ(made(one.operation, one.request).only_reads(), one.reads) << one.operation << " " << one.request;
}

TEST(OperationRequest, GivesATokenWhereTheApiHasOne) {
  OperationRequest request = made("TransactWriteItems", R"({"TransactItems": []})");
  EXPECT_TRUE(request.repeatable());
  EXPECT_FALSE(request.only_reads());
  EXPECT_EQ(request.body(), R"({"ClientRequestToken":"80000000800000008000000080000000","TransactItems":[]})");
  EXPECT_EQ(made("ImportTable", "{}").body(), R"({"ClientToken":"80000000800000008000000080000000"})");
  EXPECT_EQ(made("TransactWriteItems", R"({"ClientRequestToken": "mine"})").body(),
            R"({"ClientRequestToken": "mine"})");
  EXPECT_EQ(made("ExecuteTransaction", R"({"ClientRequestToken": null})").body(),
            R"({"ClientRequestToken":"80000000800000008000000080000000"})");
  EXPECT_FALSE(made("UpdateItem", "{}").repeatable());
  EXPECT_EQ(made("UpdateItem", R"({ "a" : 1 })").body(), R"({ "a" : 1 })");
}

TEST(OperationRequest, FollowsPages) {
  struct Case {
    const char* operation;
    const char* request;
    const char* answer;
    const char* next;  // null: there is none
  };
  const Case cases[] = {
      {"Query", R"({"TableName": "t", "Limit": 12345678901234567890123})",
       R"({"Items":[{"LastEvaluatedKey":{"S":"no"}}],"LastEvaluatedKey":{"id": {"N":"1"}} ,"Count":1})",
       R"({"ExclusiveStartKey":{"id": {"N":"1"}},"TableName":"t","Limit":12345678901234567890123})"},
      {"Scan", R"({"ExclusiveStartKey": {"id":{"N":"1"}}, "Segment": 0})", R"({"LastEvaluatedKey":{"id":{"N":"2"}}})",
       R"({"ExclusiveStartKey":{"id":{"N":"2"}},"Segment":0})"},
      {"Scan", "{}", R"({"Items":[]})", nullptr},
      {"Scan", "{}", R"({"LastEvaluatedKey":null})", nullptr},
      {"Scan", "{}", R"({"LastEvaluatedKey":{}})", nullptr},
      {"Scan", "{}", R"({"LastEvaluatedKey":{ }})", nullptr},
      {"Scan", "{}", "{}", nullptr},
      {"ListTables", R"({"Limit": 1})", R"({"TableNames":["a"],"LastEvaluatedTableName":"a"})",
       R"({"ExclusiveStartTableName":"a","Limit":1})"},
      {"ListExports", "{}", R"({"NextToken":"x\"y"})", R"({"NextToken":"x\"y"})"},
      {"ListExports", "{}", R"({"NextToken":""})", nullptr},
      {"BatchGetItem", R"({"RequestItems":{"t":{"Keys":[1,2]}}})",
       R"({"Responses":{},"UnprocessedKeys":{"t":{"Keys":[2]}}})", R"({"RequestItems":{"t":{"Keys":[2]}}})"},
      {"BatchGetItem", "{}", R"({"UnprocessedKeys":{}})", nullptr},
      {"BatchWriteItem", "{}", R"({"UnprocessedItems":{"t":[1]}})", R"({"RequestItems":{"t":[1]}})"},
      {"DescribeTable", "{}", R"({"NextToken":"x","LastEvaluatedKey":{"a":1}})", nullptr},
  };
  for (const Case& one : cases) {
    OperationRequest request = made(one.operation, one.request);
    EXPECT_TRUE(request.has_more());
    EXPECT_FALSE(take(request, one.answer).has_value()) << one.answer;
    EXPECT_EQ(request.has_more(), one.next != nullptr) << one.answer;
    EXPECT_EQ(request.body(), one.next != nullptr ? one.next : one.request);
    EXPECT_EQ(request.left_unprocessed(), one.next != nullptr && std::string(one.operation).starts_with("Batch"));
  }
}

TEST(OperationRequest, RefusesAnswersThatCannotBe) {
  for (const char* answer : {"[]", "{", R"({"a":1}x)", "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}"}) {
    OperationRequest request = made("Scan", "{}");
    auto error = take(request, answer);
    ASSERT_TRUE(error.has_value()) << answer;
    EXPECT_EQ(error->kind, ErrorKind::corrupt_response);
  }
}

TEST(OperationRequest, NoticesACircle) {
  OperationRequest request = made("Scan", "{}");
  EXPECT_FALSE(take(request, R"({"LastEvaluatedKey":{"id":{"S":"a"}}})").has_value());
  EXPECT_TRUE(take(request, R"({"LastEvaluatedKey":{"id":{"S":"a"}}})").has_value());
  OperationRequest batch = made("BatchGetItem", R"({"RequestItems":{"t":1}})");
  EXPECT_FALSE(take(batch, R"({"UnprocessedKeys":{"t":1}})").has_value());
  EXPECT_TRUE(batch.has_more());
}

}  // namespace
}  // namespace dynamodb
