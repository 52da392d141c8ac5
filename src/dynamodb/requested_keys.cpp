// The keys that look-ups ask for, to tell whether an item of an answer is one that was asked for.
#include "dynamodb/requested_keys.hpp"

#include <cstring>
#include <functional>

#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

// Keys are compared as bytes: of each value its type, its length and its text.
constexpr std::size_t kHeadBytes = 1 + sizeof(uint32_t);

// More than base64 of the longest key value, or any number in any usual notation, takes. What is longer is not copied.
constexpr std::size_t kMostText = 2 * kMaxPartitionKeyBytes;

void append_head(std::string& packed, AttributeType type, std::size_t size) {
  const auto length = static_cast<uint32_t>(size);
  char bytes[sizeof length];
  std::memcpy(bytes, &length, sizeof length);
  packed += static_cast<char>(type);
  packed.append(bytes, sizeof bytes);
}

void append_value(std::string& packed, AttributeType type, std::string_view text) {
  append_head(packed, type, text.size());
  packed += text;
}

bool append_binary(std::string& packed, std::string_view base64) {
  const auto size = base64_decoded_size(base64);
  if (!size) return false;
  append_head(packed, AttributeType::B, *size);
  const std::size_t begin = packed.size();
  packed.resize(begin + *size);
  return decode_base64(base64, reinterpret_cast<unsigned char*>(packed.data() + begin));
}

bool append_number(std::string& packed, std::string_view text) {
  const auto number = canonical_number(text);
  if (number) append_value(packed, AttributeType::N, *number);
  return number.has_value();
}

// False: no key has such a value.
bool append_decoded(std::string& packed, const ValueNode& node) {
  if (node.size > kMostText) return false;
  switch (node.type) {
    case AttributeType::S:
      append_value(packed, node.type, node.view());
      return true;
    case AttributeType::N:
      return append_number(packed, node.view());
    case AttributeType::B:
      return append_binary(packed, node.view());
    default:
      return false;
  }
}

// Where the key of so many values that begins at `begin` ends.
std::size_t end_of_key(const std::string& packed, std::size_t begin, std::size_t values) {
  for (; values > 0; --values) {
    uint32_t length;
    std::memcpy(&length, packed.data() + begin + 1, sizeof length);
    begin += kHeadBytes + length;
  }
  return begin;
}

}  // namespace

static_assert(kBatchGetItemKeys < UINT8_MAX);

void RequestedKeys::add_request(const std::vector<Key>& keys) {
  std::string& packed = packed_.emplace_back();
  for (const Key& key : keys)
    for (const auto& [name, value] : key) append_value(packed, value.type, value.bytes);
}

// The bucket that holds the key, or the empty one where it would be.
std::size_t RequestedKeys::find_bucket(std::string_view wanted) const noexcept {
  std::size_t bucket = std::hash<std::string_view>()(wanted) % kBuckets;
  while (buckets_[bucket] != 0 && key(buckets_[bucket] - 1u) != wanted) bucket = (bucket + 1) % kBuckets;
  return bucket;
}

void RequestedKeys::turn_to(std::size_t request) {
  if (request == request_) return;
  request_ = request;
  keys_.clear();
  buckets_.fill(0);
  const std::string& packed = packed_[request];
  for (std::size_t begin = 0; begin < packed.size();) {
    const std::size_t end = end_of_key(packed, begin, slots_.size());
    keys_.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin)});
    buckets_[find_bucket(key(keys_.size() - 1))] = static_cast<uint8_t>(keys_.size());
    begin = end;
  }
}

bool RequestedKeys::contains(const Item& item) {
  item_key_.clear();
  for (const uint32_t slot : slots_) {
    const uint32_t node = item.slot(slot);
    if (node == Item::kMissing || !append_decoded(item_key_, item.node(node))) return false;
  }
  return buckets_[find_bucket(item_key_)] != 0;
}

}  // namespace dynamodb
