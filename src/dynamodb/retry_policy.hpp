// When a failed request is sent again: attempts, full-jitter backoff and the retry token bucket.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>

#include "dynamodb/clock.hpp"
#include "dynamodb/error.hpp"

namespace dynamodb {

/// The bucket of retry tokens that all requests of one client share, as in the AWS SDKs' standard mode
/// (AWS SDKs and Tools Reference Guide, "Retry behavior"): 500 tokens; a retry takes 5, after a time-out
/// 10; a success that needed a retry gives back what that retry took, any other success 1. When it is empty, failures
/// are final at once: an endpoint that is down is not hammered by every request in flight.
/// Throttling takes nothing: a throttled table is alive, and slows its readers by backoff.
class RetryBucket {
 public:
  bool take(int tokens) noexcept;  ///< false (and nothing taken) when fewer than `tokens` are left
  void give(int tokens) noexcept;
  int tokens() const noexcept { return tokens_; }
  static constexpr int kCapacity = 500;

 private:
  int tokens_ = kCapacity;
};

struct RetryPolicyOptions {
  int max_attempts = 10;              ///< 1 or more, the first one included
  Milliseconds base{50};              ///< delay before the first retry is random in [0, base)
  Milliseconds throttling_base{100};  ///< the same after throttling
  Milliseconds cap{20000};            ///< no single delay is longer
};

/// Decides for one request. Holds no time of its own: the caller passes what happened.
class RetryPolicy {
 public:
  RetryPolicy(RetryPolicyOptions options, Random& random) noexcept : options_(options), random_(random) {}

  /// How long to wait before attempt number `attempts_made` + 1, or nothing when the error is final.
  /// `attempts_made` >= 1 counts tries so far. Full jitter: uniform in [0, min(cap, base * 2^(attempts_made-1))).
  /// `retry_after`, when the service sent one (x-amz-retry-after), is waited instead, but never less than that random
  /// delay and never more than 5 s longer than it, as botocore does.
  std::optional<Milliseconds> delay(const Error& error, int attempts_made, RetryBucket& bucket,
                                    std::optional<Milliseconds> retry_after = std::nullopt) noexcept;

  /// Tokens that a retry after `error` takes from the bucket; give them back when that retry succeeds.
  static int cost(const Error& error) noexcept;

 private:
  RetryPolicyOptions options_;
  Random& random_;
};

}  // namespace dynamodb
