// The memory of one response body, with the padding that simdjson reads beyond its end.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace dynamodb {

/// A growing byte buffer whose capacity always exceeds its size by kPadding readable bytes. Movable only.
/// Growth keeps the contents; clear() keeps the memory.
class BodyBuffer {
 public:
  static constexpr std::size_t kPadding = 64;  ///< >= simdjson::SIMDJSON_PADDING, asserted where simdjson is included

  BodyBuffer() noexcept = default;
  ~BodyBuffer() { std::free(data_); }
  BodyBuffer(BodyBuffer&& other) noexcept { swap(other); }
  BodyBuffer& operator=(BodyBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  BodyBuffer(const BodyBuffer&) = delete;
  BodyBuffer& operator=(const BodyBuffer&) = delete;

  const char* data() const noexcept { return data_; }
  char* data() noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {data_, size_}; }

  /// Room for `size` bytes plus padding. False when memory is short; the contents are then unchanged.
  bool reserve(std::size_t size) noexcept {
    if (size <= capacity_ && data_ != nullptr) return true;
    void* grown = std::realloc(data_, size + kPadding);
    if (grown == nullptr) return false;
    data_ = static_cast<char*>(grown);
    capacity_ = size;
    return true;
  }

  /// Appends; doubles the capacity when it must grow. False when memory is short.
  bool append(const char* bytes, std::size_t count) noexcept {
    if (size_ + count > capacity_ || data_ == nullptr) {
      std::size_t wanted = capacity_ * 2 > size_ + count ? capacity_ * 2 : size_ + count;
      if (!reserve(wanted)) return false;
    }
    if (count != 0) std::memcpy(data_ + size_, bytes, count);
    size_ += count;
    return true;
  }

  /// REQUIRES: size <= capacity(). The bytes up to `size` must have been written through data().
  void set_size(std::size_t size) noexcept { size_ = size; }
  void clear() noexcept { size_ = 0; }

  /// Zeroes the padding behind the last byte. REQUIRES: something was reserved.
  void pad() noexcept { std::memset(data_ + size_, 0, kPadding); }

  void swap(BodyBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace dynamodb
