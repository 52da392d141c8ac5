// Changes of an item: what an UPDATE makes of the item as it was read, as SET and REMOVE of paths.
#include "dynamodb/item_edit.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace dynamodb {
namespace {

bool is_before(const PathStep& left, const PathStep& right) noexcept {
  if (left.is_index != right.is_index) return right.is_index;
  return left.is_index ? left.index < right.index : left.name < right.name;
}

struct PathOrder {
  // A path stands before those below it, and these stand together.
  bool operator()(const DocumentPath& left, const DocumentPath& right) const noexcept {
    return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(), is_before);
  }
};

// What to do at each path; nothing: REMOVE.
using Changes = std::map<DocumentPath, const std::string*, PathOrder>;

bool starts_with(const DocumentPath& path, const DocumentPath& start) noexcept {
  return path.size() >= start.size() && std::equal(start.begin(), start.end(), path.begin());
}

DocumentPath first_steps(const DocumentPath& path, std::size_t count) {
  return DocumentPath(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(count));
}

std::string place_of(const DocumentPath& path, std::size_t steps) {
  return document_path_text(first_steps(path, steps));
}

bool takes_step(const Value& value, const PathStep& step) noexcept {
  return value.type == (step.is_index ? AttributeType::L : AttributeType::M);
}

// What a step leads to; null when it is not there.
const Value* child_of(const Value& value, const PathStep& step) noexcept {
  if (!takes_step(value, step)) return nullptr;
  if (!step.is_index) return value.find(step.name);
  return step.index < value.elements.size() ? &value.elements[step.index] : nullptr;
}

Value* child_of(Value& value, const PathStep& step) noexcept {
  return const_cast<Value*>(child_of(std::as_const(value), step));
}

// Puts a value where a step leads; an element behind the end of a list becomes its last.
void put_child(Value& parent, const PathStep& step, Value value) {
  if (!step.is_index) {
    parent.set(step.name, std::move(value));
  } else if (step.index < parent.elements.size()) {
    parent.elements[step.index] = std::move(value);
  } else {
    parent.elements.push_back(std::move(value));
  }
}

Error behind_the_end(const DocumentPath& path, std::size_t step, std::size_t size) {
  return Error::invalid_value("there can be no " + place_of(path, step + 1) + ": the list has " + std::to_string(size) +
                              (size == 1 ? " element" : " elements"));
}

// The value with the maps and lists around it that the steps of `path` from `first` on lead through.
Result<Value> wrapped(const DocumentPath& path, std::size_t first, Value value) {
  for (std::size_t i = path.size(); i-- > first;) {
    const PathStep& step = path[i];
    if (step.is_index && step.index > 0) return behind_the_end(path, i, 0);
    Value parent = Value::of_type(step.is_index ? AttributeType::L : AttributeType::M);
    put_child(parent, step, std::move(value));
    value = std::move(parent);
  }
  return value;
}

std::optional<Error> set_at(Value& item, const DocumentPath& path, Value value) {
  Value* parent = &item;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const PathStep& step = path[i];
    if (!takes_step(*parent, step))
      return Error::invalid_value("there can be no " + place_of(path, i + 1) + ": " +
                                  (i == 0 ? "the item" : place_of(path, i)) + " is of type " + type_name(parent->type));
    if (step.is_index && step.index > parent->elements.size()) return behind_the_end(path, i, parent->elements.size());
    Value* child = child_of(*parent, step);
    bool missing = child == nullptr || child->type == AttributeType::NUL;
    if (!missing && i + 1 < path.size()) {
      parent = child;
      continue;
    }
    auto whole = wrapped(path, i + 1, std::move(value));
    if (!whole) return std::move(whole.error());
    put_child(*parent, step, std::move(whole.value()));
    break;
  }
  return std::nullopt;
}

// The parent that the path's last step starts from; null when it is not there or takes no such step.
Value* parent_at(Value& root, const DocumentPath& path, std::size_t first) noexcept {
  Value* parent = &root;
  for (std::size_t i = first; i + 1 < path.size(); ++i) {
    parent = child_of(*parent, path[i]);
    if (parent == nullptr) return nullptr;
  }
  return takes_step(*parent, path.back()) ? parent : nullptr;
}

void remove_at(Value& item, const DocumentPath& path) {
  Value* parent = parent_at(item, path, 0);
  if (parent == nullptr || child_of(*parent, path.back()) == nullptr) return;
  if (path.back().is_index) {
    put_child(*parent, path.back(), Value());
  } else {
    parent->erase(path.back().name);
  }
}

// How many steps of a touched path the narrowest change has: its parent is in `before`, takes the step, and the list
// that it might be an element of has not become shorter.
std::size_t narrowest_steps(const Value& before, const Value& after, const DocumentPath& path) noexcept {
  const Value* old_parent = &before;
  const Value* new_parent = &after;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Value* old_child = child_of(*old_parent, path[i]);
    const Value* new_child = child_of(*new_parent, path[i]);
    if (path[i].is_index && new_child == nullptr) return i;
    bool last = i + 1 == path.size();
    if (last || old_child == nullptr || new_child == nullptr) return i + 1;
    if (!takes_step(*old_child, path[i + 1]) || !takes_step(*new_child, path[i + 1])) return i + 1;
    old_parent = old_child;
    new_parent = new_child;
  }
  return path.size();
}

std::string typed_text(const Value& value) {
  std::string text;
  append_typed(text, value);
  return text;
}

// The change at one path, if there is any.
void add_change(std::vector<AttributeChange>& changes, DocumentPath path, const Value* before, const Value* after) {
  if (before == nullptr && after == nullptr) return;
  if (before != nullptr && after != nullptr && same_value(*before, *after)) return;
  changes.push_back({std::move(path), after == nullptr ? std::string() : typed_text(*after)});
}

