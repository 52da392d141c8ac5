// The executor's callbacks of INSERT, UPDATE, DELETE, COPY and TRUNCATE: rows become pending writes of the transaction.
#include "execute_modify.hpp"

#include <cstring>

#include "compat.hpp"
#include "handles.hpp"
#include "item_keys.hpp"
#include "item_writer.hpp"
#include "key_look_up.hpp"
#include "modify_plan.hpp"
#include "streamed_writes.hpp"
#include "to_datum.hpp"

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
  RowReader* reader;      // null: nobody looks at the rows that were written
  MemoryContext row_context;
};

ModifyState* modify_state(ResultRelInfo* relation) { return static_cast<ModifyState*>(relation->ri_FdwState); }

// --- preparing

RowReader* make_row_reader(const TableOptions* table, const WriteTarget* target, MemoryContext context) {
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
  return reader;
}

bool looks_at_rows(const ResultRelInfo* relation) {
  const TriggerDesc* triggers = relation->ri_TrigDesc;
  return relation->ri_projectReturning != nullptr || relation->ri_WithCheckOptions != NIL ||
         (triggers != nullptr && (triggers->trig_insert_after_row || triggers->trig_update_after_row ||
                                  triggers->trig_delete_after_row));
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
  if (looks_at_rows(relation)) state->reader = make_row_reader(state->table, state->target, estate->es_query_cxt);
  state->row_context = AllocSetContextCreate(estate->es_query_cxt, "dynamodb_fdw row", ALLOCSET_DEFAULT_SIZES);
  MemoryContextSwitchTo(old);
  return state;
}

// --- reading back

// Shows `json`, an item, in the slot as the foreign table's row.
void store_item(const ModifyState* state, TupleTableSlot* slot, const std::string* json) {
  RowReader* reader = state->reader;
  PlainError failure;
  bool done = guard(&failure, [&]() -> std::optional<Error> {
    reader->page->close();
    reader->body->clear();
    reader->body->append("{\"Item\":");
    reader->body->append(*json);
    reader->body->append("}");
    reader->body->pad();
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

// --- outcomes

// What a library call about one row found, to be told when no C++ object is alive any more.
struct RowOutcome {
  RowFailure failure;
  PendingWrites::Outcome outcome;
};

[[noreturn]] void report_duplicate(const ModifyState* state, const std::string* key) {
  ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
                  errmsg("duplicate key value violates the primary key of DynamoDB table \"%s\"",
                         state->table->table_name),
                  errdetail("Key %s already exists.", message_text(key->c_str()))));
  pg_unreachable();
}

[[noreturn]] void report_self_modified(const ModifyState* state) {
  ereport(ERROR, (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
                  errmsg("item of DynamoDB table \"%s\" to be changed was already changed by an operation triggered by "
                         "the current command",
                         state->table->table_name)));
  pg_unreachable();
}

// Texts of the row in hand; they live as long as the transaction's target does not, so with the statement.
struct RowTexts {
  std::string item;
  std::string key;
};

RowTexts* make_texts(const ModifyState* state) {
  return make_owned<RowTexts>(state->row_context, [] { return std::make_unique<RowTexts>(); });
}

// --- INSERT

// Library code: the item and its key as texts.
std::optional<Error> compose(const ModifyState* state, const WrittenRow& row, RowTexts* texts,
                             const ColumnOptions** failed_column) {
  dynamodb::Result<Value> item = compose_item(row, failed_column);
  if (!item.ok()) return std::move(item.error());
  dynamodb::Result<std::string> key = key_of_item(state->target, item.value());
  if (!key.ok()) return std::move(key.error());
  if (auto error = dynamodb::check_item(item.value())) return error;
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

// Makes the item a pending insert.
void insert_item(const ModifyState* state, const RowTexts* texts, CommandId command) {
  if (state->stream) {
    stream_put(state->target, state->table, texts->key, texts->item);
    return;
  }
  PendingWrites::Outcome outcome = PendingWrites::Outcome::done;
  PlainError failure;
  bool replace = state->table->insert_mode == InsertMode::put;
  RowTexts* shown = make_texts(state);
  bool done = guard(&failure, [&] {
    outcome = state->target->writes->insert(texts->key, texts->item, replace, write_stamp(command));
    if (outcome == PendingWrites::Outcome::duplicate) shown->key = key_text(state->target, texts->key);
  });
  if (!done) report_error(failure, {"write", state->table->table_name});
  if (outcome == PendingWrites::Outcome::duplicate) report_duplicate(state, &shown->key);
}

}  // namespace

}  // namespace dynamodb_fdw
