// Tests of largest_collections.
#include "dynamodb/largest_collections.hpp"

#include <gtest/gtest.h>

#include "dynamodb/distinct_estimate.hpp"

namespace dynamodb {
namespace {

void add(LargestCollections& collections, const std::string& key, std::size_t bytes = 10) {
  collections.add(hash_bytes_of(key), bytes, [&] { return std::vector<std::string>{key}; });
}

TEST(LargestCollections, AreExactWhileThereIsRoomForAll) {
  LargestCollections collections;
  for (int i = 0; i < 3; ++i) add(collections, "b");
  for (int i = 0; i < 5; ++i) add(collections, "a", 100);
  for (int i = 0; i < 3; ++i) add(collections, "c", 20);
  add(collections, "e");
  add(collections, "d");
  auto largest = collections.largest(4);
  ASSERT_EQ(largest.size(), 4u);
  const struct {
    const char* key;
    uint64_t items, bytes;
  } expected[] = {{"a", 5, 500}, {"c", 3, 60}, {"b", 3, 30}, {"d", 1, 10}};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(largest[i].key, std::vector<std::string>{expected[i].key});
    EXPECT_EQ(largest[i].items, expected[i].items);
    EXPECT_EQ(largest[i].bytes, expected[i].bytes);
  }
  EXPECT_EQ(collections.largest(100).size(), 5u);
}

// A collection with more than 1/kRoom of the items is found among any number of others, and never counted too high.
TEST(LargestCollections, AreFoundAmongMany) {
  LargestCollections collections;
  for (int i = 0; i < 100'000; ++i) {
    add(collections, "small " + std::to_string(i));
    if (i % 100 == 0) add(collections, "large");
  }
  auto largest = collections.largest(1);
  ASSERT_EQ(largest.size(), 1u);
  EXPECT_EQ(largest[0].key, std::vector<std::string>{"large"});
  EXPECT_LE(largest[0].items, 1000u);
  EXPECT_GE(largest[0].items, 900u);
  EXPECT_EQ(largest[0].bytes, largest[0].items * 10);
  EXPECT_EQ(collections.largest(1'000'000).size(), LargestCollections::kRoom);
}

}  // namespace
}  // namespace dynamodb
