// Statistics over the items of a table: what attributes they have, at every depth, and how items share their keys.
#include "dynamodb/table_profile.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "dynamodb/document.hpp"
#include "dynamodb/document_path.hpp"
#include "dynamodb/printable.hpp"
#include "dynamodb/value.hpp"

namespace dynamodb {
namespace {

// A map has data for keys, too, if it has this many different members and the average one is in few of the maps.
constexpr std::size_t kMembersToDoubt = 16;
constexpr double kRareMember = 0.1;

uint64_t type_seed(AttributeType type) noexcept { return 1 + static_cast<uint64_t>(type); }

std::string canonical(std::string_view number) {
  std::optional<std::string> text = canonical_number(number);
  return text ? std::move(*text) : std::string(number);
}

std::string hex_text(std::string_view base64, std::size_t most) {
  std::string text = "\\x";
  std::string bytes(base64_decoded_size(base64).value_or(0), '\0');
  if (!decode_base64(base64, reinterpret_cast<unsigned char*>(bytes.data()))) return text;
  append_hex(text, reinterpret_cast<const unsigned char*>(bytes.data()), std::min(bytes.size(), most));
  return text;
}

// What a person is shown of a value; nothing for those without an example.
std::optional<std::string> example_text(const Item& item, uint32_t index, std::size_t most) {
  const ValueNode& value = item.node(index);
  switch (value.type) {
    case AttributeType::S:
      return one_line(value.view(), most);
    case AttributeType::N:
      return canonical(value.view());
    case AttributeType::B:
      return one_line(hex_text(value.view(), most), most);
    case AttributeType::BOOL:
      return value.boolean ? "true" : "false";
    case AttributeType::SS:
    case AttributeType::NS:
    case AttributeType::BS: {
      std::string json;
      if (append_json(json, item, index, JsonForm::plain)) return std::nullopt;
      return one_line(json, most);
    }
    default:
      return std::nullopt;
  }
}

void keep_example(std::vector<PathStatistics::Example>& examples, PathStatistics::Example example, std::size_t most) {
  auto place = std::lower_bound(examples.begin(), examples.end(), example.hash,
                                [](const PathStatistics::Example& known, uint64_t hash) { return known.hash < hash; });
  if (place != examples.end() && place->hash == example.hash) return;
  examples.insert(place, std::move(example));
  if (examples.size() > most) examples.pop_back();
}

// As in a document path; "*" stands for any member, so one that is called so is quoted.
void append_member(std::string& path, std::string_view name) {
  if (name == "*")
    path.append(path.empty() ? "" : ".").append("\"*\"");
  else
    append_path_name(path, name);
}

template <std::size_t count>
void add_counts(std::array<uint64_t, count>& sum, const std::array<uint64_t, count>& more) {
  for (std::size_t i = 0; i < count; ++i) sum[i] += more[i];
}

void merge_statistics(PathStatistics& into, PathStatistics from, std::size_t most_examples) {
  add_counts(into.types, from.types);
  add_counts(into.forms, from.forms);
  into.sizes.merge(from.sizes);
  into.distinct.merge(from.distinct);
  for (PathStatistics::Example& example : from.examples) keep_example(into.examples, std::move(example), most_examples);
}

}  // namespace

void SizeRange::add(uint64_t size) noexcept { merge({1, size, size, size}); }

void SizeRange::merge(const SizeRange& other) noexcept {
  if (other.count == 0) return;
  least = count == 0 ? other.least : std::min(least, other.least);
  most = std::max(most, other.most);
  count += other.count;
  sum += other.sum;
}

// One step of the paths. The root stands for the items themselves.
struct TableProfile::Node {
  PathStatistics statistics;
  uint64_t last_item = 0;         // that was counted; items have numbers from 1
  DistinctEstimate item_numbers;  // which items have it: where paths are merged, an item must not count twice
  bool merged = false;            // then the number of items is that of item_numbers
  uint64_t filled_maps = 0;       // values that are maps with members
  bool collapsed = false;         // its members are any_member
  std::map<std::string, std::unique_ptr<Node>, std::less<>> members;
  std::unique_ptr<Node> any_member;
  std::unique_ptr<Node> elements;

