// Keeps consumed capacity within a limit: a token bucket fed with what the service says it charged.
#include "dynamodb/rate_limiter.hpp"

#include <algorithm>

namespace dynamodb {
namespace {

// A debt that no real answer makes would otherwise end beyond what a time can hold.
constexpr double kLongestWaitSeconds = 24 * 60 * 60;

}  // namespace

RateLimiter::RateLimiter(double units_per_second, Clock& clock) noexcept
    : rate_(units_per_second), clock_(clock), tokens_(units_per_second), refilled_(clock.now()) {}

void RateLimiter::refill() noexcept {
  Steady::time_point now = clock_.now();
  tokens_ = std::min(rate_, tokens_ + rate_ * std::chrono::duration<double>(now - refilled_).count());
  refilled_ = now;
}

Steady::time_point RateLimiter::ready_at(double expected) noexcept {
  refill();
  double debt = expected - tokens_;
  if (debt <= 0) return refilled_;
  auto wait = std::chrono::duration<double>(std::min(debt / rate_, kLongestWaitSeconds));
  // Rounded up, so that at the returned time the debt is really paid.
  return refilled_ + std::chrono::ceil<Milliseconds>(wait);
}

void RateLimiter::consumed(double units) noexcept {
  refill();
  tokens_ -= std::max(units, 0.0);
}

}  // namespace dynamodb
