// Tests of rate_limiter.
#include "dynamodb/rate_limiter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "unit/fake_clock.hpp"

namespace dynamodb {
namespace {

using test::FakeClock;

class RateLimiterTest : public ::testing::Test {
 protected:
  // Milliseconds until the next request.
  int64_t wait() {
    auto left = limiter.ready_at() - clock.now();
    return std::chrono::ceil<Milliseconds>(left).count();
  }
  void consume(double units) { limiter.settle(0, units); }

  FakeClock clock;
  RateLimiter limiter{100, clock};
};

TEST_F(RateLimiterTest, BeginsWithSomethingSavedUp) {
  EXPECT_EQ(wait(), 0);
  consume(20);
  EXPECT_EQ(wait(), 0) << "no debt yet";
  consume(1);
  EXPECT_EQ(wait(), 10);
}

TEST_F(RateLimiterTest, WaitsUntilADebtIsPaid) {
  consume(20 + 128.5);
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
    consume(units);
    auto left = limiter.ready_at() - clock.now();
    clock.advance(std::chrono::duration_cast<Milliseconds>(left));
    EXPECT_LE(limiter.ready_at(), clock.now()) << units;
  }
}

TEST_F(RateLimiterTest, SavesUpLittle) {
  consume(20);
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(wait(), 0);
  consume(70);
  EXPECT_EQ(wait(), 500);
}

TEST_F(RateLimiterTest, TakesWhatIsExpectedAndSetsItRight) {
  limiter.settle(0, 120);
  EXPECT_EQ(wait(), 1000);
  limiter.settle(120, 170);
  EXPECT_EQ(wait(), 1500) << "it was more";
  limiter.settle(0, 50);
  EXPECT_EQ(wait(), 2000);
  limiter.settle(50, 10);
  EXPECT_EQ(wait(), 1600) << "it was less";
  limiter.settle(0, 100);
  limiter.settle(100, 0);
  EXPECT_EQ(wait(), 1600) << "it was refused";
  limiter.settle(0, 40);
  EXPECT_EQ(wait(), 2000) << "what became of it is not known";
}

// What is under way is paid for while it is: slow answers cost nothing of the rate.
TEST_F(RateLimiterTest, KeepsTheRateHoweverLongAnswersTake) {
  for (int latency : {1, 100, 1500}) {
    double consumed = 0;
    std::deque<Steady::time_point> answers;
    const Steady::time_point start = clock.now();
    while (clock.now() < start + std::chrono::seconds(100)) {
      while (limiter.try_reserve(10)) {
        answers.push_back(clock.now() + Milliseconds(latency));
      }
      clock.advance(Milliseconds(1));
      for (; !answers.empty() && answers.front() <= clock.now(); answers.pop_front()) {
        limiter.settle(10, 12);
        consumed += 12;
      }
    }
    EXPECT_NEAR(consumed / 100, 100, 3) << latency;
  }
}

TEST_F(RateLimiterTest, KeepsTheRateInTheLongRun) {
  double consumed = 0;
  const Steady::time_point start = clock.now();
  for (int i = 0; i < 10'000; ++i) {
    Steady::time_point ready = limiter.ready_at();
    if (ready > clock.now()) clock.advance(std::chrono::ceil<Milliseconds>(ready - clock.now()));
    double units = 0.5 + i * 7919 % 256;
    consume(units);
    consumed += units;
  }
  double seconds = std::chrono::duration<double>(clock.now() - start).count();
  EXPECT_NEAR(consumed / seconds, 100, 1);
}

TEST_F(RateLimiterTest, SurvivesNumbersThatNoServiceSends) {
  consume(-1000);
  limiter.settle(0, -1000);
  EXPECT_EQ(wait(), 0);
  consume(21);
  EXPECT_EQ(wait(), 10) << "nothing was credited";
  consume(1e300);
  EXPECT_EQ(wait(), 24 * 60 * 60 * 1000);
}

TEST(RateLimiter, WorksWithLessThanOneUnitASecond) {
  FakeClock clock;
  RateLimiter limiter(0.5, clock);
  limiter.settle(0, 0.1);
  EXPECT_LE(limiter.ready_at(), clock.now());
  limiter.settle(0, 0.5);
  EXPECT_EQ(limiter.ready_at(), clock.now() + std::chrono::seconds(1));
}

class SharedRateAccount : public ::testing::Test {
 protected:
  FakeClock clock;
  RateAccount account;
  RateLimiter one{100, clock, &account};
  RateLimiter other{100, clock, &account};
};

TEST_F(SharedRateAccount, IsPaidByAll) {
  one.settle(0, 20 + 10);
  EXPECT_FALSE(other.try_reserve(1));
  clock.advance(Milliseconds(100));
  EXPECT_TRUE(other.try_reserve(5));
  EXPECT_FALSE(one.try_reserve(1));
  other.settle(5, 0);
  EXPECT_TRUE(one.try_reserve(1)) << "nothing was consumed after all";
}

TEST_F(SharedRateAccount, GivesAMomentToOneOnly) {
  one.settle(0, 20);
  clock.advance(Milliseconds(10));
  EXPECT_LE(one.ready_at(), clock.now());
  EXPECT_LE(other.ready_at(), clock.now());
  EXPECT_TRUE(one.try_reserve(20));
  EXPECT_FALSE(other.try_reserve(20));
}

TEST_F(SharedRateAccount, IsLookedAtOftenBecauseOthersSettle) {
  one.settle(0, 1e6);
  EXPECT_EQ(one.ready_at(), clock.now() + Milliseconds(250));
}

TEST_F(SharedRateAccount, KeepsTheRateOfThreadsTogether) {
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      RateLimiter limiter(100, clock, &account);
      for (int j = 0; j < 10'000; ++j) taken += limiter.try_reserve(1) ? 1 : 0;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 21) << "20 saved up, and one that goes into debt";
}

TEST_F(SharedRateAccount, KnowsWhenItWasUsed) {
  EXPECT_EQ(account.last_use(), Steady::time_point());
  clock.advance(std::chrono::hours(1));
  one.settle(0, 20);
  EXPECT_EQ(account.last_use(), clock.now());
}

}  // namespace
}  // namespace dynamodb
