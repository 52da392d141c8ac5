// Tests of attribute_sampler.
#include "dynamodb/attribute_sampler.hpp"

#include <gtest/gtest.h>

#include "unit/fake_service.hpp"

namespace dynamodb {
namespace {

using test::answer;
using test::error_answer;
using test::FakeService;
using test::number_in;

TEST(AttributeSampler, CountsTypesOverPages) {
  FakeService service;
  AttributeSampler sampler(*service.client, {"abc"}, 5);
  EXPECT_FALSE(sampler.advance());
  EXPECT_NE(service.network->sent[0].body.find("\"Limit\":5"), std::string::npos);
  service.network->respond(answer(200, R"({"Items": [
      {"id": {"S": "1"}, "n": {"N": "1"}, "mixed": {"S": "x"}, "none": {"NULL": true}, "maybe": {"NULL": true}},
      {"id": {"S": "2"}, "n": {"N": "2"}, "mixed": {"N": "1"}, "maybe": {"SS": ["a"]}},
      {"id": {"S": "3"}}], "Count": 3, "ScannedCount": 3, "LastEvaluatedKey": {"id": {"S": "3"}}})"));
  service.client->advance();
  EXPECT_FALSE(sampler.advance());
  const std::string& second = service.network->sent[1].body;
  EXPECT_NE(second.find("\"Limit\":2"), std::string::npos) << second;
  EXPECT_NE(second.find(R"("ExclusiveStartKey":{"id": {"S": "3"}})"), std::string::npos) << second;
  service.network->respond(
      answer(200, R"({"Items": [{"id": {"S": "4"}, "deep": {"M": {"n": {"N": "1"}}}}, {"id": {"S": "5"}}],
      "Count": 2, "ScannedCount": 2, "LastEvaluatedKey": {"id": {"S": "5"}}})"));
  service.client->advance();
  EXPECT_TRUE(sampler.advance());

  const AttributeSample& sample = sampler.outcomes()[0].sample;
  struct {
    const char* name;
    uint32_t items;
    std::optional<AttributeType> type;
    bool mixed;
  } expected[] = {
      {"deep", 1, AttributeType::M, false}, {"id", 5, AttributeType::S, false}, {"maybe", 2, AttributeType::SS, false},
      {"mixed", 2, AttributeType::S, true}, {"n", 2, AttributeType::N, false},  {"none", 1, std::nullopt, false},
  };
  ASSERT_EQ(sample.size(), std::size(expected));
  auto found = sample.begin();
  for (const auto& attribute : expected) {
    EXPECT_EQ(found->first, attribute.name);
    EXPECT_EQ(found->second.items, attribute.items) << attribute.name;
    EXPECT_EQ(found->second.type, attribute.type) << attribute.name;
    EXPECT_EQ(found->second.mixed, attribute.mixed) << attribute.name;
    ++found;
  }
}

TEST(AttributeSampler, GoesOnPastEmptyPagesToTheEndOfTheTable) {
  FakeService service;
  AttributeSampler sampler(*service.client, {"abc"}, 10);
  EXPECT_FALSE(sampler.advance());
  service.network->respond(
      answer(200, R"({"Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": {"id": {"S": "3"}}})"));
  service.client->advance();
  EXPECT_FALSE(sampler.advance());
  service.network->respond(answer(200, R"({"Items": [{"id": {"S": "4"}}], "Count": 1, "ScannedCount": 1})"));
  service.client->advance();
  EXPECT_TRUE(sampler.advance());
  EXPECT_EQ(sampler.outcomes()[0].sample.size(), 1u);
}

TEST(AttributeSampler, KeepsErrorsOfSingleTablesApart) {
  FakeService service;
  AttributeSampler sampler(*service.client, {"t#0", "t#1", "t#2", "t#3"}, 1);
  while (!sampler.advance()) {
    RequestId id = service.network->open.front();
    std::size_t number = number_in(service.network->sent[id - 1].body, '#');
    if (number == 1)
      service.network->respond(id, error_answer(400, "AccessDeniedException"));
    else if (number == 2)
      service.network->respond(id, answer(200, R"({"Items": [{"id": {"S": 1}}], "Count": 1, "ScannedCount": 1})"));
    else
      service.network->respond(id, answer(200, R"({"Items": [{"id": {"S": "1"}}], "Count": 1, "ScannedCount": 1})"));
    service.client->advance();
  }
  EXPECT_FALSE(sampler.outcomes()[0].error.has_value());
  EXPECT_EQ(sampler.outcomes()[1].error->kind, ErrorKind::access_denied);
  EXPECT_EQ(sampler.outcomes()[2].error->kind, ErrorKind::corrupt_response);
  EXPECT_EQ(sampler.outcomes()[3].sample.size(), 1u);
}

TEST(AttributeSampler, BoundsTheNamesItRemembers) {
  FakeService service;
  AttributeSampler sampler(*service.client, {"abc"}, 1);
  EXPECT_FALSE(sampler.advance());
  std::string body = R"({"Items": [{"id": {"S": "1"})";
  for (std::size_t i = 0; i < AttributeSampler::kMaxNames + 10; ++i)
    body += ",\"a" + std::to_string(i) + R"(":{"N":"1"})";
  body += R"(}], "Count": 1, "ScannedCount": 1})";
  service.network->respond(answer(200, body));
  service.client->advance();
  EXPECT_TRUE(sampler.advance());
  EXPECT_EQ(sampler.outcomes()[0].sample.size(), AttributeSampler::kMaxNames);
}

}  // namespace
}  // namespace dynamodb
