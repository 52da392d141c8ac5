// How conditions use the key of a table or index: equalities on its partition key, ranges on its sort key.
#pragma once

#include "comparisons.hpp"
#include "key_schema.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// Whether DynamoDB gets a condition, and why not. Stored in plans as an integer.
enum class PushDown : int {
  key_condition,       ///< it does, as part of the key condition
  filter,              ///< it does, as part of the filter expression, in a form that may let more items through
  no_counterpart,      ///< nothing in DynamoDB's expressions says it
  operand,             ///< the other side is not known before the scan: another column, a volatile function
  column_type,         ///< the column's SQL type has no exact counterpart among DynamoDB's key types
  operator_type,       ///< an operator that key conditions do not have
  collation_order,     ///< the collation does not sort by bytes
  collation_equality,  ///< the collation is not deterministic
  no_partition_key,    ///< a sort key condition without an equality on the partition key
  superfluous,         ///< another condition on the same key attribute was chosen
  gap,                 ///< a sort key attribute behind one that has no equality
  sort_list,           ///< a list of values for the sort key of a Query
  names_key,           ///< a Query's filter must not name a key attribute of what is queried
  always_true,         ///< IS NOT NULL on such an attribute
  no_filter,           ///< GetItem and BatchGetItem have none
  // known only when the operands have values
  wildcard,  ///< a pattern on the sort key that has no prefix
  value,     ///< nothing can be asked for this value
  limit,     ///< the expression is full
};

/// The reason in words, for EXPLAIN. REQUIRES: neither key_condition nor filter.
const char* push_down_reason(PushDown verdict);

/// One condition of the scan, taken apart once for all keys.
struct Condition {
  RestrictInfo* restriction;
  bool is_comparison;
  Comparison comparison;  ///< only if is_comparison, except its column: set whenever one side is a column
  List* alternatives;     ///< for an OR of ANDs of comparisons: a list of lists of Comparison*
};

/// Takes RestrictInfos apart; a list of Condition*.
List* take_apart(RelOptInfo* rel, const TableOptions* table, List* restrictions);

/// One comparison that becomes part of a key condition.
struct KeyClause {
  int attribute;  ///< place in the key: partition attributes first, then sort attributes
  Comparator comparator;
  Expr* operand;
  RestrictInfo* restriction;
  bool check;  ///< it only narrows the values that another clause (of the same attribute), or the tuples, give
};

/// The conditions that a Query, or reading by whole keys, takes from a key.
struct KeyUse {
  const KeySchema* schema;
  List* clauses;   ///< KeyClause*, in the order of the key; an attribute may have several, which hold together
  bool whole_key;  ///< every attribute has an equality or a list of values
  int lists;       ///< attributes with a list of values (= ANY); 1 with tuples
  List* tuples;    ///< for (a, b) IN (...) and its like: lists of Expr*, a value for each attribute of the key. Then
                   ///< there are only clauses that check these, and `tuples_of`
  RestrictInfo* tuples_of;
};

/// Whether lists of values for a sort key are used, for reading by whole keys, or left to PostgreSQL: reading whole
/// partitions can be cheaper than many single items of them.
enum class SortLists { use, ignore };

/// How `conditions` (Condition*) use the key of `schema`, given values for the relations `outer`. Null when the
/// partition key is not fixed: then it cannot be queried.
KeyUse* find_key_use(PlannerInfo* root, const KeySchema* schema, List* conditions, Relids outer, SortLists sort_lists);

/// Whether the conditions give the attribute a value or a list of values.
bool has_equality(PlannerInfo* root, const KeyAttribute& key, List* conditions);

/// The verdict on a condition when `use` (null: a Scan of the table whose key is `table_schema`) is what is executed.
PushDown verdict_on(PlannerInfo* root, const KeySchema* table_schema, const KeyUse* use, const Condition* condition,
                    Relids outer);

}  // namespace dynamodb_fdw
