// Tests of table_describer.
#include "dynamodb/table_describer.hpp"

#include <gtest/gtest.h>

#include "unit/fake_service.hpp"

namespace dynamodb {
namespace {

using test::answer;
using test::error_answer;
using test::FakeService;
using test::number_in;

std::string description_of(const std::string& name) {
  return R"({"Table": {"TableName": ")" + name + R"(", "TableStatus": "ACTIVE",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}})";
}

TEST(TableDescriber, AsksSeveralAtOnceAndKeepsTheOrder) {
  FakeService service;
  TableDescriber describer(*service.client, {"tb.0", "tb.1", "tb.2", "tb.3", "tb.4"});
  EXPECT_FALSE(describer.advance());
  EXPECT_EQ(service.network->sent.size(), 3u);

  // The answers come in another order than the questions.
  while (!describer.advance()) {
    ASSERT_LE(service.network->open.size(), 3u);
    RequestId id = service.network->open.back();
    std::string body = service.network->sent[id - 1].body;
    std::size_t number = number_in(body, '.');
    service.network->respond(id, number == 3 ? error_answer(400, "ResourceNotFoundException")
                                             : answer(200, description_of("tb." + std::to_string(number))));
    service.client->advance();
  }
  ASSERT_EQ(describer.outcomes().size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    const TableDescriber::Outcome& outcome = describer.outcomes()[i];
    EXPECT_EQ(outcome.name, "tb." + std::to_string(i));
    ASSERT_EQ(outcome.description.has_value(), i != 3);
    ASSERT_EQ(outcome.error.has_value(), i == 3);
    EXPECT_EQ(outcome.description ? outcome.description->name : outcome.name, outcome.name);
  }
  EXPECT_EQ(describer.outcomes()[3].error->kind, ErrorKind::resource_not_found);
}

TEST(TableDescriber, IsDoneAtOnceWithoutTables) {
  FakeService service;
  TableDescriber describer(*service.client, {});
  EXPECT_TRUE(describer.advance());
  EXPECT_TRUE(describer.outcomes().empty());
}

TEST(TableDescriber, TakesAnAnswerThatIsNoneAsAnError) {
  FakeService service;
  TableDescriber describer(*service.client, {"abc"});
  EXPECT_FALSE(describer.advance());
  service.network->respond(answer(200, R"({"Table": 1})"));
  service.client->advance();
  EXPECT_TRUE(describer.advance());
  ASSERT_TRUE(describer.outcomes()[0].error.has_value());
  EXPECT_EQ(describer.outcomes()[0].error->kind, ErrorKind::corrupt_response);
}

TEST(TableDescriber, CancelsWhatIsUnderWay) {
  FakeService service;
  {
    TableDescriber describer(*service.client, {"a", "b", "c", "d"});
    EXPECT_FALSE(describer.advance());
  }
  EXPECT_EQ(service.network->cancelled.size(), 3u);
  EXPECT_EQ(service.client->outstanding(), 0u);
}

}  // namespace
}  // namespace dynamodb
