// Tests of table_survey.
#include "dynamodb/table_survey.hpp"

#include <gtest/gtest.h>

#include "unit/fake_service.hpp"

namespace dynamodb {
namespace {

using test::answer;
using test::error_answer;
using test::FakeService;
using test::number_in;

std::string description_of(const std::string& name) {
  return R"({"Table": {"TableName": ")" + name + R"(", "TableStatus": "ACTIVE", "DeletionProtectionEnabled": true,
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}})";
}

// tb.1 has vanished, and nobody may see the time to live of tb.2.
HttpResponse respond_to(const FakeService& service, RequestId id) {
  const auto& sent = service.network->sent[id - 1];
  const std::size_t number = number_in(sent.body, '.');
  const bool ttl = sent.request.headers[1].ends_with("DescribeTimeToLive");
  if (number == 1) return error_answer(400, "ResourceNotFoundException");
  if (!ttl) return answer(200, description_of("tb." + std::to_string(number)));
  if (number == 2) return error_answer(400, "AccessDeniedException");
  return answer(200, R"({"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "x"}})");
}

TEST(TableSurvey, AsksBothSeveralAtOnceAndKeepsTheOrder) {
  FakeService service;
  TableSurvey survey(*service.client, {"tb.0", "tb.1", "tb.2"});
  EXPECT_FALSE(survey.advance());
  EXPECT_EQ(service.network->sent.size(), 3u);
  while (!survey.advance()) {
    ASSERT_LE(service.network->open.size(), 3u);
    const RequestId id = service.network->open.back();
    service.network->respond(id, respond_to(service, id));
    service.client->advance();
  }
  EXPECT_EQ(service.network->sent.size(), 6u);
  const auto& outcomes = survey.outcomes();
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_EQ(outcomes[0].description.value().name, "tb.0");
  EXPECT_TRUE(outcomes[0].details.deletion_protection);
  EXPECT_EQ(outcomes[0].indexes, "[]");
  EXPECT_EQ(outcomes[0].time_to_live.value().attribute, "x");
  EXPECT_FALSE(outcomes[0].error || outcomes[0].time_to_live_error);
  EXPECT_EQ(outcomes[1].name, "tb.1");
  EXPECT_EQ(outcomes[1].error.value().kind, ErrorKind::resource_not_found);
  EXPECT_EQ(outcomes[1].time_to_live_error.value().kind, ErrorKind::resource_not_found);
  EXPECT_EQ(outcomes[2].description.value().name, "tb.2");
  EXPECT_EQ(outcomes[2].time_to_live_error.value().kind, ErrorKind::access_denied);
}

TEST(TableSurvey, IsDoneAtOnceWithoutTables) {
  FakeService service;
  TableSurvey survey(*service.client, {});
  EXPECT_TRUE(survey.advance());
}

TEST(TableSurvey, TakesAnAnswerThatIsNoneAsAnError) {
  FakeService service;
  TableSurvey survey(*service.client, {"abc"});
  EXPECT_FALSE(survey.advance());
  for (RequestId id : {1, 2}) service.network->respond(id, answer(200, R"({"Table": 1})"));
  service.client->advance();
  ASSERT_TRUE(survey.advance());
  EXPECT_EQ(survey.outcomes()[0].error.value().kind, ErrorKind::corrupt_response);
  EXPECT_EQ(survey.outcomes()[0].time_to_live_error.value().kind, ErrorKind::corrupt_response);
}

}  // namespace
}  // namespace dynamodb
