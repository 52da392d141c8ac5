// Tests of request_pace.
#include "dynamodb/request_pace.hpp"

#include <gtest/gtest.h>

#include "unit/fake_clock.hpp"

namespace dynamodb {
namespace {

TEST(RequestPace, HalvesOncePerRoundAndGrowsSlowly) {
  test::FakeClock clock;
  test::FixedRandom random(0);
  RequestPace pace(8, Milliseconds(1000), clock, random);
  uint64_t stamps[8];
  for (uint64_t& stamp : stamps) stamp = pace.sent(false);
  EXPECT_TRUE(pace.has_room(7));
  EXPECT_FALSE(pace.has_room(8));
  for (uint64_t stamp : stamps) pace.throttled(stamp);
  EXPECT_EQ(pace.window(), 4);
  for (int i = 0; i < 5; ++i) pace.succeeded();
  EXPECT_GT(pace.window(), 5);
  EXPECT_LT(pace.window(), 6);
  for (int i = 0; i < 100; ++i) pace.succeeded();
  EXPECT_EQ(pace.window(), 8);
  for (int i = 0; i < 10; ++i) pace.throttled(pace.sent(false));
  EXPECT_EQ(pace.window(), 1);
  EXPECT_TRUE(pace.has_room(0));
  EXPECT_FALSE(pace.has_room(1));
}

TEST(RequestPace, TellsRoundsApart) {
  test::FakeClock clock;
  test::FixedRandom random(0);
  RequestPace pace(8, Milliseconds(1000), clock, random);
  const uint64_t first = pace.sent(false);
  const uint64_t second = pace.sent(false);
  EXPECT_TRUE(pace.throttled(second));
  EXPECT_FALSE(pace.throttled(first));
  EXPECT_TRUE(pace.throttled(pace.sent(false)));
}

TEST(RequestPace, TheMostInFlightMayChange) {
  test::FakeClock clock;
  test::FixedRandom random(0);
  RequestPace pace(8, Milliseconds(1000), clock, random);
  pace.set_max_in_flight(16);
  EXPECT_EQ(pace.window(), 16) << "nothing narrowed it";
  pace.throttled(pace.sent(false));
  pace.set_max_in_flight(32);
  EXPECT_EQ(pace.window(), 8) << "what throttling narrowed grows by success only";
  pace.set_max_in_flight(3);
  EXPECT_EQ(pace.window(), 3);
  pace.set_max_in_flight(0);
  EXPECT_EQ(pace.window(), 1);
}

TEST(RequestPace, LosesPatienceWithoutProgress) {
  test::FakeClock clock;
  test::FixedRandom random(0);
  RequestPace pace(8, Milliseconds(1000), clock, random);
  clock.advance(Milliseconds(999));
  EXPECT_TRUE(pace.patient());
  clock.advance(Milliseconds(1));
  EXPECT_FALSE(pace.patient());
  pace.sent(true);
  EXPECT_TRUE(pace.patient());
  clock.advance(Milliseconds(1000));
  pace.sent(false);
  EXPECT_FALSE(pace.patient());
  pace.progressed();
  EXPECT_TRUE(pace.patient());
}

TEST(RequestPace, BacksOffWithFullJitter) {
  test::FakeClock clock;
  test::FixedRandom random(0.5);
  RequestPace pace(8, Milliseconds(1000), clock, random);
  const auto delay = [&](int repetitions, int at_least) {
    return (pace.again_at(repetitions, Milliseconds(at_least)) - clock.now()) / Milliseconds(1);
  };
  EXPECT_EQ(delay(1, 0), 50);
  EXPECT_EQ(delay(2, 0), 100);
  EXPECT_EQ(delay(5, 0), 800);
  EXPECT_EQ(delay(100, 0), 10000);
  EXPECT_EQ(delay(1, 700), 700);
  EXPECT_EQ(delay(1, 60000), 5050);
}

}  // namespace
}  // namespace dynamodb
