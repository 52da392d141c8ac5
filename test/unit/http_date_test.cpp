// Tests of http_date.hpp.
#include "dynamodb/http_date.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

TEST(ParseHttpDate, ReadsTheFixedForm) {
  struct {
    const char* text;
    int64_t seconds;
  } const cases[] = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},  {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
      {"Tue, 29 Feb 2028 23:59:59 GMT", 1835481599}, {"Wed, 31 Dec 2200 23:59:59 GMT", 7289654399},
      {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
  };
  for (const auto& c : cases) {
    const auto time = parse_http_date(c.text);
    ASSERT_TRUE(time) << c.text;
    EXPECT_EQ(std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count(), c.seconds) << c.text;
  }
}

TEST(ParseHttpDate, RefusesEverythingElse) {
  for (const char* text :
       {"", "now", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 ovD 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08-49-37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT", "Sun,  6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:3x GMT",
        "Sun, 29 Feb 2027 08:49:37 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Wed, 31 Dec 1969 23:59:59 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace dynamodb
