// Sends a transaction's writes before it commits, and says what became of them where that fails.
#include "dynamodb/write_stream.hpp"

#include "commit.hpp"

#include <cstring>

#include "activity.hpp"
#include "commit_progress.hpp"
#include "connections.hpp"
#include "handles.hpp"
#include "item_keys.hpp"
#include "key_scan.hpp"
#include "progress.hpp"
#include "streamed_writes.hpp"
#include "transaction.hpp"
#include "wait.hpp"

extern "C" {
#include "storage/proc.h"
#include "utils/timeout.h"
}

namespace dynamodb_fdw {

using dynamodb::ItemWrite;
using dynamodb::PendingEntry;
using dynamodb::WriteOutcome;
using dynamodb::WriteStream;

namespace {

// Tables whose writes go together: one client, and all or nothing or not.
struct Group {
  dynamodb::Client* client;
  bool together;  // commit_mode auto or atomic
  bool atomic;
  List* targets;
  Activity** activities;  // one for each target; null until it is sent
  ProgressClock clock;
};

struct Tag {
  uint32_t target;  // place in the group
  uint32_t entry;   // place among its entries, from 1; 0: deleted by TRUNCATE
};

uint64_t to_number(Tag tag) { return static_cast<uint64_t>(tag.target) << 32 | tag.entry; }
Tag to_tag(uint64_t number) { return {static_cast<uint32_t>(number >> 32), static_cast<uint32_t>(number)}; }

WriteTarget* nth_target(const Group* group, uint32_t place) {
  return static_cast<WriteTarget*>(list_nth(group->targets, static_cast<int>(place)));
}

// Of several tables the first one counts the waiting.
ErrorContext commit_context(const Group* group) {
  return {"commit", nth_target(group, 0)->table_name, group->activities != nullptr ? group->activities[0] : nullptr};
}

// --- grouping

bool is_pending(const WriteTarget* target) { return !target->writes->empty(); }

Group* find_group(List** groups, const WriteTarget* target) {
  bool together = target->commit_mode != CommitMode::batch;
  ListCell* cell;
  foreach (cell, *groups) {
    auto* group = static_cast<Group*>(lfirst(cell));
    if (group->client == target->client && group->together == together) return group;
  }
  auto* group = static_cast<Group*>(palloc0(sizeof(Group)));
  group->client = target->client;
  group->together = together;
  // Transactions go first: where one fails, nothing at all is written.
  *groups = together ? lcons(group, *groups) : lappend(*groups, group);
  return group;
}

List* group_targets(List* targets) {
  List* groups = NIL;
  ListCell* cell;
  foreach (cell, targets) {
    auto* target = static_cast<WriteTarget*>(lfirst(cell));
    if (!is_pending(target)) continue;
    Group* group = find_group(&groups, target);
    group->targets = lappend(group->targets, target);
    group->atomic = group->atomic || target->commit_mode == CommitMode::atomic;
  }
  return groups;
}

struct GroupSize {
  uint64_t writes;
  uint64_t bytes;
  bool truncates;
};

std::size_t bytes_of(const dynamodb::PendingItem& state) {
  std::size_t bytes = state.item.size();
  if (bytes > dynamodb::kMaxTransactionBytes / dynamodb::kTransactionItems) {
    auto item = dynamodb::parse_typed_item(state.item);
    if (item.ok()) bytes = dynamodb::item_size(item.value());
  }
  for (const dynamodb::AttributeChange& change : state.changes) bytes += change.value.size();
  return bytes;
}

GroupSize measure(const Group* group) {
  GroupSize size{};
  PlainError failure;
  bool done = guard(&failure, [&] {
    for (int i = 0; i < list_length(group->targets); ++i) {
      dynamodb::PendingWrites* writes = nth_target(group, i)->writes;
      size.truncates = size.truncates || writes->truncated();
      for (const PendingEntry& entry : writes->entries()) {
        if (!writes->sends(entry)) continue;
        ++size.writes;
        if (size.writes <= dynamodb::kTransactionItems) size.bytes += bytes_of(*entry.latest);
      }
    }
  });
  if (!done) report_error(failure, commit_context(group));
  return size;
}

bool fits_transaction(const GroupSize& size) {
  return size.writes <= dynamodb::kTransactionItems && size.bytes <= dynamodb::kMaxTransactionBytes;
}

void check_atomic(const Group* group, const GroupSize& size) {
  if (!group->atomic || fits_transaction(size)) return;
  ereport(
      ERROR,
      (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("the transaction writes more than DynamoDB can write at once"),
       errdetail("It writes " UINT64_FORMAT " items; commit_mode 'atomic' takes at most %d items of %d MB "
                 "together. Nothing was written.",
                 size.writes, dynamodb::kTransactionItems, static_cast<int>(dynamodb::kMaxTransactionBytes >> 20)),
       errhint("Write fewer items in one transaction, or use commit_mode 'auto' or 'batch'.")));
}

// --- outcomes; library code

void note_outcome(CommitProgress& progress, const Group* group, const WriteOutcome& outcome) {
  const Tag tag = to_tag(outcome.tag);
  const WriteTarget* target = nth_target(group, tag.target);
  if (outcome.kind == WriteOutcome::Kind::written) note_written(group->activities[tag.target]);
  if (tag.entry == 0) {
    note_truncation(progress, target, outcome);
    return;
  }
  const PendingEntry& entry = target->writes->entries()[tag.entry - 1];
  const bool insert = entry.latest && entry.latest->existence == dynamodb::Existence::must_not_exist;
  note_outcome(progress, target, entry.key, insert, outcome);
}

// --- sending

struct TruncatedKey {
  uint32_t target;
  std::string key;
};

// One group's way through its writes.
struct Sender {
  Group* group = nullptr;
  CommitProgress* progress = nullptr;
  WriteStream* stream = nullptr;
  std::vector<TruncatedKey> truncated;  // keys to delete that were collected beforehand
  std::size_t next_truncated = 0;
  uint32_t target = 0;    // the next write is this target's ...
  std::size_t entry = 0;  // ... entry at this place
  bool finished = false;  // all are with the stream
  bool stopped = false;
};

ItemWrite removal(const WriteTarget* target, const std::string& key) {
  auto kept = std::make_shared<const std::string>(key);
  ItemWrite write;
  write.kind = ItemWrite::Kind::remove;
  write.table = target->table_name;
  write.partition_key = target->partition_key;
  write.key = *kept;
  write.owner = std::move(kept);
  return write;
}

// Library code: the next write of the group's targets; false at the end.
bool next_write(Sender& sender, ItemWrite* write, Tag* tag) {
  if (sender.next_truncated < sender.truncated.size()) {
    const TruncatedKey& next = sender.truncated[sender.next_truncated++];
    *write = removal(nth_target(sender.group, next.target), next.key);
    *tag = {next.target, 0};
    return true;
  }
  for (; sender.target < static_cast<uint32_t>(list_length(sender.group->targets)); ++sender.target, sender.entry = 0) {
    WriteTarget* target = nth_target(sender.group, sender.target);
    auto& entries = target->writes->entries();
    while (sender.entry < entries.size()) {
      auto found = target->writes->write_of(entries[sender.entry++], target->table_name, target->partition_key);
      if (!found) continue;
      *write = std::move(*found);
      *tag = {sender.target, static_cast<uint32_t>(sender.entry)};
      return true;
    }
  }
  return false;
}

// Library code: hands the stream as much as it wants.
void feed(Sender& sender) {
  ItemWrite write;
  Tag tag{};
  while (!sender.finished && sender.stream->wants_more()) {
    if (next_write(sender, &write, &tag)) {
      sender.stream->add(std::move(write), to_number(tag));
    } else {
      sender.stream->finish();
      sender.finished = true;
    }
  }
}

// Library code: what was settled. After the first failure nothing more is sent.
void collect(Sender& sender) {
  WriteOutcome outcome;
  while (sender.stream->take_outcome(&outcome)) {
    note_outcome(*sender.progress, sender.group, outcome);
    if (outcome.kind == WriteOutcome::Kind::written || sender.stopped) continue;
    sender.stopped = sender.finished = true;
    sender.stream->stop(dynamodb::Error::internal("not sent, because another write failed"));
  }
}

// --- telling how far it is

uint64_t count_writes_of(const WriteTarget* target) {
  uint64_t count = 0;
  for (const PendingEntry& entry : target->writes->entries()) count += target->writes->sends(entry) ? 1 : 0;
  return count;
}

// How much each of the group's tables has to do with what the requests of all cost. How many items TRUNCATE deletes is
// not known.
double weight_of(const WriteTarget* target) {
  return static_cast<double>(count_writes_of(target)) + (target->writes->truncated() ? 1 : 0);
}

void begin_activities(Group* group, MemoryContext context) {
  group->activities = static_cast<Activity**>(palloc0(sizeof(Activity*) * list_length(group->targets)));
  group->clock = start_progress();
  for (int i = 0; i < list_length(group->targets); ++i) {
    const WriteTarget* target = nth_target(group, i);
    group->activities[i] = begin_write_activity(target, "Write", context);
    const uint64_t to_do = target->writes->truncated() ? 0 : count_writes_of(target);
    set_extent(group->activities[i], 0, to_do, group->clock.start);
    publish_activity(group->activities[i]);
  }
}

void watch_writes(const Group* group, const WriteStream* stream, MemoryContext context) {
  double all = 0;
  for (int i = 0; i < list_length(group->targets); ++i) all += weight_of(nth_target(group, i));
  double before = 0;
  for (int i = 0; i < list_length(group->targets); ++i) {
    const double from = before / all;
    before += weight_of(nth_target(group, i));
    watch_stream(group->activities[i], stream, from, before / all, context);
  }
}

void say_progress(const Sender* sender) {
  const Group* group = sender->group;
  StringInfoData tables;
  initStringInfo(&tables);
  uint64_t to_do = 0;
  uint64_t done = 0;
  bool truncates = false;
  for (int i = 0; i < list_length(group->targets); ++i) {
    const WriteTarget* target = nth_target(group, i);
    appendStringInfo(&tables, "%s%s", i > 0 ? "\", \"" : "", target->table_name);
    to_do += count_writes_of(target);
    done += written_by(group->activities[i]);
    truncates = truncates || target->writes->truncated();
  }
  emit_progress({.verb = "writing",
                 .table = tables.data,
                 .done = done,
                 .to_do = truncates ? 0 : static_cast<double>(to_do),
                 .exact = true,
                 .otherwise = "",
                 .capacity = sender->stream->statistics().consumed_capacity},
                group->clock);
}

void note_progress(Sender* sender) {
  Group* group = sender->group;
  for (int i = 0; i < list_length(group->targets); ++i) {
    set_done(group->activities[i], written_by(group->activities[i]));
    publish_activity(group->activities[i]);
  }
  if (is_progress_due(&group->clock)) say_progress(sender);
}

enum class Feeding : uint8_t { entries, nothing };

WriteStream::Step advance_sender(Sender* sender, Feeding feeding) {
  WriteStream::Step step = WriteStream::Step::waiting;
  PlainError failure;
  bool done = guard(&failure, [&] {
    if (feeding == Feeding::entries) feed(*sender);
    step = sender->stream->advance();
    collect(*sender);
  });
  if (!done) report_error(failure, commit_context(sender->group));
  note_progress(sender);
  return step;
}

void wait_for_sender(Sender* sender) {
  wait_and_advance(sender->group->client, commit_context(sender->group),
                   progress_time(sender->group->clock, sender->stream->wake_time()));
}

void send_entries(Sender* sender) {
  for (;;) {
    WriteStream::Step step = advance_sender(sender, Feeding::entries);
    if (step == WriteStream::Step::idle && sender->finished) return;
    if (step == WriteStream::Step::waiting) wait_for_sender(sender);
  }
}

// --- TRUNCATE

// Collects the keys that a TRUNCATE has to delete and nothing else writes; false when there are more than `most`.
bool collect_truncated_keys(Sender* sender, uint64_t most) {
  for (int i = 0; i < list_length(sender->group->targets); ++i) {
    WriteTarget* target = nth_target(sender->group, i);
    if (!target->writes->truncated()) continue;
    KeyScan* scan = begin_key_scan(target, CurrentMemoryContext);
    while (const std::string* key = next_key(scan)) {
      if (is_pending_key(target, *key)) continue;
      if (sender->truncated.size() >= most) return false;
      PlainError failure;
      if (!guard(&failure, [&] { sender->truncated.push_back({static_cast<uint32_t>(i), *key}); }))
        report_error(failure, commit_context(sender->group));
    }
  }
  return true;
}

void add_removal(Sender* sender, uint32_t place, const std::string* key) {
  PlainError failure;
  bool done = guard(&failure, [&] {
    sender->stream->add(removal(nth_target(sender->group, place), *key), to_number({place, 0}));
  });
  if (!done) report_error(failure, commit_context(sender->group));
}

// Deletes what is in a truncated table but for the keys that are written anyway, while its keys are still being read.
void delete_all(Sender* sender, uint32_t place) {
  WriteTarget* target = nth_target(sender->group, place);
  KeyScan* scan = begin_key_scan(target, CurrentMemoryContext);
  const std::string* key;
  while (!sender->stopped && (key = next_key(scan)) != nullptr) {
    if (is_pending_key(target, *key)) continue;
    add_removal(sender, place, key);
    while (!sender->stopped && !sender->stream->wants_more())
      if (advance_sender(sender, Feeding::nothing) == WriteStream::Step::waiting) wait_for_sender(sender);
  }
}

void delete_all_truncated(Sender* sender) {
  for (int i = 0; i < list_length(sender->group->targets); ++i)
    if (nth_target(sender->group, i)->writes->truncated()) delete_all(sender, static_cast<uint32_t>(i));
}

// --- one group

WriteStream* make_stream(const Group* group, bool transaction, MemoryContext context) {
  const WriteTarget* target = nth_target(group, 0);
  dynamodb::WriteStreamOptions options;
  options.transaction = transaction;
  options.max_in_flight = static_cast<uint32_t>(target->max_connections);
  dynamodb::RateLimiter* limiter = write_rate_limiter(target->relid, target->write_capacity_limit);
  auto* stream = make_owned<WriteStream>(context, [&] {
    return std::make_unique<WriteStream>(*group->client, options, limiter, dynamodb::system_clock());
  });
  watch_writes(group, stream, context);
  return stream;
}

// Whether what the group writes goes as one TransactWriteItems. A single item needs none.
bool choose_transaction(const Group* group, Sender* sender, GroupSize* size, bool* all_collected) {
  *all_collected = false;
  if (!group->together) return false;
  if (size->truncates) *all_collected = collect_truncated_keys(sender, dynamodb::kTransactionItems);
  size->writes += sender->truncated.size() + (size->truncates && !*all_collected ? 1 : 0);
  check_atomic(group, *size);
  if (!*all_collected) sender->truncated.clear();
  return size->writes > 1 && (*all_collected || !size->truncates) && fits_transaction(*size);
}

Sender* make_sender(Group* group, CommitProgress* progress, MemoryContext context) {
  Sender* sender = make_owned<Sender>(context, [] { return std::make_unique<Sender>(); });
  sender->group = group;
  sender->progress = progress;
  return sender;
}

// Other implementations of DynamoDB's API have no transactions, or smaller ones. Nothing was written then.
bool is_refused_as_transaction(const CommitProgress* progress) {
  if (!progress->failed || progress->written > 0 || progress->unknown > 0) return false;
  if (strcmp(progress->first.type, "UnknownOperationException") == 0) return true;
  return progress->first.kind == dynamodb::ErrorKind::validation &&
         strstr(progress->first.message, "length less than or equal to") != nullptr;
}

// All of it, or nothing. False: the service takes no such transaction, and the group need not be written as one.
bool send_together(Sender* sender, CommitProgress* progress) {
  CommitProgress* attempt =
      make_owned<CommitProgress>(CurrentMemoryContext, [] { return std::make_unique<CommitProgress>(); });
  sender->progress = attempt;
  sender->stream = make_stream(sender->group, true, CurrentMemoryContext);
  send_entries(sender);
  if (!sender->group->atomic && is_refused_as_transaction(attempt)) return false;
  PlainError failure;
  if (!guard(&failure, [&] { add_progress(*progress, *attempt); }))
    report_error(failure, commit_context(sender->group));
  return true;
}

void send_separately(Sender* sender, bool delete_first) {
  sender->stream = make_stream(sender->group, false, CurrentMemoryContext);
  if (delete_first) delete_all_truncated(sender);
  send_entries(sender);
}

void send_group(Group* group, CommitProgress* progress) {
  MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "dynamodb_fdw commit", ALLOCSET_SMALL_SIZES);
  MemoryContext old = MemoryContextSwitchTo(context);
  hold_client(group->client, context);
  begin_activities(group, context);
  Sender* sender = make_sender(group, progress, context);
  GroupSize size = measure(group);
  bool all_collected;
  if (!choose_transaction(group, sender, &size, &all_collected)) {
    send_separately(sender, size.truncates && !all_collected);
  } else if (!send_together(sender, progress)) {
    send_separately(make_sender(group, progress, context), size.truncates);
  }
  MemoryContextSwitchTo(old);
  MemoryContextDelete(context);
}

uint64_t count_writes(List* groups) {
  uint64_t total = 0;
  ListCell* cell;
  foreach (cell, groups) {
    auto* group = static_cast<Group*>(lfirst(cell));
    GroupSize size = measure(group);
    if (!size.truncates) check_atomic(group, size);
    total += size.writes;
  }
  return total;
}

// PostgreSQL ends statement_timeout before it commits, because its own commits take no time. Here it begins anew. An
// error disables it with all other time limits. Within a procedure that of CALL goes on.
bool start_time_limit() {
  if (StatementTimeout <= 0 || get_timeout_active(STATEMENT_TIMEOUT)) return false;
  enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
  return true;
}

void send_groups(List* groups) {
  CommitProgress* progress =
      make_owned<CommitProgress>(CurrentMemoryContext, [] { return std::make_unique<CommitProgress>(); });
  progress->total = count_writes(groups);
  ErrorContextCallback context = {error_context_stack, add_commit_context, progress};
  error_context_stack = &context;
  ListCell* cell;
  foreach (cell, groups) {
    send_group(static_cast<Group*>(lfirst(cell)), progress);
    if (progress->failed) {
      error_context_stack = context.previous;
      log_all_slow_requests();
      report_commit_failure(progress);
    }
  }
  error_context_stack = context.previous;
}

}  // namespace

void send_pending_writes(List* targets) {
  if (targets == NIL) return;
  bool limited = start_time_limit();
  require_streamed_writes(targets);
  List* groups = group_targets(targets);
  if (groups != NIL) send_groups(groups);
  log_all_slow_requests();
  if (limited) disable_timeout(STATEMENT_TIMEOUT, false);
}

void check_atomic_limit(const WriteTarget* target) {
  if (target->commit_mode != CommitMode::atomic) return;
  ListCell* cell;
  foreach (cell, group_targets(all_write_targets())) {
    auto* group = static_cast<Group*>(lfirst(cell));
    if (group->client == target->client && group->together) check_atomic(group, measure(group));
  }
}

}  // namespace dynamodb_fdw
