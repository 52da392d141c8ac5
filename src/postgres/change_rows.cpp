// UPDATE and DELETE: what a statement makes of the items that its scan has read.
#include "change_rows.hpp"

#include "commit.hpp"
#include "compat.hpp"
#include "handles.hpp"
#include "item_keys.hpp"

extern "C" {
#include "utils/datum.h"
}

namespace dynamodb_fdw {

using dynamodb::DocumentPath;
using dynamodb::Error;
using dynamodb::PendingWrites;
using dynamodb::Value;
using dynamodb::WriteCondition;

namespace {

[[noreturn]] void report_changed_by_trigger(const ModifyState* state) {
  ereport(ERROR, (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
                  errmsg("item of DynamoDB table \"%s\" to be changed was already changed by an operation triggered by "
                         "the current command",
                         state->table->table_name)));
  pg_unreachable();
}

// The row as it was read, and what is to become of it. A C++ object of the row's memory.
struct Change {
  Value before;
  EditedItem edited;
  std::vector<WriteCondition> conditions;
  std::string key;
  std::string new_key;
  std::string item;  // typed JSON of what RETURNING shows
  std::string shown;
};

// Library code.
void add_condition(Change& change, const DocumentPath& path) {
  for (const WriteCondition& condition : change.conditions)
    if (condition.path == path) return;
  WriteCondition condition;
  condition.path = path;
  const Value* value = dynamodb::find_path(change.before, path);
  condition.kind = value != nullptr ? WriteCondition::Kind::equals : WriteCondition::Kind::missing;
  if (value != nullptr) append_typed(condition.value, *value);
  change.conditions.push_back(std::move(condition));
}

bool is_key_name(const WriteTarget* target, const std::string& name) {
  return name == target->partition_key || (target->sort_key != nullptr && name == target->sort_key);
}

void add_attribute_condition(const ModifyState* state, Change& change, const std::string& name) {
  if (is_key_name(state->target, name)) return;
  dynamodb::PathStep step;
  step.name = name;
  add_condition(change, {step});
}

// Library code: that all that was used is still as it was read. `whole`: the item's every attribute.
void add_conditions(const ModifyState* state, Change& change, bool whole) {
  if (whole || state->plan.whole_document)
    for (const std::string& name : change.before.names) add_attribute_condition(state, change, name);
  ListCell* cell;
  foreach (cell, state->plan.document_fields) add_attribute_condition(state, change, strVal(lfirst(cell)));
  for (int i = 0; i < state->writer->column_count; ++i) {
    const ColumnWriter& column = state->writer->columns[i];
    if (column.path == nullptr || column.is_key || !list_member_int(state->plan.used, column.column->attnum)) continue;
    add_condition(change, *column.path);
  }
}

// The item as the scan read it.
Change* begin_change(const ModifyState* state, TupleTableSlot* plan_slot) {
  bool is_null;
  Datum datum = ExecGetJunkAttribute(plan_slot, state->item_place, &is_null);
  if (is_null) elog(ERROR, "the row to be changed has lost its item");
  const auto* bytes = DatumGetByteaPP(datum);
  std::string_view json(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
  auto* change = make_owned<Change>(state->row_context, [] { return std::make_unique<Change>(); });
  PlainError failure;
  bool done = guard(&failure, [&]() -> std::optional<Error> {
    dynamodb::Result<Value> item = dynamodb::parse_typed_item(json);
    if (!item.ok()) return std::move(item.error());
    change->before = std::move(item.value());
    dynamodb::Result<std::string> key = key_of_item(state->target, change->before);
    if (!key.ok()) return std::move(key.error());
    change->key = std::move(key.value());
    change->shown = key_text(state->target, change->key);
    return std::nullopt;
  });
  if (!done) report_error(failure, {"write", state->table->table_name});
  check_one_writer(state->target, &change->key);
  return change;
}

// Library code.
std::optional<Error> edit(const ModifyState* state, Change& change, const WrittenRow& row,
                          const ColumnOptions** failed_column) {
  dynamodb::Result<EditedItem> edited = edit_item(state->writer, change.before, row, failed_column);
  if (!edited.ok()) return std::move(edited.error());
  change.edited = std::move(edited.value());
  dynamodb::Result<std::string> key = key_of_item(state->target, change.edited.after);
  if (!key.ok()) return std::move(key.error());
  change.new_key = std::move(key.value());
  add_conditions(state, change, change.new_key != change.key);
  append_typed_item(change.item, change.edited.after);
  if (auto error = check_index_keys(state->writer, &change.before, change.edited.after)) return error;
  return dynamodb::check_item(change.edited.after);
}

// Library code: that the service can be told of all that the transaction has made of the item, now rather than at the
// commit.
std::optional<Error> check_expressible(const ModifyState* state, const std::string& key) {
  const WriteTarget* target = state->target;
  const dynamodb::PendingEntry* entry = target->writes->find(key);
  if (entry == nullptr) return std::nullopt;
  auto write = target->writes->write_of(*entry, target->table_name, target->partition_key);
  return write ? dynamodb::check_write(*write) : std::nullopt;
}

// Moves the item: what has another key is another item.
std::optional<Error> move_item(const ModifyState* state, const Change& change, dynamodb::WriteStamp stamp,
                               PendingWrites::Outcome* outcome) {
  PendingWrites* writes = state->target->writes;
  *outcome = writes->remove(change.key, change.conditions, stamp);
  if (*outcome == PendingWrites::Outcome::done) *outcome = writes->insert(change.new_key, change.item, false, stamp);
  return check_expressible(state, change.key);
}

std::optional<Error> apply_update(const ModifyState* state, const Change& change, dynamodb::WriteStamp stamp,
                                  PendingWrites::Outcome* outcome) {
  if (change.new_key != change.key) return move_item(state, change, stamp, outcome);
  PendingWrites* writes = state->target->writes;
  const dynamodb::PendingEntry* entry = writes->find(change.key);
  const bool first = entry == nullptr || writes->current(*entry) == nullptr;
  // A row that was changed to what it was is noted, so that the command does not count it again, but nothing is sent.
  const bool idle = first && change.edited.changes.empty();
  auto done = writes->update(change.key, change.edited.changes,
                             idle ? std::vector<WriteCondition>() : change.conditions, stamp);
  if (!done.ok()) return std::move(done.error());
  *outcome = done.value();
  return check_expressible(state, change.key);
}

char* new_key_text(const ModifyState* state, Change* change) {
  PlainError failure;
  if (!guard(&failure, [&] { change->shown = key_text(state->target, change->new_key); }))
    report_error(failure, {"write", state->table->table_name});
  return message_text(change->shown.c_str());
}

// Whether the row counts; errors where it could not be changed for a reason other than that this command has changed
// it.
bool settle(const ModifyState* state, Change* change, PendingWrites::Outcome outcome, CommandId command) {
  const dynamodb::PendingEntry* entry;
  switch (outcome) {
    case PendingWrites::Outcome::done:
      check_atomic_limit(state->target);
      return true;
    case PendingWrites::Outcome::duplicate:
      report_duplicate(state, new_key_text(state, change));
    default:
      entry = state->target->writes->find(change->key);
      if (entry != nullptr && entry->latest && entry->latest->stamp.command > command) report_changed_by_trigger(state);
      return false;
  }
}

// The columns to be written: those that the statement names, and those that a trigger has changed. What a trigger left
// alone may not be what the column shows: an attribute that does not fit its type reads as NULL.
List* written_columns(const ModifyState* state, const ResultRelInfo* relation, TupleTableSlot* slot,
                      TupleTableSlot* plan_slot) {
  if (state->plan.set_columns == state->plan.named_columns || equal(state->plan.set_columns, state->plan.named_columns))
    return state->plan.set_columns;
  bool is_null;
  Datum whole = ExecGetJunkAttribute(plan_slot, relation->ri_RowIdAttNo, &is_null);
  if (is_null) elog(ERROR, "the row to be changed has lost its old values");
  HeapTupleHeader old_row = DatumGetHeapTupleHeader(whole);
  List* columns = list_copy(state->plan.named_columns);
  ListCell* cell;
  foreach (cell, state->plan.set_columns) {
    const auto attnum = static_cast<AttrNumber>(lfirst_int(cell));
    const Form_pg_attribute attribute = TupleDescAttr(slot->tts_tupleDescriptor, attnum - 1);
    bool old_null;
    bool new_null;
    Datum old_value = GetAttributeByNum(old_row, attnum, &old_null);
    Datum new_value = slot_getattr(slot, attnum, &new_null);
    if (old_null != new_null ||
        (!new_null && !datum_image_eq(old_value, new_value, attribute->attbyval, attribute->attlen)))
      columns = list_append_unique_int(columns, attnum);
  }
  return columns;
}

ModifyState* begin_row(const ResultRelInfo* relation) {
  ModifyState* state = static_cast<ModifyState*>(relation->ri_FdwState);
  MemoryContextReset(state->row_context);
  return state;
}

}  // namespace

TupleTableSlot* update_row(EState* estate, const ResultRelInfo* relation, TupleTableSlot* slot,
                           TupleTableSlot* plan_slot) {
  ModifyState* state = begin_row(relation);
  MemoryContext old = MemoryContextSwitchTo(state->row_context);
  Change* change = begin_change(state, plan_slot);
  RowInHand in_hand{state->writer, nullptr, &change->shown};
  ErrorContextCallback context = {error_context_stack, add_row_context, &in_hand};
  error_context_stack = &context;
  WrittenRow row = write_row(state->writer, slot, written_columns(state, relation, slot, plan_slot));
  for (int i = 0; i < row.count; ++i)
    if (row.columns[i].writer->is_key)
      check_key_value(state->table, row.columns[i].writer->column, row.columns[i].writer->role, &row.columns[i].value);
  RowFailure failure{};
  if (!guard(&failure.error, [&] { return edit(state, *change, row, &failure.column); }))
    report_row_failure(state->writer, failure);
  if (change->new_key != change->key) check_one_writer(state->target, &change->new_key);
  PendingWrites::Outcome outcome = PendingWrites::Outcome::done;
  bool done =
      guard(&failure.error, [&] { return apply_update(state, *change, write_stamp(estate->es_output_cid), &outcome); });
  if (!done) report_row_failure(state->writer, failure);
  error_context_stack = context.previous;
  bool counts = settle(state, change, outcome, estate->es_output_cid);
  if (counts) show_item(state, relation, slot, change->item);
  MemoryContextSwitchTo(old);
  return counts ? slot : nullptr;
}

TupleTableSlot* delete_row(EState* estate, const ResultRelInfo* relation, TupleTableSlot* slot,
                           TupleTableSlot* plan_slot) {
  ModifyState* state = begin_row(relation);
  MemoryContext old = MemoryContextSwitchTo(state->row_context);
  Change* change = begin_change(state, plan_slot);
  PendingWrites::Outcome outcome = PendingWrites::Outcome::done;
  RowFailure failure{};
  bool done = guard(&failure.error, [&]() -> std::optional<Error> {
    add_conditions(state, *change, false);
    outcome = state->target->writes->remove(change->key, change->conditions, write_stamp(estate->es_output_cid));
    append_typed_item(change->item, change->before);
    return check_expressible(state, change->key);
  });
  if (!done) report_row_failure(state->writer, failure);
  bool counts = settle(state, change, outcome, estate->es_output_cid);
  if (counts) show_item(state, relation, slot, change->item);
  MemoryContextSwitchTo(old);
  return counts ? slot : nullptr;
}

}  // namespace dynamodb_fdw
