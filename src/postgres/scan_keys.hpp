// The key conditions of one execution: operands evaluated, checked and combined to the narrowest condition.
#pragma once

#include "from_datum.hpp"
#include "pg.hpp"
#include "push_down.hpp"

extern "C" {
#include "executor/executor.h"
}

namespace dynamodb_fdw {

/// One operand of a planned key condition.
struct KeyOperand {
  KeyMatch match;
  ExprState* state;     ///< gives the value, or the array for any_of
  Oid type;             ///< of the value or array
};

/// The condition on a sort key that stands for all those in the query. Never narrower than they are together.
struct SortCondition {
  bool present;
  dynamodb::KeyOperator op;
  KeyValue operands[2];   ///< the second only for between
};

struct ScanKeys {
  bool impossible;        ///< no item can satisfy the conditions: nothing need be asked
  KeyValue* partitions;   ///< distinct values of the partition key
  int partition_count;
  SortCondition sort;
};

/// Evaluates the operands of a Query's key conditions in `econtext`; results are palloc'ed in the current context.
ScanKeys evaluate_keys(ExprContext* econtext, const KeyOperand& partition, dynamodb::AttributeType partition_type,
                       const KeyOperand* sorts, int sort_count, dynamodb::AttributeType sort_type);

/// The literal start of a LIKE pattern (escapes undone); `*exact` when the pattern has no wildcard at all.
/// Palloc'ed, `*length` bytes.
char* like_prefix(const char* pattern, int pattern_length, int* length, bool* exact);

}  // namespace dynamodb_fdw
