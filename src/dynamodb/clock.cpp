// The process's own time and chance.
#include "dynamodb/clock.hpp"

#include <unistd.h>

#include <cstddef>
#include <new>

namespace dynamodb {
namespace {

class SystemClock final : public Clock {
 public:
  Steady::time_point now() const noexcept override { return Steady::now(); }
  WallTime::time_point wall_now() const noexcept override { return WallTime::now(); }
};

/// SplitMix64: small, and good enough to spread retries. Nothing secret depends on it.
class SystemRandom final : public Random {
 public:
  SystemRandom() noexcept {
    if (::getentropy(&state_, sizeof state_) != 0) {
      state_ =
          static_cast<uint64_t>(Steady::now().time_since_epoch().count()) ^ (static_cast<uint64_t>(::getpid()) << 32);
    }
  }

  double next() noexcept override { return static_cast<double>(mix() >> 11) * 0x1.0p-53; }

  // Fresh from the operating system, so that processes that were forked from one share nothing.
  uint64_t bits() noexcept override {
    uint64_t fresh = 0;
    return ::getentropy(&fresh, sizeof fresh) == 0 ? fresh : mix();
  }

 private:
  uint64_t mix() noexcept {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  uint64_t state_ = 0;
};

/// An object without end: built in static memory, so that no destructor is registered for the process's exit.
template <typename T>
T& immortal() noexcept {
  alignas(T) static std::byte memory[sizeof(T)];
  static T* const object = ::new (memory) T;
  return *object;
}

}  // namespace

Clock& system_clock() noexcept { return immortal<SystemClock>(); }
Random& system_random() noexcept { return immortal<SystemRandom>(); }

}  // namespace dynamodb
