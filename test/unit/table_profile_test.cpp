// Tests of table_profile.
#include "dynamodb/table_profile.hpp"

#include <gtest/gtest.h>

#include "dynamodb/document_path.hpp"
#include "dynamodb/value.hpp"
#include "unit/random_value.hpp"
#include "unit/test_page.hpp"

namespace dynamodb {
namespace {

using test::everything;
using test::page_of;

// Adds items, given as typed JSON separated by commas.
void add(TableProfile& profile, const std::string& items) {
  PageReader reader;
  Item item;
  AttributeSelection selection = everything();
  BodyBuffer body = page_of("{\"Items\":[" + items + "],\"Count\":1}");
  ASSERT_FALSE(reader.open(body));
  while (reader.next(selection, item) == PageReader::Step::item) profile.add(item);
  ASSERT_EQ(reader.next(selection, item), PageReader::Step::end);
}

// path items/values types, with the examples behind it
std::string text_of(const ProfiledPath& path) {
  const PathStatistics& statistics = *path.statistics;
  std::string text = path.path + " " + std::to_string(statistics.items) + "/" + std::to_string(statistics.values());
  for (std::size_t type = 0; type < kAttributeTypes; ++type)
    if (statistics.types[type] > 0)
      text +=
          std::string(" ") + type_name(static_cast<AttributeType>(type)) + ":" + std::to_string(statistics.types[type]);
  return text;
}

std::vector<std::string> paths_of(const TableProfile& profile) {
  std::vector<std::string> texts;
  for (const ProfiledPath& path : profile.paths()) texts.push_back(text_of(path));
  return texts;
}

const PathStatistics& at(const TableProfile& profile, const std::string& path) {
  for (const ProfiledPath& candidate : profile.paths())
    if (candidate.path == path) return *candidate.statistics;
  static const PathStatistics none;
  ADD_FAILURE() << "no path " << path;
  return none;
}

using Texts = std::vector<std::string>;

TEST(TableProfile, CountsTypesAtEveryDepth) {
  TableProfile profile({});
  add(profile,
      R"({"id":{"S":"1"},"n":{"N":"1"},"lines":{"L":[{"M":{"sku":{"S":"a"}}},{"M":{"sku":{"N":"2"}}},{"L":[]}]}},
      {"id":{"S":"2"},"n":{"NULL":true},"who":{"M":{"name":{"M":{"first":{"S":"x"}}},"a.b":{"BOOL":true},"*":{"S":""}}}},
      {"id":{"S":"3"},"n":{"SS":["a","b"]},"who":{"M":{}},"lines":{"L":[]},"b":{"B":"AQI="}})");
  profile.finish();
  EXPECT_EQ(profile.items(), 3u);
  EXPECT_EQ(paths_of(profile),
            (Texts{"b 1/1 B:1", "id 3/3 S:3", "lines 2/2 L:2", "lines[] 1/3 L:1 M:2", "lines[].sku 1/2 S:1 N:1",
                   "n 3/3 N:1 NULL:1 SS:1", "who 2/2 M:2", "who.\"*\" 1/1 S:1", "who.\"a.b\" 1/1 BOOL:1",
                   "who.name 1/1 M:1", "who.name.first 1/1 S:1"}));
  EXPECT_EQ(profile.values_left_out(), 0u);
  for (const ProfiledPath& path : profile.paths()) {
    EXPECT_EQ(path.addressable, path.path.find("[]") == std::string::npos);
    EXPECT_TRUE(!path.addressable || parse_document_path(path.path).ok()) << path.path;
  }
  EXPECT_EQ(profile.paths().back().attribute, "who");
  EXPECT_EQ(profile.paths().back().depth, 3u);
}

// The sizes are those of the rules in value.hpp, which has been compared with the service's.
TEST(TableProfile, MeasuresAsTheServiceDoes) {
  test::RandomValues random(7);
  TableProfile profile({});
  SizeRange sizes;
  SizeRange values;
  for (int i = 0; i < 300; ++i) {
    Value item = Value::map();
    item.set("id", Value::of({AttributeType::S, std::to_string(i)}));
    item.set("any", random.value(4));
    std::string json;
    append_typed_item(json, item);
    add(profile, json);
    sizes.add(item_size(item));
    values.add(value_size(*item.find("any")));
  }
  profile.finish();
  EXPECT_EQ(profile.item_sizes().least, sizes.least);
  EXPECT_EQ(profile.item_sizes().most, sizes.most);
  EXPECT_EQ(profile.item_sizes().sum, sizes.sum);
  EXPECT_EQ(at(profile, "any").sizes.sum, values.sum);
  EXPECT_EQ(at(profile, "any").sizes.count, 300u);
}

TEST(TableProfile, TellsValuesApartByWhatTheyAre) {
  const struct {
    const char* values;
    double distinct;
  } cases[] = {
      {R"({"S":"1"} {"N":"1"} {"B":"1AAA"} {"S":"1"})", 3},
      {R"({"N":"1"} {"N":"1.0"} {"N":"1E0"} {"N":"2"})", 2},
      {R"({"SS":["a","b"]} {"SS":["b","a"]} {"L":[{"S":"a"},{"S":"b"}]} {"L":[{"S":"b"},{"S":"a"}]})", 3},
      {R"({"M":{"a":{"S":"1"},"b":{"S":"2"}}} {"M":{"b":{"S":"2"},"a":{"S":"1"}}} {"M":{"a":{"S":"2"},"b":{"S":"1"}}})",
       2},
      {R"({"BOOL":true} {"BOOL":false} {"NULL":true} {"BOOL":true})", 3},
      {R"({"M":{}} {"L":[]} {"S":""})", 3},
  };
  for (const auto& c : cases) {
    TableProfile profile({});
    std::string values = c.values;
    for (std::size_t start = 0; start < values.size();) {
      std::size_t end = std::min(values.find(' ', start), values.size());
      add(profile, "{\"v\":" + values.substr(start, end - start) + "}");
      start = end + 1;
    }
    profile.finish();
    EXPECT_EQ(at(profile, "v").distinct.count(), c.distinct) << c.values;
  }
}

TEST(TableProfile, ShowsTheSameExamplesInWhateverOrder) {
  Texts examples[2];
  for (int order = 0; order < 2; ++order) {
    TableProfile profile({});
    for (int i = 0; i < 50; ++i)
      add(profile, R"({"v":{"S":"value )" + std::to_string(order == 0 ? i : 49 - i) + "\"}}");
    profile.finish();
    for (const auto& example : at(profile, "v").examples) examples[order].push_back(example.text);
  }
  EXPECT_EQ(examples[0].size(), 3u);
  EXPECT_EQ(examples[0], examples[1]);
}

TEST(TableProfile, CutsExamples) {
  TableProfile profile({});
  add(profile,
      R"({"s":{"S":")" + std::string(100, 'x') + R"("},"b":{"B":"3q2+7w=="},"lines":{"S":"a\nb"},"n":{"N":"1.50"},
      "ns":{"NS":["2","1"]},"l":{"L":[{"S":"a"}]},"m":{"M":{}},"null":{"NULL":true},"yes":{"BOOL":true}})");
  profile.finish();
  auto only = [&](const char* path) {
    const auto& examples = at(profile, path).examples;
    return examples.empty() ? "none" : examples[0].text;
  };
  EXPECT_EQ(only("s").size(), 63u);
  EXPECT_EQ(only("s").substr(58), "xx...");
  EXPECT_EQ(only("b"), "\\xdeadbeef");
  EXPECT_EQ(only("lines"), "a b");
  EXPECT_EQ(only("n"), "1.5");
  EXPECT_EQ(only("ns"), "[2,1]");
  EXPECT_EQ(only("yes"), "true");
  for (const char* path : {"l", "m", "null"}) EXPECT_EQ(only(path), "none") << path;
}

