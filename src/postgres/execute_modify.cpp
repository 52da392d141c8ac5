// The executor's callbacks of INSERT, UPDATE, DELETE, COPY and TRUNCATE: rows become pending writes of the transaction.
#include "execute_modify.hpp"

#include <cstring>

#include "compat.hpp"
#include "handles.hpp"
#include "item_keys.hpp"
#include "item_writer.hpp"
#include "item_look_up.hpp"
#include "modify_plan.hpp"
#include "streamed_writes.hpp"
#include "to_datum.hpp"

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

// Reads written items back into rows, for RETURNING and triggers.
struct RowReader {
  ReadContext context;
  ColumnReader* readers;
  int reader_count;
  dynamodb::AttributeSelection* selection;
  dynamodb::Item* item;
  dynamodb::PageReader* page;
  dynamodb::BodyBuffer* body;
};

struct ModifyState {
  TableOptions* table;
  WriteTarget* target;
  ItemWriter* writer;
  ModifyPlan plan;
  AttrNumber item_place;  // of the item in the subplan's rows
  bool stream;            // stream_writes
  RowReader* reader;      // made for the first row that somebody looks at
  MemoryContext context;  // of the statement
  MemoryContext row_context;
};

ModifyState* modify_state(ResultRelInfo* relation) { return static_cast<ModifyState*>(relation->ri_FdwState); }

// --- preparing

RowReader* make_row_reader(const TableOptions* table, const WriteTarget* target, MemoryContext context) {
  MemoryContext old = MemoryContextSwitchTo(context);
  auto* reader = static_cast<RowReader*>(palloc0(sizeof(RowReader)));
  reader->selection = make_owned<dynamodb::AttributeSelection>(
      context, [] { return std::make_unique<dynamodb::AttributeSelection>(); });
  reader->item = make_owned<dynamodb::Item>(context, [] { return std::make_unique<dynamodb::Item>(); });
  reader->body = make_owned<dynamodb::BodyBuffer>(context, [] { return std::make_unique<dynamodb::BodyBuffer>(); });
  reader->page = make_owned<dynamodb::PageReader>(context, [] { return std::make_unique<dynamodb::PageReader>(); });
  List* columns = NIL;
  for (int i = 0; i < table->column_count; ++i)
    if (!table->columns[i].dropped) columns = lappend_int(columns, table->columns[i].attnum);
  reader->context.context = context;
  reader->context.table_name = table->table_name;
  reader->context.item = reader->item;
  reader->context.partition_key = target->partition_key;
  reader->context.sort_key = target->sort_key;
  reader->reader_count = list_length(columns);
  reader->readers = prepare_readers(&reader->context, table, columns, reader->selection);
  MemoryContextSwitchTo(old);
  return reader;
}

bool looks_at_rows(const ResultRelInfo* relation) {
  const TriggerDesc* triggers = relation->ri_TrigDesc;
  return relation->ri_projectReturning != nullptr || relation->ri_WithCheckOptions != NIL ||
         (triggers != nullptr &&
          (triggers->trig_insert_after_row || triggers->trig_update_after_row || triggers->trig_delete_after_row));
}

void check_updatable(const TableOptions* table) {
  if (table->updatable) return;
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("foreign table \"%s\" does not allow writes", get_rel_name(table->relid)),
                  errdetail("Its option updatable is false.")));
}

ModifyState* begin_modify(EState* estate, ResultRelInfo* relation) {
  MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);
  auto* state = static_cast<ModifyState*>(palloc0(sizeof(ModifyState)));
  relation->ri_FdwState = state;
  state->table = get_table_options(RelationGetRelid(relation->ri_RelationDesc));
  check_updatable(state->table);
  Oid userid = modifying_user(estate, relation);
  state->target = open_write_target(state->table, get_server_options(state->table->serverid), userid);
  state->writer = make_item_writer(state->table, state->target, userid, estate->es_query_cxt);
  state->stream = state->table->stream_writes;
  state->context = estate->es_query_cxt;
  state->row_context = AllocSetContextCreate(estate->es_query_cxt, "dynamodb_fdw row", ALLOCSET_DEFAULT_SIZES);
  MemoryContextSwitchTo(old);
  return state;
}

// --- reading back

// Library code: an answer of GetItem with this item, for the decoder.
void fill_answer(dynamodb::BodyBuffer& body, const std::string& item) {
  constexpr std::string_view kBegin = "{\"Item\":";
  body.clear();
  if (!body.reserve(kBegin.size() + item.size() + 1)) throw std::bad_alloc();
  body.append(kBegin.data(), kBegin.size());
  body.append(item.data(), item.size());
  body.append("}", 1);
  body.pad();
}

