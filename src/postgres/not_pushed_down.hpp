// The conditions of a scan that DynamoDB does not get, with the reason; for EXPLAIN.
#pragma once

#include "execute_scan.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

struct NotPushedDown {
  int condition;       ///< place in the plan's qual
  const char* part;    ///< of its filter expression; null: the whole condition
  const char* reason;  ///< in words
};

/// Those known since planning, and, with an `econtext` that has values for the operands (null: not known), those for
/// whose values there is nothing to send, or no room. `keys` are the evaluated ones; null: a Scan, or not known. A list
/// of NotPushedDown* in the order of the conditions.
List* find_not_pushed_down(const ScanState* state, ExprContext* econtext, const ScanKeys* keys);

}  // namespace dynamodb_fdw
