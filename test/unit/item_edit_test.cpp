// Tests of item_edit.
#include "dynamodb/item_edit.hpp"

#include <gtest/gtest.h>

#include <cstddef>

#include "unit/random_value.hpp"

namespace dynamodb {
namespace {

using test::item_of;
using test::path_of;
using test::RandomValues;
using test::typed_item_text;
using test::typed_text;
using test::value_of;

PathEdit edit_of(const char* path, const char* value) {
  return {path_of(path), value != nullptr ? std::optional(value_of(value)) : std::nullopt};
}

AttributeChange change_of(const char* path, const char* value) {
  return {path_of(path), value != nullptr ? value : ""};
}

// One line for each change: "SET a.b = {...}" or "REMOVE a.b", separated by "; ".
std::string text_of(const std::vector<AttributeChange>& changes) {
  std::string text;
  for (const AttributeChange& change : changes) {
    if (!text.empty()) text += "; ";
    text += (change.value.empty() ? "REMOVE " : "SET ") + document_path_text(change.path);
    if (!change.value.empty()) text += " = " + change.value;
  }
  return text;
}

constexpr char kItem[] = R"({"l":{"L":[{"N":"0"},{"M":{"x":{"N":"1"}}}]},"m":{"M":{"a":{"S":"x"}}},)"
                         R"("nil":{"NULL":true},"s":{"S":"text"}})";

TEST(ItemEdit, IsApplied) {
  struct {
    const char* item;
    const char* path;
    const char* value;  // null: remove
    const char* after;  // null: unchanged
  } cases[] = {
      {"{}", "a", R"({"S":"x"})", R"({"a":{"S":"x"}})"},
      {"{}", "a.b.c", R"({"S":"x"})", R"({"a":{"M":{"b":{"M":{"c":{"S":"x"}}}}}})"},
      {"{}", "a[0].b", R"({"S":"x"})", R"({"a":{"L":[{"M":{"b":{"S":"x"}}}]}})"},
      {"{}", "a[0][0]", R"({"NULL":true})", R"({"a":{"L":[{"L":[{"NULL":true}]}]}})"},
      {R"({"a":{"NULL":true}})", "a.b", R"({"S":"x"})", R"({"a":{"M":{"b":{"S":"x"}}}})"},
      {R"({"a":{"NULL":true}})", "a[0]", R"({"S":"x"})", R"({"a":{"L":[{"S":"x"}]}})"},
      {R"({"a":{"NULL":true}})", "a", R"({"S":"x"})", R"({"a":{"S":"x"}})"},
      {R"({"a":{"S":"x"}})", "a", R"({"M":{}})", R"({"a":{"M":{}}})"},
      {R"({"a":{"M":{"b":{"S":"x"},"c":{"S":"y"}}}})", "a.b", R"({"N":"1"})",
       R"({"a":{"M":{"b":{"N":"1"},"c":{"S":"y"}}}})"},
      {R"({"a":{"L":[{"S":"x"},{"S":"y"}]}})", "a[1]", R"({"N":"1"})", R"({"a":{"L":[{"S":"x"},{"N":"1"}]}})"},
      {R"({"a":{"L":[{"S":"x"}]}})", "a[1]", R"({"N":"1"})", R"({"a":{"L":[{"S":"x"},{"N":"1"}]}})"},
      {R"({"a":{"L":[{"S":"x"}]}})", "a[1].b", R"({"N":"1"})", R"({"a":{"L":[{"S":"x"},{"M":{"b":{"N":"1"}}}]}})"},
      // removed
      {R"({"a":{"S":"x"},"b":{"S":"y"}})", "a", nullptr, R"({"b":{"S":"y"}})"},
      {R"({"a":{"M":{"b":{"S":"x"}}}})", "a.b", nullptr, R"({"a":{"M":{}}})"},
      {R"({"a":{"L":[{"S":"x"},{"S":"y"}]}})", "a[0]", nullptr, R"({"a":{"L":[{"NULL":true},{"S":"y"}]}})"},
      {kItem, "x", nullptr, nullptr},
      {kItem, "x.y[3].z", nullptr, nullptr},
      {kItem, "s.y", nullptr, nullptr},
      {kItem, "m[0]", nullptr, nullptr},
      {kItem, "l.x", nullptr, nullptr},
      {kItem, "l[7]", nullptr, nullptr},
  };
  for (const auto& test : cases) {
    Value item = item_of(test.item);
    auto error = apply_edit(item, edit_of(test.path, test.value));
    EXPECT_FALSE(error.has_value()) << test.item << test.path << error->message;
    EXPECT_EQ(typed_item_text(item), test.after != nullptr ? test.after : test.item) << test.item << test.path;
  }
}

TEST(ItemEdit, ErrorsLeaveTheItemAsItIs) {
  struct {
    const char* path;
    const char* error;
  } cases[] = {
      {"s.a", "there can be no s.a: s is of type S"},
      {"s[0]", "there can be no s[0]: s is of type S"},
      {"m[0]", "there can be no m[0]: m is of type M"},
      {"l.a.b", "there can be no l.a: l is of type L"},
      {"l[3]", "there can be no l[3]: the list has 2 elements"},
      {"l[2][1]", "there can be no l[2][1]: the list has 0 elements"},
      {"m.\"b c\"[1].d", "there can be no m.\"b c\"[1]: the list has 0 elements"},
      {"nil[1]", "there can be no nil[1]: the list has 0 elements"},
      {"new[1]", "there can be no new[1]: the list has 0 elements"},
  };
  for (const auto& test : cases) {
    Value item = item_of(kItem);
    auto error = apply_edit(item, edit_of(test.path, R"({"S":"x"})"));
    ASSERT_TRUE(error.has_value()) << test.path;
    EXPECT_EQ(error->kind, ErrorKind::invalid_value) << test.path;
    EXPECT_EQ(error->message, test.error);
    EXPECT_EQ(typed_item_text(item), kItem) << test.path;
  }
}

TEST(ItemEdit, ChangesAreTheNarrowestThatHaveAParent) {
  struct Edit {
    const char* path;
    const char* value;
  };
  struct {
    const char* item;
    std::vector<Edit> edits;
    const char* changes;
  } cases[] = {
      {kItem, {{"s", R"({"S":"text"})"}, {"m.a", R"({"S":"x"})"}, {"x", nullptr}}, ""},
      {kItem, {{"s", R"({"S":"other"})"}}, R"(SET s = {"S":"other"})"},
      {kItem, {{"s", nullptr}}, "REMOVE s"},
      {kItem, {{"m.a", R"({"N":"1"})"}}, R"(SET m.a = {"N":"1"})"},
      {kItem, {{"m.b", R"({"N":"1"})"}}, R"(SET m.b = {"N":"1"})"},
      {kItem, {{"m.a", nullptr}, {"m.b", nullptr}}, "REMOVE m.a"},
      {kItem, {{"m.b.c", R"({"N":"1"})"}}, R"(SET m.b = {"M":{"c":{"N":"1"}}})"},
      {kItem, {{"l[1].x", R"({"N":"2"})"}}, R"(SET l[1].x = {"N":"2"})"},
      {kItem, {{"l[0]", nullptr}}, R"(SET l[0] = {"NULL":true})"},
      {kItem, {{"l[1].x", nullptr}}, "REMOVE l[1].x"},
      // parents that are missing, or NULL
      {kItem, {{"n.a.b", R"({"N":"1"})"}}, R"(SET n = {"M":{"a":{"M":{"b":{"N":"1"}}}}})"},
      {kItem, {{"n.a", R"({"N":"1"})"}, {"n.b", R"({"N":"2"})"}}, R"(SET n = {"M":{"a":{"N":"1"},"b":{"N":"2"}}})"},
      {kItem, {{"nil.a", R"({"N":"1"})"}}, R"(SET nil = {"M":{"a":{"N":"1"}}})"},
      {kItem, {{"n[0].a", R"({"N":"1"})"}}, R"(SET n = {"L":[{"M":{"a":{"N":"1"}}}]})"},
      // new elements
      {kItem, {{"l[2]", R"({"N":"2"})"}, {"l[3]", R"({"N":"3"})"}}, R"(SET l[2] = {"N":"2"}; SET l[3] = {"N":"3"})"},
      {kItem,
       {{"l[2].a", R"({"N":"2"})"}, {"l[2].b", R"({"N":"3"})"}},
       R"(SET l[2] = {"M":{"a":{"N":"2"},"b":{"N":"3"}}})"},
      // one path below another
      {kItem, {{"m.a", R"({"N":"1"})"}, {"m", R"({"M":{"z":{"N":"1"}}})"}}, R"(SET m = {"M":{"z":{"N":"1"}}})"},
      {kItem, {{"m", R"({"M":{}})"}, {"m.z", R"({"N":"1"})"}}, R"(SET m = {"M":{"z":{"N":"1"}}})"},
      {kItem, {{"m", nullptr}, {"m.z", R"({"N":"1"})"}}, R"(SET m = {"M":{"z":{"N":"1"}}})"},
      {kItem, {{"m.z", R"({"N":"1"})"}, {"m", nullptr}}, "REMOVE m"},
      // a list that becomes shorter
      {kItem, {{"l", R"({"L":[{"N":"0"}]})"}, {"l[1]", nullptr}}, R"(SET l = {"L":[{"N":"0"}]})"},
  };
  for (const auto& test : cases) {
    Value before = item_of(test.item);
    Value after = before;
    std::vector<DocumentPath> touched;
    for (const Edit& edit : test.edits) {
      ASSERT_FALSE(apply_edit(after, edit_of(edit.path, edit.value)).has_value()) << edit.path;
      touched.push_back(path_of(edit.path));
    }
    std::vector<AttributeChange> changes = changes_at(before, after, touched);
    EXPECT_EQ(text_of(changes), test.changes);
    ASSERT_FALSE(apply_changes(before, changes).has_value()) << test.changes;
    EXPECT_EQ(typed_item_text(before), typed_item_text(after)) << test.changes;
  }
}

TEST(ItemEdit, ChangesOfAttributesAreTheirDifference) {
  Value before = item_of(R"({"a":{"S":"x"},"b":{"SS":["x","y"]},"c":{"M":{"d":{"N":"1"}}},"e":{"N":"1.50"}})");
  Value after = item_of(R"({"b":{"SS":["y","x"]},"c":{"M":{"d":{"N":"2"}}},"e":{"N":"1.5"},"f":{"NULL":true}})");
  EXPECT_EQ(text_of(changes_between(before, after)),
            R"(REMOVE a; SET c = {"M":{"d":{"N":"2"}}}; SET f = {"NULL":true})");
}

TEST(ItemEdit, ChangesAreAppliedAsTheServiceDoes) {
  struct {
    const char* item;
    std::vector<AttributeChange> changes;
    const char* after;
  } cases[] = {
      {R"({"a":{"L":[{"N":"0"},{"N":"1"}]}})",
       {change_of("a[5]", R"({"N":"5"})"), change_of("a[3]", R"({"N":"3"})")},
       R"({"a":{"L":[{"N":"0"},{"N":"1"},{"N":"3"},{"N":"5"}]}})"},
      {R"({"a":{"L":[{"N":"0"},{"N":"1"},{"N":"2"}]}})",
       {change_of("a[0]", nullptr), change_of("a[1]", R"({"N":"9"})"), change_of("a[2]", nullptr)},
       R"({"a":{"L":[{"N":"9"}]}})"},
      {R"({"a":{"L":[{"N":"0"}]},"b":{"N":"1"}})",
       {change_of("a[100]", nullptr), change_of("b", nullptr), change_of("c", nullptr)},
       R"({"a":{"L":[{"N":"0"}]}})"},
  };
  for (const auto& test : cases) {
    Value item = item_of(test.item);
    EXPECT_FALSE(apply_changes(item, test.changes).has_value()) << test.item;
    EXPECT_EQ(typed_item_text(item), test.after);
  }
}

TEST(ItemEdit, ChangesNeedTheirParent) {
  for (const char* path : {"x.y", "s.y", "s[0]", "m[0]", "l.x", "l[2].x", "l[0].x"}) {
    for (const char* value : {static_cast<const char*>(nullptr), R"({"S":"x"})"}) {
      Value item = item_of(kItem);
      auto error = apply_changes(item, {change_of(path, value)});
      ASSERT_TRUE(error.has_value()) << path;
      EXPECT_EQ(error->message,
                "there is nothing to change at " + std::string(path) + ": what the path leads through is not there");
    }
  }
}

TEST(ItemEdit, LaterChangesAreMerged) {
  struct {
    std::vector<AttributeChange> earlier;
    std::vector<AttributeChange> later;
    const char* merged;
  } cases[] = {
      {{}, {}, ""},
      {{change_of("a", R"({"N":"1"})")}, {}, R"(SET a = {"N":"1"})"},
      {{}, {change_of("a", nullptr)}, "REMOVE a"},
      {{change_of("b", R"({"N":"1"})")}, {change_of("a", R"({"N":"2"})")}, R"(SET a = {"N":"2"}; SET b = {"N":"1"})"},
      {{change_of("a", R"({"N":"1"})")}, {change_of("a", R"({"N":"2"})")}, R"(SET a = {"N":"2"})"},
      {{change_of("a", R"({"N":"1"})")}, {change_of("a", nullptr)}, "REMOVE a"},
      {{change_of("a", nullptr)}, {change_of("a", R"({"N":"2"})")}, R"(SET a = {"N":"2"})"},
      // a later change below an earlier one
      {{change_of("a", R"({"M":{"b":{"N":"1"},"c":{"N":"1"}}})")},
       {change_of("a.b", R"({"N":"2"})"), change_of("a.c", nullptr), change_of("a.d", R"({"L":[]})")},
       R"(SET a = {"M":{"b":{"N":"2"},"d":{"L":[]}}})"},
      {{change_of("a", R"({"L":[{"N":"0"},{"M":{}}]})")},
       {change_of("a[3]", R"({"N":"3"})"), change_of("a[2]", R"({"N":"2"})"), change_of("a[1].x", R"({"N":"1"})"),
        change_of("a[0]", nullptr)},
       R"(SET a = {"L":[{"M":{"x":{"N":"1"}}},{"N":"2"},{"N":"3"}]})"},
      {{change_of("l[2]", R"({"M":{}})"), change_of("l[3]", R"({"M":{}})")},
       {change_of("l[3].x", R"({"N":"3"})"), change_of("l[4]", R"({"N":"4"})")},
       R"(SET l[2] = {"M":{}}; SET l[3] = {"M":{"x":{"N":"3"}}}; SET l[4] = {"N":"4"})"},
      // a later change above earlier ones
      {{change_of("a.b", R"({"N":"1"})"), change_of("a.c", nullptr), change_of("ab", nullptr)},
       {change_of("a", R"({"N":"2"})")},
       R"(SET a = {"N":"2"}; REMOVE ab)"},
      {{change_of("a.b.c", R"({"N":"1"})"), change_of("a.z", R"({"N":"1"})")},
       {change_of("a.b", nullptr)},
       R"(REMOVE a.b; SET a.z = {"N":"1"})"},
  };
  for (const auto& test : cases) {
    auto merged = merge_changes(test.earlier, test.later);
    ASSERT_TRUE(merged.ok()) << merged.error().message;
    EXPECT_EQ(text_of(merged.value()), test.merged);
  }
}

TEST(ItemEdit, ChangesThatCannotFollowAreAnError) {
  struct {
    AttributeChange earlier;
    AttributeChange later;
  } cases[] = {
      {change_of("a", nullptr), change_of("a.b", R"({"N":"1"})")},
      {change_of("a", R"({"N":"1"})"), change_of("a.b", R"({"N":"1"})")},
      {change_of("a", R"({"M":{}})"), change_of("a.b.c", R"({"N":"1"})")},
      {change_of("a[0]", nullptr), change_of("a[0]", R"({"N":"1"})")},
      {change_of("a[0]", nullptr), change_of("a[2].b", R"({"N":"1"})")},
  };
  for (const auto& test : cases)
    EXPECT_FALSE(merge_changes({test.earlier}, {test.later}).ok()) << text_of({test.earlier, test.later});
}

// A random path of up to three steps.
DocumentPath random_path(RandomValues& random) {
  DocumentPath path = {PathStep{false, random.name(), 0}};
  for (uint32_t steps = random.below(3); steps > 0; --steps) {
    if (random.below(3) == 0) {
      path.push_back({true, "", random.below(4)});
    } else {
      path.push_back({false, random.name(), 0});
    }
  }
  return path;
}

// Random edits of an item, applied to it; those that cannot be are left out. Returns the touched paths.
std::vector<DocumentPath> edit_randomly(RandomValues& random, Value& item) {
  std::vector<DocumentPath> touched;
  for (uint32_t count = random.below(5); count > 0; --count) {
    PathEdit edit{random_path(random), std::nullopt};
    if (random.below(3) > 0) edit.value = random.value(2);
    std::string before = typed_item_text(item);
    if (apply_edit(item, edit)) {
      EXPECT_EQ(typed_item_text(item), before);
    } else {
      touched.push_back(std::move(edit.path));
    }
  }
  return touched;
}

// Whether a path is the start of another.
bool overlap(const std::vector<AttributeChange>& changes) {
  for (const AttributeChange& start : changes)
    for (const AttributeChange& change : changes)
      if (&start != &change && change.path.size() >= start.path.size() &&
          std::equal(start.path.begin(), start.path.end(), change.path.begin()))
        return true;
  return false;
}

Value applied(Value item, const std::vector<AttributeChange>& changes) {
  EXPECT_FALSE(overlap(changes)) << text_of(changes);
  auto error = apply_changes(item, changes);
  EXPECT_FALSE(error.has_value()) << text_of(changes) << error->message;
  return item;
}

TEST(ItemEdit, RandomChangesMakeTheItemThatWasWanted) {
  RandomValues random(8);
  for (int i = 0; i < 5000; ++i) {
    Value before = random.map(4);
    Value after = random.map(4);
    EXPECT_TRUE(same_value(applied(before, changes_between(before, after)), after));
    after = before;
    auto changes = changes_at(before, after, edit_randomly(random, after));
    EXPECT_TRUE(same_value(applied(before, changes), after)) << typed_item_text(before) << text_of(changes);
  }
}

TEST(ItemEdit, RandomChangesMergedDoWhatTheyDoOneAfterTheOther) {
  RandomValues random(9);
  for (int i = 0; i < 5000; ++i) {
    const Value item = random.map(4);
    Value current = item;
    std::vector<AttributeChange> all;
    for (int round = 0; round < 3; ++round) {
      Value before = current;
      std::vector<DocumentPath> touched = edit_randomly(random, current);
      auto merged = merge_changes(std::move(all), changes_at(before, current, touched));
      ASSERT_TRUE(merged.ok()) << merged.error().message;
      all = std::move(merged.value());
      EXPECT_TRUE(same_value(applied(item, all), current)) << typed_item_text(item) << text_of(all);
    }
  }
}

}  // namespace
}  // namespace dynamodb