// Shows `json`, an item, in the slot as the foreign table's row, if anybody looks at it. (Whether somebody does is not
// known yet when the statement begins.)
void show_item(ModifyState* state, const ResultRelInfo* relation, TupleTableSlot* slot, const std::string* json) {
  if (!looks_at_rows(relation)) return;
  if (state->reader == nullptr) state->reader = make_row_reader(state->table, state->target, state->context);
  RowReader* reader = state->reader;
  PlainError failure;
  bool done = guard(&failure, [&]() -> std::optional<Error> {
    reader->page->close();
    fill_answer(*reader->body, *json);
    if (auto error = reader->page->open(*reader->body, true)) return error;
    if (reader->page->next(*reader->selection, *reader->item) == dynamodb::PageReader::Step::item) return std::nullopt;
    return reader->page->error();
  });
  if (!done) report_error(failure, {"write", state->table->table_name});
  ExecClearTuple(slot);
  memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
  read_row(&reader->context, reader->readers, reader->reader_count, slot->tts_values, slot->tts_isnull);
  ExecStoreVirtualTuple(slot);
  ExecMaterializeSlot(slot);
}

// --- reporting

[[noreturn]] void report_duplicate(const ModifyState* state, const char* key) {
  ereport(ERROR,
          (errcode(ERRCODE_UNIQUE_VIOLATION),
           errmsg("duplicate key value violates the primary key of DynamoDB table \"%s\"", state->table->table_name),
           errdetail("Key %s already exists.", key)));
  pg_unreachable();
}

[[noreturn]] void report_changed_by_trigger(const ModifyState* state) {
  ereport(ERROR, (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
                  errmsg("item of DynamoDB table \"%s\" to be changed was already changed by an operation triggered by "
                         "the current command",
                         state->table->table_name)));
  pg_unreachable();
}

// Texts of the row in hand; they end with the row's memory.
struct RowTexts {
  std::string key;    // as PendingWrites takes it
  std::string item;   // typed JSON
  std::string shown;  // the key for a message
};

RowTexts* make_texts(const ModifyState* state) {
  return make_owned<RowTexts>(state->row_context, [] { return std::make_unique<RowTexts>(); });
}

// --- INSERT

bool gives_document(const WrittenRow& row) {
  for (int i = 0; i < row.count; ++i)
    if (row.columns[i].writer->path == nullptr && row.columns[i].value.form != WrittenValue::Form::absent) return true;
  return false;
}

// A key column may be NULL only where a document can supply the attribute.
void check_key_columns(const ModifyState* state, const WrittenRow& row) {
  if (gives_document(row)) return;
  for (int i = 0; i < row.count; ++i) {
    const ColumnWriter* column = row.columns[i].writer;
    if (column->is_key) check_key_value(state->table, column->column, column->role, &row.columns[i].value);
  }
}

// Library code: the item and its key as texts.
std::optional<Error> compose(const ModifyState* state, const WrittenRow& row, RowTexts* texts,
                             const ColumnOptions** failed_column) {
  dynamodb::Result<Value> item = compose_item(row, failed_column);
  if (!item.ok()) return std::move(item.error());
  dynamodb::Result<std::string> key = key_of_item(state->target, item.value());
  if (!key.ok()) return std::move(key.error());
  texts->shown = key_text(state->target, key.value());
  if (auto error = dynamodb::check_item(item.value())) {
    error->detail = "The item's key is " + texts->shown + ".";
    return error;
  }
  texts->key = std::move(key.value());
  append_typed_item(texts->item, item.value());
  return std::nullopt;
}

RowTexts* compose_row(const ModifyState* state, TupleTableSlot* slot) {
  WrittenRow row = write_row(state->writer, slot, NIL);
  check_key_columns(state, row);
  RowTexts* texts = make_texts(state);
  RowFailure failure{};
  if (!guard(&failure.error, [&] { return compose(state, row, texts, &failure.column); }))
    report_row_failure(state->writer, failure);
  return texts;
}

// Makes the item a pending insert, or sends it.
void insert_item(const ModifyState* state, const RowTexts* texts, CommandId command) {
  bool replace = state->table->insert_mode == InsertMode::put;
  if (state->stream && stream_put(state->target, state->table, texts->key, texts->item)) return;
  PendingWrites::Outcome outcome = PendingWrites::Outcome::done;
  PlainError failure;
  bool done = guard(&failure, [&] {
    outcome = state->target->writes->insert(texts->key, texts->item, replace, write_stamp(command));
  });
  if (!done) report_error(failure, {"write", state->table->table_name});
  if (outcome == PendingWrites::Outcome::duplicate) report_duplicate(state, message_text(texts->shown.c_str()));
}

