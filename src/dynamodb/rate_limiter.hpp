// Keeps consumed capacity within a limit: a token bucket fed with what the service says it charged.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include "dynamodb/clock.hpp"

namespace dynamodb {

/// The cost of a request is known only from its answer, so the bucket may go into debt; no request is sent until the
/// debt is paid off by time. Up to one second's worth is saved up, so that small statements are not slowed.
class RateLimiter {
 public:
  /// `units_per_second`: capacity units, more than 0.
  RateLimiter(double units_per_second, Clock& clock) noexcept;

  /// When the next request may be sent, if those already sent are going to cost `expected` units; now or earlier means
  /// at once. Never more than a day ahead: ask again then.
  Steady::time_point ready_at(double expected = 0) noexcept;
  /// Records what an answer consumed. A negative number counts as 0.
  void consumed(double units) noexcept;

 private:
  void refill() noexcept;
  double rate_;
  Clock& clock_;
  double tokens_;
  Steady::time_point refilled_;
};

}  // namespace dynamodb
