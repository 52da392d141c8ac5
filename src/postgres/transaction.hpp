// The writes of this backend's transaction, table by table, from the statement to commit or rollback.
#pragma once

#include <string>

#include "dynamodb/pending_writes.hpp"
#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

struct Activity;
struct StreamedWrites;

/// What one transaction writes to one DynamoDB table as one user. Lives until the transaction ends.
struct WriteTarget {
  Oid serverid;
  Oid userid;
  const char* region;         ///< as asked for; "" for none
  const char* table_name;     ///< DynamoDB table
  const char* partition_key;  ///< attribute names, UTF-8
  const char* sort_key;       ///< null: none
  dynamodb::AttributeType partition_type;
  dynamodb::AttributeType sort_type;
  CommitMode commit_mode;  ///< the strictest of the foreign tables that wrote: atomic, auto, batch
  int max_connections;
  double write_capacity_limit;
  Oid relid;  ///< of the foreign table that wrote first
  dynamodb::Client* client;
  dynamodb::PendingWrites* writes;
  StreamedWrites* streamed;  ///< what stream_writes has under way; null: nothing
};

/// The target for a foreign table and the user whose credentials write it; made on first use, which connects, so that
/// errors of credentials come with the statement. Errors: the table's key is not known (55000); those of
/// acquire_client().
WriteTarget* open_write_target(const TableOptions* table, const ServerOptions* server, Oid userid);

/// The targets with writes to the DynamoDB table of `table`, whoever wrote them. A list of WriteTarget*.
List* find_write_targets(const TableOptions* table);

/// An item has one writer in a transaction: whose credentials should send what two users made of it? Errors: another
/// user has written the item (or truncated the table) in this transaction; for a null `key`: has written anything to
/// the table.
void check_one_writer(const WriteTarget* target, const std::string* key);

/// All targets of the transaction, in the order of their making.
List* all_write_targets();

/// What is done at a target's table, until `owner` is reset; see activity.hpp.
Activity* begin_write_activity(const WriteTarget* target, const char* operation, MemoryContext owner);

/// Where in the transaction a write of command `command` is made.
dynamodb::WriteStamp write_stamp(CommandId command);

}  // namespace dynamodb_fdw
