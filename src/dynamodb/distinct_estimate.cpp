// How many different values there are, counted by their hashes in bounded memory.
#include "dynamodb/distinct_estimate.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace dynamodb {
namespace {

constexpr int kIndexBits = 12;
constexpr int kRankBits = 64 - kIndexBits;
constexpr std::size_t kRegisters = std::size_t{1} << kIndexBits;

// The finalizer of MurmurHash3: every bit of the input changes half of the output's.
uint64_t mix(uint64_t bits) noexcept {
  bits ^= bits >> 33;
  bits *= 0xff51afd7ed558ccdULL;
  bits ^= bits >> 33;
  bits *= 0xc4ceb9fe1a85ec53ULL;
  return bits ^ (bits >> 33);
}

// Ertl's sigma and tau: what the registers that are still zero, and those that can grow no more, stand for.
double sigma(double share) {
  if (share == 1) return INFINITY;
  double factor = 1;
  double sum = share;
  for (double before = -1; sum != before;) {
    share *= share;
    before = sum;
    sum += share * factor;
    factor += factor;
  }
  return sum;
}

double tau(double share) {
  if (share == 0 || share == 1) return 0;
  double factor = 1;
  double sum = 1 - share;
  for (double before = -1; sum != before;) {
    share = std::sqrt(share);
    before = sum;
    factor *= 0.5;
    sum -= (1 - share) * (1 - share) * factor;
  }
  return sum / 3;
}

}  // namespace

uint64_t hash_bytes_of(std::string_view bytes, uint64_t seed) noexcept {
  uint64_t hash = 0xcbf29ce484222325ULL ^ mix(seed + 0x9e3779b97f4a7c15ULL);  // FNV-1a
  for (char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  return mix(hash ^ bytes.size());
}

uint64_t combine_hashes(uint64_t first, uint64_t second) noexcept {
  return mix(first * 0x9e3779b97f4a7c15ULL + second);
}

void DistinctEstimate::add(uint64_t hash) {
  if (!exact()) return add_to_registers(hash);
  auto place = std::lower_bound(hashes_.begin(), hashes_.end(), hash);
  if (place != hashes_.end() && *place == hash) return;
  if (hashes_.size() == kExact) {
    use_registers();
    return add_to_registers(hash);
  }
  hashes_.insert(place, hash);
}

void DistinctEstimate::add_to_registers(uint64_t hash) noexcept {
  const std::size_t index = hash >> kRankBits;
  const uint64_t rest = hash << kIndexBits;
  const int rank = rest == 0 ? kRankBits + 1 : std::countl_zero(rest) + 1;
  registers_[index] = std::max(registers_[index], static_cast<uint8_t>(rank));
}

void DistinctEstimate::use_registers() {
  registers_.assign(kRegisters, 0);
  for (uint64_t hash : hashes_) add_to_registers(hash);
  hashes_ = {};
}

void DistinctEstimate::merge(const DistinctEstimate& other) {
  if (other.exact()) {
    for (uint64_t hash : other.hashes_) add(hash);
    return;
  }
  if (exact()) use_registers();
  for (std::size_t i = 0; i < kRegisters; ++i) registers_[i] = std::max(registers_[i], other.registers_[i]);
}

double DistinctEstimate::count() const {
  if (exact()) return static_cast<double>(hashes_.size());
  std::array<int, kRankBits + 2> with_rank{};
  for (uint8_t rank : registers_) ++with_rank[rank];
  constexpr auto kCount = static_cast<double>(kRegisters);
  double sum = kCount * tau(1 - with_rank[kRankBits + 1] / kCount);
  for (int rank = kRankBits; rank >= 1; --rank) sum = 0.5 * (sum + with_rank[static_cast<std::size_t>(rank)]);
  sum += kCount * sigma(with_rank[0] / kCount);
  return std::round(kCount * kCount / (2 * std::log(2.0)) / sum);
}

}  // namespace dynamodb
