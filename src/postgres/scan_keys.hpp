// The key conditions of one execution: operands evaluated, checked and combined to the narrowest conditions.
#pragma once

#include "comparisons.hpp"
#include "from_datum.hpp"
#include "pg.hpp"

extern "C" {
#include "executor/executor.h"
}

namespace dynamodb_fdw {

/// One operand of a planned key clause.
struct KeyOperand {
  int attribute;  ///< place in the key
  Comparator comparator;
  ExprState* state;  ///< gives the value, or the array for any_of
  Oid type;          ///< of the value or array
};

/// The one condition on a key attribute that stands for all ranges in the query. Never narrower than they are together.
struct KeyRange {
  bool present;
  dynamodb::KeyOperator op;
  KeyValue operands[2];  ///< the second only for between
};

struct ScanKeys {
  bool impossible;    ///< no item can satisfy the conditions: nothing need be asked
  int fixed_count;    ///< leading attributes of the key that have a value
  KeyValue* values;   ///< key_count times fixed_count
  int key_count;      ///< distinct combinations of values
  KeyRange range;     ///< on the attribute behind the fixed ones
  bool exact;         ///< just the items that satisfy the conditions are asked for, not more
  Bitmapset* unsaid;  ///< places of operands that say nothing with the value they have, although not true of all keys:
                      ///< patterns without a prefix, bounds that no key can have. Empty if exact
};

/// Evaluates the operands in `econtext`; results are palloc'ed in the current context. `types` are those of the key's
/// attributes, the first `partition_count` of them the partition key's. The operands of one attribute stand together
/// and hold together: values must be in each list and in each range.
ScanKeys evaluate_keys(ExprContext* econtext, const KeyOperand* operands, int operand_count, List* types,
                       int partition_count);

/// The same for `tuple_count` whole keys listed one after the other, with conditions on attributes of the key behind
/// them.
ScanKeys evaluate_tuples(ExprContext* econtext, const KeyOperand* operands, int operand_count, int tuple_count,
                         List* types, int partition_count);

/// The literal start of a LIKE pattern (escapes undone); `*exact` when the pattern has no wildcard at all.
/// Palloc'ed, `*length` bytes.
char* like_prefix(const char* pattern, int pattern_length, int* length, bool* exact);

}  // namespace dynamodb_fdw
