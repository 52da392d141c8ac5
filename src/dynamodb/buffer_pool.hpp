// Response buffers between two uses, so that steady reading neither allocates nor faults pages in anew.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <array>
#include <cstddef>

#include "dynamodb/body_buffer.hpp"

namespace dynamodb {

/// A bounded stack: the buffer given back last is taken first, while it is still in the processor's cache.
/// What exceeds the bounds is freed, so that one huge answer does not stay with the process.
class BufferPool {
 public:
  static constexpr std::size_t kMaxBuffers = 32;
  static constexpr std::size_t kMaxBufferBytes = std::size_t{4} << 20;
  static constexpr std::size_t kMaxTotalBytes = std::size_t{16} << 20;

  /// An empty buffer, with memory if one waits here.
  BodyBuffer take() noexcept {
    if (count_ == 0) return {};
    BodyBuffer buffer = std::move(spare_[--count_]);
    bytes_ -= buffer.capacity();
    return buffer;
  }

  void give(BodyBuffer buffer) noexcept {
    if (buffer.data() == nullptr || !fits(buffer.capacity())) return;
    buffer.clear();
    bytes_ += buffer.capacity();
    spare_[count_++] = std::move(buffer);
  }

  std::size_t count() const noexcept { return count_; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  bool fits(std::size_t capacity) const noexcept {
    return count_ < kMaxBuffers && capacity <= kMaxBufferBytes && bytes_ + capacity <= kMaxTotalBytes;
  }

  std::array<BodyBuffer, kMaxBuffers> spare_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace dynamodb