TEST(TableProfile, TellsFormsAndNullCharacters) {
  TableProfile profile({});
  add(profile, R"({"d":{"S":"2026-01-31"},"n":{"N":"7"},"s":{"S":"a\u0000"},"m":{"M":{"x":{"L":[{"SS":["\u0000"]}]}}}},
      {"d":{"S":"2026-02-31"},"n":{"N":"7.5"},"m":{"M":{"a\u0000":{"S":"x"}}}})");
  profile.finish();
  EXPECT_EQ(at(profile, "d").of_form(ValueForm::date), 1u);
  EXPECT_EQ(at(profile, "n").of_form(ValueForm::integer), 1u);
  EXPECT_EQ(at(profile, "s").of_form(ValueForm::null_character), 1u);
  EXPECT_EQ(at(profile, "m").of_form(ValueForm::null_character), 2u);
}

TEST(TableProfile, CollapsesMapsWithTooManyMembers) {
  TableProfile profile({}, {.members = 4});
  for (int i = 0; i < 6; ++i)
    add(profile, R"({"byUser":{"M":{"u)" + std::to_string(i) + R"(":{"M":{"n":{"N":"1"}}},"u)" + std::to_string(i + 1) +
                     R"(":{"M":{"n":{"N":"2"},"s":{"S":"x"}}}}}})");
  add(profile, R"({"byUser":{"M":{}}})");
  profile.finish();
  EXPECT_EQ(paths_of(profile),
            (Texts{"byUser 7/7 M:7", "byUser.* 6/12 M:12", "byUser.*.n 6/12 N:12", "byUser.*.s 6/6 S:6"}));
  EXPECT_FALSE(profile.paths()[1].addressable);
  EXPECT_EQ(at(profile, "byUser.*.n").distinct.count(), 2);
}

