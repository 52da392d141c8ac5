// Looks items of a table up by their keys, strongly consistent, for a transaction that writes to the table.
#pragma once

#include "transaction.hpp"

namespace dynamodb_fdw {

struct ItemLookUp;

enum class LookUpScope : uint8_t { keys, whole_items };

/// Everything belongs to `context`.
ItemLookUp* make_item_look_up(const WriteTarget* target, LookUpScope scope, MemoryContext context);

/// Adds a key, as PendingWrites takes it. One that was added before changes nothing.
void add_key(ItemLookUp* look_up, std::string_view key);

/// The next item that exists: its key and, where whole items are looked up, its typed JSON, both valid until the next
/// call. Null at the end. The first call sends the requests; no key may be added after it. Waits; handles interrupts.
bool next_found(ItemLookUp* look_up, const std::string** key, const std::string** item);

}  // namespace dynamodb_fdw
