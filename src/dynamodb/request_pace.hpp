// How many requests may be in flight, and when a throttled one is sent again.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <cstdint>

#include "dynamodb/clock.hpp"

namespace dynamodb {

/// The number in flight is halved by throttling and grows by one for each round of successes (additive increase,
/// multiplicative decrease). Requests are known by stamps, so that those which were in flight together halve it once.
class RequestPace {
 public:
  RequestPace(uint32_t max_in_flight, Milliseconds patience, Clock& clock, Random& random) noexcept;

  bool has_room(std::size_t in_flight) const noexcept { return static_cast<double>(in_flight) < window_; }
  /// How many may be in flight now.
  double window() const noexcept { return window_; }
  /// Changes the most that may be in flight; a window that throttling has not narrowed changes with it.
  void set_max_in_flight(uint32_t max_in_flight) noexcept;

  /// Says that a request is being sent. `alone`: nothing else is in flight or waiting to be sent again; then patience
  /// begins anew.
  uint64_t sent(bool alone) noexcept;
  /// Something was written or read.
  void progressed() noexcept { last_progress_ = clock_.now(); }
  /// A request was carried out whole.
  void succeeded() noexcept;
  /// Whether this is the first of those in flight together that was throttled.
  bool throttled(uint64_t stamp) noexcept;

  /// Whether it is worth while to send again what was throttled.
  bool patient() const noexcept { return clock_.now() - last_progress_ < patience_; }
  /// When to send again what was not carried out `repetitions` times in a row (1 or more): full jitter, at most 20 s,
  /// but not before `at_least`.
  Steady::time_point again_at(int repetitions, Milliseconds at_least) const noexcept;

 private:
  double most_;
  const Milliseconds patience_;
  Clock& clock_;
  Random& random_;
  double window_;
  uint64_t last_stamp_ = 0;
  uint64_t halved_at_ = 0;  // requests up to this stamp were sent before the window was halved
  Steady::time_point last_progress_;
};

}  // namespace dynamodb
