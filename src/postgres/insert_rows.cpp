// INSERT and COPY FROM: rows become items that the transaction is to put.
#include "insert_rows.hpp"

#include <string_view>
#include <unordered_map>

#include "commit.hpp"
#include "flat_item.hpp"
#include "handles.hpp"
#include "item_keys.hpp"
#include "item_look_up.hpp"
#include "streamed_writes.hpp"

namespace dynamodb_fdw {

using dynamodb::Error;
using dynamodb::PendingWrites;
using dynamodb::Value;

namespace {

// Of one row.
struct RowTexts {
  std::string key;   // as PendingWrites takes it
  std::string item;  // typed JSON
};

}  // namespace

// What is made of rows. It stays for the next ones, which need as much memory again.
struct InsertTexts {
  std::vector<RowTexts> rows;
  dynamodb::ItemText writer;
  std::string shown;  // the key for a message
};

namespace {

// More than usual rows need is given back.
constexpr std::size_t kMaxKeptBytes = std::size_t{64} << 10;

// The texts of `count` rows, empty.
void prepare_texts(ModifyState* state, int count) {
  if (state->texts == nullptr)
    state->texts = make_owned<InsertTexts>(state->context, [] { return std::make_unique<InsertTexts>(); });
  PlainError failure;
  bool done = guard(&failure, [&] {
    std::vector<RowTexts>& rows = state->texts->rows;
    if (rows.size() < static_cast<std::size_t>(count)) rows.resize(static_cast<std::size_t>(count));
    for (RowTexts& row : rows) {
      if (row.item.capacity() > kMaxKeptBytes) std::string().swap(row.item);
      row.item.clear();
      row.key.clear();
    }
  });
  if (!done) report_error(failure, {"write", state->table->table_name});
}

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
  if (state->writer->flat && compose_flat_item(state->writer, row, &state->texts->writer, &texts->item, &texts->key))
    return std::nullopt;
  dynamodb::Result<Value> item = compose_item(row, failed_column);
  if (!item.ok()) return std::move(item.error());
  dynamodb::Result<std::string> key = key_of_item(state->target, item.value());
  if (!key.ok()) return std::move(key.error());
  if (auto error = dynamodb::check_item(item.value())) return error;
  if (auto error = check_index_keys(state->writer, nullptr, item.value())) return error;
  texts->key = std::move(key.value());
  texts->item.clear();
  append_typed_item(texts->item, item.value());
  return std::nullopt;
}

void compose_row(const ModifyState* state, TupleTableSlot* slot, RowTexts* texts) {
  RowInHand in_hand{state->writer, slot, nullptr};
  ErrorContextCallback context = {error_context_stack, add_row_context, &in_hand};
  error_context_stack = &context;
  WrittenRow row = write_row(state->writer, slot, NIL);
  check_key_columns(state, row);
  RowFailure failure{};
  if (!guard(&failure.error, [&] { return compose(state, row, texts, &failure.column); }))
    report_row_failure(state->writer, failure);
  error_context_stack = context.previous;
}

// The key for a message.
const char* shown_key(const ModifyState* state, const RowTexts* texts) {
  std::string* shown = &state->texts->shown;
  PlainError failure;
  if (!guard(&failure, [&] { *shown = key_text(state->target, texts->key); }))
    report_error(failure, {"write", state->table->table_name});
  return message_text(shown->c_str());
}

// Makes the item a pending insert, or sends it.
void insert_item(const ModifyState* state, const RowTexts* texts, CommandId command) {
  bool replace = state->table->insert_mode == InsertMode::put;
  check_one_writer(state->target, &texts->key);
  if (state->stream && stream_put(state->target, state->table, texts->key, texts->item)) return;
  PendingWrites::Outcome outcome = PendingWrites::Outcome::done;
  PlainError failure;
  bool done = guard(&failure, [&] {
    outcome = state->target->writes->insert(texts->key, texts->item, replace, write_stamp(command));
  });
  if (!done) report_error(failure, {"write", state->table->table_name});
  if (outcome == PendingWrites::Outcome::duplicate) report_duplicate(state, shown_key(state, texts));
  check_atomic_limit(state->target);
}

// Whether the transaction itself has an item with this key, or knows that there is none.
enum class Known : uint8_t { present, absent, unknown };

Known known_state(const ModifyState* state, const std::string& key) {
  dynamodb::PendingWrites* writes = state->target->writes;
  const dynamodb::PendingEntry* entry = writes->find(key);
  const dynamodb::PendingItem* latest = entry != nullptr ? writes->current(*entry) : nullptr;
  if (is_under_way(state->target, key)) return Known::present;
  if (latest != nullptr)
    return latest->effect == dynamodb::PendingItem::Effect::absent ? Known::absent : Known::present;
  return writes->truncated() ? Known::absent : Known::unknown;
}

// The first row of a batch with each key.
using FirstRows = std::unordered_map<std::string_view, int>;

bool note_first(const ModifyState* state, FirstRows* first, const std::string& key, int row) {
  bool is_first = false;
  PlainError failure;
  if (!guard(&failure, [&] { is_first = first->emplace(key, row).second; }))
    report_error(failure, {"write", state->table->table_name});
  return is_first;
}

// ON CONFLICT DO NOTHING: which of the rows have an item with their key already, in the transaction, in DynamoDB or in
// an earlier row.
bool* find_conflicts(const ModifyState* state, const RowTexts* rows, int count) {
  auto* conflicts = static_cast<bool*>(palloc0(sizeof(bool) * count));
  auto* first = make_owned<FirstRows>(state->row_context, [] { return std::make_unique<FirstRows>(); });
  ItemLookUp* look_up = make_item_look_up(state->target, LookUpScope::keys, state->row_context);
  for (int i = 0; i < count; ++i) {
    Known known = known_state(state, rows[i].key);
    conflicts[i] = known == Known::present || !note_first(state, first, rows[i].key, i);
    if (!conflicts[i] && known == Known::unknown) add_key(look_up, rows[i].key);
  }
  const std::string* key;
  const std::string* item;
  while (next_found(look_up, &key, &item)) {
    auto row = first->find(*key);
    if (row != first->end()) conflicts[row->second] = true;
  }
  return conflicts;
}

// Room for the slots of a batch. The executor frees nothing between the rows of a statement.
TupleTableSlot** inserted_slots(ModifyState* state, int count) {
  if (count > state->inserted_room) {
    if (state->inserted != nullptr) pfree(state->inserted);
    state->inserted_room = 0;
    state->inserted =
        static_cast<TupleTableSlot**>(MemoryContextAlloc(state->context, sizeof(TupleTableSlot*) * count));
    state->inserted_room = count;
  }
  return state->inserted;
}

}  // namespace

TupleTableSlot** insert_rows(EState* estate, const ResultRelInfo* relation, TupleTableSlot** slots, int* count) {
  auto* state = static_cast<ModifyState*>(relation->ri_FdwState);
  MemoryContextReset(state->row_context);
  MemoryContext old = MemoryContextSwitchTo(state->row_context);
  prepare_texts(state, *count);
  RowTexts* rows = state->texts->rows.data();
  for (int i = 0; i < *count; ++i) compose_row(state, slots[i], &rows[i]);
  bool* conflicts = state->plan.do_nothing ? find_conflicts(state, rows, *count) : nullptr;
  // The executor keeps its slots for the next rows: those that went in are listed apart.
  TupleTableSlot** inserted = inserted_slots(state, *count);
  int inserted_count = 0;
  for (int i = 0; i < *count; ++i) {
    if (conflicts != nullptr && conflicts[i]) continue;
    insert_item(state, &rows[i], state->copies ? state->copy_command : estate->es_output_cid);
    show_item(state, relation, slots[i], rows[i].item);
    inserted[inserted_count++] = slots[i];
  }
  MemoryContextSwitchTo(old);
  *count = inserted_count;
  return inserted;
}

}  // namespace dynamodb_fdw
