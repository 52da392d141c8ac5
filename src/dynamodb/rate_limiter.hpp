// Keeps consumed capacity within a limit: a token bucket fed with what the service says it charged.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <atomic>
#include <cstdint>

#include "dynamodb/clock.hpp"

namespace dynamodb {

/// What a rate limiter has given out, in one number, so that processes can share it without a lock: when all of it will
/// be paid off by time, in nanoseconds of Steady (which is one clock for all processes of a machine).
class RateAccount {
 public:
  RateAccount() noexcept : paid_off_(kNever) {}
  std::atomic<int64_t>& paid_off() noexcept { return paid_off_; }
  /// When something was last taken or owed, at the latest; Steady's beginning where that never happened.
  Steady::time_point last_use() const noexcept;

  static constexpr int64_t kNever = INT64_MIN / 2;

 private:
  static_assert(std::atomic<int64_t>::is_always_lock_free, "shared memory needs atomics that need no lock");
  std::atomic<int64_t> paid_off_;
};

/// The cost of a request is known only from its answer: what it is expected to cost is taken when it is sent, and set
/// right then. The account may go into debt; no request is sent until the debt is paid off by time. Up to
/// kSecondsSaved are saved up, so that small statements are not slowed. So within any ten seconds no more is consumed
/// than in 10 + kSecondsSaved at that rate, and one request: 5 % too much where no request costs more than 0.3 s.
class RateLimiter {
 public:
  /// `units_per_second`: capacity units, more than 0. `shared`: an account that others use, too, and that outlives the
  /// limiter; null: one of its own.
  RateLimiter(double units_per_second, Clock& clock, RateAccount* shared = nullptr) noexcept;
  RateLimiter(const RateLimiter&) = delete;
  RateLimiter& operator=(const RateLimiter&) = delete;

  static constexpr double kSecondsSaved = 0.2;

  double units_per_second() const noexcept { return rate_; }
  const RateAccount* account() const noexcept { return account_; }
  /// When the next request may be sent; now or earlier means at once. Never more than a day ahead, with
  /// a shared account a quarter of a second: ask again then.
  Steady::time_point ready_at() noexcept;
  /// Takes what a request is expected to cost, if one may be sent now. Of several processes that share an account and
  /// wait for the same moment, one gets it. What is taken and then not used is to be settled with 0.
  bool try_reserve(double expected) noexcept;
  /// Records what it has cost in the end: 0 where it was refused. Where that remains unknown, nothing is to be said:
  /// then it is taken to have cost what was expected. Negative numbers count as 0.
  void settle(double expected, double units) noexcept;

 private:
  int64_t nanoseconds_for(double units) const noexcept;
  void take(int64_t nanoseconds) noexcept;
  double rate_;
  Clock& clock_;
  RateAccount own_;
  RateAccount* account_;
};

}  // namespace dynamodb
