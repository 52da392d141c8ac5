// Tests of filter.
#include "dynamodb/filter.hpp"

#include <gtest/gtest.h>

#include "dynamodb/request.hpp"

namespace dynamodb {
namespace {

using Kind = Filter::Kind;

Filter condition(Kind kind, const std::string& attribute, int values) {
  Filter filter;
  filter.kind = kind;
  PathStep step;
  step.name = attribute;
  filter.path.push_back(step);
  for (int i = 0; i < values; ++i) filter.values.push_back({AttributeType::N, std::to_string(i)});
  return filter;
}

// `count` lists of `values` numbers each, joined by AND.
Filter lists(int count, int values) {
  std::vector<Filter> children;
  for (int i = 0; i < count; ++i) children.push_back(condition(Kind::in, "a" + std::to_string(i), values));
  return simplify(Filter::all(std::move(children)));
}

std::string expression(const Filter& filter) {
  ExpressionPlaceholders placeholders;
  return filter_expression(filter, placeholders);
}

bool fits(const Filter& filter) { return filter_fits(filter, ExpressionPlaceholders()); }

TEST(FilterExpression, SaysTheWholeFilterWhereItFits) {
  Filter filter = Filter::all({condition(Kind::greater, "n", 1),
                               Filter::any({condition(Kind::exists, "a", 0), condition(Kind::equal, "n", 1)})});
  EXPECT_EQ(expression(filter), "#0 > :0 AND (attribute_exists(#1) OR #0 = :1)");
  EXPECT_TRUE(fits(filter));
  EXPECT_EQ(expression(lists(2, 3)), "#0 IN (:0,:1,:2) AND #1 IN (:3,:4,:5)");
  EXPECT_TRUE(fits(lists(2, 3)));
}

TEST(FilterExpression, LeavesOutWhatDoesNotFit) {
  // The second of three conditions is too long by itself.
  Filter filter = Filter::all(
      {condition(Kind::less, "n", 1), simplify(condition(Kind::in, "m", 2000)), condition(Kind::exists, "a", 0)});
  EXPECT_EQ(expression(filter), "#0 < :0 AND attribute_exists(#1)");
  EXPECT_FALSE(fits(filter));
  EXPECT_EQ(expression(simplify(condition(Kind::in, "m", 2000))), "");
  EXPECT_FALSE(fits(simplify(condition(Kind::in, "m", 2000))));
}

// Placeholders get longer with each condition before them.
TEST(FilterExpression, IsNeverTooLong) {
  for (int count = 1; count < 40; ++count) {
    Filter filter = lists(count, 99);
    std::string text = expression(filter);
    EXPECT_LE(text.size(), kMaxExpressionBytes) << count;
    EXPECT_EQ(fits(filter), text.find("#" + std::to_string(count - 1)) != std::string::npos) << count;
  }
}

TEST(FilterExpression, HasNoMoreOperatorsThanAllowed) {
  std::vector<Filter> children(400, condition(Kind::exists, "a", 0));
  Filter filter = simplify(Filter::all(children));
  EXPECT_FALSE(fits(filter));
  EXPECT_FALSE(expression(filter).empty());
  children.resize(100);
  EXPECT_TRUE(fits(simplify(Filter::all(children))));
}

}  // namespace
}  // namespace dynamodb
