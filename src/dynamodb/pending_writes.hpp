// What a transaction has written to one table and not sent yet: for each item its net effect, with what led to it, so
// that parts can be forgotten and earlier states seen.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/item_write.hpp"
#include "dynamodb/text_arena.hpp"

namespace dynamodb {

/// Where in the transaction a write was made. Both numbers only grow: a subtransaction's is greater than that of every
/// one begun before it, a command's than that of every command before it. A write may follow one of a greater command,
/// which was run within its own, or of a greater subtransaction that has ended.
struct WriteStamp {
  uint32_t subtransaction = 0;
  uint32_t command = 0;
};

/// The net effect of a transaction's writes on one item, as of one of them. Immutable once made.
struct PendingItem {
  enum class Effect : uint8_t {
    put,     ///< the item is `item`
    update,  ///< the item is DynamoDB's with `changes`
    absent,  ///< there is no item: deleted, or inserted and deleted
  };
  Effect effect = Effect::put;
  WriteStamp stamp;
  uint64_t sequence = 0;  ///< among all writes to the table
  std::string_view item;  ///< typed JSON
  std::vector<AttributeChange> changes;
  /// What must hold in DynamoDB when the effect is sent.
  Existence existence = Existence::any;
  std::vector<WriteCondition> conditions;
  /// False: DynamoDB has no item, or `existence` fails: when the effect is absent, nothing has to be deleted.
  bool deletes = true;
  std::unique_ptr<PendingItem> previous;

  PendingItem() = default;
  PendingItem(const PendingItem&) = delete;
  PendingItem& operator=(const PendingItem&) = delete;
  /// One after the other: an item may have been written a million times.
  ~PendingItem() {
    while (previous) previous = std::move(previous->previous);
  }
};

/// One key's writes. The address is stable as long as the PendingWrites.
struct PendingEntry {
  std::string_view key;                 ///< typed JSON of the key, in one spelling per key
  std::unique_ptr<PendingItem> latest;  ///< null: all were forgotten
  /// DynamoDB's whole item, typed JSON, which whoever reads an item of effect update sets first; it stays until
  /// everything about the item is forgotten.
  std::optional<std::string> base;
};

/// Not thread-safe. Keys are typed JSON with the partition key first and numbers canonical.
class PendingWrites {
 public:
  enum class Outcome : uint8_t {
    done,
    duplicate,     ///< insert: the transaction has written an item with this key already
    gone,          ///< update, remove: the transaction has deleted the item
    self_modified  ///< update, remove: the same command, or one that it led to, has written the item already
  };

  /// INSERT. `replace`: put, whatever is there.
  Outcome insert(std::string_view key, std::string_view item, bool replace, WriteStamp stamp);
  /// UPDATE: `changes` of the item as the transaction sees it, under `conditions` on what was read of it. Where that
  /// includes something that the transaction itself has changed, the condition becomes one on the entry's base; without
  /// a base it is left out. Error: changes that cannot be joined to the earlier ones.
  Result<Outcome> update(std::string_view key, const std::vector<AttributeChange>& changes,
                         const std::vector<WriteCondition>& conditions, WriteStamp stamp);
  /// DELETE; conditions as above.
  Outcome remove(std::string_view key, const std::vector<WriteCondition>& conditions, WriteStamp stamp);
  /// TRUNCATE: all items are gone, those in DynamoDB and those written so far.
  void truncate(WriteStamp stamp);

  /// Forgets all writes made in `subtransaction` and those begun after it.
  void roll_back(uint32_t subtransaction);

  /// The state of the item as commands before `command` left it, or null: as it is in DynamoDB (or, where
  /// truncated_before(command), not there).
  const PendingItem* visible(const PendingEntry& entry, uint32_t command) const noexcept;
  PendingEntry* find(std::string_view key) noexcept;
  /// The latest state, whatever command made it; null as above, with truncated() in the place of truncated_before().
  const PendingItem* current(const PendingEntry& entry) const noexcept;
  bool truncated_before(uint32_t command) const noexcept;
  /// Whether a read as of `command` has to look at anything here.
  bool concerns(uint32_t command) const noexcept;

  /// All entries in the order in which they were first written; some may have no latest state any more.
  std::deque<PendingEntry>& entries() noexcept { return entries_; }

  // --- what a commit sends

  /// Whether the table's items have to be deleted first, but for those that writes() names.
  bool truncated() const noexcept { return !truncations_.empty(); }
  /// Whether write_of() gives something.
  bool sends(const PendingEntry& entry) const noexcept;
  /// The entry's net write; nothing where there is nothing to send. The write refers to the entry, until it is written
  /// again, and to the texts `table` and `partition_key`.
  std::optional<ItemWrite> write_of(const PendingEntry& entry, std::string_view table,
                                    std::string_view partition_key) const;
  bool empty() const noexcept { return log_.empty() && truncations_.empty(); }

 private:
  struct Truncation {
    WriteStamp stamp;
    uint64_t sequence;
  };
  /// Where an entry is, by the hash of its key.
  struct IndexSlot {
    uint32_t hash;
    uint32_t place;  // in entries_, from 1; 0: the slot is free
  };
  struct LogRecord {
    PendingEntry* entry;
    uint32_t subtransaction;
    TextArena::Mark items_end;  // after this write
  };

  PendingEntry& entry_of(std::string_view key);
  std::size_t index_slot_of(std::string_view key, uint32_t hash) const noexcept;
  void grow_index();
  bool gone(const PendingEntry* entry) const noexcept;
  void push(PendingEntry& entry, std::unique_ptr<PendingItem> state, WriteStamp stamp);

  TextArena keys_;
  TextArena items_;  // in the order of the log
  std::deque<PendingEntry> entries_;
  std::vector<IndexSlot> index_;  // a hash table, open addressing; its size is a power of two, at most 3/4 of it in use
  std::vector<Truncation> truncations_;
  std::vector<LogRecord> log_;
  uint64_t last_sequence_ = 0;
};

}  // namespace dynamodb
