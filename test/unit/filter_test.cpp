// Tests of filter.
#include "dynamodb/filter.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace dynamodb {
namespace {

using Kind = Filter::Kind;

DocumentPath path(const char* name) {
  PathStep step;
  step.name = name;
  return {step};
}

Filter leaf(Kind kind, const char* name, std::vector<ScalarValue> values = {}) {
  Filter filter;
  filter.kind = kind;
  filter.path = path(name);
  filter.values = std::move(values);
  return filter;
}

Filter equal(const char* name, std::string value) { return leaf(Kind::equal, name, {{AttributeType::S, value}}); }

Filter list_of(std::size_t count, std::size_t bytes = 1) {
  return leaf(Kind::in, "a", std::vector<ScalarValue>(count, {AttributeType::S, std::string(bytes, 'x')}));
}

std::string text_of(const Filter& filter) {
  ExpressionPlaceholders placeholders;
  return filter_expression(simplify(filter), placeholders);
}

using Fitting = std::vector<bool>;

TEST(Filter, IsWrittenWithParenthesesOnlyWhereTheyMatter) {
  Filter a = equal("a", "1"), b = equal("b", "2"), c = leaf(Kind::exists, "c");
  EXPECT_EQ(text_of(a), "#0 = :0");
  EXPECT_EQ(text_of(Filter::all({a, Filter::all({b, c})})), "#0 = :0 AND #1 = :1 AND attribute_exists(#2)");
  EXPECT_EQ(text_of(Filter::all({a, Filter::any({b, c})})), "#0 = :0 AND (#1 = :1 OR attribute_exists(#2))");
  EXPECT_EQ(text_of(Filter::negation(a)), "NOT (#0 = :0)");
  EXPECT_EQ(text_of(Filter::negation(Filter::negation(a))), "#0 = :0");
  EXPECT_EQ(text_of(leaf(Kind::is_empty, "a")), "size(#0) = :0");
}

TEST(Filter, FoldsConstants) {
  Filter a = equal("a", "1");
  EXPECT_EQ(text_of(Filter::all({Filter::constant(true), a})), "#0 = :0");
  EXPECT_EQ(simplify(Filter::all({Filter::constant(false), a})).kind, Kind::constant);
  EXPECT_FALSE(simplify(list_of(0)).truth);
}

TEST(Filter, SplitsLongLists) {
  EXPECT_EQ(simplify(list_of(99)).kind, Kind::in);
  Filter split = simplify(list_of(250));
  ASSERT_EQ(split.kind, Kind::any);
  ASSERT_EQ(split.children.size(), 3u);
  EXPECT_EQ(split.children[2].values.size(), 52u);
}

TEST(FittingConditions, TakesWhatFitsAndSkipsTheRest) {
  EXPECT_EQ(fitting_conditions({}), Fitting());
  EXPECT_EQ(fitting_conditions({equal("a", "x"), simplify(list_of(5000)), equal("b", "y")}),
            (Fitting{true, false, true}));
}

TEST(FittingConditions, CountsOperators) {
  std::vector<Filter> conditions(400, leaf(Kind::exists, "a"));
  Fitting fitting = fitting_conditions(conditions);
  EXPECT_EQ(std::count(fitting.begin(), fitting.end(), true), kMaxOperators / 2);
}

TEST(FittingConditions, CountsTheBytesOfValues) {
  EXPECT_EQ(fitting_conditions({equal("a", std::string(kMaxValueBytes, 'x')), equal("b", "y")}),
            (Fitting{false, true}));
}

// Whatever key condition takes the first placeholders, the text stays within the limit.
TEST(FittingConditions, LeaveRoomForTheKeyCondition) {
  for (std::size_t count : {50, 90, 99}) {
    std::vector<Filter> conditions(60, list_of(count));
    Fitting fitting = fitting_conditions(conditions);
    std::vector<Filter> kept;
    for (std::size_t i = 0; i < fitting.size(); ++i)
      if (fitting[i]) kept.push_back(conditions[i]);
    ASSERT_FALSE(kept.empty());
    ExpressionPlaceholders placeholders;
    for (int i = 0; i < 9; ++i) placeholders.value({AttributeType::S, "k"});
    std::size_t length = filter_expression(Filter::all(kept), placeholders).size();
    EXPECT_LE(length, kMaxExpressionBytes);
    EXPECT_GT(length + 700, kMaxExpressionBytes);
  }
}

// Placeholders get longer with each condition before them: nine such lists, counted each by itself, made 4448 bytes.
TEST(FittingConditions, CountThePlaceholdersAsTheyAreWritten) {
  for (std::size_t count = 1; count < 40; ++count) {
    std::vector<Filter> conditions;
    for (std::size_t i = 0; i < count; ++i) {
      conditions.push_back(list_of(99));
      conditions.back().path = path(("a" + std::to_string(i)).c_str());
    }
    Fitting fitting = fitting_conditions(conditions);
    std::vector<Filter> kept;
    for (std::size_t i = 0; i < count; ++i)
      if (fitting[i]) kept.push_back(conditions[i]);
    EXPECT_LE(text_of(Filter::all(kept)).size(), kMaxExpressionBytes) << count;
    EXPECT_EQ(kept.size() == count, count < 9) << count;
  }
}

}  // namespace
}  // namespace dynamodb
