// Sends a transaction's writes before it commits, and says what became of them where that fails.
#pragma once

#include "pg.hpp"

namespace dynamodb_fdw {

/// Sends all pending writes of `targets` (WriteTarget*) and waits until they are written. Error: something could not be
/// written; how many items were and were not, and the first keys of those, are in its detail. SQLSTATE 23505 where an
/// item to be inserted exists, 40001 where an item changed since it was read.
void send_pending_writes(List* targets);

}  // namespace dynamodb_fdw
