// Tests of clock.hpp: the process's own clock and generator.
#include "dynamodb/clock.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

TEST(Clock, GoesForward) {
  const auto first = system_clock().now();
  EXPECT_LE(first, system_clock().now());
  EXPECT_GT(system_clock().wall_now().time_since_epoch(), std::chrono::hours(24 * 365 * 50));
}

TEST(Random, CoversItsRange) {
  double sum = 0;
  constexpr int kDraws = 10000;
  for (int i = 0; i < kDraws; ++i) {
    const double drawn = system_random().next();
    ASSERT_GE(drawn, 0.0);
    ASSERT_LT(drawn, 1.0);
    sum += drawn;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.05);
}

}  // namespace
}  // namespace dynamodb
