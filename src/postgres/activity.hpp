// What this backend is doing at DynamoDB: counted for the view dynamodb_fdw_stats, shown in dynamodb_fdw_activity.
#pragma once

#include <atomic>

#include "cost_statistics.hpp"
#include "dynamodb/write_stream.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// What is done, as others see it; texts are in UTF-8.
struct ActivitySubject {
  CostKey key;  ///< database, server, region, table, operation
  Oid user;     ///< of the session
  int leader_pid;
  char index_name[256];
  char foreign_table[2 * NAMEDATALEN + 4];  ///< with its schema
  TimestampTz since;
};

/// How far it is.
struct ActivityNumbers {
  Costs costs;
  uint64 scan;             ///< the same for all processes of a parallel scan; 0: there are no others
  uint64 done;             ///< of a parallel scan by all processes together; of `to_do`
  uint64 to_do;            ///< items to scan or write; 0: not known
  TimestampTz done_since;  ///< when `done` was 0
};

constexpr int kMaxActivities = 1024;

/// Written by one process and read by others without a lock, as PostgreSQL does with the status of its backends.
struct ActivityEntry {
  std::atomic<int32> pid;       ///< 0: free; -1: taken, and not to be seen yet
  std::atomic<uint32> changes;  ///< odd while it is being changed
  ActivitySubject subject;
  ActivityNumbers numbers;
};

/// In shared memory.
struct SharedActivities {
  ActivityEntry entries[kMaxActivities];
};

/// One scan, commit or the like of this backend, from its start until its memory context is reset, however that comes
/// about: then it is no longer shown, and what it has cost is added to the sums. Where there is no shared memory, it
/// counts for its owner only; where all kMaxActivities are taken, it is not shown.
struct Activity;

struct ActivityWish {
  const char* operation;
  Oid serverid;
  Oid relid;  ///< the foreign table; 0: none
  const char* table_name;
  const char* index_name;  ///< null: none
  const dynamodb::Client* client;
};
Activity* begin_activity(const ActivityWish& wish, MemoryContext owner);

/// What `stream` costs belongs to the activity until `context` is reset, which must be the one that owns the stream,
/// and before the activity's is. To be called right after the stream was made. Of several in a row the earlier ones
/// must have come to their end.
void watch_stream(Activity* activity, const dynamodb::PageStream* stream, MemoryContext context);

/// The same for writes, where several activities, one for each table, share a stream: this one has the part of its
/// costs between `from` and `to`, of 1.
void watch_stream(Activity* activity, const dynamodb::WriteStream* stream, double from, double to,
                  MemoryContext context);

/// What the activity's page streams have cost so far, in this process. `activity` may be null: nothing.
dynamodb::PageStreamStatistics reading_of(const Activity* activity);

/// Sets how far it is; see ActivityNumbers.
void set_extent(Activity* activity, uint64 done, uint64 to_do, TimestampTz done_since);
void set_done(Activity* activity, uint64 done);
/// Has processes belong together: `scan` is the same for all of them.
void set_scan(Activity* activity, uint64 scan);

/// Library code may call it: one more item is written.
void note_written(Activity* activity) noexcept;
uint64 written_by(const Activity* activity) noexcept;

/// Shows others how far it is now. Cheap; to be called for each page and before each wait. Null: nothing.
void publish_activity(Activity* activity) noexcept;

/// Adds time for which it was waited, in microseconds. Null: nothing.
void add_waiting(Activity* activity, uint64 microseconds) noexcept;

extern "C" {
PGDLLEXPORT Datum dynamodb_fdw_get_activity(PG_FUNCTION_ARGS);
}

}  // namespace dynamodb_fdw
