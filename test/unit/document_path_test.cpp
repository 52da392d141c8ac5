// Tests of document_path.
#include "dynamodb/document_path.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

PathStep name(std::string text) { return {.is_index = false, .name = std::move(text), .index = 0}; }
PathStep index(uint32_t number) { return {.is_index = true, .name = {}, .index = number}; }

TEST(DocumentPath, AcceptsNamesAndIndexes) {
  struct {
    const char* path;
    std::vector<PathStep> steps;
  } cases[] = {
      {"city", {name("city")}},
      {"address.city", {name("address"), name("city")}},
      {"lines[0].sku", {name("lines"), index(0), name("sku")}},
      {"grid[3][12]", {name("grid"), index(3), index(12)}},
      {"Straße.größe", {name("Straße"), name("größe")}},
      {"a-b.c_d:e/f", {name("a-b"), name("c_d:e/f")}},
      {"\"a.b\".c", {name("a.b"), name("c")}},
      {"\"say \"\"hi\"\"\"[1]", {name("say \"hi\""), index(1)}},
      {"\"\"\"\"", {name("\"")}},
      {"a.\"x[0]\"", {name("a"), name("x[0]")}},
      {"a[007]", {name("a"), index(7)}},
      {"a[999999]", {name("a"), index(999999)}},
  };
  for (const auto& test : cases) {
    auto steps = parse_document_path(test.path);
    ASSERT_TRUE(steps.ok()) << test.path << ": " << steps.error().message;
    EXPECT_EQ(steps.value(), test.steps) << test.path;
  }
}

TEST(DocumentPath, SaysWhatIsWrongAndWhere) {
  struct {
    const char* path;
    const char* message;
  } cases[] = {
      {"", "a name is expected at character 1"},
      {".a", "a name is expected at character 1"},
      {"a.", "a name is expected at character 3"},
      {"a..b", "a name is expected at character 3"},
      {"[0]", "a name is expected at character 1"},
      {"\"\".a", "a name is expected at character 3"},
      {"a b", "\".\" or \"[\" is expected at character 2"},
      {" a", "a name is expected at character 1"},
      {"a]", "\".\" or \"[\" is expected at character 2"},
      {"a[0]b", "\".\" or \"[\" is expected at character 5"},
      {"\"a\"b", "\".\" or \"[\" is expected at character 4"},
      {"a\"b\"", "\".\" or \"[\" is expected at character 2"},
      {"x.\"abc", "the double quote is not closed that opens at character 3"},
      {"x.\"abc\"\"", "the double quote is not closed that opens at character 3"},
      {"a[", "the number of a list element is expected at character 3"},
      {"a[]", "the number of a list element is expected at character 3"},
      {"a[-1]", "the number of a list element is expected at character 3"},
      {"a[x]", "the number of a list element is expected at character 3"},
      {"a[1", "\"]\" is expected at character 4"},
      {"a[1.5]", "\"]\" is expected at character 4"},
      {"a[1000000]", "lists are not that long: too large a number at character 3"},
      {"a[99999999999999999999]", "lists are not that long: too large a number at character 3"},
  };
  for (const auto& test : cases) {
    auto steps = parse_document_path(test.path);
    ASSERT_FALSE(steps.ok()) << test.path;
    EXPECT_EQ(steps.error().kind, ErrorKind::bad_configuration);
    EXPECT_EQ(steps.error().message, test.message) << test.path;
  }
}

TEST(DocumentPath, IsNoDeeperThanItems) {
  std::string path = "a";
  for (int level = 0; level < 32; ++level) path += ".a";
  EXPECT_TRUE(parse_document_path(path).ok());
  EXPECT_FALSE(parse_document_path(path + ".a").ok());
}

TEST(DocumentPath, IsWrittenAsItIsRead) {
  for (const char* path : {"a", "a.b", "a[0]", "a[0][12].b.0", "a.\"b.c\".\"d e\"[1]", "\"\"\"\".\"[\"", "é.😀"})
    EXPECT_EQ(document_path_text(parse_document_path(path).value()), path);
  EXPECT_EQ(document_path_text(parse_document_path("\"a\".\"b\"").value()), "a.b");
}

}  // namespace
}  // namespace dynamodb
