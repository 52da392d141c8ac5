// What EXPLAIN shows of INSERT, UPDATE and DELETE on a foreign table.
#include "explain_modify.hpp"

#include <cstring>

#include "compat.hpp"
#include "connections.hpp"
#include "modify_plan.hpp"

namespace dynamodb_fdw {
namespace {

const char* write_operation(CmdType command, const TableOptions* table, const ModifyPlan& plan) {
  if (command == CMD_DELETE) return "DeleteItem";
  if (command == CMD_UPDATE) {
    ListCell* cell;
    foreach (cell, plan.set_columns) {
      const ColumnOptions& column = table->columns[lfirst_int(cell) - 1];
      if (column.partition_key || column.sort_key) return "UpdateItem, or DeleteItem and PutItem where the key changes";
    }
    return "UpdateItem";
  }
  if (plan.do_nothing) return "PutItem of keys that a GetItem does not find";
  return table->insert_mode == InsertMode::put ? "PutItem" : "PutItem of keys that do not exist";
}

const char* commit_mode_name(CommitMode mode) {
  switch (mode) {
    case CommitMode::atomic:
      return "atomic";
    case CommitMode::batch:
      return "batch";
    default:
      return "auto";
  }
}

// What must still be as it was read when the change is sent.
List* guarded_attributes(const TableOptions* table, const ModifyPlan& plan) {
  List* names = NIL;
  ListCell* cell;
  foreach (cell, plan.used) {
    const ColumnOptions& column = table->columns[lfirst_int(cell) - 1];
    if (column.row_id || column.document || column.partition_key || column.sort_key) continue;
    const char* path = column.mapped_path != nullptr ? column.mapped_path : column.attribute;
    names = lappend(names, pg_any_to_server(pstrdup(path), static_cast<int>(strlen(path)), PG_UTF8));
  }
  foreach (cell, plan.document_fields) {
    char* name = strVal(lfirst(cell));
    names = lappend(names, pg_any_to_server(name, static_cast<int>(strlen(name)), PG_UTF8));
  }
  if (plan.whole_document) names = lappend(names, pstrdup("every attribute"));
  return names;
}

}  // namespace

void dynamodbExplainForeignModify(ModifyTableState* node, ResultRelInfo* relation, List* fdw_private, int,
                                  ExplainState* es) {
  const TableOptions* table = get_table_options(RelationGetRelid(relation->ri_RelationDesc));
  ModifyPlan plan = deserialize_modify_plan(fdw_private);
  Oid userid = modifying_user(node->ps.state, relation);
  ExplainPropertyText("DynamoDB Write", write_operation(node->operation, table, plan), es);
  ExplainPropertyText(
      "DynamoDB Table",
      psprintf("%s (%s)", table->table_name, effective_region(table->serverid, userid, table->aws_region)), es);
  List* guarded = guarded_attributes(table, plan);
  if (guarded != NIL) ExplainPropertyList("On Condition Of", guarded, es);
  ExplainPropertyText("Commit Mode", commit_mode_name(table->commit_mode), es);
}

}  // namespace dynamodb_fdw