// Whether the transaction itself has an item with this key, or knows that there is none.
enum class Known : uint8_t { present, absent, unknown };

Known known_state(const ModifyState* state, const std::string& key) {
  dynamodb::PendingWrites* writes = state->target->writes;
  const dynamodb::PendingEntry* entry = writes->find(key);
  const dynamodb::PendingItem* latest = entry != nullptr ? writes->current(*entry) : nullptr;
  if (latest != nullptr)
    return latest->effect == dynamodb::PendingItem::Effect::absent ? Known::absent : Known::present;
  return writes->truncated() ? Known::absent : Known::unknown;
}

// ON CONFLICT DO NOTHING: which of the rows have an item with their key already, in the transaction, in DynamoDB or in
// an earlier row.
bool* find_conflicts(const ModifyState* state, RowTexts** rows, int count) {
  auto* conflicts = static_cast<bool*>(palloc0(sizeof(bool) * count));
  ItemLookUp* look_up = make_item_look_up(state->target, LookUpScope::keys, state->row_context);
  for (int i = 0; i < count; ++i) {
    Known known = known_state(state, rows[i]->key);
    conflicts[i] = known == Known::present;
    if (known == Known::unknown) add_key(look_up, rows[i]->key);
    for (int j = 0; j < i && !conflicts[i]; ++j) conflicts[i] = !conflicts[j] && rows[j]->key == rows[i]->key;
  }
  const std::string* key;
  const std::string* item;
  while (next_found(look_up, &key, &item))
    for (int i = 0; i < count; ++i) conflicts[i] = conflicts[i] || rows[i]->key == *key;
  return conflicts;
}

TupleTableSlot** insert_rows(EState* estate, const ResultRelInfo* relation, TupleTableSlot** slots, int* count) {
  auto* state = static_cast<ModifyState*>(relation->ri_FdwState);
  MemoryContextReset(state->row_context);
  MemoryContext old = MemoryContextSwitchTo(state->row_context);
  auto** rows = static_cast<RowTexts**>(palloc0(sizeof(RowTexts*) * *count));
  for (int i = 0; i < *count; ++i) rows[i] = compose_row(state, slots[i]);
  bool* conflicts = state->plan.do_nothing ? find_conflicts(state, rows, *count) : nullptr;
  // The executor keeps its slots for the next rows: those that went in are listed apart.
  auto** inserted = static_cast<TupleTableSlot**>(MemoryContextAlloc(old, sizeof(TupleTableSlot*) * *count));
  int inserted_count = 0;
  for (int i = 0; i < *count; ++i) {
    if (conflicts != nullptr && conflicts[i]) continue;
    insert_item(state, rows[i], estate->es_output_cid);
    show_item(state, relation, slots[i], &rows[i]->item);
    inserted[inserted_count++] = slots[i];
  }
  MemoryContextSwitchTo(old);
  *count = inserted_count;
  return inserted;
}

// --- UPDATE and DELETE

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
  if (auto error = dynamodb::check_item(change.edited.after)) {
    error->detail = "The item's key is " + change.shown + ".";
    return error;
  }
  return std::nullopt;
}

// Library code: that the service can be told of the change, now rather than at the commit.
std::optional<Error> check_expressible(const ModifyState* state, const Change& change) {
  dynamodb::ItemWrite write;
  write.kind = dynamodb::ItemWrite::Kind::update;
  write.table = state->target->table_name;
  write.partition_key = state->target->partition_key;
  write.key = change.key;
  write.existence = dynamodb::Existence::must_exist;
  write.changes = change.edited.changes;
  write.conditions = change.conditions;
  return dynamodb::check_write(write);
}

// Moves the item: what has another key is another item.
std::optional<Error> move_item(const ModifyState* state, const Change& change, dynamodb::WriteStamp stamp,
                               PendingWrites::Outcome* outcome) {
  PendingWrites* writes = state->target->writes;
  *outcome = writes->remove(change.key, change.conditions, stamp);
  if (*outcome == PendingWrites::Outcome::done) *outcome = writes->insert(change.new_key, change.item, false, stamp);
  return std::nullopt;
}

std::optional<Error> apply_update(const ModifyState* state, const Change& change, dynamodb::WriteStamp stamp,
                                  PendingWrites::Outcome* outcome) {
  if (change.new_key != change.key) return move_item(state, change, stamp, outcome);
  if (change.edited.changes.empty() && state->target->writes->find(change.key) == nullptr) return std::nullopt;
  if (auto error = check_expressible(state, change)) return error;
  auto done = state->target->writes->update(change.key, change.edited.changes, change.conditions, stamp);
  if (!done.ok()) return std::move(done.error());
  *outcome = done.value();
  return std::nullopt;
}

