// When a failed request is sent again.
#include "dynamodb/retry_policy.hpp"

#include <algorithm>

namespace dynamodb {
namespace {

constexpr int kRetryCost = 5;
constexpr int kTimeoutCost = 10;
constexpr Milliseconds kMostAddedByService{5000};

/// min(cap, base * 2^(attempts_made - 1)), whatever the number of attempts.
Milliseconds upper_bound(Milliseconds base, Milliseconds cap, int attempts_made) noexcept {
  Milliseconds bound = std::min(base, cap);
  for (int i = 1; i < attempts_made && bound < cap && bound.count() > 0; ++i) bound = bound > cap / 2 ? cap : bound * 2;
  return bound;
}

}  // namespace

bool RetryBucket::take(int tokens) noexcept {
  if (tokens > tokens_) return false;
  tokens_ -= tokens;
  return true;
}

void RetryBucket::give(int tokens) noexcept { tokens_ += std::min(tokens, kCapacity - tokens_); }

std::optional<Milliseconds> RetryPolicy::delay(const Error& error, int attempts_made, RetryBucket& bucket,
                                               std::optional<Milliseconds> retry_after) noexcept {
  if (!error.retryable() || attempts_made >= options_.max_attempts) return std::nullopt;
  if (!bucket.take(cost(error))) return std::nullopt;
  const Milliseconds base = error.kind == ErrorKind::throttling ? options_.throttling_base : options_.base;
  const Milliseconds bound = upper_bound(base, options_.cap, attempts_made);
  const Milliseconds jittered{static_cast<Milliseconds::rep>(random_.next() * static_cast<double>(bound.count()))};
  if (!retry_after) return jittered;
  return std::clamp(*retry_after, jittered, jittered + kMostAddedByService);
}

int RetryPolicy::cost(const Error& error) noexcept {
  switch (error.kind) {
    case ErrorKind::throttling:
      return 0;
    case ErrorKind::timeout:
      return kTimeoutCost;
    default:
      return kRetryCost;
  }
}

}  // namespace dynamodb
