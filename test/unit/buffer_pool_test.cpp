// Tests of buffer_pool.hpp.
#include "dynamodb/buffer_pool.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

BodyBuffer buffer_with(std::size_t capacity) {
  BodyBuffer buffer;
  EXPECT_TRUE(buffer.reserve(capacity));
  return buffer;
}

TEST(BufferPool, GivesTheNewestBackEmpty) {
  BufferPool pool;
  EXPECT_EQ(pool.take().data(), nullptr);
  BodyBuffer first = buffer_with(100);
  BodyBuffer second = buffer_with(200);
  ASSERT_TRUE(second.append("contents", 8));
  pool.give(std::move(first));
  pool.give(std::move(second));
  EXPECT_EQ(pool.bytes(), 300u);
  const BodyBuffer taken = pool.take();
  EXPECT_EQ(taken.capacity(), 200u);
  EXPECT_TRUE(taken.empty());
  EXPECT_EQ(pool.take().capacity(), 100u);
  EXPECT_EQ(pool.bytes(), 0u);
}

TEST(BufferPool, KeepsToItsBounds) {
  BufferPool pool;
  pool.give(BodyBuffer());
  pool.give(buffer_with(BufferPool::kMaxBufferBytes + 1));
  EXPECT_EQ(pool.count(), 0u);
  for (std::size_t i = 0; i < BufferPool::kMaxBuffers + 5; ++i) pool.give(buffer_with(10));
  EXPECT_EQ(pool.count(), BufferPool::kMaxBuffers);
  BufferPool large;
  for (int i = 0; i < 10; ++i) large.give(buffer_with(BufferPool::kMaxBufferBytes));
  EXPECT_EQ(large.bytes(), BufferPool::kMaxTotalBytes);
}

}  // namespace
}  // namespace dynamodb
