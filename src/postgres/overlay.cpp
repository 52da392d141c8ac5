// Reads see the transaction's own writes: its items are put over those that DynamoDB sends.
#include "overlay.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include "client_factory.hpp"
#include "handles.hpp"
#include "item_keys.hpp"
#include "item_look_up.hpp"
#include "streamed_writes.hpp"

namespace dynamodb_fdw {

using dynamodb::Error;
using dynamodb::Item;
using dynamodb::PendingEntry;
using dynamodb::PendingItem;
using dynamodb::PendingWrites;
using dynamodb::Value;

namespace {

// An item that the transaction has put or changed.
struct Row {
  const PendingEntry* entry;
  const PendingItem* state;
  std::vector<Value> order;  // values of the sort key's attributes, where the scan is ordered
};

}  // namespace

struct Overlay {
  const WriteTarget* target;  // the first; they agree on the key
  CommandId command;
  std::vector<PendingWrites*> writes;
  dynamodb::AttributeSelection* selection;
  int partition_slot;
  int sort_slot;
  std::vector<uint32_t> order_slots;
  bool backward;
  bool covers_keys;  // the scan looks up keys, and the transaction has written all of them
  std::vector<Row> rows;
  std::size_t next;
  bool decoded;  // the next row is in `item`
  dynamodb::BodyBuffer body;
  dynamodb::PageReader page;
  Item item;
};

namespace {

ErrorContext error_context(const Overlay* overlay) { return {"read", overlay->target->table_name}; }

// --- which of the transaction's items the scan may find; library code

std::string key_json(const ScanPlan* plan, const KeyValue* values, int count) {
  std::string json;
  for (int i = 0; i < count; ++i) {
    json += i == 0 ? '{' : ',';
    dynamodb::append_json_string(json, strVal(list_nth(plan->key_names, i)));
    json += ':';
    dynamodb::append_typed(
        json, Value::of({values[i].type, std::string(values[i].bytes, static_cast<std::size_t>(values[i].length))}));
  }
  json += '}';
  return json;
}

// The keys, or starts of keys, that the scan asks for, where it goes by the table's own key.
std::set<std::string, std::less<>> wanted_keys(const ScanPlan* plan, const ScanKeys* keys) {
  std::set<std::string, std::less<>> wanted;
  for (int i = 0; i < keys->key_count; ++i) {
    std::string json = key_json(plan, keys->values + i * keys->fixed_count, keys->fixed_count);
    json.pop_back();  // open-ended: a Query by the partition key alone finds longer keys
    wanted.insert(std::move(json));
  }
  return wanted;
}

bool is_wanted(const std::set<std::string, std::less<>>& wanted, std::string_view key) {
  auto next = wanted.upper_bound(key);
  if (next == wanted.begin()) return false;
  const std::string& start = *std::prev(next);
  // What follows is the end of the key or another attribute: values end in braces, so that no start is cut within one.
  return key.compare(0, start.size(), start) == 0;
}

// The entry and state of an item that the scan sees; null states: not written.
Row find_visible(const Overlay* overlay, const std::string& key) {
  for (PendingWrites* writes : overlay->writes) {
    const PendingEntry* entry = writes->find(key);
    const PendingItem* state = entry != nullptr ? writes->visible(*entry, overlay->command) : nullptr;
    if (state != nullptr) return {entry, state, {}};
  }
  return {nullptr, nullptr, {}};
}

void add_row(Overlay* overlay, const Row& row) {
  if (row.state->effect != PendingItem::Effect::absent) overlay->rows.push_back(row);
}

// Of whole keys each is looked for.
void find_looked_up_rows(Overlay* overlay, const ScanPlan* plan, const ScanKeys* keys) {
  overlay->covers_keys = true;
  for (int i = 0; i < keys->key_count; ++i) {
    Row row = find_visible(overlay, key_json(plan, keys->values + i * keys->fixed_count, keys->fixed_count));
    if (row.state != nullptr)
      add_row(overlay, row);
    else
      overlay->covers_keys = false;
  }
}

void find_rows(Overlay* overlay, const ScanPlan* plan, const ScanKeys* keys) {
  if (plan->operation == ReadOperation::get_item || plan->operation == ReadOperation::batch_get_item) {
    find_looked_up_rows(overlay, plan, keys);
    return;
  }
  const bool by_table_key = keys != nullptr && plan->index_name == nullptr;
  std::set<std::string, std::less<>> wanted;
  if (by_table_key) wanted = wanted_keys(plan, keys);
  for (PendingWrites* writes : overlay->writes)
    for (const PendingEntry& entry : writes->entries()) {
      const PendingItem* state = writes->visible(entry, overlay->command);
      if (state != nullptr && (!by_table_key || is_wanted(wanted, entry.key))) add_row(overlay, {&entry, state, {}});
    }
}

// --- what DynamoDB has of items of which only changes are known

void look_up_bases(Overlay* overlay, const WriteTarget* target) {
  ItemLookUp* look_up = nullptr;
  for (const Row& row : overlay->rows) {
    if (row.state->effect != PendingItem::Effect::update || row.entry->base) continue;
    if (target->writes->find(row.entry->key) != row.entry) continue;
    if (look_up == nullptr) look_up = make_item_look_up(target, LookUpScope::whole_items, CurrentMemoryContext);
    add_key(look_up, row.entry->key);
  }
  if (look_up == nullptr) return;
  const std::string* key;
  const std::string* item;
  while (next_found(look_up, &key, &item)) {
    PlainError failure;
    if (!guard(&failure, [&] { target->writes->find(*key)->base = *item; }))
      report_error(failure, error_context(overlay));
  }
}

// --- the items; library code

dynamodb::Result<Value> current_item(const Row& row) {
  if (row.state->effect == PendingItem::Effect::put) return dynamodb::parse_typed_item(row.state->item);
  dynamodb::Result<Value> item = dynamodb::parse_typed_item(*row.entry->base);
  if (!item.ok()) return item;
  if (auto error = dynamodb::apply_changes(item.value(), row.state->changes)) {
    // It was possible when the change was made: somebody else has changed the item since.
    error->kind = dynamodb::ErrorKind::conflict;
    return std::move(*error);
  }
  return item;
}

// What was changed and is not there any more is left to the commit to complain about.
void drop_vanished(Overlay* overlay) {
  std::erase_if(overlay->rows,
                [](const Row& row) { return row.state->effect == PendingItem::Effect::update && !row.entry->base; });
}

int compare_orders(const std::vector<Value>& left, const std::vector<Value>& right) {
  for (std::size_t i = 0; i < left.size(); ++i)
    if (int order = dynamodb::compare_scalars(left[i], right[i])) return order;
  return 0;
}

std::optional<Error> sort_rows(Overlay* overlay, const ScanPlan* plan) {
  const int sort_count = list_length(plan->key_names) - plan->partition_count;
  for (Row& row : overlay->rows) {
    dynamodb::Result<Value> item = current_item(row);
    if (!item.ok()) return std::move(item.error());
    for (int i = 0; i < sort_count; ++i) {
      const Value* value = item.value().find(strVal(list_nth(plan->key_names, plan->partition_count + i)));
      if (value != nullptr) row.order.push_back(*value);
    }
  }
  // What lacks an attribute of an index's key is not in the index.
  std::erase_if(overlay->rows,
                [&](const Row& row) { return row.order.size() != static_cast<std::size_t>(sort_count); });
  std::stable_sort(overlay->rows.begin(), overlay->rows.end(), [&](const Row& left, const Row& right) {
    const int order = compare_orders(left.order, right.order);
    return overlay->backward ? order > 0 : order < 0;
  });
  return std::nullopt;
}

std::optional<Error> decode_next(Overlay* overlay) {
  const Row& row = overlay->rows[overlay->next];
  dynamodb::Result<Value> item = current_item(row);
  if (!item.ok()) return std::move(item.error());
  std::string json = "{\"Item\":";
  append_typed_item(json, item.value());
  json += '}';
  overlay->page.close();
  overlay->body.clear();
  if (!overlay->body.append(json.data(), json.size())) throw std::bad_alloc();
  overlay->body.pad();
  if (auto error = overlay->page.open(overlay->body, true)) return error;
  if (overlay->page.next(*overlay->selection, overlay->item) != dynamodb::PageReader::Step::item)
    return overlay->page.error();
  overlay->decoded = true;
  return std::nullopt;
}

Overlay* make_overlay(List* targets, const ScanPlan* plan, CommandId command, dynamodb::AttributeSelection* selection,
                      MemoryContext context) {
  return make_owned<Overlay>(context, [&] {
    auto made = std::make_unique<Overlay>();
    made->target = static_cast<WriteTarget*>(linitial(targets));
    made->command = command;
    ListCell* cell;
    foreach (cell, targets) made->writes.push_back(static_cast<WriteTarget*>(lfirst(cell))->writes);
    made->selection = selection;
    made->partition_slot = static_cast<int>(selection->add(made->target->partition_key));
    made->sort_slot = made->target->sort_key != nullptr ? static_cast<int>(selection->add(made->target->sort_key)) : -1;
    for (int i = plan->partition_count; plan->ordered && i < list_length(plan->key_names); ++i)
      made->order_slots.push_back(selection->add(strVal(list_nth(plan->key_names, i))));
    made->backward = plan->backward;
    made->covers_keys = false;
    made->next = 0;
    made->decoded = false;
    return made;
  });
}

// DynamoDB decides who may read what, by the credentials, and cannot be asked about what it has not got yet: other
// credentials may be forbidden to see it, or mean another account's table of the same name.
void check_may_see(const WriteTarget* target, Oid reader) {
  if (have_same_credentials(target->serverid, target->userid, reader)) return;
  ereport(ERROR,
          (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
           errmsg("user \"%s\" cannot read DynamoDB table \"%s\" in this transaction: user \"%s\" has written to it",
                  GetUserNameFromId(reader, true), target->table_name, GetUserNameFromId(target->userid, true)),
           errdetail("What is written waits for the commit, and the two have different credentials."),
           errhint("Read it as the user who wrote it, or in another transaction.")));
}

// The targets with something that the scan sees; what they have sent before the commit has arrived then.
List* visible_targets(const TableOptions* table, Oid reader, CommandId command) {
  List* visible = NIL;
  List* targets = find_write_targets(table);
  finish_streamed_writes(targets);
  ListCell* cell;
  foreach (cell, targets) {
    auto* target = static_cast<WriteTarget*>(lfirst(cell));
    if (!target->writes->concerns(command)) continue;
    check_may_see(target, reader);
    visible = lappend(visible, target);
  }
  return visible;
}

}  // namespace

Overlay* begin_overlay(const TableOptions* table, Oid reader, const ScanPlan* plan, const ScanKeys* keys,
                       CommandId command, dynamodb::AttributeSelection* selection, MemoryContext context) {
  List* targets = visible_targets(table, reader, command);
  if (targets == NIL) return nullptr;
  MemoryContext old = MemoryContextSwitchTo(context);
  Overlay* overlay = make_overlay(targets, plan, command, selection, context);
  PlainError failure;
  if (!guard(&failure, [&] { find_rows(overlay, plan, keys); })) report_error(failure, error_context(overlay));
  ListCell* cell;
  foreach (cell, targets) look_up_bases(overlay, static_cast<WriteTarget*>(lfirst(cell)));
  bool done = guard(&failure, [&]() -> std::optional<Error> {
    drop_vanished(overlay);
    return plan->ordered ? sort_rows(overlay, plan) : std::nullopt;
  });
  if (!done) report_error(failure, error_context(overlay));
  MemoryContextSwitchTo(old);
  return overlay;
}

bool covers_everything(const Overlay* overlay) {
  if (overlay->covers_keys) return true;
  return std::ranges::any_of(overlay->writes,
                             [&](const PendingWrites* writes) { return writes->truncated_before(overlay->command); });
}

bool is_covered(const Overlay* overlay, const Item& item) {
  bool covered = false;
  PlainError failure;
  bool done = guard(&failure, [&]() -> std::optional<Error> {
    auto key = key_of_decoded(overlay->target, item, overlay->partition_slot, overlay->sort_slot);
    if (!key.ok()) return std::move(key.error());
    covered = find_visible(overlay, key.value()).state != nullptr;
    return std::nullopt;
  });
  if (!done) report_error(failure, error_context(overlay));
  return covered;
}

const Item* peek_covering(Overlay* overlay) {
  if (overlay->next >= overlay->rows.size()) return nullptr;
  PlainError failure;
  if (!overlay->decoded && !guard(&failure, [&] { return decode_next(overlay); }))
    report_error(failure, error_context(overlay));
  return &overlay->item;
}

void take_covering(Overlay* overlay) {
  ++overlay->next;
  overlay->decoded = false;
}

bool comes_first(Overlay* overlay, const Item& item) {
  bool first = false;
  PlainError failure;
  bool done = guard(&failure, [&]() -> std::optional<Error> {
    std::vector<Value> order;
    for (uint32_t slot : overlay->order_slots) {
      auto value = dynamodb::copy_value(item, item.slot(slot));
      if (!value.ok()) return std::move(value.error());
      order.push_back(std::move(value.value()));
    }
    const int compared = compare_orders(overlay->rows[overlay->next].order, order);
    first = overlay->backward ? compared > 0 : compared < 0;
    return std::nullopt;
  });
  if (!done) report_error(failure, error_context(overlay));
  return first;
}

}  // namespace dynamodb_fdw
