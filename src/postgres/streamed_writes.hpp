// The table option stream_writes: INSERT and COPY send their items while they run, so that any number of them fits into
// memory. What was sent stays, whatever becomes of the transaction.
#pragma once

#include "transaction.hpp"

namespace dynamodb_fdw {

/// Sends an item; false: it has to become a pending write, because the transaction has written the item before. Waits
/// only while too much is under way. Error: an earlier one could not be written.
bool stream_put(WriteTarget* target, const TableOptions* table, const std::string& key, const std::string& item);

/// Whether an item with this key is on its way.
bool is_under_way(const WriteTarget* target, const std::string& key);

/// Waits until all that was sent for `targets` is written. Errors: as at a commit; a failure that a statement has
/// reported already (and a savepoint survived) is not reported again.
void finish_streamed_writes(List* targets);

/// The same for the commit: once a streamed write has failed, the transaction cannot commit, because the statement that
/// made it need not be the one that met the error.
void require_streamed_writes(List* targets);

}  // namespace dynamodb_fdw
