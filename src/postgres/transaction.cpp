// The writes of this backend's transaction, table by table, from the statement to commit or rollback.
#include "transaction.hpp"

#include <cstring>

#include "activity.hpp"
#include "commit.hpp"
#include "connections.hpp"
#include "handles.hpp"
#include "key_schema.hpp"
#include "table_metadata.hpp"

namespace dynamodb_fdw {
namespace {

MemoryContext transaction_context = nullptr;  // a child of TopTransactionContext; null: nothing was written
List* targets = NIL;                          // WriteTarget*, in transaction_context

const char* text_or_empty(const char* text) { return text != nullptr ? text : ""; }

bool anything_pending() {
  ListCell* cell;
  foreach (cell, targets) {
    auto* target = static_cast<WriteTarget*>(lfirst(cell));
    if (!target->writes->empty() || target->streamed != nullptr) return true;
  }
  return false;
}

// The memory goes with the transaction.
void forget_all() {
  transaction_context = nullptr;
  targets = NIL;
}

void at_transaction_event(XactEvent event, void*) {
  if (transaction_context == nullptr) return;
  switch (event) {
    case XACT_EVENT_PRE_COMMIT:
      send_pending_writes(targets);
      break;
    case XACT_EVENT_PRE_PREPARE:
      if (anything_pending())
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot PREPARE a transaction that has written to DynamoDB tables"),
                        errdetail("The writes wait in this session for COMMIT; DynamoDB cannot keep them prepared.")));
      forget_all();
      break;
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_ABORT:
      forget_all();
      break;
    default:
      break;
  }
}

void at_subtransaction_event(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId, void*) {
  if (event != SUBXACT_EVENT_ABORT_SUB) return;
  ListCell* cell;
  foreach (cell, targets) static_cast<WriteTarget*>(lfirst(cell))->writes->roll_back(subtransaction);
}

void prepare_transaction() {
  static bool callbacks_registered = false;
  if (!callbacks_registered) {
    RegisterXactCallback(at_transaction_event, nullptr);
    RegisterSubXactCallback(at_subtransaction_event, nullptr);
    callbacks_registered = true;
  }
  if (transaction_context == nullptr)
    transaction_context =
        AllocSetContextCreate(TopTransactionContext, "dynamodb_fdw pending writes", ALLOCSET_DEFAULT_SIZES);
}

bool same_table(const WriteTarget* target, const TableOptions* table) {
  return target->serverid == table->serverid && strcmp(target->table_name, table->table_name) == 0 &&
         strcmp(target->region, text_or_empty(table->aws_region)) == 0;
}

bool is_same_table(const WriteTarget* left, const WriteTarget* right) {
  return left->serverid == right->serverid && strcmp(left->table_name, right->table_name) == 0 &&
         strcmp(left->region, right->region) == 0;
}

int strictness(CommitMode mode) {
  switch (mode) {
    case CommitMode::atomic:
      return 2;
    case CommitMode::automatic:
      return 1;
    default:
      return 0;
  }
}

void set_key(WriteTarget* target, const TableOptions* table, Oid userid) {
  const dynamodb::TableDescription* description = get_table_description(table, userid, CurrentMemoryContext);
  if (description != nullptr) check_against_description(table, description);
  List* schemas = find_key_schemas(table, description);
  if (schemas == NIL)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("cannot write to foreign table \"%s\": the key of its DynamoDB table is not known",
                           get_rel_name(table->relid)),
                    errhint("Mark the key columns with the options partition_key and sort_key, or permit "
                            "dynamodb:DescribeTable.")));
  const auto* schema = static_cast<KeySchema*>(linitial(schemas));
  target->partition_key = MemoryContextStrdup(transaction_context, schema->partition[0].name);
  target->partition_type = schema->partition[0].type;
  if (schema->sort_count == 0) return;
  target->sort_key = MemoryContextStrdup(transaction_context, schema->sort[0].name);
  target->sort_type = schema->sort[0].type;
}

WriteTarget* make_target(const TableOptions* table, const ServerOptions* server, Oid userid) {
  auto* target = static_cast<WriteTarget*>(MemoryContextAllocZero(transaction_context, sizeof(WriteTarget)));
  target->serverid = table->serverid;
  target->userid = userid;
  target->region = MemoryContextStrdup(transaction_context, text_or_empty(table->aws_region));
  target->table_name = MemoryContextStrdup(transaction_context, table->table_name);
  target->commit_mode = table->commit_mode;
  target->max_connections = server->max_connections;
  target->write_capacity_limit = table->write_capacity_limit;
  target->relid = table->relid;
  set_key(target, table, userid);
  target->client = acquire_client(table->serverid, userid, table->aws_region, transaction_context);
  target->writes = make_owned<dynamodb::PendingWrites>(transaction_context,
                                                       [] { return std::make_unique<dynamodb::PendingWrites>(); });
  MemoryContext old = MemoryContextSwitchTo(transaction_context);
  targets = lappend(targets, target);
  MemoryContextSwitchTo(old);
  return target;
}

}  // namespace

WriteTarget* open_write_target(const TableOptions* table, const ServerOptions* server, Oid userid) {
  prepare_transaction();
  ListCell* cell;
  foreach (cell, targets) {
    auto* target = static_cast<WriteTarget*>(lfirst(cell));
    if (target->userid != userid || !same_table(target, table)) continue;
    if (strictness(table->commit_mode) > strictness(target->commit_mode)) target->commit_mode = table->commit_mode;
    return target;
  }
  return make_target(table, server, userid);
}

List* find_write_targets(const TableOptions* table) {
  List* found = NIL;
  ListCell* cell;
  foreach (cell, targets)
    if (same_table(static_cast<WriteTarget*>(lfirst(cell)), table)) found = lappend(found, lfirst(cell));
  return found;
}

void check_one_writer(const WriteTarget* target, const std::string* key) {
  ListCell* cell;
  foreach (cell, targets) {
    auto* other = static_cast<WriteTarget*>(lfirst(cell));
    if (other == target || !is_same_table(other, target)) continue;
    const dynamodb::PendingEntry* entry = key != nullptr ? other->writes->find(*key) : nullptr;
    const bool written = key != nullptr ? entry != nullptr && entry->latest : !other->writes->empty();
    if (!written && !other->writes->truncated()) continue;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("two users cannot write the same item of DynamoDB table \"%s\" in one transaction",
                           target->table_name),
                    errdetail("User \"%s\" has written it already.", GetUserNameFromId(other->userid, true)),
                    errhint("Write as one user, or in two transactions.")));
  }
}

Activity* begin_write_activity(const WriteTarget* target, const char* operation, MemoryContext owner) {
  return begin_activity({.operation = operation,
                         .serverid = target->serverid,
                         .relid = target->relid,
                         .table_name = target->table_name,
                         .index_name = nullptr,
                         .client = target->client},
                        owner);
}

List* all_write_targets() { return targets; }

dynamodb::WriteStamp write_stamp(CommandId command) { return {GetCurrentSubTransactionId(), command}; }

}  // namespace dynamodb_fdw
