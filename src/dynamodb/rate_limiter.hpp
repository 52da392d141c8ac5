// Keeps consumed capacity within a limit: a token bucket fed with what the service says it charged.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include "dynamodb/clock.hpp"

namespace dynamodb {

/// The cost of a request is known only from its answer: what it is expected to cost is taken when it is sent, and set
/// right then. The bucket may go into debt; no request is sent until the debt is paid off by time. Up to
/// kSecondsSaved are saved up, so that small statements are not slowed. So within any ten seconds no more is consumed
/// than in 10 + kSecondsSaved at that rate, and one request: 5 % too much where no request costs more than 0.3 s.
class RateLimiter {
 public:
  /// `units_per_second`: capacity units, more than 0.
  RateLimiter(double units_per_second, Clock& clock) noexcept;

  static constexpr double kSecondsSaved = 0.2;

  double units_per_second() const noexcept { return rate_; }
  /// When the next request may be sent; now or earlier means at once. Never more than a day ahead: ask again then.
  Steady::time_point ready_at() noexcept;
  /// Records that a request was sent that is expected to cost so much. Negative numbers count as 0.
  void reserve(double expected) noexcept;
  /// Records what it has cost in the end: 0 where it was refused. Where that remains unknown, nothing is to be said:
  /// then it is taken to have cost what was expected.
  void settle(double expected, double units) noexcept;

 private:
  void refill() noexcept;
  double rate_;
  Clock& clock_;
  double tokens_;
  Steady::time_point refilled_;
};

}  // namespace dynamodb
