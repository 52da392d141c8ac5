// Whether DynamoDB lets through just the items for which the SQL conditions are true, so that it can count them.
#pragma once

#include "access_path.hpp"
#include "filter_terms.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// What the conditions of one path come to, one after the other. Two things make them exact. Each is sent in a form
/// that is true for just the items for which SQL's is. And each column that they use can be read from every item that
/// passes: otherwise reading the item would be an error (on_type_mismatch 'error'), which counting must not hide. What
/// only values decide is not known here: see ScanKeys::exact and PlainFilter::wider.
struct Exactness {
  const PlannedTable* planned;
  const AccessPath* access;
  bool exact;           ///< all conditions so far have an exact form
  Bitmapset* used;      ///< attnums of the columns whose values must be read without an error
  Bitmapset* readable;  ///< attnums of those that can be read from each item that passes
};

Exactness start_exactness(const PlannedTable* planned, const AccessPath* access);

/// Adds one condition, of which `verdict` and `term` (null: none) are sent.
void add_condition(Exactness* exactness, RelOptInfo* rel, const Condition* condition, PushDown verdict,
                   const FilterTerm* term);

/// Whether all of the conditions that were added are exact together.
bool is_exact(const Exactness* exactness);

/// Whether a condition is true of all items that BatchGetItem can answer with, because it lists their whole keys:
/// PostgreSQL need not check it again, which would cost more than reading the item. Equalities between types that
/// DynamoDB and PostgreSQL read alike, and compare alike; false for all other operations.
bool is_settled_by_keys(const AccessPath* access, const Condition* condition, PushDown verdict);

}  // namespace dynamodb_fdw
