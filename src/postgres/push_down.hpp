// Which SQL conditions DynamoDB can use as key conditions, one small function per expression node type.
#pragma once

#include "options.hpp"
#include "pg.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace dynamodb_fdw {

/// How a key attribute is compared. Stored in plans as an integer.
enum class KeyMatch : int { equal, any_of, less, less_equal, greater, greater_equal, like, starts_with };

/// Whether DynamoDB gets a condition, and why not. Stored in plans as an integer.
enum class PushDown : int {
  key_condition,       ///< it does, as part of the key condition
  not_a_key,           ///< not a comparison of a column that is a key
  operand,             ///< the other side is not known before the scan: another column, a volatile function
  column_type,         ///< the column's SQL type has no exact counterpart among DynamoDB's key types
  operator_type,       ///< an operator that key conditions do not have
  collation_order,     ///< the collation does not sort by bytes
  collation_equality,  ///< the collation is not deterministic
  no_partition_key,    ///< a sort key condition without an equality on the partition key
  superfluous,         ///< another equality on the partition key was chosen
};

/// The reason in words, for EXPLAIN. REQUIRES: not key_condition.
const char* push_down_reason(PushDown verdict);

/// One condition on a key attribute: its column <match> `operand`. Plain memory of the planner.
struct KeyClause {
  KeyMatch match;
  Expr* operand;  ///< known when the scan starts; an array for any_of
};

/// What became of one condition.
struct ConditionVerdict {
  RestrictInfo* condition;
  PushDown verdict;
  bool on_sort_key;
  KeyClause key;  ///< only for key conditions
};

/// What became of all conditions of a scan. Verdicts of conditions that were not chosen say why.
struct KeyConditions {
  List* verdicts;              ///< ConditionVerdict*, one per condition
  ConditionVerdict* partition; ///< equal or any_of; null: the table must be scanned
  List* sort;                  ///< ConditionVerdict*: conditions on the sort key; all hold at once
};

/// The key columns of a table and the types of their attributes.
struct KeyColumns {
  const ColumnOptions* partition;  ///< null: not declared
  const ColumnOptions* sort;       ///< null: none, or not declared
  dynamodb::AttributeType partition_type;
  dynamodb::AttributeType sort_type;
};

/// The key columns as the options declare them; their types from `description`, else (null) from the columns' types.
KeyColumns find_key_columns(const TableOptions* table, const dynamodb::TableDescription* description);

/// Sorts conditions (RestrictInfo of `rel`) into key conditions and the rest.
KeyConditions find_key_conditions(PlannerInfo* root, RelOptInfo* rel, const KeyColumns& keys, List* conditions);

/// The verdict on one of those conditions.
PushDown verdict_of(const KeyConditions& found, const RestrictInfo* condition);

}  // namespace dynamodb_fdw
