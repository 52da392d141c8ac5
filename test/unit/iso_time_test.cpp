// Tests of iso_time.hpp.
#include "dynamodb/iso_time.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

TEST(IsoTime, TakesTimesLongAgo) { EXPECT_LT(*parse_iso_time("0026-02-28T23:59:59Z"), WallTime::time_point()); }

TEST(IsoTime, Parses) {
  const struct {
    const char* text;
    long long seconds;  // since 1970; -1: not a time
  } cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2026-02-28T23:59:59Z", 1772323199},
      {"2026-02-28T23:59:59.123456Z", 1772323199},
      {"2026-02-28 23:59:59", 1772323199},
      {"2026-02-28T23:59:59UTC", 1772323199},
      {"2026-03-01T00:59:59+01:00", 1772323199},
      {"2026-02-28T22:29:59-0130", 1772323199},
      {"2024-02-29T00:00:00Z", 1709164800},
      {"9999-01-01T00:00:00Z", 8772796800},
      {"2025-02-29T00:00:00Z", -1},
      {"2026-13-01T00:00:00Z", -1},
      {"2026-02-28T24:00:00Z", -1},
      {"2026-02-28T23:60:00Z", -1},
      {"2026-02-28", -1},
      {"2026-02-28T23:59", -1},
      {"2026-02-28T23:59:59X", -1},
      {"2026-02-28T23:59:59+1", -1},
      {"2026-02-28T23:59:59+25:00", -1},
      {"+026-02-28T23:59:59Z", -1},
      {"", -1},
  };
  for (const auto& c : cases) {
    const auto time = parse_iso_time(c.text);
    ASSERT_EQ(time.has_value(), c.seconds >= 0) << c.text;
    if (!time) continue;
    EXPECT_EQ(std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count(), c.seconds) << c.text;
  }
}

}  // namespace
}  // namespace dynamodb
