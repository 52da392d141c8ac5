// Tests of user_agent.hpp.
#include "dynamodb/user_agent.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

TEST(UserAgent, NamesProductsAndApplication) {
  const std::string plain = user_agent("", "");
  EXPECT_TRUE(plain.starts_with("dynamodb_fdw/1.")) << plain;
  const std::size_t space = plain.find(' ');
  EXPECT_EQ(plain.substr(space, 9), " libcurl/");
  EXPECT_EQ(plain.find(' ', space + 1), std::string::npos) << plain;
  EXPECT_EQ(user_agent("PostgreSQL/15.1", "report"),
            plain.substr(0, space) + " PostgreSQL/15.1" + plain.substr(space) + " app/report");
}

TEST(UserAgent, ApplicationIdHasOnlyWhatAwsAllows) {
  const struct {
    std::string text;
    std::string id;
  } cases[] = {
      {"", ""},
      {"orders-api_2.0", "orders-api_2.0"},
      {"!#$%&'*+-.^_`|~", "!#$%&'*+-.^_`|~"},
      {"two words", "two-words"},
      {"a\r\nX-Evil: 1", "a--X-Evil--1"},
      {"caf\xc3\xa9 (x)/\"y\"@[]{}", "caf----x---y------"},
      {std::string("a\0b", 3), "a-b"},
      {std::string(60, 'x'), std::string(50, 'x')},
  };
  for (const auto& c : cases) EXPECT_EQ(application_id(c.text), c.id);
}

}  // namespace
}  // namespace dynamodb
