// The table option stream_writes: INSERT and COPY send their items while they run.
#include "streamed_writes.hpp"

#include <unordered_map>
#include <unordered_set>

#include "activity.hpp"
#include "commit_progress.hpp"
#include "connections.hpp"
#include "handles.hpp"
#include "progress.hpp"
#include "wait.hpp"

namespace dynamodb_fdw {

using dynamodb::WriteOutcome;
using dynamodb::WriteStream;

struct StreamedWrites {
  WriteStream* stream;
  bool inserts;  // the items must not exist
  CommitProgress progress;
  Activity* activity;
  ProgressClock clock;
  std::unordered_map<uint64_t, std::string> keys;  // by tag, of the writes that are not settled
  std::unordered_set<std::string_view> under_way;  // views into `keys`
  uint64_t last_tag;
};

namespace {

struct StreamedTexts {
  std::string key;
  std::string item;
};

ErrorContext error_context(const WriteTarget* target) {
  return {"write", target->table_name, target->streamed != nullptr ? target->streamed->activity : nullptr};
}

// It lives as long as the target: what it has under way outlives the statement.
StreamedWrites* make_streamed_writes(const WriteTarget* target, const TableOptions* table) {
  MemoryContext context = GetMemoryChunkContext(const_cast<WriteTarget*>(target));
  Activity* activity = begin_write_activity(target, "Write", context);
  auto* streamed = make_owned<StreamedWrites>(context, [] { return std::make_unique<StreamedWrites>(); });
  streamed->activity = activity;
  streamed->clock = start_progress();
  streamed->inserts = table->insert_mode == InsertMode::insert;
  streamed->last_tag = 0;
  dynamodb::WriteStreamOptions options;
  options.max_in_flight = static_cast<uint32_t>(target->max_connections);
  dynamodb::RateLimiter* limiter = write_rate_limiter(target->relid, target->write_capacity_limit);
  streamed->stream = make_owned<WriteStream>(context, [&] {
    return std::make_unique<WriteStream>(*target->client, options, limiter, dynamodb::system_clock());
  });
  watch_stream(activity, streamed->stream, 0, 1, context);
  return streamed;
}

// Library code.
void collect(const WriteTarget* target, StreamedWrites* streamed) {
  WriteOutcome outcome;
  while (streamed->stream->take_outcome(&outcome)) {
    const auto found = streamed->keys.find(outcome.tag);
    if (found == streamed->keys.end()) continue;
    if (outcome.kind == WriteOutcome::Kind::written) note_written(streamed->activity);
    note_outcome(streamed->progress, target, found->second, streamed->inserts, outcome);
    streamed->under_way.erase(found->second);
    streamed->keys.erase(found);
  }
}

WriteStream::Step take_step(WriteTarget* target) {
  WriteStream::Step step = WriteStream::Step::waiting;
  PlainError failure;
  bool done = guard(&failure, [&] {
    step = target->streamed->stream->advance();
    collect(target, target->streamed);
  });
  if (!done) report_error(failure, error_context(target));
  return step;
}

// How many more there will be only the statement knows.
void wait_for_streamed(WriteTarget* target) {
  StreamedWrites* streamed = target->streamed;
  if (is_progress_due(&streamed->clock))
    emit_progress({.verb = "writing",
                   .table = target->table_name,
                   .done = streamed->progress.written,
                   .to_do = 0,
                   .exact = false,
                   .otherwise = "",
                   .capacity = streamed->stream->statistics().consumed_capacity},
                  streamed->clock);
  wait_and_advance(target->client, error_context(target),
                   progress_time(streamed->clock, streamed->stream->wake_time()));
}

// Sends nothing more and waits for what is under way, so that the account of what was written is true.
[[noreturn]] void report_streamed_failure(WriteTarget* target) {
  PlainError failure;
  bool done = guard(&failure, [&] {
    target->streamed->stream->stop(dynamodb::Error::internal("not sent, because another write failed"));
  });
  if (!done) report_error(failure, error_context(target));
  while (take_step(target) == WriteStream::Step::waiting) wait_for_streamed(target);
  // The account is complete; whether anybody was waiting for it meanwhile is a matter of time.
  if (error_context_stack != nullptr && error_context_stack->callback == add_commit_context)
    error_context_stack = error_context_stack->previous;
  report_commit_failure(&target->streamed->progress);
}

WriteStream::Step advance_streamed(WriteTarget* target) {
  WriteStream::Step step = take_step(target);
  if (target->streamed->progress.failed) report_streamed_failure(target);
  return step;
}

// Two writes of one item at the same time could arrive in any order.
void settle_all(WriteTarget* target) {
  PlainError failure;
  if (!guard(&failure, [&] { target->streamed->stream->finish(); })) report_error(failure, error_context(target));
  while (advance_streamed(target) == WriteStream::Step::waiting) wait_for_streamed(target);
  target->streamed->stream->reopen();
}

// What was sent is told in errors that arise while waiting.
void settle_with_context(WriteTarget* target) {
  ErrorContextCallback context = {error_context_stack, add_commit_context, &target->streamed->progress};
  error_context_stack = &context;
  settle_all(target);
  error_context_stack = context.previous;
}

void add(const WriteTarget* target, StreamedWrites* streamed, const std::string& key, const std::string& item) {
  PlainError failure;
  bool done = guard(&failure, [&] {
    auto texts = std::make_shared<const StreamedTexts>(StreamedTexts{key, item});
    dynamodb::ItemWrite write;
    write.table = target->table_name;
    write.partition_key = target->partition_key;
    write.key = texts->key;
    write.item = texts->item;
    write.owner = std::move(texts);
    if (streamed->inserts) write.existence = dynamodb::Existence::must_not_exist;
    const uint64_t tag = ++streamed->last_tag;
    const auto [place, fresh] = streamed->keys.emplace(tag, key);
    streamed->under_way.insert(place->second);
    streamed->stream->add(std::move(write), tag);
    ++streamed->progress.total;
  });
  if (!done) report_error(failure, error_context(target));
}

}  // namespace

bool stream_put(WriteTarget* target, const TableOptions* table, const std::string& key, const std::string& item) {
  if (target->writes->truncated() || target->writes->find(key) != nullptr) return false;
  if (target->streamed == nullptr) target->streamed = make_streamed_writes(target, table);
  StreamedWrites* streamed = target->streamed;
  streamed->stream->reopen();  // an error may have ended the waiting of an earlier statement
  if (streamed->under_way.count(key) > 0) settle_all(target);
  while (!streamed->stream->wants_more())
    if (advance_streamed(target) == WriteStream::Step::waiting) wait_for_streamed(target);
  add(target, streamed, key, item);
  advance_streamed(target);
  return true;
}

bool is_under_way(const WriteTarget* target, const std::string& key) {
  return target->streamed != nullptr && target->streamed->under_way.count(key) > 0;
}

void finish_streamed_writes(List* targets) {
  ListCell* cell;
  foreach (cell, targets) {
    auto* target = static_cast<WriteTarget*>(lfirst(cell));
    if (target->streamed != nullptr && !target->streamed->progress.failed) settle_with_context(target);
  }
}

void require_streamed_writes(List* targets) {
  ListCell* cell;
  foreach (cell, targets) {
    auto* target = static_cast<WriteTarget*>(lfirst(cell));
    if (target->streamed != nullptr) settle_with_context(target);
  }
}

}  // namespace dynamodb_fdw
