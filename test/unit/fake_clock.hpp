// Time and chance as a test sets them.
#pragma once

#include "dynamodb/clock.hpp"

namespace dynamodb::test {

/// Stands still until it is moved.
class FakeClock final : public Clock {
 public:
  Steady::time_point now() const noexcept override { return now_; }
  WallTime::time_point wall_now() const noexcept override { return wall_now_; }
  void advance(Milliseconds by) noexcept {
    now_ += by;
    wall_now_ += by;
  }

 private:
  Steady::time_point now_{std::chrono::hours(1)};
  WallTime::time_point wall_now_{std::chrono::hours(24 * 365 * 50)};
};

/// Always the same number.
class FixedRandom final : public Random {
 public:
  explicit FixedRandom(double value) noexcept : value_(value) {}
  double next() noexcept override { return value_; }

 private:
  double value_;
};

}  // namespace dynamodb::test
