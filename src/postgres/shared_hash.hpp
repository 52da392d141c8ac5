// A hash table of fixed size without pointers, for memory that processes map at different addresses.
#pragma once

#include <cstring>

#include "pg.hpp"

extern "C" {
#include "common/hashfn.h"
}

namespace dynamodb_fdw {

/// Keys are hashed and compared by their bytes: they must have no padding that is not zero. Values stay where they are
/// until they are removed. Memory that is all zero is an empty table. The caller locks.
template <typename Key, typename Value, int kSize>
class SharedHash {
 public:
  Value* find(const Key& key) {
    const int32 found = *find_link(key);
    return found != 0 ? &entry(found)->value : nullptr;
  }

  /// The value of `key`, all zero where there was none; null: the table is full.
  Value* enter(const Key& key, bool* found) {
    int32* link = find_link(key);
    *found = *link != 0;
    if (!*found && (*link = take_free()) == 0) return nullptr;
    Entry* at = entry(*link);
    if (!*found) {
      memset(static_cast<void*>(at), 0, sizeof(Entry));
      at->key = key;
      ++size_;
    }
    return &at->value;
  }

  int size() const { return size_; }

  /// Removes the entries for which `condition(key, value)` is true.
  template <typename Condition>
  void remove_if(Condition&& condition) {
    for (int32& bucket : buckets_) {
      int32* link = &bucket;
      while (*link != 0) {
        Entry* at = entry(*link);
        if (!condition(at->key, at->value)) {
          link = &at->next;
          continue;
        }
        const int32 removed = *link;
        *link = at->next;
        at->next = free_;
        free_ = removed;
        --size_;
      }
    }
  }

  /// Calls `visit(key, value)` for all entries.
  template <typename Visit>
  void for_each(Visit&& visit) {
    for (int32 bucket : buckets_)
      for (int32 place = bucket; place != 0; place = entry(place)->next) visit(entry(place)->key, entry(place)->value);
  }

 private:
  struct Entry {
    int32 next;  // places are numbered from 1; 0: none
    Key key;
    Value value;
  };

  Entry* entry(int32 place) { return &entries_[place - 1]; }

  int32* find_link(const Key& key) {
    const uint32 hash = hash_bytes(reinterpret_cast<const unsigned char*>(&key), static_cast<int>(sizeof(Key)));
    int32* link = &buckets_[hash % kSize];
    while (*link != 0 && memcmp(&entry(*link)->key, &key, sizeof(Key)) != 0) link = &entry(*link)->next;
    return link;
  }

  int32 take_free() {
    if (free_ == 0) return ever_used_ < kSize ? ++ever_used_ : 0;
    const int32 place = free_;
    free_ = entry(place)->next;
    return place;
  }

  int32 size_;
  int32 ever_used_;
  int32 free_;
  int32 buckets_[kSize];
  Entry entries_[kSize];
};

}  // namespace dynamodb_fdw
