// Statistics over the items of a table: what attributes they have, at every depth, and how items share their keys.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dynamodb/attribute_value.hpp"
#include "dynamodb/distinct_estimate.hpp"
#include "dynamodb/item_reader.hpp"
#include "dynamodb/largest_collections.hpp"
#include "dynamodb/value_form.hpp"

namespace dynamodb {

/// What bounds the memory of a profile, whatever the table.
struct ProfileLimits {
  std::size_t paths = 2000;        ///< further ones are only counted
  std::size_t depth = 10;          ///< steps of a path: what is deeper is part of its container only
  std::size_t name_bytes = 255;    ///< attributes with longer names get no path
  std::size_t members = 64;        ///< a map (not the item) with more different members has them profiled as one
  std::size_t examples = 3;        ///< of each path
  std::size_t example_bytes = 60;  ///< longer ones are cut there, and end in "..."
  std::size_t key_bytes = 256;     ///< likewise the keys of item collections
};

inline constexpr std::size_t kAttributeTypes = 10;

/// Sizes in bytes, as the service counts them (see value_size()).
struct SizeRange {
  uint64_t count = 0;
  uint64_t least = 0;
  uint64_t most = 0;
  uint64_t sum = 0;

  void add(uint64_t size) noexcept;
  void merge(const SizeRange& other) noexcept;
};

/// What was seen of the values at one path.
struct PathStatistics {
  uint64_t items = 0;                                ///< that have at least one value there
  std::array<uint64_t, kAttributeTypes> types = {};  ///< values, by AttributeType
  std::array<uint64_t, kValueForms> forms = {};      ///< values, by ValueForm; null_character: also within the value
  SizeRange sizes;                                   ///< of the values, without the attribute's name
  DistinctEstimate distinct;
  struct Example {
    uint64_t hash;
    std::string text;  ///< one line: an S as it is, an N's digits, a B as \x and hex, a set as JSON
  };
  /// The values with the least hashes: a random choice of the different values, and the same whatever order the items
  /// come in. None of NULL, L and M.
  std::vector<Example> examples;

  uint64_t values() const noexcept { return sizes.count; }
  uint64_t of_type(AttributeType type) const noexcept { return types[static_cast<std::size_t>(type)]; }
  uint64_t of_form(ValueForm form) const noexcept { return forms[static_cast<std::size_t>(form)]; }
};

/// A path and its statistics; both owned by the profile.
struct ProfiledPath {
  std::string path;  ///< details.owner.name, lines[].sku, byUser.*; names are quoted as in a document path, and "*"
  std::string attribute;    ///< the top-level attribute, as it is called
  std::size_t depth = 1;    ///< steps of the path
  bool addressable = true;  ///< it is a document path, too: no list elements or collapsed members on the way
  const PathStatistics* statistics = nullptr;
};

/// A key by which items are grouped: the table's, or that of an index.
struct ProfiledKey {
  std::string index;                         ///< empty: the table's
  std::vector<std::string> partition_names;  ///< attributes of its partition key
  std::vector<std::string> sort_names;       ///< an item without one of them is not in the index
};

/// Takes in one item after the other. Maps whose keys are data (ids as attribute names) do not make a path for each:
/// one with more members than ProfileLimits::members, or, at the end, with many of which each is rare, has all of them
/// as the single member `*`. There, and below, the number of items is an estimate where it is large (DistinctEstimate).
class TableProfile {
 public:
  explicit TableProfile(std::vector<ProfiledKey> keys, ProfileLimits limits = {});
  ~TableProfile();
  TableProfile(const TableProfile&) = delete;
  TableProfile& operator=(const TableProfile&) = delete;

  /// REQUIRES: decoded with a selection that is all(); finish() has not been called.
  void add(const Item& item);
  /// To be called once all items are added: makes the paths, and keeps so many collections of each key.
  void finish(std::size_t most_collections = 5);

  uint64_t items() const noexcept { return item_sizes_.count; }
  const SizeRange& item_sizes() const noexcept { return item_sizes_; }
  /// Names of attributes with them, and the values below. REQUIRES: finish() was called. Ascending by the names of the
  /// steps, each container right before what is in it.
  const std::vector<ProfiledPath>& paths() const noexcept { return paths_; }
  /// Values that have got no path, for the limits on paths, depth and names.
  uint64_t values_left_out() const noexcept { return values_left_out_; }
  /// About how many paths those would have been.
  double paths_left_out() const { return paths_left_out_.count(); }

  const std::vector<ProfiledKey>& keys() const noexcept { return keys_; }
  /// The largest collections by keys()[key]. REQUIRES: finish() was called.
  const std::vector<LargestCollections::Collection>& largest_collections(std::size_t key) const noexcept {
    return largest_[key];
  }

 private:
  struct Node;
  struct Seen;
  class Visit;

  void count_collections(const Item& item, std::size_t bytes);
  void list_paths(const Node& node, const ProfiledPath& path);

  const ProfileLimits limits_;
  const std::vector<ProfiledKey> keys_;
  std::vector<LargestCollections> collections_;                       // by key
  std::vector<std::vector<LargestCollections::Collection>> largest_;  // likewise
  std::unique_ptr<Node> root_;                                        // the item as a map
  std::size_t path_count_ = 0;
  SizeRange item_sizes_;
  uint64_t values_left_out_ = 0;
  DistinctEstimate paths_left_out_;
  std::vector<ProfiledPath> paths_;
};

}  // namespace dynamodb