  std::size_t paths() const {  // this one and those below
    std::size_t count = 1;
    for (const auto& [name, member] : members) count += member->paths();
    if (any_member) count += any_member->paths();
    if (elements) count += elements->paths();
    return count;
  }

  static void merge_child(std::unique_ptr<Node>& into, std::unique_ptr<Node> from, std::size_t most_examples) {
    if (!from) return;
    if (into)
      into->merge(std::move(*from), most_examples);
    else
      into = std::move(from);
  }

  void merge(Node&& from, std::size_t most_examples) {
    last_item = std::max(last_item, from.last_item);
    item_numbers.merge(from.item_numbers);
    merged = true;
    filled_maps += from.filled_maps;
    merge_statistics(statistics, std::move(from.statistics), most_examples);
    for (auto& [name, member] : from.members) merge_child(members[name], std::move(member), most_examples);
    merge_child(any_member, std::move(from.any_member), most_examples);
    merge_child(elements, std::move(from.elements), most_examples);
    if (collapsed || from.collapsed) collapse(most_examples);
  }

  void collapse(std::size_t most_examples) {
    collapsed = true;
    for (auto& [name, member] : members) merge_child(any_member, std::move(member), most_examples);
    members.clear();
  }

  bool keys_are_data() const {
    if (members.size() < kMembersToDoubt) return false;
    double values = 0;
    for (const auto& [name, member] : members) values += static_cast<double>(member->statistics.values());
    return values < kRareMember * static_cast<double>(members.size()) * static_cast<double>(filled_maps);
  }

  // From the leaves up, so that what is merged is small.
  void collapse_rare(std::size_t most_examples, bool is_root) {
    for (auto& [name, member] : members) member->collapse_rare(most_examples, false);
    if (elements) elements->collapse_rare(most_examples, false);
    if (!is_root && keys_are_data()) collapse(most_examples);
    if (any_member) any_member->collapse_rare(most_examples, false);
  }

  void settle_items() {
    if (merged) statistics.items = static_cast<uint64_t>(item_numbers.count());
    for (auto& [name, member] : members) member->settle_items();
    if (any_member) any_member->settle_items();
    if (elements) elements->settle_items();
  }
};

// What the visit of a value brings back.
struct TableProfile::Seen {
  uint64_t hash = 0;
  std::size_t bytes = 0;
  bool null_character = false;  // somewhere in it
  ValueForm form = ValueForm::none;
};

// Goes through one item once, measuring each value and counting it at its path.
class TableProfile::Visit {
 public:
  Visit(TableProfile& profile, const Item& item, uint64_t number)
      : profile_(profile), item_(item), number_(number), number_hash_(combine_hashes(number, 0)) {}

  std::size_t item() {
    std::size_t bytes = 0;
    for (const Item::Attribute& attribute : item_.attributes()) {
      Node* node = member(profile_.root_.get(), 0, attribute.name, false);
      bytes += attribute.name.size() + value(attribute.node, node, 1, hash_bytes_of(attribute.name)).bytes;
    }
    return bytes;
  }

 private:
  // `node`: of the value's path; null: it has none. `place`: a hash of the path, `depth`: its steps.
  Seen value(uint32_t index, Node* node, std::size_t depth, uint64_t place) {
    if (node == nullptr) {
      ++profile_.values_left_out_;
      profile_.paths_left_out_.add(place);
    } else {
      count_item(*node);
    }
    Seen seen = measure(index, node, depth, place);
    if (node != nullptr) record(*node, index, seen);
    return seen;
  }

  Seen measure(uint32_t index, Node* node, std::size_t depth, uint64_t place) {
    const ValueNode& value = item_.node(index);
    switch (value.type) {
      case AttributeType::L:
        return list(index, node, depth, place);
      case AttributeType::M:
        return map(index, node, depth, place);
      case AttributeType::SS:
      case AttributeType::NS:
      case AttributeType::BS:
        return set(index);
      default:
        return scalar(value);
    }
  }