std::optional<Error> no_parent(const DocumentPath& path) {
  return Error::invalid_value("there is nothing to change at " + document_path_text(path) +
                              ": what the path leads through is not there");
}

// Applies changes at and below `root`, to which the first `skip` steps of their paths lead. As in the service, paths
// speak of the lists as they were before: values are set first, new elements in the order of their numbers, and what is
// removed is removed from the end on (Developer Guide, "Update expressions").
std::optional<Error> apply_sorted(Value& root, const Changes& changes, std::size_t skip) {
  for (const auto& [path, value] : changes) {
    Value* parent = parent_at(root, path, skip);
    if (parent == nullptr) return no_parent(path);
    if (value->empty()) continue;
    auto parsed = parse_typed_value(*value);
    if (!parsed) return std::move(parsed.error());
    put_child(*parent, path.back(), std::move(parsed.value()));
  }
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    const auto& [path, value] = *change;
    if (!value->empty()) continue;
    Value* parent = parent_at(root, path, skip);
    const PathStep& step = path.back();
    if (parent == nullptr || child_of(*parent, step) == nullptr) continue;
    if (step.is_index) {
      parent->elements.erase(parent->elements.begin() + static_cast<std::ptrdiff_t>(step.index));
    } else {
      parent->erase(step.name);
    }
  }
  return std::nullopt;
}

class Merger {
 public:
  explicit Merger(std::vector<AttributeChange> earlier) {
    for (AttributeChange& change : earlier) {
      if (change.value.empty() && change.path.back().is_index) removed_elements_.push_back(change.path);
      merged_.insert_or_assign(std::move(change.path), std::move(change.value));
    }
  }

  std::optional<Error> add(const AttributeChange& later) {
    for (std::size_t steps = 1; steps < later.path.size(); ++steps) {
      auto above = merged_.find(first_steps(later.path, steps));
      if (above == merged_.end()) continue;
      if (above->second.empty()) return no_parent(later.path);
      within_[above->first].insert_or_assign(later.path, &later.value);
      return std::nullopt;
    }
    if (follows_shift(later.path)) return no_parent(later.path);
    auto below = merged_.lower_bound(later.path);
    while (below != merged_.end() && starts_with(below->first, later.path)) below = merged_.erase(below);
    merged_.emplace(later.path, later.value);
    return std::nullopt;
  }

  // REQUIRES: the paths of what was added do not overlap, so that nothing has been dropped from above a group.
  Result<std::vector<AttributeChange>> finish() {
    for (const auto& [path, changes] : within_) {
      std::string& text = merged_.at(path);
      auto value = parse_typed_value(text);
      if (!value) return std::move(value.error());
      if (auto failure = apply_sorted(value.value(), changes, path.size())) return std::move(*failure);
      text = typed_text(value.value());
    }
    std::vector<AttributeChange> changes;
    changes.reserve(merged_.size());
    for (auto& [path, value] : merged_) changes.push_back({path, std::move(value)});
    return changes;
  }

 private:
  // Whether the earlier changes removed an element of a list that the path leads into: the element then has another
  // number than the path says.
  bool follows_shift(const DocumentPath& path) const {
    for (const DocumentPath& removed : removed_elements_) {
      if (path.size() < removed.size() || !path[removed.size() - 1].is_index) continue;
      if (std::equal(removed.begin(), removed.end() - 1, path.begin())) return true;
    }
    return false;
  }

  std::vector<DocumentPath> removed_elements_;             // of lists, by the earlier changes
  std::map<DocumentPath, std::string, PathOrder> merged_;  // empty text: REMOVE
  std::map<DocumentPath, Changes, PathOrder> within_;      // later changes below an earlier one, by its path
};

}  // namespace

std::optional<Error> apply_edit(Value& item, const PathEdit& edit) {
  if (edit.value) return set_at(item, edit.path, *edit.value);
  remove_at(item, edit.path);
  return std::nullopt;
}

std::vector<AttributeChange> changes_at(const Value& before, const Value& after,
                                        const std::vector<DocumentPath>& touched) {
  std::vector<DocumentPath> paths;
  paths.reserve(touched.size());
  for (const DocumentPath& path : touched) paths.push_back(first_steps(path, narrowest_steps(before, after, path)));
  std::sort(paths.begin(), paths.end(), PathOrder());
  std::vector<AttributeChange> changes;
  const DocumentPath* covering = nullptr;
  for (const DocumentPath& path : paths) {
    if (covering != nullptr && starts_with(path, *covering)) continue;
    covering = &path;
    add_change(changes, path, find_path(before, path), find_path(after, path));
  }
  return changes;
}

std::vector<AttributeChange> changes_between(const Value& before, const Value& after) {
  std::vector<DocumentPath> touched;
  touched.reserve(before.names.size() + after.names.size());
  for (const Value* item : {&before, &after})
    for (const std::string& name : item->names) touched.push_back({PathStep{false, name, 0}});
  return changes_at(before, after, touched);
}

std::optional<Error> apply_changes(Value& item, const std::vector<AttributeChange>& changes) {
  Changes sorted;
  for (const AttributeChange& change : changes) sorted.insert_or_assign(change.path, &change.value);
  return apply_sorted(item, sorted, 0);
}

Result<std::vector<AttributeChange>> merge_changes(std::vector<AttributeChange> earlier,
                                                   const std::vector<AttributeChange>& later) {
  Merger merger(std::move(earlier));
  for (const AttributeChange& change : later)
    if (auto failure = merger.add(change)) return std::move(*failure);
  return merger.finish();
}

}  // namespace dynamodb
