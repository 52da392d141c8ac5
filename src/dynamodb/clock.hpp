// Time and chance, as interfaces, so that tests decide both.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <chrono>
#include <cstdint>

namespace dynamodb {

using Steady = std::chrono::steady_clock;    ///< for waiting and deadlines
using WallTime = std::chrono::system_clock;  ///< for expiry of credentials and signatures
using Milliseconds = std::chrono::milliseconds;

/// What time it is. Implementations never block.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Steady::time_point now() const noexcept = 0;
  virtual WallTime::time_point wall_now() const noexcept = 0;
};

/// Uniformly distributed numbers in [0, 1).
class Random {
 public:
  virtual ~Random() = default;
  virtual double next() noexcept = 0;
  /// 64 bits, for identifiers that must be unique among all processes everywhere.
  virtual uint64_t bits() noexcept {
    const auto half = [this] { return static_cast<uint64_t>(next() * 0x1.0p32); };
    const uint64_t high = half() << 32;
    return high | half();
  }
};

/// The process's own clock and a generator seeded from the operating system. Both live for the
/// whole process and hold no resources.
Clock& system_clock() noexcept;
Random& system_random() noexcept;

}  // namespace dynamodb
