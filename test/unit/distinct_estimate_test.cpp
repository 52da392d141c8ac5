// Tests of distinct_estimate.
#include "dynamodb/distinct_estimate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace dynamodb {
namespace {

uint64_t hash_of(std::size_t number) { return hash_bytes_of(std::to_string(number)); }

TEST(DistinctEstimate, IsExactForFewValues) {
  DistinctEstimate estimate;
  EXPECT_EQ(estimate.count(), 0);
  for (int round = 0; round < 3; ++round)
    for (std::size_t i = 0; i < DistinctEstimate::kExact; ++i) estimate.add(hash_of(i));
  EXPECT_TRUE(estimate.exact());
  EXPECT_EQ(estimate.count(), DistinctEstimate::kExact);
}

// 5 % are three standard errors; the hashes are always the same, so this cannot fail by chance.
TEST(DistinctEstimate, IsNearForManyValues) {
  for (std::size_t count : {513u, 1000u, 5000u, 12000u, 20000u, 100000u, 1000000u}) {
    DistinctEstimate estimate;
    for (std::size_t i = 0; i < count; ++i) estimate.add(hash_of(i));
    EXPECT_FALSE(estimate.exact());
    EXPECT_NEAR(estimate.count() / static_cast<double>(count), 1, 0.05) << count;
  }
}

TEST(DistinctEstimate, MergesAsIfAllHadBeenAddedToOne) {
  struct {
    std::size_t first, second;
  } cases[] = {{0, 10}, {10, 0}, {300, 200}, {400, 400}, {100, 5000}, {5000, 100}, {3000, 4000}};
  for (const auto& c : cases) {
    DistinctEstimate left, right, all;
    for (std::size_t i = 0; i < c.first; ++i) {
      left.add(hash_of(i));
      all.add(hash_of(i));
    }
    for (std::size_t i = c.first / 2; i < c.first / 2 + c.second; ++i) {
      right.add(hash_of(i));
      all.add(hash_of(i));
    }
    left.merge(right);
    EXPECT_EQ(left.count(), all.count()) << c.first << " and " << c.second;
  }
}

TEST(Hash, DiffersByContentLengthSeedAndOrder) {
  EXPECT_NE(hash_bytes_of("a"), hash_bytes_of("b"));
  EXPECT_NE(hash_bytes_of(""), hash_bytes_of(std::string_view("\0", 1)));
  EXPECT_NE(hash_bytes_of("1", 1), hash_bytes_of("1", 2));
  EXPECT_NE(combine_hashes(1, 2), combine_hashes(2, 1));
}

}  // namespace
}  // namespace dynamodb
