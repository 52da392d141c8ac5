// Reads see the transaction's own writes: its items are put over those that DynamoDB sends.
#pragma once

#include "scan_keys.hpp"
#include "scan_plan.hpp"
#include "transaction.hpp"

namespace dynamodb_fdw {

struct Overlay;

/// What a scan has to know of the transaction's writes to its table, as commands before `command` made them; null:
/// there are none. `keys`: the key conditions of the scan, or null for a Scan. Belongs to `context`, and refers to
/// `selection`. Items of which only changes are known are looked up in DynamoDB. Waits; handles interrupts. Errors:
/// another user than `reader`, with other credentials, has made some of them (0A000).
Overlay* begin_overlay(const TableOptions* table, Oid reader, const ScanPlan* plan, const ScanKeys* keys,
                       CommandId command, dynamodb::AttributeSelection* selection, MemoryContext context);

/// Whether nothing that DynamoDB has can be seen: the table was truncated, or the transaction has written every item
/// that is looked up.
bool covers_everything(const Overlay* overlay);

/// Whether the transaction has written the item, which came from DynamoDB and was decoded with the selection.
bool is_covered(const Overlay* overlay, const dynamodb::Item& item);

/// The next item that the transaction has put or changed, decoded; null: there is none. Stays until take_covering().
const dynamodb::Item* peek_covering(Overlay* overlay);
void take_covering(Overlay* overlay);

/// Whether the overlay's next item comes before `item` in the scan's order. REQUIRES: the plan is ordered, and there is
/// a next item.
bool comes_first(Overlay* overlay, const dynamodb::Item& item);

}  // namespace dynamodb_fdw
