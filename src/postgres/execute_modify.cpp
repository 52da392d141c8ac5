// The executor's callbacks of INSERT, UPDATE, DELETE, COPY and TRUNCATE: rows become pending writes of the transaction.
#include "execute_modify.hpp"

#include "change_rows.hpp"
#include "compat.hpp"
#include "handles.hpp"
#include "insert_rows.hpp"

namespace dynamodb_fdw {

namespace {

void check_updatable(const TableOptions* table) {
  if (table->updatable) return;
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("foreign table \"%s\" does not allow writes", get_rel_name(table->relid)),
                  errdetail("Its option updatable is false.")));
}

// Whether the statement reads the table that it writes. What it sends while it reads it would read, too.
bool reads_itself(const EState* estate, const ResultRelInfo* relation) {
  const Oid relid = RelationGetRelid(relation->ri_RelationDesc);
  Index place = 0;
  ListCell* cell;
  foreach (cell, estate->es_range_table) {
    const auto* entry = lfirst_node(RangeTblEntry, cell);
    ++place;
    if (entry->rtekind == RTE_RELATION && entry->relid == relid && place != relation->ri_RangeTableIndex) return true;
  }
  return false;
}

ModifyState* begin_modify(EState* estate, ResultRelInfo* relation) {
  MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);
  auto* state = static_cast<ModifyState*>(palloc0(sizeof(ModifyState)));
  relation->ri_FdwState = state;
  state->table = get_table_options(RelationGetRelid(relation->ri_RelationDesc));
  check_updatable(state->table);
  Oid userid = modifying_user(estate, relation);
  state->target = open_write_target(state->table, get_server_options(state->table->serverid), userid);
  state->writer = make_item_writer(state->table, state->target, userid, estate->es_query_cxt);
  state->stream = state->table->stream_writes && !reads_itself(estate, relation);
  state->context = estate->es_query_cxt;
  state->row_context = AllocSetContextCreate(estate->es_query_cxt, "dynamodb_fdw row", ALLOCSET_DEFAULT_SIZES);
  MemoryContextSwitchTo(old);
  return state;
}

}  // namespace

void dynamodbBeginForeignModify(ModifyTableState* node, ResultRelInfo* relation, List* fdw_private, int, int eflags) {
  if (eflags & EXEC_FLAG_EXPLAIN_ONLY) return;
  ModifyState* state = begin_modify(node->ps.state, relation);
  state->plan = deserialize_modify_plan(fdw_private);
  if (node->operation == CMD_INSERT) expect_new_items(state->writer);
  if (node->operation != CMD_UPDATE && node->operation != CMD_DELETE) return;
  state->stream = false;
  state->item_place = ExecFindJunkAttributeInTlist(outerPlanState(node)->plan->targetlist, kItemJunkName);
  if (!AttributeNumberIsValid(state->item_place)) elog(ERROR, "could not find junk column %s", kItemJunkName);
}

void dynamodbBeginForeignInsert(ModifyTableState* node, ResultRelInfo* relation) {
  auto* plan = reinterpret_cast<ModifyTable*>(node->ps.plan);  // null for COPY
  if (plan != nullptr && plan->onConflictAction == ONCONFLICT_UPDATE)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("ON CONFLICT DO UPDATE is not supported on DynamoDB tables")));
  if (relation->ri_FdwState != nullptr)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("cannot route tuples into foreign table \"%s\", which the command also updates",
                           RelationGetRelationName(relation->ri_RelationDesc))));
  ModifyState* state = begin_modify(node->ps.state, relation);
  state->plan.do_nothing = plan != nullptr && plan->onConflictAction == ONCONFLICT_NOTHING;
  state->copies = plan == nullptr;
  expect_new_items(state->writer);
  if (state->copies) state->copy_command = GetCurrentCommandId(true);
}

TupleTableSlot* dynamodbExecForeignInsert(EState* estate, ResultRelInfo* relation, TupleTableSlot* slot,
                                          TupleTableSlot*) {
  int count = 1;
  insert_rows(estate, relation, &slot, &count);
  return count == 1 ? slot : nullptr;
}

TupleTableSlot** dynamodbExecForeignBatchInsert(EState* estate, ResultRelInfo* relation, TupleTableSlot** slots,
                                                TupleTableSlot**, int* count) {
  return insert_rows(estate, relation, slots, count);
}

int dynamodbGetForeignModifyBatchSize(ResultRelInfo* relation) {
  const TriggerDesc* triggers = relation->ri_TrigDesc;
  if (relation->ri_projectReturning != nullptr || relation->ri_WithCheckOptions != NIL ||
      (triggers != nullptr && (triggers->trig_insert_before_row || triggers->trig_insert_after_row)))
    return 1;
  const auto* state = static_cast<ModifyState*>(relation->ri_FdwState);  // null for EXPLAIN
  return state != nullptr ? state->table->batch_size
                          : get_table_options(RelationGetRelid(relation->ri_RelationDesc))->batch_size;
}

TupleTableSlot* dynamodbExecForeignUpdate(EState* estate, ResultRelInfo* relation, TupleTableSlot* slot,
                                          TupleTableSlot* plan_slot) {
  return update_row(estate, relation, slot, plan_slot);
}

TupleTableSlot* dynamodbExecForeignDelete(EState* estate, ResultRelInfo* relation, TupleTableSlot* slot,
                                          TupleTableSlot* plan_slot) {
  return delete_row(estate, relation, slot, plan_slot);
}

void dynamodbEndForeignModify(EState*, ResultRelInfo*) {}

void dynamodbExecForeignTruncate(List* relations, DropBehavior, bool) {
  ListCell* cell;
  foreach (cell, relations) {
    Oid relid = RelationGetRelid(static_cast<Relation>(lfirst(cell)));
    const TableOptions* table = get_table_options(relid);
    if (!table->truncatable)
      ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                      errmsg("foreign table \"%s\" does not allow truncates", get_rel_name(relid)),
                      errdetail("Its option truncatable is false.")));
    WriteTarget* target = open_write_target(table, get_server_options(table->serverid), GetUserId());
    check_one_writer(target, nullptr);
    PlainError failure;
    bool done = guard(&failure, [&] { target->writes->truncate(write_stamp(GetCurrentCommandId(true))); });
    if (!done) report_error(failure, {"TRUNCATE", table->table_name});
  }
}

}  // namespace dynamodb_fdw
