// Tests of retry_policy.hpp.
#include "dynamodb/retry_policy.hpp"

#include <gtest/gtest.h>

#include "unit/fake_clock.hpp"

namespace dynamodb {
namespace {

using test::FixedRandom;

constexpr double kAlmostOne = 0.9999999;

Error error_of(ErrorKind kind) {
  Error error;
  error.kind = kind;
  return error;
}

TEST(RetryBucket, TakesAndGives) {
  RetryBucket bucket;
  EXPECT_EQ(bucket.tokens(), 500);
  EXPECT_TRUE(bucket.take(0));
  EXPECT_TRUE(bucket.take(498));
  EXPECT_FALSE(bucket.take(5));
  EXPECT_EQ(bucket.tokens(), 2);  // nothing taken
  EXPECT_TRUE(bucket.take(2));
  EXPECT_TRUE(bucket.take(0));
  bucket.give(10);
  EXPECT_EQ(bucket.tokens(), 10);
  bucket.give(RetryBucket::kCapacity);
  EXPECT_EQ(bucket.tokens(), 500);  // never more than it holds
}

TEST(RetryPolicy, BackoffGrowsToTheCap) {
  const struct {
    ErrorKind kind;
    int attempts_made;
    int longest_ms;
  } cases[] = {
      {ErrorKind::transient, 1, 50},      {ErrorKind::transient, 2, 100},    {ErrorKind::connection, 3, 200},
      {ErrorKind::timeout, 4, 400},       {ErrorKind::transient, 9, 12800},  {ErrorKind::corrupt_response, 10, 20000},
      {ErrorKind::transient, 999, 20000}, {ErrorKind::throttling, 1, 100},   {ErrorKind::throttling, 2, 200},
      {ErrorKind::throttling, 8, 12800},  {ErrorKind::throttling, 9, 20000},
  };
  for (const auto& c : cases) {
    RetryBucket bucket;
    FixedRandom high(kAlmostOne);
    FixedRandom half(0.5);
    FixedRandom low(0);
    const RetryPolicyOptions options{.max_attempts = 1000};
    EXPECT_EQ(RetryPolicy(options, high).delay(error_of(c.kind), c.attempts_made, bucket)->count(), c.longest_ms - 1);
    EXPECT_EQ(RetryPolicy(options, half).delay(error_of(c.kind), c.attempts_made, bucket)->count(), c.longest_ms / 2);
    EXPECT_EQ(RetryPolicy(options, low).delay(error_of(c.kind), c.attempts_made, bucket)->count(), 0);
  }
}

TEST(RetryPolicy, OddOptions) {
  const struct {
    int base_ms;
    int cap_ms;
    int attempts_made;
    int expected_ms;
  } cases[] = {{100, 30, 1, 15}, {0, 30, 9, 0}, {10, 0, 9, 0}, {1, 1 << 30, 1000000, 1 << 29}, {7, 50, 4, 25}};
  for (const auto& c : cases) {
    RetryBucket bucket;
    FixedRandom half(0.5);
    const RetryPolicyOptions options{2000000, Milliseconds(c.base_ms), Milliseconds(c.base_ms), Milliseconds(c.cap_ms)};
    const auto delay = RetryPolicy(options, half).delay(error_of(ErrorKind::transient), c.attempts_made, bucket);
    EXPECT_EQ(delay->count(), c.expected_ms) << c.base_ms << " " << c.cap_ms;
  }
}

TEST(RetryPolicy, FinalErrorsTakeNothing) {
  const struct {
    ErrorKind kind;
    int attempts_made;
  } cases[] = {
      {ErrorKind::validation, 1},   {ErrorKind::expired_credentials, 1},
      {ErrorKind::clock_skew, 1},   {ErrorKind::tls, 1},
      {ErrorKind::not_dynamodb, 1}, {ErrorKind::conflict, 1},
      {ErrorKind::internal, 1},     {ErrorKind::conditional_check_failed, 1},
      {ErrorKind::transient, 10},   {ErrorKind::timeout, 11},
      {ErrorKind::throttling, 10},
  };
  for (const auto& c : cases) {
    RetryBucket bucket;
    FixedRandom half(0.5);
    EXPECT_FALSE(RetryPolicy({}, half).delay(error_of(c.kind), c.attempts_made, bucket)) << static_cast<int>(c.kind);
    EXPECT_EQ(bucket.tokens(), RetryBucket::kCapacity);
  }
}

TEST(RetryPolicy, CostsTokens) {
  const struct {
    ErrorKind kind;
    int cost;
  } cases[] = {{ErrorKind::transient, 5},
               {ErrorKind::connection, 5},
               {ErrorKind::timeout, 10},
               {ErrorKind::corrupt_response, 5},
               {ErrorKind::throttling, 0}};
  for (const auto& c : cases) {
    RetryBucket bucket;
    FixedRandom half(0.5);
    EXPECT_EQ(RetryPolicy::cost(error_of(c.kind)), c.cost);
    EXPECT_TRUE(RetryPolicy({}, half).delay(error_of(c.kind), 1, bucket));
    EXPECT_EQ(bucket.tokens(), RetryBucket::kCapacity - c.cost);
  }
}

TEST(RetryPolicy, AnEmptyBucketEndsRetriesButNotThoseOfThrottling) {
  RetryBucket bucket;
  ASSERT_TRUE(bucket.take(RetryBucket::kCapacity - 4));
  FixedRandom half(0.5);
  RetryPolicy policy({}, half);
  EXPECT_FALSE(policy.delay(error_of(ErrorKind::transient), 1, bucket));
  EXPECT_FALSE(policy.delay(error_of(ErrorKind::timeout), 1, bucket));
  EXPECT_TRUE(policy.delay(error_of(ErrorKind::throttling), 1, bucket));
  EXPECT_EQ(bucket.tokens(), 4);
}

TEST(RetryPolicy, WaitsAsLongAsTheServiceSays) {
  const struct {
    int retry_after_ms;
    int expected_ms;  // the random delay itself is 50 ms
  } cases[] = {{-1, 50}, {0, 50}, {49, 50}, {50, 50}, {700, 700}, {5050, 5050}, {5051, 5050}, {3600000, 5050}};
  for (const auto& c : cases) {
    RetryBucket bucket;
    FixedRandom half(0.5);
    const auto delay =
        RetryPolicy({}, half).delay(error_of(ErrorKind::throttling), 1, bucket, Milliseconds(c.retry_after_ms));
    EXPECT_EQ(delay->count(), c.expected_ms) << c.retry_after_ms;
  }
}

}  // namespace
}  // namespace dynamodb
