// INSERT and COPY FROM: rows become items that the transaction is to put.
#pragma once

#include "modify_state.hpp"

namespace dynamodb_fdw {

/// Makes the `*count` rows in `slots` pending writes (with stream_writes: sends them). Returns the slots of those that
/// went in and their number in `*count`: with ON CONFLICT DO NOTHING they may be fewer. Valid until the next call.
/// Errors: a value that DynamoDB cannot hold, a key that the transaction has written already.
TupleTableSlot** insert_rows(EState* estate, const ResultRelInfo* relation, TupleTableSlot** slots, int* count);

}  // namespace dynamodb_fdw
