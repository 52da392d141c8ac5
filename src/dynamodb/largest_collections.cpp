// The largest item collections (items with one partition key) among those seen, in bounded memory.
#include "dynamodb/largest_collections.hpp"

#include <algorithm>

namespace dynamodb {

LargestCollections::Counters::iterator LargestCollections::begin(uint64_t hash, std::vector<std::string> key) {
  Counter counter;
  counter.collection.key = std::move(key);
  if (counters_.size() >= kRoom) {
    auto [rank, smallest] = *by_rank_.begin();
    counter.rank = rank;
    by_rank_.erase(by_rank_.begin());
    counters_.erase(smallest);
  }
  by_rank_.emplace(counter.rank, hash);
  return counters_.emplace(hash, std::move(counter)).first;
}

void LargestCollections::count(uint64_t hash, Counter& counter, std::size_t bytes) {
  auto place = by_rank_.extract({counter.rank, hash});
  place.value().first = ++counter.rank;
  by_rank_.insert(std::move(place));
  ++counter.collection.items;
  counter.collection.bytes += bytes;
}

std::vector<LargestCollections::Collection> LargestCollections::largest(std::size_t most) const {
  std::vector<const Collection*> all;
  for (const auto& [hash, counter] : counters_) all.push_back(&counter.collection);
  most = std::min(most, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(most), all.end(),
                    [](const Collection* a, const Collection* b) {
                      if (a->items != b->items) return a->items > b->items;
                      if (a->bytes != b->bytes) return a->bytes > b->bytes;
                      return a->key < b->key;
                    });
  std::vector<Collection> result;
  for (std::size_t i = 0; i < most; ++i) result.push_back(*all[i]);
  return result;
}

}  // namespace dynamodb