char* new_key_text(const ModifyState* state, const Change* change) {
  RowTexts* texts = make_texts(state);
  PlainError failure;
  if (!guard(&failure, [&] { texts->shown = key_text(state->target, change->new_key); }))
    report_error(failure, {"write", state->table->table_name});
  return message_text(texts->shown.c_str());
}

// Whether the row counts; errors where it could not be changed for a reason other than that this command has changed
// it.
bool settle(const ModifyState* state, const Change* change, PendingWrites::Outcome outcome, CommandId command) {
  const dynamodb::PendingEntry* entry;
  switch (outcome) {
    case PendingWrites::Outcome::done:
      return true;
    case PendingWrites::Outcome::duplicate:
      report_duplicate(state, new_key_text(state, change));
    default:
      entry = state->target->writes->find(change->key);
      if (entry != nullptr && entry->latest && entry->latest->stamp.command > command) report_changed_by_trigger(state);
      return false;
  }
}

// The columns in which the new row differs from the one that was read, in the bytes of their values.
List* different_columns(const ModifyState* state, const ResultRelInfo* relation, TupleTableSlot* slot,
                        TupleTableSlot* plan_slot) {
  bool is_null;
  Datum datum = ExecGetJunkAttribute(plan_slot, relation->ri_RowIdAttNo, &is_null);
  if (is_null) elog(ERROR, "the row to be changed has lost its old values");
  HeapTupleData old;
  old.t_data = DatumGetHeapTupleHeader(datum);
  old.t_len = HeapTupleHeaderGetDatumLength(old.t_data);
  TupleDesc columns = RelationGetDescr(relation->ri_RelationDesc);
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * columns->natts));
  auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * columns->natts));
  heap_deform_tuple(&old, columns, values, nulls);
  slot_getallattrs(slot);
  List* different = NIL;
  for (int i = 0; i < state->table->column_count; ++i) {
    const Form_pg_attribute column = TupleDescAttr(columns, i);
    if (column->attisdropped || (nulls[i] && slot->tts_isnull[i])) continue;
    if (nulls[i] != slot->tts_isnull[i] ||
        !datum_image_eq(values[i], slot->tts_values[i], column->attbyval, column->attlen))
      different = lappend_int(different, i + 1);
  }
  return different;
}

// What UPDATE writes: the columns it names, and others only where a trigger has changed them. A value that a column
// cannot show in full (NULL for a type that does not fit, fewer digits) would otherwise be written as it was shown.
WrittenRow write_changed_row(const ModifyState* state, const ResultRelInfo* relation, TupleTableSlot* slot,
                             TupleTableSlot* plan_slot) {
  List* columns = state->plan.set_columns;
  if (state->plan.triggers_set) columns = list_union_int(columns, different_columns(state, relation, slot, plan_slot));
  return write_row(state->writer, slot, columns);
}

ModifyState* begin_row(ResultRelInfo* relation) {
  ModifyState* state = modify_state(relation);
  MemoryContextReset(state->row_context);
  return state;
}

}  // namespace

// --- callbacks

void dynamodbBeginForeignModify(ModifyTableState* node, ResultRelInfo* relation, List* fdw_private, int, int eflags) {
  if (eflags & EXEC_FLAG_EXPLAIN_ONLY) return;
  ModifyState* state = begin_modify(node->ps.state, relation);
  state->plan = deserialize_modify_plan(fdw_private);
  if (node->operation != CMD_UPDATE && node->operation != CMD_DELETE) return;
  state->stream = false;
  state->item_place = ExecFindJunkAttributeInTlist(outerPlanState(node)->plan->targetlist, kItemJunkName);
  if (!AttributeNumberIsValid(state->item_place)) elog(ERROR, "could not find junk column %s", kItemJunkName);
}

void dynamodbBeginForeignInsert(ModifyTableState* node, ResultRelInfo* relation) {
  auto* plan = reinterpret_cast<ModifyTable*>(node->ps.plan);  // null for COPY
  if (plan != nullptr && plan->onConflictAction == ONCONFLICT_UPDATE)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("ON CONFLICT DO UPDATE is not supported on DynamoDB tables")));
  if (relation->ri_FdwState != nullptr)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("cannot route tuples into foreign table \"%s\", which the command also updates",
                           RelationGetRelationName(relation->ri_RelationDesc))));
  ModifyState* state = begin_modify(node->ps.state, relation);
  state->plan.do_nothing = plan != nullptr && plan->onConflictAction == ONCONFLICT_NOTHING;
}

