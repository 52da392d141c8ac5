// UPDATE and DELETE: what a statement makes of the items that its scan has read.
#pragma once

#include "modify_state.hpp"

namespace dynamodb_fdw {

/// Makes the difference between the item in `plan_slot` (as it was read) and the new row in `slot` a pending write.
/// Returns `slot`, or null where the row does not count because the command has changed it already. Errors: a value
/// that DynamoDB cannot hold, a new key that the transaction has written already, a change that fits no request.
TupleTableSlot* update_row(EState* estate, const ResultRelInfo* relation, TupleTableSlot* slot,
                           TupleTableSlot* plan_slot);

/// The same for a DELETE; `slot` is filled with the old row where somebody looks at it.
TupleTableSlot* delete_row(EState* estate, const ResultRelInfo* relation, TupleTableSlot* slot,
                           TupleTableSlot* plan_slot);

}  // namespace dynamodb_fdw
