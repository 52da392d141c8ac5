// The largest item collections (items with one partition key) among those seen, in bounded memory.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dynamodb {

/// The Space-Saving algorithm (Metwally and others, 2005): as many partition keys are counted as there is room for; a
/// new one takes the place of that with the fewest items, and inherits its rank. A collection with more than 1/room of
/// all items is never missed. What is reported was really seen: exact as long as there was room for all, else a lower
/// bound.
class LargestCollections {
 public:
  struct Collection {
    std::vector<std::string> key;  ///< as given
    uint64_t items = 0;
    uint64_t bytes = 0;
  };

  static constexpr std::size_t kRoom = 1024;

  /// Counts an item of the collection with that hash of its key. `key()` returns its values as text (a vector of
  /// strings); it is called only when the collection is not being counted yet.
  template <typename MakeKey>
  void add(uint64_t hash, std::size_t bytes, MakeKey&& key) {
    auto found = counters_.find(hash);
    if (found == counters_.end()) found = begin(hash, key());
    count(hash, found->second, bytes);
  }

  /// The largest ones, by items, then bytes, then key.
  std::vector<Collection> largest(std::size_t most) const;

 private:
  struct Counter {
    Collection collection;
    uint64_t rank = 0;  // items, and those of the counter whose place this took
  };
  using Counters = std::unordered_map<uint64_t, Counter>;

  Counters::iterator begin(uint64_t hash, std::vector<std::string> key);
  void count(uint64_t hash, Counter& counter, std::size_t bytes);

  Counters counters_;
  std::set<std::pair<uint64_t, uint64_t>> by_rank_;  // rank and hash
};

}  // namespace dynamodb
