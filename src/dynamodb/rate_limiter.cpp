// Keeps consumed capacity within a limit: a token bucket fed with what the service says it charged.
#include "dynamodb/rate_limiter.hpp"

#include <algorithm>

namespace dynamodb {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kLongestWait = 24 * 60 * 60 * kSecond;
// What others have taken may turn out to be less.
constexpr int64_t kLongestWaitForOthers = kSecond / 4;
// A debt that no real answer makes would otherwise end beyond what a time can hold.
constexpr int64_t kLargestDebt = 365 * kLongestWait;
// A sum of many costs is not exact.
constexpr int64_t kRounding = 1'000;
constexpr auto kSaved = static_cast<int64_t>(RateLimiter::kSecondsSaved * kSecond);

int64_t nanoseconds_of(Steady::time_point time) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

Steady::time_point RateAccount::last_use() const noexcept {
  const int64_t last = paid_off_.load(std::memory_order_relaxed);
  if (last <= 0) return {};
  return Steady::time_point(std::chrono::duration_cast<Steady::duration>(std::chrono::nanoseconds(last)));
}

RateLimiter::RateLimiter(double units_per_second, Clock& clock, RateAccount* shared) noexcept
    : rate_(units_per_second), clock_(clock), account_(shared != nullptr ? shared : &own_) {}

int64_t RateLimiter::nanoseconds_for(double units) const noexcept {
  return static_cast<int64_t>(std::clamp(units / rate_ * static_cast<double>(kSecond),
                                         static_cast<double>(-kLargestDebt), static_cast<double>(kLargestDebt)));
}

void RateLimiter::take(int64_t nanoseconds) noexcept {
  const int64_t now = nanoseconds_of(clock_.now());
  std::atomic<int64_t>& paid_off = account_->paid_off();
  int64_t before = paid_off.load(std::memory_order_relaxed);
  int64_t after;
  do after = std::min(std::max(before, now - kSaved) + nanoseconds, now + kLargestDebt);
  while (!paid_off.compare_exchange_weak(before, after, std::memory_order_relaxed));
}

Steady::time_point RateLimiter::ready_at() noexcept {
  const Steady::time_point now = clock_.now();
  const int64_t debt = account_->paid_off().load(std::memory_order_relaxed) - nanoseconds_of(now);
  if (debt <= kRounding) return now;
  // Rounded up, so that at the returned time the debt is really paid.
  const int64_t longest = account_ == &own_ ? kLongestWait : kLongestWaitForOthers;
  return now + std::chrono::ceil<Milliseconds>(std::chrono::nanoseconds(std::min(debt, longest)));
}

bool RateLimiter::try_reserve(double expected) noexcept {
  const int64_t now = nanoseconds_of(clock_.now());
  const int64_t cost = nanoseconds_for(std::max(expected, 0.0));
  std::atomic<int64_t>& paid_off = account_->paid_off();
  int64_t before = paid_off.load(std::memory_order_relaxed);
  do
    if (before > now + kRounding) return false;
  while (!paid_off.compare_exchange_weak(before, std::max(before, now - kSaved) + cost, std::memory_order_relaxed));
  return true;
}

void RateLimiter::settle(double expected, double units) noexcept {
  take(nanoseconds_for(std::max(units, 0.0) - std::max(expected, 0.0)));
}

}  // namespace dynamodb
