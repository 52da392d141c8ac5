// How many requests may be in flight, and when a throttled one is sent again.
#include "dynamodb/request_pace.hpp"

#include <algorithm>

namespace dynamodb {
namespace {

constexpr double kBaseMilliseconds = 100;
constexpr double kCapMilliseconds = 20000;
constexpr Milliseconds kMostAddedByService{5000};  // as the retry policy: the service's wish counts, within reason

}  // namespace

RequestPace::RequestPace(uint32_t max_in_flight, Milliseconds patience, Clock& clock, Random& random) noexcept
    : most_(std::max<uint32_t>(max_in_flight, 1)),
      patience_(patience),
      clock_(clock),
      random_(random),
      window_(most_),
      last_progress_(clock.now()) {}

void RequestPace::set_max_in_flight(uint32_t max_in_flight) noexcept {
  const double most = std::max<uint32_t>(max_in_flight, 1);
  window_ = window_ == most_ ? most : std::min(window_, most);
  most_ = most;
}

uint64_t RequestPace::sent(bool alone) noexcept {
  if (alone) last_progress_ = std::max(last_progress_, clock_.now());
  return ++last_stamp_;
}

void RequestPace::succeeded() noexcept {
  progressed();
  window_ = std::min(window_ + 1 / window_, most_);
}

bool RequestPace::throttled(uint64_t stamp) noexcept {
  if (stamp <= halved_at_) return false;
  halved_at_ = last_stamp_;
  window_ = std::max(window_ / 2, 1.0);
  return true;
}

Steady::time_point RequestPace::again_at(int repetitions, Milliseconds at_least) const noexcept {
  const double bound =
      std::min(kBaseMilliseconds * static_cast<double>(1 << std::min(repetitions - 1, 10)), kCapMilliseconds);
  const Milliseconds jittered{static_cast<Milliseconds::rep>(bound * random_.next())};
  return clock_.now() + std::clamp(at_least, jittered, jittered + kMostAddedByService);
}

}  // namespace dynamodb