  Seen scalar(const ValueNode& value) {
    const uint64_t seed = type_seed(value.type);
    switch (value.type) {
      case AttributeType::S: {
        const ValueForm form = form_of_string(value.view());
        return {hash_bytes_of(value.view(), seed), value.size, form == ValueForm::null_character, form};
      }
      case AttributeType::N: {
        const std::string number = canonical(value.view());
        return {hash_bytes_of(number, seed), number_size(number), false, form_of_number(number)};
      }
      case AttributeType::B:
        return {hash_bytes_of(value.view(), seed), base64_decoded_size(value.view()).value_or(0)};
      case AttributeType::BOOL:
        return {hash_bytes_of(value.boolean ? "t" : "f", seed), 1};
      default:
        return {hash_bytes_of("", seed), 1};
    }
  }

  // The order of a set's elements, and that of a map's members, means nothing: their hashes are added up.
  Seen set(uint32_t index) {
    const ValueNode& value = item_.node(index);
    Seen seen{type_seed(value.type)};
    for (uint32_t element = index + 1; element < value.end; ++element) {
      const Seen one = scalar(item_.node(element));
      seen.hash += one.hash;
      seen.bytes += one.bytes;
      seen.null_character |= one.null_character;
    }
    return seen;
  }

  Seen list(uint32_t index, Node* node, std::size_t depth, uint64_t place) {
    const ValueNode& value = item_.node(index);
    Seen seen{type_seed(value.type), std::size_t{3} + value.size};
    Node* elements = node != nullptr && value.size > 0 ? child(node->elements, depth) : nullptr;
    place = combine_hashes(place, type_seed(AttributeType::L));
    for (uint32_t element = index + 1; element < value.end; element = item_.next(element)) {
      const Seen one = this->value(element, elements, depth + 1, place);
      seen.hash = combine_hashes(seen.hash, one.hash);
      seen.bytes += one.bytes;
      seen.null_character |= one.null_character;
    }
    return seen;
  }

  Seen map(uint32_t index, Node* node, std::size_t depth, uint64_t place) {
    const ValueNode& value = item_.node(index);
    Seen seen{type_seed(value.type), std::size_t{3} + value.size};
    if (node != nullptr && value.size > 0) ++node->filled_maps;
    for (uint32_t at = index + 1; at < value.end;) {
      const std::string_view name = item_.node(at).view();
      const Seen one =
          this->value(at + 1, member(node, depth, name, true), depth + 1, combine_hashes(place, hash_bytes_of(name)));
      seen.hash += combine_hashes(hash_bytes_of(name), one.hash);
      seen.bytes += name.size() + one.bytes;
      seen.null_character |= one.null_character || name.find('\0') != std::string_view::npos;
      at = item_.next(at + 1);
    }
    return seen;
  }

  // The node of a map's member; null where it gets none.
  Node* member(Node* map, std::size_t depth, std::string_view name, bool nested) {
    if (map == nullptr) return nullptr;
    if (nested && !map->collapsed && map->members.size() >= profile_.limits_.members && !map->members.contains(name))
      collapse(*map);
    if (map->collapsed) return child(map->any_member, depth);
    if (name.size() > profile_.limits_.name_bytes) return nullptr;
    auto found = map->members.find(name);
    if (found != map->members.end()) return found->second.get();
    if (!has_room(depth)) return nullptr;
    ++profile_.path_count_;
    return (map->members[std::string(name)] = std::make_unique<Node>()).get();
  }

  Node* child(std::unique_ptr<Node>& kept, std::size_t depth) {
    if (!kept && has_room(depth)) {
      kept = std::make_unique<Node>();
      ++profile_.path_count_;
    }
    return kept.get();
  }

  bool has_room(std::size_t depth) const {
    return depth < profile_.limits_.depth && profile_.path_count_ < profile_.limits_.paths;
  }

