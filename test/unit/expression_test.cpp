// Tests of expression.
#include "dynamodb/expression.hpp"

#include <gtest/gtest.h>

#include <set>

namespace dynamodb {
namespace {

ScalarValue text(std::string bytes) { return {AttributeType::S, std::move(bytes)}; }
ScalarValue number(std::string digits) { return {AttributeType::N, std::move(digits)}; }
ScalarValue binary(std::string bytes) { return {AttributeType::B, std::move(bytes)}; }

std::string members(const ExpressionPlaceholders& placeholders) {
  std::string json;
  placeholders.append_members(json);
  return json;
}

TEST(ExpressionPlaceholders, NamesEachAttributeOnce) {
  ExpressionPlaceholders placeholders;
  EXPECT_EQ(placeholders.name("id"), "#0");
  EXPECT_EQ(placeholders.name("name"), "#1");
  EXPECT_EQ(placeholders.name("id"), "#0");
  EXPECT_EQ(placeholders.name("ID"), "#2");
  EXPECT_EQ(members(placeholders), R"(,"ExpressionAttributeNames":{"#0":"id","#1":"name","#2":"ID"})");
}

TEST(ExpressionPlaceholders, KeepsEachValue) {
  ExpressionPlaceholders placeholders;
  EXPECT_EQ(placeholders.value(text("x")), ":0");
  EXPECT_EQ(placeholders.value(number("5")), ":1");
  EXPECT_EQ(placeholders.value(binary(std::string("\0\xff", 2))), ":2");
  EXPECT_EQ(members(placeholders), R"(,"ExpressionAttributeValues":{":0":{"S":"x"},":1":{"N":"5"},":2":{"B":"AP8="}})");
}

TEST(ExpressionPlaceholders, LeavesEmptyMembersOut) { EXPECT_EQ(members(ExpressionPlaceholders()), ""); }

TEST(ExpressionPlaceholders, EscapesNamesAndValues) {
  ExpressionPlaceholders placeholders;
  placeholders.name("say \"hi\"");
  placeholders.name("a.b[0] \\ #x :y");
  placeholders.name("Größe\n");
  placeholders.value(text("\"}, {\"\t"));
  EXPECT_EQ(members(placeholders),
            R"(,"ExpressionAttributeNames":{"#0":"say \"hi\"","#1":"a.b[0] \\ #x :y","#2":"Größe\n"})"
            R"(,"ExpressionAttributeValues":{":0":{"S":"\"}, {\"\t"}})");
}

TEST(KeyConditionExpression, WritesEveryOperator) {
  struct {
    std::vector<KeyCondition> conditions;
    const char* expression;
  } cases[] = {
      {{}, ""},
      {{{"id", KeyOperator::equal, {text("x")}}}, "#0 = :0"},
      {{{"id", KeyOperator::equal, {text("x")}}, {"n", KeyOperator::equal, {number("1")}}}, "#0 = :0 AND #1 = :1"},
      {{{"id", KeyOperator::equal, {text("x")}}, {"n", KeyOperator::less, {number("1")}}}, "#0 = :0 AND #1 < :1"},
      {{{"id", KeyOperator::equal, {text("x")}}, {"n", KeyOperator::less_equal, {number("1")}}},
       "#0 = :0 AND #1 <= :1"},
      {{{"id", KeyOperator::equal, {text("x")}}, {"n", KeyOperator::greater, {number("1")}}}, "#0 = :0 AND #1 > :1"},
      {{{"id", KeyOperator::equal, {text("x")}}, {"n", KeyOperator::greater_equal, {number("1")}}},
       "#0 = :0 AND #1 >= :1"},
      {{{"id", KeyOperator::equal, {text("x")}}, {"n", KeyOperator::between, {number("1"), number("5")}}},
       "#0 = :0 AND #1 BETWEEN :1 AND :2"},
      {{{"id", KeyOperator::equal, {text("x")}}, {"s", KeyOperator::begins_with, {text("a")}}},
       "#0 = :0 AND begins_with(#1, :1)"},
      // keys of several attributes
      {{{"a", KeyOperator::equal, {text("x")}},
        {"b", KeyOperator::equal, {text("x")}},
        {"c", KeyOperator::equal, {number("1")}},
        {"d", KeyOperator::between, {binary("x"), binary("y")}}},
       "#0 = :0 AND #1 = :1 AND #2 = :2 AND #3 BETWEEN :3 AND :4"},
  };
  for (const auto& test : cases) {
    ExpressionPlaceholders placeholders;
    EXPECT_EQ(key_condition_expression(test.conditions, placeholders), test.expression);
  }
}

TEST(ProjectionExpression, SharesNamesWithOtherExpressions) {
  ExpressionPlaceholders placeholders;
  key_condition_expression({{"id", KeyOperator::equal, {text("x")}}}, placeholders);
  EXPECT_EQ(projection_expression({"a", "id", "b"}, placeholders), "#1,#0,#2");
  EXPECT_EQ(members(placeholders), R"(,"ExpressionAttributeNames":{"#0":"id","#1":"a","#2":"b"})"
                                   R"(,"ExpressionAttributeValues":{":0":{"S":"x"}})");
}

std::vector<std::string> attributes(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("attribute" + std::to_string(i));
  return names;
}

TEST(ProjectionExpression, NeverExceedsTheLimit) {
  std::set<std::size_t> refused;
  for (std::size_t count = 0; count < 1200; ++count) {
    ExpressionPlaceholders placeholders;
    for (int i = 0; i < 8; ++i) placeholders.name("key" + std::to_string(i));
    std::string before = members(placeholders);
    std::string expression = projection_expression(attributes(count), placeholders);
    ASSERT_LE(expression.size(), kMaxExpressionBytes) << count;
    if (count == 0 || !expression.empty()) continue;
    refused.insert(count);
    ASSERT_EQ(members(placeholders), before) << "no name may be left that is not used";
  }
  ASSERT_FALSE(refused.empty());
  EXPECT_GT(*refused.begin(), 600u) << "most tables' columns fit";
  EXPECT_EQ(refused.size(), 1200 - *refused.begin());
}

TEST(AppendScalar, WritesKeyTypes) {
  struct {
    ScalarValue value;
    const char* json;
  } cases[] = {
      {text(""), R"({"S":""})"},     {text("a\"b\\\n"), R"({"S":"a\"b\\\n"})"},
      {text("é😀"), R"({"S":"é😀"})"}, {number("-1E+100"), R"({"N":"-1E+100"})"},
      {binary(""), R"({"B":""})"},   {binary("foob"), R"({"B":"Zm9vYg=="})"},
  };
  for (const auto& test : cases) {
    std::string json = "[";
    append_scalar(json, test.value);
    EXPECT_EQ(json, "[" + std::string(test.json));
  }
}

}  // namespace
}  // namespace dynamodb