TupleTableSlot* dynamodbExecForeignInsert(EState* estate, ResultRelInfo* relation, TupleTableSlot* slot,
                                          TupleTableSlot*) {
  int count = 1;
  insert_rows(estate, relation, &slot, &count);
  return count == 1 ? slot : nullptr;
}

TupleTableSlot** dynamodbExecForeignBatchInsert(EState* estate, ResultRelInfo* relation, TupleTableSlot** slots,
                                                TupleTableSlot**, int* count) {
  return insert_rows(estate, relation, slots, count);
}

int dynamodbGetForeignModifyBatchSize(ResultRelInfo* relation) {
  const TriggerDesc* triggers = relation->ri_TrigDesc;
  if (relation->ri_projectReturning != nullptr || relation->ri_WithCheckOptions != NIL ||
      (triggers != nullptr && (triggers->trig_insert_before_row || triggers->trig_insert_after_row)))
    return 1;
  const ModifyState* state = modify_state(relation);  // null for EXPLAIN
  return state != nullptr ? state->table->batch_size
                          : get_table_options(RelationGetRelid(relation->ri_RelationDesc))->batch_size;
}

TupleTableSlot* dynamodbExecForeignUpdate(EState* estate, ResultRelInfo* relation, TupleTableSlot* slot,
                                          TupleTableSlot* plan_slot) {
  ModifyState* state = begin_row(relation);
  MemoryContext old = MemoryContextSwitchTo(state->row_context);
  Change* change = begin_change(state, plan_slot);
  WrittenRow row = write_changed_row(state, relation, slot, plan_slot);
  for (int i = 0; i < row.count; ++i)
    if (row.columns[i].writer->is_key)
      check_key_value(state->table, row.columns[i].writer->column, row.columns[i].writer->role, &row.columns[i].value);
  RowFailure failure{};
  PendingWrites::Outcome outcome = PendingWrites::Outcome::done;
  bool done = guard(&failure.error, [&]() -> std::optional<Error> {
    if (auto error = edit(state, *change, row, &failure.column)) return error;
    return apply_update(state, *change, write_stamp(estate->es_output_cid), &outcome);
  });
  if (!done) report_row_failure(state->writer, failure);
  bool counts = settle(state, change, outcome, estate->es_output_cid);
  if (counts) show_item(state, relation, slot, &change->item);
  MemoryContextSwitchTo(old);
  return counts ? slot : nullptr;
}

TupleTableSlot* dynamodbExecForeignDelete(EState* estate, ResultRelInfo* relation, TupleTableSlot* slot,
                                          TupleTableSlot* plan_slot) {
  ModifyState* state = begin_row(relation);
  MemoryContext old = MemoryContextSwitchTo(state->row_context);
  Change* change = begin_change(state, plan_slot);
  PendingWrites::Outcome outcome = PendingWrites::Outcome::done;
  RowFailure failure{};
  bool done = guard(&failure.error, [&]() -> std::optional<Error> {
    add_conditions(state, *change, false);
    if (auto error = check_expressible(state, *change)) return error;
    outcome = state->target->writes->remove(change->key, change->conditions, write_stamp(estate->es_output_cid));
    append_typed_item(change->item, change->before);
    return std::nullopt;
  });
  if (!done) report_row_failure(state->writer, failure);
  bool counts = settle(state, change, outcome, estate->es_output_cid);
  if (counts) show_item(state, relation, slot, &change->item);
  MemoryContextSwitchTo(old);
  return counts ? slot : nullptr;
}

void dynamodbEndForeignModify(EState*, ResultRelInfo*) {}

void dynamodbExecForeignTruncate(List* relations, DropBehavior, bool) {
  ListCell* cell;
  foreach (cell, relations) {
    Oid relid = RelationGetRelid(static_cast<Relation>(lfirst(cell)));
    const TableOptions* table = get_table_options(relid);
    if (!table->truncatable)
      ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                      errmsg("foreign table \"%s\" does not allow truncates", get_rel_name(relid)),
                      errdetail("Its option truncatable is false.")));
    WriteTarget* target = open_write_target(table, get_server_options(table->serverid), GetUserId());
    PlainError failure;
    bool done = guard(&failure, [&] { target->writes->truncate(write_stamp(GetCurrentCommandId(true))); });
    if (!done) report_error(failure, {"TRUNCATE", table->table_name});
  }
}

}  // namespace dynamodb_fdw
