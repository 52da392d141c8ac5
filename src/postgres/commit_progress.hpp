// How far a commit has come, and what is said when it fails.
#pragma once

#include "dynamodb/write_stream.hpp"
#include "guard.hpp"
#include "transaction.hpp"

namespace dynamodb_fdw {

/// What has become of the writes so far. A C++ object, because texts of keys are collected while the library runs.
struct CommitProgress {
  uint64_t total = 0;  ///< writes to be sent, deletions by TRUNCATE not counted
  uint64_t written = 0;
  uint64_t unknown = 0;
  uint64_t truncated = 0;  ///< items deleted by TRUNCATE
  bool failed = false;
  PlainError first{};  ///< the first failure; of several a condition that did not hold
  const WriteTarget* first_target = nullptr;
  std::string first_key;  ///< as text
  bool first_is_insert = false;
  std::vector<std::string> not_written;  ///< the first keys, as text
  std::vector<std::string> doubtful;
};

/// Library code: takes up the outcome of the write of `key`. `insert`: the item must not have existed.
void note_outcome(CommitProgress& progress, const WriteTarget* target, std::string_view key, bool insert,
                  const dynamodb::WriteOutcome& outcome);
/// The same for an item that TRUNCATE deletes.
void note_truncation(CommitProgress& progress, const WriteTarget* target, const dynamodb::WriteOutcome& outcome);

/// Library code: adds what was done apart, of the same total.
void add_progress(CommitProgress& progress, const CommitProgress& more);

/// Raises what failed first, with an account of what was written and what was not. REQUIRES: progress->failed.
[[noreturn]] void report_commit_failure(const CommitProgress* progress);

/// An ErrorContextCallback's function, of a CommitProgress: tells in every message that arises while waiting, such as
/// that of a cancel, how far the commit is.
void add_commit_context(void* progress);

}  // namespace dynamodb_fdw
