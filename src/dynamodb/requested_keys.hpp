// The keys that look-ups ask for, to tell whether an item of an answer is one that was asked for.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/item_reader.hpp"
#include "dynamodb/request.hpp"

namespace dynamodb {

/// Usage: add_request() for each request; then turn_to() the one that an answer belongs to, and contains() for each of
/// the answer's items. Memory: the keys' bytes, and 5 more for each value.
class RequestedKeys {
 public:
  /// `slots`: where the key's attributes are in the selection that the items are decoded with.
  explicit RequestedKeys(std::vector<uint32_t> slots) : slots_(std::move(slots)) {}

  /// Adds the keys of one more request. REQUIRES: at most kBatchGetItemKeys; in each, the values of the attributes in
  /// the order of the slots, of type S, N or B, numbers as canonical_number() gives them.
  void add_request(const std::vector<Key>& keys);

  /// The request to which the next items belong: 0 for the one that was added first.
  void turn_to(std::size_t request);

  /// Whether the item has a key of that request: values of the same types, and the same bytes (S: UTF-8 without
  /// escapes; B: behind base64) or numbers (1.0 is 1). False also where an attribute of the key is missing, or its
  /// value is none (not a number, not base64). REQUIRES: turn_to().
  bool contains(const Item& item);

 private:
  // More than twice as many as keys, so that a search soon comes to an empty one.
  static constexpr std::size_t kBuckets = 256;
  static constexpr std::size_t kNoRequest = SIZE_MAX;

  struct Range {
    uint32_t begin;
    uint32_t size;
  };

  std::string_view key(std::size_t place) const noexcept {
    return std::string_view(packed_[request_]).substr(keys_[place].begin, keys_[place].size);
  }
  std::size_t find_bucket(std::string_view key) const noexcept;

  std::vector<uint32_t> slots_;
  std::vector<std::string> packed_;  // of each request: its keys, one behind the other
  std::size_t request_ = kNoRequest;
  std::vector<Range> keys_;                  // of the request, in packed_
  std::array<uint8_t, kBuckets> buckets_{};  // by hash: the key's place in keys_, plus 1; 0: empty
  std::string item_key_;
};

}  // namespace dynamodb