// Few items with keys of their own each do not reach the limit; a map with the same members in each stays as it is.
TEST(TableProfile, CollapsesRareMembersAtTheEnd) {
  TableProfile profile({});
  for (int i = 0; i < 30; ++i) {
    std::string fixed;
    for (int member = 0; member < 20; ++member)
      fixed += (member > 0 ? ",\"f" : "\"f") + std::to_string(member) + R"(":{"N":"1"})";
    add(profile, R"({"own":{"M":{"k)" + std::to_string(i) + R"(":{"N":"1"}}},"fixed":{"M":{)" + fixed + "}}}");
  }
  profile.finish();
  Texts paths = paths_of(profile);
  ASSERT_EQ(paths.size(), 23u);
  EXPECT_EQ(paths[1], "fixed.f0 30/30 N:30");
  EXPECT_EQ(paths[22], "own.* 30/30 N:30");
}

TEST(TableProfile, IsBoundedInPathsDepthAndNames) {
  TableProfile wide({}, {.paths = 100});
  for (int i = 0; i < 1000; ++i) add(wide, R"({"a)" + std::to_string(i) + R"(":{"M":{"x":{"N":"1"}}},"id":{"S":"1"}})");
  wide.finish();
  EXPECT_EQ(wide.paths().size(), 100u);
  EXPECT_EQ(at(wide, "id").items, 1000u);
  EXPECT_EQ(wide.values_left_out(), 3000u - 1000 - 99);
  EXPECT_NEAR(wide.paths_left_out(), 2000 - 99, 100);

  TableProfile deep({}, {.depth = 3});
  add(deep, R"({"a":{"M":{"b":{"M":{"c":{"M":{"d":{"N":"1"}}}}}}},"l":{"L":[{"L":[{"L":[{"N":"1"},{"N":"2"}]}]}]}})");
  deep.finish();
  EXPECT_EQ(paths_of(deep),
            (Texts{"a 1/1 M:1", "a.b 1/1 M:1", "a.b.c 1/1 M:1", "l 1/1 L:1", "l[] 1/1 L:1", "l[][] 1/1 L:1"}));
  EXPECT_EQ(deep.values_left_out(), 3u);
  EXPECT_EQ(deep.paths_left_out(), 2);

  TableProfile names({});
  add(names, R"({")" + std::string(256, 'n') + R"(":{"N":"1"},")" + std::string(255, 'n') + R"(":{"N":"1"}})");
  names.finish();
  EXPECT_EQ(names.paths().size(), 1u);
  EXPECT_EQ(names.values_left_out(), 1u);
}

TEST(TableProfile, FindsItemCollections) {
  TableProfile profile({{"", {"p"}, {"s"}}, {"by_g", {"g"}, {"h"}}, {"by_two", {"g", "h"}, {}}});
  add(profile, R"({"p":{"S":"a"},"s":{"N":"1"},"g":{"S":"x"},"h":{"N":"1"}},{"p":{"S":"a"},"s":{"N":"2"},"g":{"S":"x"}},
      {"p":{"S":"b"},"s":{"N":"1"},"g":{"S":"x"},"h":{"N":"2"}},{"p":{"S":"a"},"s":{"N":"3"},"g":{"S":"x"},"h":{"N":"2"}},
      {"p":{"S":"c"},"s":{"N":"1"},"g":{"NULL":true},"h":{"N":"2"}})");
  profile.finish();
  auto table = profile.largest_collections(0);
  ASSERT_EQ(table.size(), 3u);
  EXPECT_EQ(table[0].key, Texts{"a"});
  EXPECT_EQ(table[0].items, 3u);
  auto index = profile.largest_collections(1);
  ASSERT_EQ(index.size(), 1u);
  EXPECT_EQ(index[0].items, 3u) << "items without the sort key are not in the index";
  auto two = profile.largest_collections(2);
  EXPECT_EQ(two[0].key, (Texts{"x", "2"}));
  EXPECT_EQ(two[0].items, 2u);
}

TEST(TableProfile, OfNoItemsIsEmpty) {
  TableProfile profile(std::vector<ProfiledKey>{{"", {"p"}, {}}});
  profile.finish();
  EXPECT_EQ(profile.items(), 0u);
  EXPECT_TRUE(profile.paths().empty());
  EXPECT_TRUE(profile.largest_collections(0).empty());
}

}  // namespace
}  // namespace dynamodb
