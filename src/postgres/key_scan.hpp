// Reads the keys of all items of a table that the transaction writes to, as TRUNCATE needs them.
#pragma once

#include "transaction.hpp"

namespace dynamodb_fdw {

struct KeyScan;

/// Begins to read; everything belongs to `context`, which ends it when it is reset.
KeyScan* begin_key_scan(const WriteTarget* target, MemoryContext context);

/// The next key, as PendingWrites takes it, valid until the next call; null at the end. Waits; handles interrupts.
const std::string* next_key(KeyScan* scan);

/// Whether the transaction sends a write of its own to the item with this key.
bool is_pending_key(const WriteTarget* target, const std::string& key);

}  // namespace dynamodb_fdw
