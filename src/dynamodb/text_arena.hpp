// Keeps many texts in few pieces of memory, to be let go together.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace dynamodb {

class TextArena {
 public:
  /// Where the arena ended at some time.
  struct Mark {
    uint32_t chunks = 0;
    uint32_t used = 0;  // of the last of them
  };

  /// A copy, valid as long as the arena or until release().
  std::string_view keep(std::string_view text) {
    if (chunks_.empty() || text.size() > chunks_.back().size - used_) add_chunk(text.size());
    char* place = chunks_.back().bytes.get() + used_;
    if (!text.empty()) std::memcpy(place, text.data(), text.size());
    used_ += text.size();
    return {place, text.size()};
  }

  Mark mark() const noexcept { return {static_cast<uint32_t>(chunks_.size()), static_cast<uint32_t>(used_)}; }
  /// Lets go of all that was kept since `mark` was made. A Mark{}: of all.
  void release(Mark mark) noexcept {
    chunks_.resize(std::min<std::size_t>(mark.chunks, chunks_.size()));
    used_ = mark.used;
  }

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };

  // Small at first, as most have little to keep; a text of 4 GB no item has.
  static constexpr std::size_t kFirstChunk = std::size_t{4} << 10;
  static constexpr std::size_t kChunk = std::size_t{64} << 10;

  void add_chunk(std::size_t least) {
    const std::size_t size = std::max(chunks_.empty() ? kFirstChunk : kChunk, least);
    chunks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
    used_ = 0;
  }

  std::vector<Chunk> chunks_;
  std::size_t used_ = 0;  // of the last chunk
};

}  // namespace dynamodb
