// Items -> rows, for items that are at hand as JSON: what RETURNING and triggers see of written items.
#pragma once

#include <string>

#include "options.hpp"
#include "to_datum.hpp"
#include "transaction.hpp"

extern "C" {
#include "executor/tuptable.h"
}

namespace dynamodb_fdw {

struct RowReader;

/// Reads items of `table`, all columns; belongs to `context`.
RowReader* make_row_reader(const TableOptions* table, const WriteTarget* target, MemoryContext context);

/// Makes `slot`, a slot for rows of the foreign table, the row of the item `json` (typed JSON, as DynamoDB's
/// `Item`). Errors: as for a scan that reads the item.
void read_item_into(RowReader* reader, const std::string& json, TupleTableSlot* slot);

}  // namespace dynamodb_fdw
