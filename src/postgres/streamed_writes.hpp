// The table option stream_writes: INSERT and COPY send their items while they run, so that any number of them fits into
// memory. What was sent stays, whatever becomes of the transaction.
#pragma once

#include "transaction.hpp"

namespace dynamodb_fdw {

/// Sends an item; false: it has to become a pending write, because the transaction has written the item before. Waits
/// only while too much is under way. Error: an earlier one could not be written.
bool stream_put(WriteTarget* target, const TableOptions* table, const std::string& key, const std::string& item);

/// Waits until all that was sent for `targets` is written. Errors: as at a commit.
void finish_streamed_writes(List* targets);

}  // namespace dynamodb_fdw
