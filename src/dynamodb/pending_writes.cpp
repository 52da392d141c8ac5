// What a transaction has written to one table and not sent yet.
#include "dynamodb/pending_writes.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace dynamodb {
namespace {

using Effect = PendingItem::Effect;

bool is_start_of(const DocumentPath& start, const DocumentPath& path) {
  return start.size() <= path.size() && std::equal(start.begin(), start.end(), path.begin());
}

// Whether the transaction has set or removed the value at the path.
bool is_written(const PendingItem& state, const DocumentPath& path) {
  return std::ranges::any_of(state.changes,
                             [&](const AttributeChange& change) { return is_start_of(change.path, path); });
}

// Whether it has changed something within that value.
bool is_written_within(const PendingItem& state, const DocumentPath& path) {
  return std::ranges::any_of(state.changes,
                             [&](const AttributeChange& change) { return is_start_of(path, change.path); });
}

// An UPDATE that changed nothing: the item is as it is in DynamoDB.
bool is_idle(const PendingItem& state) { return state.effect == Effect::update && state.changes.empty(); }

bool is_conditional(const PendingItem& state, const DocumentPath& path) {
  return std::ranges::any_of(state.conditions, [&](const WriteCondition& earlier) { return earlier.path == path; });
}

// That DynamoDB still has at a path what `base` has there.
std::optional<WriteCondition> unchanged(const std::string& base, const DocumentPath& path) {
  Result<Value> item = parse_typed_item(base);
  if (!item.ok()) return std::nullopt;
  const Value* value = find_path(item.value(), path);
  if (value == nullptr) return WriteCondition{path, WriteCondition::Kind::missing, {}};
  WriteCondition condition{path, WriteCondition::Kind::equals, {}};
  append_typed(condition.value, *value);
  return condition;
}

// `conditions` are on the item as `before` left it, those of a state on DynamoDB's. What the transaction itself has
// written needs none, and what is conditional already keeps the value that was read first.
void add_conditions(PendingItem& state, const PendingItem& before, const std::optional<std::string>& base,
                    const std::vector<WriteCondition>& conditions) {
  for (const WriteCondition& condition : conditions) {
    if (is_written(before, condition.path) || is_conditional(before, condition.path)) continue;
    if (condition.kind != WriteCondition::Kind::equals || !is_written_within(before, condition.path)) {
      state.conditions.push_back(condition);
    } else if (base) {
      if (auto whole = unchanged(*base, condition.path)) state.conditions.push_back(std::move(*whole));
    }
  }
}

std::unique_ptr<PendingItem> first_state(Effect effect, Existence existence,
                                         const std::vector<WriteCondition>& conditions) {
  auto state = std::make_unique<PendingItem>();
  state->effect = effect;
  state->existence = existence;
  state->conditions = conditions;
  return state;
}

// A state that follows `before` and holds under the same conditions.
std::unique_ptr<PendingItem> next_state(Effect effect, const PendingItem& before) {
  auto state = first_state(effect, before.existence, before.conditions);
  state->deletes = before.deletes;
  return state;
}

constexpr std::size_t kLeastIndexSlots = 16;

uint32_t hash_of(std::string_view key) noexcept {
  const std::size_t hash = std::hash<std::string_view>()(key);
  return static_cast<uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

// --- entries by their keys

// The slot with that key, or the free one where it belongs. REQUIRES: there is a free one.
std::size_t PendingWrites::index_slot_of(std::string_view key, uint32_t hash) const noexcept {
  const std::size_t mask = index_.size() - 1;
  std::size_t slot = hash & mask;
  for (; index_[slot].place != 0; slot = (slot + 1) & mask)
    if (index_[slot].hash == hash && entries_[index_[slot].place - 1].key == key) break;
  return slot;
}

void PendingWrites::grow_index() {
  std::vector<IndexSlot> larger(std::max(kLeastIndexSlots, 2 * index_.size()), IndexSlot{0, 0});
  const std::size_t mask = larger.size() - 1;
  for (const IndexSlot& used : index_) {
    if (used.place == 0) continue;
    std::size_t slot = used.hash & mask;
    while (larger[slot].place != 0) slot = (slot + 1) & mask;
    larger[slot] = used;
  }
  index_ = std::move(larger);
}

PendingEntry* PendingWrites::find(std::string_view key) noexcept {
  if (index_.empty()) return nullptr;
  const uint32_t place = index_[index_slot_of(key, hash_of(key))].place;
  return place != 0 ? &entries_[place - 1] : nullptr;
}

PendingEntry& PendingWrites::entry_of(std::string_view key) {
  if (4 * (entries_.size() + 1) > 3 * index_.size()) grow_index();
  const uint32_t hash = hash_of(key);
  IndexSlot& slot = index_[index_slot_of(key, hash)];
  if (slot.place != 0) return entries_[slot.place - 1];
  PendingEntry entry;
  entry.key = keys_.keep(key);
  entries_.push_back(std::move(entry));
  slot = {hash, static_cast<uint32_t>(entries_.size())};
  return entries_.back();
}

// --- states

// The latest state, if no truncation came after it.
const PendingItem* PendingWrites::current(const PendingEntry& entry) const noexcept {
  if (!entry.latest) return nullptr;
  if (!truncations_.empty() && truncations_.back().sequence > entry.latest->sequence) return nullptr;
  return entry.latest.get();
}

const PendingItem* PendingWrites::visible(const PendingEntry& entry, uint32_t command) const noexcept {
  uint64_t truncated_at = 0;
  for (auto truncation = truncations_.rbegin(); truncation != truncations_.rend() && truncated_at == 0; ++truncation)
    if (truncation->stamp.command < command) truncated_at = truncation->sequence;
  for (const PendingItem* state = entry.latest.get(); state != nullptr; state = state->previous.get())
    if (state->stamp.command < command) return state->sequence > truncated_at && !is_idle(*state) ? state : nullptr;
  return nullptr;
}

bool PendingWrites::truncated_before(uint32_t command) const noexcept {
  return !truncations_.empty() && truncations_.front().stamp.command < command;
}

bool PendingWrites::concerns(uint32_t command) const noexcept {
  if (truncated_before(command)) return true;
  return std::ranges::any_of(entries_, [&](const PendingEntry& entry) { return visible(entry, command) != nullptr; });
}

// Whether the transaction has deleted the item, or all of them.
bool PendingWrites::gone(const PendingEntry* entry) const noexcept {
  const PendingItem* state = entry != nullptr ? current(*entry) : nullptr;
  return state != nullptr ? state->effect == Effect::absent : truncated();
}

void PendingWrites::push(PendingEntry& entry, std::unique_ptr<PendingItem> state, WriteStamp stamp) {
  log_.push_back({&entry, stamp.subtransaction, items_.mark()});
  state->stamp = stamp;
  state->sequence = ++last_sequence_;
  state->previous = std::move(entry.latest);
  entry.latest = std::move(state);
}

// --- writes

PendingWrites::Outcome PendingWrites::insert(std::string_view key, std::string_view item, bool replace,
                                             WriteStamp stamp) {
  PendingEntry& entry = entry_of(key);
  const PendingItem* before = current(entry);
  if (before != nullptr && before->effect != Effect::absent && !replace) return Outcome::duplicate;
  std::unique_ptr<PendingItem> state;
  if (before != nullptr) {
    state = next_state(Effect::put, *before);
  } else {
    const bool unconditional = replace || truncated();
    state = first_state(Effect::put, unconditional ? Existence::any : Existence::must_not_exist, {});
    state->deletes = unconditional;
  }
  state->item = items_.keep(item);
  push(entry, std::move(state), stamp);
  return Outcome::done;
}

Result<PendingWrites::Outcome> PendingWrites::update(std::string_view key, const std::vector<AttributeChange>& changes,
                                                     const std::vector<WriteCondition>& conditions, WriteStamp stamp) {
  if (gone(find(key))) return Outcome::gone;
  PendingEntry& entry = entry_of(key);
  const PendingItem* before = current(entry);
  std::unique_ptr<PendingItem> state;
  if (before == nullptr) {
    state = first_state(Effect::update, Existence::must_exist, conditions);
    state->changes = changes;
  } else if (before->stamp.command >= stamp.command) {
    return Outcome::self_modified;
  } else if (before->effect == Effect::put) {
    state = next_state(Effect::put, *before);
    Result<Value> item = parse_typed_item(before->item);
    if (!item.ok()) return std::move(item.error());
    if (auto error = apply_changes(item.value(), changes)) return std::move(*error);
    std::string json;
    append_typed_item(json, item.value());
    state->item = items_.keep(json);
  } else {
    state = next_state(Effect::update, *before);
    add_conditions(*state, *before, entry.base, conditions);
    Result<std::vector<AttributeChange>> merged = merge_changes(before->changes, changes);
    if (!merged.ok()) return std::move(merged.error());
    state->changes = std::move(merged.value());
  }
  push(entry, std::move(state), stamp);
  return Outcome::done;
}

PendingWrites::Outcome PendingWrites::remove(std::string_view key, const std::vector<WriteCondition>& conditions,
                                             WriteStamp stamp) {
  if (gone(find(key))) return Outcome::gone;
  PendingEntry& entry = entry_of(key);
  const PendingItem* before = current(entry);
  std::unique_ptr<PendingItem> state;
  if (before == nullptr) {
    state = first_state(Effect::absent, Existence::must_exist, conditions);
  } else if (before->stamp.command >= stamp.command) {
    return Outcome::self_modified;
  } else {
    state = next_state(Effect::absent, *before);
    if (before->effect == Effect::update) add_conditions(*state, *before, entry.base, conditions);
  }
  push(entry, std::move(state), stamp);
  return Outcome::done;
}

void PendingWrites::truncate(WriteStamp stamp) { truncations_.push_back({stamp, ++last_sequence_}); }

void PendingWrites::roll_back(uint32_t subtransaction) {
  while (!truncations_.empty() && truncations_.back().stamp.subtransaction >= subtransaction) truncations_.pop_back();
  for (; !log_.empty() && log_.back().subtransaction >= subtransaction; log_.pop_back()) {
    PendingEntry& entry = *log_.back().entry;
    entry.latest = std::move(entry.latest->previous);
    if (!entry.latest) entry.base.reset();  // the next statement reads DynamoDB's item anew
  }
  items_.release(log_.empty() ? TextArena::Mark{} : log_.back().items_end);
}

// --- the commit

bool PendingWrites::sends(const PendingEntry& entry) const noexcept {
  const PendingItem* state = current(entry);
  return state != nullptr && !is_idle(*state);
}

std::optional<ItemWrite> PendingWrites::write_of(const PendingEntry& entry, std::string_view table,
                                                 std::string_view partition_key) const {
  if (!sends(entry)) return std::nullopt;  // forgotten, deleted with all others, or changed back
  const PendingItem* state = current(entry);
  std::optional<ItemWrite> made(std::in_place);
  ItemWrite& write = *made;
  write.table = table;
  write.partition_key = partition_key;
  write.key = entry.key;
  write.existence = state->existence;
  write.conditions = state->conditions;
  switch (state->effect) {
    case Effect::put:
      write.kind = ItemWrite::Kind::put;
      write.item = state->item;
      break;
    case Effect::update:
      write.kind = ItemWrite::Kind::update;
      write.changes = state->changes;
      break;
    case Effect::absent:
      write.kind = state->deletes ? ItemWrite::Kind::remove : ItemWrite::Kind::check;
      break;
  }
  return made;
}

}  // namespace dynamodb
