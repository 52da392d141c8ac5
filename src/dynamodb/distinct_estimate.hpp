// How many different values there are, counted by their hashes in bounded memory.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace dynamodb {

/// 64 bits of the bytes, well mixed; the same on every machine. `seed` makes equal bytes of different kinds differ.
uint64_t hash_bytes_of(std::string_view bytes, uint64_t seed = 0) noexcept;
/// One hash of two, in this order.
uint64_t combine_hashes(uint64_t first, uint64_t second) noexcept;

/// Exact up to kExact values, whose hashes are kept; beyond that HyperLogLog with 4096 registers, whose standard error
/// is 1.6 % (Flajolet and others, 2007), read with the estimator of Ertl ("New cardinality estimation algorithms for
/// HyperLogLog sketches", 2017), which needs no correction for small numbers. At most 4 KB either way.
class DistinctEstimate {
 public:
  static constexpr std::size_t kExact = 512;

  /// Counts a value by its hash, which must be well mixed.
  void add(uint64_t hash);
  /// Afterwards as if all that was added to `other` had been added to this one.
  void merge(const DistinctEstimate& other);
  /// Whole.
  double count() const;
  bool exact() const noexcept { return registers_.empty(); }

 private:
  void add_to_registers(uint64_t hash) noexcept;
  void use_registers();

  std::vector<uint64_t> hashes_;    // ascending; empty once there are registers
  std::vector<uint8_t> registers_;  // empty: exact
};

}  // namespace dynamodb
