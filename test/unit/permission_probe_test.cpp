// Tests of permission_probe.
#include "dynamodb/permission_probe.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>

#include "unit/fake_service.hpp"

namespace dynamodb {
namespace {

using test::answer;
using test::error_answer;
using test::FakeService;

TEST(PermissionProbe, AsksForEachPermissionOnceAndForIndexes) {
  const auto questions = permission_questions("my\"table", {"by_x"});
  std::multiset<std::string> actions;
  for (const auto& question : questions) {
    actions.insert(question.action + (question.index.empty() ? "" : "@" + question.index));
    simdjson::dom::parser parser;
    simdjson::dom::element parsed;
    ASSERT_FALSE(parser.parse(question.body).get(parsed)) << question.body;
    EXPECT_EQ(question.body.find("my\\\"table") != question.body.npos, question.action != "ListTables");
    EXPECT_EQ(question.body.find("\"IndexName\":\"by_x\"") != question.body.npos, !question.index.empty());
  }
  EXPECT_EQ(actions, (std::multiset<std::string>{"BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem",
                                                 "DescribeTable", "DescribeTimeToLive", "GetItem", "ListTables",
                                                 "PutItem", "Query", "Query@by_x", "Scan", "Scan@by_x", "UpdateItem"}));
}

TEST(PermissionProbe, NoQuestionCanWrite) {
  for (const auto& question : permission_questions("t", {})) {
    const bool writes_one =
        question.action == "PutItem" || question.action == "UpdateItem" || question.action == "DeleteItem";
    const bool never_holds =
        question.body.find("attribute_exists(#a) AND attribute_not_exists(#a)") != std::string::npos;
    EXPECT_TRUE(never_holds || !writes_one) << question.action;
    EXPECT_EQ(question.body.find("PutRequest"), std::string::npos);
    EXPECT_EQ(question.body.find("UpdateExpression"), std::string::npos);
    for (const char* action : {"\"Put\"", "\"Update\"", "\"Delete\""})
      EXPECT_EQ(question.body.find(action), std::string::npos) << question.action;
  }
}

TEST(PermissionProbe, JudgesAnswers) {
  const auto judge = [](int status, const char* type) {
    const Error error =
        parse_error_response(status, std::string("{\"__type\":\"x#") + type + "\",\"message\":\"m\"}", "");
    return judge_permission(&error);
  };
  EXPECT_EQ(judge_permission(nullptr), Permission::granted);
  for (const char* type : {"ResourceNotFoundException", "ValidationException", "ConditionalCheckFailedException",
                           "TransactionCanceledException"})
    EXPECT_EQ(judge(400, type), Permission::granted) << type;
  EXPECT_EQ(judge(400, "AccessDeniedException"), Permission::denied);
  for (const char* type : {"MissingAuthenticationTokenException", "UnrecognizedClientException", "ThrottlingException",
                           "SerializationException", "UnknownOperationException", "ExpiredTokenException"})
    EXPECT_EQ(judge(400, type), Permission::unknown) << type;
  EXPECT_EQ(judge(500, "InternalServerError"), Permission::unknown);
  const Error refused = Error::connection("refused");
  EXPECT_EQ(judge_permission(&refused), Permission::unknown);
}

TEST(PermissionProbe, SurveysInOrder) {
  FakeService service;
  PermissionSurvey survey(*service.client, permission_questions("t", {}));
  EXPECT_FALSE(survey.advance());
  EXPECT_EQ(service.network->open.size(), 3u);
  while (!survey.advance()) {
    const RequestId id = service.network->open.back();
    const bool denied = service.network->sent[id - 1].request.headers[1].ends_with(".Scan");
    service.network->respond(id, denied ? error_answer(400, "AccessDeniedException") : answer(200, "{}"));
    service.client->advance();
  }
  for (const auto& outcome : survey.outcomes()) {
    const bool scan = outcome.question.action == "Scan";
    EXPECT_EQ(outcome.permission, scan ? Permission::denied : Permission::granted);
    EXPECT_EQ(outcome.error.has_value(), scan);
  }
}

}  // namespace
}  // namespace dynamodb
