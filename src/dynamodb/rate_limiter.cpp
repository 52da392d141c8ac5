// Keeps consumed capacity within a limit: a token bucket fed with what the service says it charged.
#include "dynamodb/rate_limiter.hpp"

#include <algorithm>

namespace dynamodb {
namespace {

// A debt that no real answer makes would otherwise end beyond what a time can hold.
constexpr double kLongestWaitSeconds = 24 * 60 * 60;
// A sum of many refills is not exact.
constexpr double kRoundingSeconds = 1e-6;

}  // namespace

RateLimiter::RateLimiter(double units_per_second, Clock& clock) noexcept
    : rate_(units_per_second), clock_(clock), tokens_(units_per_second * kSecondsSaved), refilled_(clock.now()) {}

void RateLimiter::refill() noexcept {
  Steady::time_point now = clock_.now();
  tokens_ = std::min(rate_ * kSecondsSaved, tokens_ + rate_ * std::chrono::duration<double>(now - refilled_).count());
  refilled_ = now;
}

Steady::time_point RateLimiter::ready_at() noexcept {
  refill();
  if (tokens_ >= -rate_ * kRoundingSeconds) return refilled_;
  auto wait = std::chrono::duration<double>(std::min(-tokens_ / rate_, kLongestWaitSeconds));
  // Rounded up, so that at the returned time the debt is really paid.
  return refilled_ + std::chrono::ceil<Milliseconds>(wait);
}

void RateLimiter::reserve(double expected) noexcept {
  refill();
  tokens_ -= std::max(expected, 0.0);
}

void RateLimiter::settle(double expected, double units) noexcept {
  refill();
  tokens_ += std::max(expected, 0.0) - std::max(units, 0.0);
}

}  // namespace dynamodb
