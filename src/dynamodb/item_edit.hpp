// Changes of an item: what an UPDATE makes of the item as it was read, as SET and REMOVE of paths.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>
#include <string>
#include <vector>

#include "dynamodb/value.hpp"

namespace dynamodb {

/// One change of an item. Paths of one item's changes never overlap (none is the start of another).
struct AttributeChange {
  DocumentPath path;  ///< at least one step
  std::string value;  ///< typed JSON of the new value; empty: REMOVE
};

/// What a column of an UPDATE or INSERT says: the value for a path, or that there is to be none.
struct PathEdit {
  DocumentPath path;
  std::optional<Value> value;  ///< nothing: remove
};

/// Applies an edit to an item. Parents that are missing (or NULL) are made, as maps, or as lists for a step to element
/// 0. A new element may only follow the last one of a list. Removing an element of a list leaves NULL in its place, so
/// that the others keep theirs; removing what is not there does nothing. Error (invalid_value), with the item
/// unchanged: a value is to be set, and the path leads through one that is neither map nor list of the kind that the
/// step needs, or behind the end of a list.
std::optional<Error> apply_edit(Value& item, const PathEdit& edit);

/// The changes that make `after` out of `before`, where only what lies at or below `touched` may differ: for each
/// touched path the narrowest SET or REMOVE whose parent exists in `before`, in the order of their paths. Elements
/// added to the end of a list have a SET each, with the numbers that they get: the service appends them in that order
/// (Developer Guide, "Update expressions", Adding elements to a list). A list that became shorter is set as a whole.
/// Equal values give no change.
std::vector<AttributeChange> changes_at(const Value& before, const Value& after,
                                        const std::vector<DocumentPath>& touched);

/// The changes of top-level attributes that make `after` out of `before`.
std::vector<AttributeChange> changes_between(const Value& before, const Value& after);

/// Applies changes to an item as the service would. Error (invalid_value), with the item changed in part: a path whose
/// parent is not there.
std::optional<Error> apply_changes(Value& item, const std::vector<AttributeChange>& changes);

/// Adds later changes to earlier ones of the same item, so that the result does what both do one after the other,
/// without overlapping paths, in the order of their paths. `later` was made for the item as `earlier` left it. Error
/// (invalid_value): it was not, as it speaks of something below what `earlier` removed; or `earlier` removed an element
/// of a list that `later` speaks of, which then has other numbers (changes_at() makes no such changes).
Result<std::vector<AttributeChange>> merge_changes(std::vector<AttributeChange> earlier,
                                                   const std::vector<AttributeChange>& later);

}  // namespace dynamodb
