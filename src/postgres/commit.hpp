// Sends a transaction's writes before it commits, and says what became of them where that fails.
#pragma once

#include "pg.hpp"
#include "transaction.hpp"

namespace dynamodb_fdw {

/// Sends all pending writes of `targets` (WriteTarget*) and waits until they are written. Error: something could not be
/// written; how many items were and were not, and the first keys of those, are in its detail. SQLSTATE 23505 where an
/// item to be inserted exists, 40001 where an item changed since it was read.
void send_pending_writes(List* targets);

/// Raises an error where `target` has commit_mode 'atomic' and the transaction has more to write than goes at once. To
/// be called after each write, so that the statement fails, not the commit.
void check_atomic_limit(const WriteTarget* target);

}  // namespace dynamodb_fdw
