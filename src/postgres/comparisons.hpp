// Takes SQL conditions apart: which column is compared how with what.
#pragma once

#include "options.hpp"
#include "pg.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace dynamodb_fdw {

/// How a column is compared. Stored in plans as an integer.
enum class Comparator : int {
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  any_of,       ///< = ANY (array)
  like,         ///< LIKE pattern
  starts_with,  ///< ^@ and starts_with()
};

/// The comparators' SQL spellings, in their order; for EXPLAIN.
extern const char* const kComparatorNames[];

inline bool is_range(Comparator comparator) {
  return comparator == Comparator::less || comparator == Comparator::less_equal || comparator == Comparator::greater ||
         comparator == Comparator::greater_equal;
}

inline bool is_equality(Comparator comparator) {
  return comparator == Comparator::equal || comparator == Comparator::any_of;
}

/// column <comparator> operand, whichever side of the operator the column stood on.
struct Comparison {
  const ColumnOptions* column;
  Comparator comparator;
  Expr* operand;     ///< not yet known to be free of the table's columns
  Oid operand_type;  ///< of the operand, or of its elements for any_of
  Oid collation;
};

/// Matches comparisons of mapped columns of `rel` by the operators of text, numbers, bytea ... that have DynamoDB's
/// meaning up to collation and type: of these the caller judges. False: it is something else.
bool match_comparison(RelOptInfo* rel, const TableOptions* table, Expr* clause, Comparison* comparison);

/// The node below casts that change nothing but the name of the type.
Node* strip_relabel(Node* node);

/// The comparator that an operator stands for; false: none of DynamoDB's.
bool comparator_of(Oid operator_oid, Comparator* comparator);

/// Whether a btree operator family's order and equality are DynamoDB's too, as far as collation and types allow.
bool is_shared_family(Oid family);

/// The column of the table that `node` is, below casts that change nothing; null: it is something else.
const ColumnOptions* match_column(RelOptInfo* rel, const TableOptions* table, Node* node);

/// The column that a condition cannot be true for while it is NULL, for IS NOT NULL and comparisons; else null. Used to
/// prove that an item is in an index.
const ColumnOptions* match_not_null(RelOptInfo* rel, const TableOptions* table, Expr* clause);

/// Whether the operand's value is known when the scan starts, given values for the relations `outer`.
bool is_known_before_scan(PlannerInfo* root, Expr* operand, Relids outer);

}  // namespace dynamodb_fdw
