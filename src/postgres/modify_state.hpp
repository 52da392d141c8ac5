// What a statement that writes one foreign table keeps while it runs, and what INSERT and UPDATE share.
#pragma once

#include <string>

#include "item_writer.hpp"
#include "modify_plan.hpp"
#include "row_reader.hpp"
#include "transaction.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace dynamodb_fdw {

struct InsertTexts;  // insert_rows.cpp

struct ModifyState {
  TableOptions* table;
  WriteTarget* target;
  ItemWriter* writer;
  ModifyPlan plan;
  AttrNumber item_place;  ///< of the item in the subplan's rows
  bool stream;            ///< stream_writes
  bool copies;            ///< COPY, whose executor state knows no command
  CommandId copy_command;
  TupleTableSlot** inserted;  ///< of the last batch
  int inserted_room;
  InsertTexts* texts;     ///< of an INSERT: made for its first rows
  RowReader* reader;      ///< made for the first row that somebody looks at
  MemoryContext context;  ///< of the statement
  MemoryContext row_context;
};

/// Shows the item `json` in the slot as the foreign table's row, if anybody looks at it: RETURNING, a view's check
/// option, an AFTER trigger. (Whether somebody does is not known yet when the statement begins.)
void show_item(ModifyState* state, const ResultRelInfo* relation, TupleTableSlot* slot, const std::string& json);

/// 23505. `key`: as a message shows it.
[[noreturn]] void report_duplicate(const ModifyState* state, const char* key);

}  // namespace dynamodb_fdw
