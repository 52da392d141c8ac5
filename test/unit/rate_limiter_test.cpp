// Tests of rate_limiter.
#include "dynamodb/rate_limiter.hpp"

#include <gtest/gtest.h>

#include "unit/fake_clock.hpp"

namespace dynamodb {
namespace {

using test::FakeClock;

class RateLimiterTest : public ::testing::Test {
 protected:
  // Milliseconds until the next request.
  int64_t wait(double expected = 0) {
    auto left = limiter.ready_at(expected) - clock.now();
    return std::chrono::ceil<Milliseconds>(left).count();
  }

  FakeClock clock;
  RateLimiter limiter{100, clock};
};

TEST_F(RateLimiterTest, BeginsWithOneSecondSavedUp) {
  EXPECT_EQ(wait(), 0);
  limiter.consumed(100);
  EXPECT_EQ(wait(), 0) << "no debt yet";
  limiter.consumed(1);
  EXPECT_EQ(wait(), 10);
}

TEST_F(RateLimiterTest, WaitsUntilADebtIsPaid) {
  limiter.consumed(100 + 128.5);
  EXPECT_EQ(wait(), 1285);
  clock.advance(Milliseconds(1000));
  EXPECT_NEAR(wait(), 285, 1);
  clock.advance(Milliseconds(280));
  EXPECT_NEAR(wait(), 5, 1);
  clock.advance(Milliseconds(6));
  EXPECT_EQ(wait(), 0);
}

TEST_F(RateLimiterTest, IsReadyAtTheTimeItNames) {
  for (double units : {0.001, 0.5, 7.0, 33.3333, 128.5, 1e4}) {
    limiter.consumed(units);
    auto left = limiter.ready_at() - clock.now();
    clock.advance(std::chrono::duration_cast<Milliseconds>(left));
    EXPECT_LE(limiter.ready_at(), clock.now()) << units;
  }
}

TEST_F(RateLimiterTest, SavesUpOneSecondAtMost) {
  limiter.consumed(100);
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(wait(), 0);
  limiter.consumed(150);
  EXPECT_EQ(wait(), 500);
}

TEST_F(RateLimiterTest, CountsWhatIsUnderWay) {
  EXPECT_EQ(wait(100), 0);
  EXPECT_EQ(wait(150), 500);
  EXPECT_EQ(wait(), 0) << "asking costs nothing";
  limiter.consumed(100);
  EXPECT_EQ(wait(50), 500);
  clock.advance(Milliseconds(500));
  EXPECT_EQ(wait(50), 0);
}

TEST_F(RateLimiterTest, KeepsTheRateInTheLongRun) {
  double consumed = 0;
  const Steady::time_point start = clock.now();
  for (int i = 0; i < 10'000; ++i) {
    Steady::time_point ready = limiter.ready_at();
    if (ready > clock.now()) clock.advance(std::chrono::ceil<Milliseconds>(ready - clock.now()));
    double units = 0.5 + i * 7919 % 256;
    limiter.consumed(units);
    consumed += units;
  }
  double seconds = std::chrono::duration<double>(clock.now() - start).count();
  EXPECT_NEAR(consumed / seconds, 100, 1);
}

TEST_F(RateLimiterTest, SurvivesNumbersThatNoServiceSends) {
  limiter.consumed(-1000);
  EXPECT_EQ(wait(), 0);
  limiter.consumed(101);
  EXPECT_EQ(wait(), 10) << "nothing was credited";
  limiter.consumed(1e300);
  EXPECT_EQ(wait(), 24 * 60 * 60 * 1000);
  EXPECT_EQ(wait(1e308), 24 * 60 * 60 * 1000);
}

TEST(RateLimiter, WorksWithLessThanOneUnitASecond) {
  FakeClock clock;
  RateLimiter limiter(0.5, clock);
  limiter.consumed(0.5);
  EXPECT_LE(limiter.ready_at(), clock.now());
  limiter.consumed(0.5);
  EXPECT_EQ(limiter.ready_at(), clock.now() + std::chrono::seconds(1));
}

}  // namespace
}  // namespace dynamodb