  void collapse(Node& map) {
    profile_.path_count_ -= map.paths();
    map.collapse(profile_.limits_.examples);
    profile_.path_count_ += map.paths();
  }

  void count_item(Node& node) {
    if (node.last_item == number_) return;
    node.last_item = number_;
    ++node.statistics.items;
    node.item_numbers.add(number_hash_);
  }

  void record(Node& node, uint32_t index, const Seen& seen) {
    PathStatistics& statistics = node.statistics;
    ++statistics.types[static_cast<std::size_t>(item_.node(index).type)];
    ++statistics.forms[static_cast<std::size_t>(seen.null_character ? ValueForm::null_character : seen.form)];
    statistics.sizes.add(seen.bytes);
    statistics.distinct.add(seen.hash);
    keep_example_of(statistics, index, seen.hash);
  }

  void keep_example_of(PathStatistics& statistics, uint32_t index, uint64_t hash) {
    const std::size_t most = profile_.limits_.examples;
    if (statistics.examples.size() >= most && statistics.examples.back().hash <= hash) return;
    if (auto text = example_text(item_, index, profile_.limits_.example_bytes))
      keep_example(statistics.examples, {hash, std::move(*text)}, most);
  }

  TableProfile& profile_;
  const Item& item_;
  const uint64_t number_;
  const uint64_t number_hash_;
};

TableProfile::TableProfile(std::vector<ProfiledKey> keys, ProfileLimits limits)
    : limits_(limits), keys_(std::move(keys)), collections_(keys_.size()), root_(std::make_unique<Node>()) {}

TableProfile::~TableProfile() = default;

void TableProfile::add(const Item& item) {
  const std::size_t bytes = Visit(*this, item, items() + 1).item();
  item_sizes_.add(bytes);
  count_collections(item, bytes);
}

namespace {

const ValueNode* find_attribute(const Item& item, std::string_view name) {
  for (const Item::Attribute& attribute : item.attributes())
    if (attribute.name == name) return &item.node(attribute.node);
  return nullptr;
}

bool has_key_attributes(const Item& item, const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    const ValueNode* value = find_attribute(item, name);
    return value != nullptr && is_key_type(value->type);
  });
}

}  // namespace

void TableProfile::count_collections(const Item& item, std::size_t bytes) {
  for (std::size_t number = 0; number < keys_.size(); ++number) {
    const ProfiledKey& key = keys_[number];
    if (!has_key_attributes(item, key.partition_names) || !has_key_attributes(item, key.sort_names)) continue;
    uint64_t hash = 0;
    for (const std::string& name : key.partition_names) {
      const ValueNode& value = *find_attribute(item, name);
      hash = combine_hashes(hash, hash_bytes_of(value.view(), type_seed(value.type)));
    }
    collections_[number].add(hash, bytes, [&] {
      std::vector<std::string> values;
      for (const std::string& name : key.partition_names) {
        const auto node = static_cast<uint32_t>(find_attribute(item, name) - &item.node(0));
        values.push_back(example_text(item, node, limits_.key_bytes).value_or(""));
      }
      return values;
    });
  }
}

void TableProfile::finish(std::size_t most_collections) {
  for (const LargestCollections& collections : collections_) largest_.push_back(collections.largest(most_collections));
  root_->collapse_rare(limits_.examples, true);
  root_->settle_items();
  for (const auto& [name, member] : root_->members) {
    ProfiledPath path;
    path.attribute = name;
    append_member(path.path, name);
    list_paths(*member, path);
  }
}

void TableProfile::list_paths(const Node& node, const ProfiledPath& path) {
  paths_.push_back(path);
  paths_.back().statistics = &node.statistics;
  ProfiledPath below = path;
  ++below.depth;
  for (const auto& [name, member] : node.members) {
    below.path = path.path;
    append_member(below.path, name);
    list_paths(*member, below);
  }
  below.addressable = false;
  below.path = path.path + ".*";
  if (node.any_member) list_paths(*node.any_member, below);
  below.path = path.path + "[]";
  if (node.elements) list_paths(*node.elements, below);
}

}  // namespace dynamodb
