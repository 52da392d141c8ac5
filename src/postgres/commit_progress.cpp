// How far a commit has come, and what is said when it fails.
#include "commit_progress.hpp"

#include "errors.hpp"
#include "item_keys.hpp"

namespace dynamodb_fdw {

using dynamodb::ErrorKind;
using dynamodb::WriteOutcome;

namespace {

constexpr std::size_t kMostKeysShown = 5;

// --- outcomes; library code

void remember_key(std::vector<std::string>& keys, const WriteTarget* target, std::string_view key) {
  if (keys.size() < kMostKeysShown) keys.push_back(key_text(target, key));
}

// A condition that did not hold tells more than that the others were not sent for it.
void note_failure(CommitProgress& progress, const WriteTarget* target, const std::string_view* key, bool insert,
                  const WriteOutcome& outcome) {
  const bool condition = outcome.error && outcome.error->kind == ErrorKind::conditional_check_failed;
  if (progress.failed && (progress.first.kind == ErrorKind::conditional_check_failed || !condition)) return;
  progress.failed = true;
  progress.first_target = target;
  progress.first_key = key != nullptr ? key_text(target, *key) : "";
  progress.first_is_insert = insert;
  if (outcome.error) copy_error(&progress.first, *outcome.error);
}

// --- saying what failed

void append_keys(StringInfo text, const char* title, const std::vector<std::string>& keys, uint64_t count) {
  if (keys.empty()) return;
  appendStringInfo(text, " %s: ", title);
  for (std::size_t i = 0; i < keys.size(); ++i)
    appendStringInfo(text, "%s%s", i > 0 ? ", " : "", message_text(keys[i].c_str()));
  appendStringInfoString(text, count > keys.size() ? ", ..." : ".");
}

// How many were written, how many not, and the first of those.
char* account(const CommitProgress* progress) {
  StringInfoData text;
  initStringInfo(&text);
  uint64_t not_written = progress->total - progress->written - progress->unknown;
  appendStringInfo(&text, UINT64_FORMAT " items were written and " UINT64_FORMAT " were not", progress->written,
                   not_written);
  if (progress->unknown > 0) appendStringInfo(&text, "; of " UINT64_FORMAT " it is not known", progress->unknown);
  appendStringInfoChar(&text, '.');
  if (progress->truncated > 0)
    appendStringInfo(&text, " TRUNCATE had deleted " UINT64_FORMAT " items.", progress->truncated);
  append_keys(&text, "Not written", progress->not_written, not_written);
  append_keys(&text, "Not known", progress->doubtful, progress->unknown);
  return text.data;
}

[[noreturn]] void report_condition(const CommitProgress* progress, const char* detail) {
  const WriteTarget* target = progress->first_target;
  const char* key = message_text(progress->first_key.c_str());
  if (progress->first_is_insert)
    ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
                    errmsg("duplicate key value violates the primary key of DynamoDB table \"%s\"", target->table_name),
                    errdetail("Key %s already exists. %s", key, detail)));
  ereport(ERROR,
          (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
           errmsg("could not serialize access to DynamoDB table \"%s\" due to a concurrent change", target->table_name),
           errdetail("The item with key %s was changed or deleted after this transaction had read it. %s", key, detail),
           errhint("The transaction might succeed if retried.")));
  pg_unreachable();
}

}  // namespace

void note_outcome(CommitProgress& progress, const WriteTarget* target, std::string_view key, bool insert,
                  const WriteOutcome& outcome) {
  if (outcome.kind == WriteOutcome::Kind::written) {
    ++progress.written;
    return;
  }
  note_failure(progress, target, &key, insert, outcome);
  if (outcome.kind == WriteOutcome::Kind::unknown) {
    ++progress.unknown;
    remember_key(progress.doubtful, target, key);
  } else {
    remember_key(progress.not_written, target, key);
  }
}

void note_truncation(CommitProgress& progress, const WriteTarget* target, const WriteOutcome& outcome) {
  if (outcome.kind == WriteOutcome::Kind::written)
    ++progress.truncated;
  else
    note_failure(progress, target, nullptr, false, outcome);
}

void add_progress(CommitProgress& progress, const CommitProgress& more) {
  progress.written += more.written;
  progress.unknown += more.unknown;
  progress.truncated += more.truncated;
  for (auto keys : {&CommitProgress::not_written, &CommitProgress::doubtful})
    (progress.*keys).insert((progress.*keys).end(), (more.*keys).begin(), (more.*keys).end());
  if (progress.failed || !more.failed) return;
  progress.failed = true;
  progress.first = more.first;
  progress.first_target = more.first_target;
  progress.first_key = more.first_key;
  progress.first_is_insert = more.first_is_insert;
}

void report_commit_failure(const CommitProgress* progress) {
  char* detail = account(progress);
  if (progress->first.kind == ErrorKind::conditional_check_failed) report_condition(progress, detail);
  report_error_with_detail(progress->first, {"commit", progress->first_target->table_name}, detail);
}

void add_commit_context(void* argument) {
  auto* progress = static_cast<const CommitProgress*>(argument);
  errcontext("commit of writes to DynamoDB: " UINT64_FORMAT " of " UINT64_FORMAT
             " items are known to be written; those under way may be, too",
             progress->written, progress->total);
}

}  // namespace dynamodb_fdw
