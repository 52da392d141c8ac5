// What INSERT and UPDATE share while they run.
#include "modify_state.hpp"

namespace dynamodb_fdw {

namespace {

bool looks_at_rows(const ResultRelInfo* relation) {
  const TriggerDesc* triggers = relation->ri_TrigDesc;
  return relation->ri_projectReturning != nullptr || relation->ri_WithCheckOptions != NIL ||
         (triggers != nullptr &&
          (triggers->trig_insert_after_row || triggers->trig_update_after_row || triggers->trig_delete_after_row));
}

}  // namespace

void show_item(ModifyState* state, const ResultRelInfo* relation, TupleTableSlot* slot, const std::string& json) {
  if (!looks_at_rows(relation)) return;
  if (state->reader == nullptr) state->reader = make_row_reader(state->table, state->target, state->context);
  read_item_into(state->reader, json, slot);
}

void report_duplicate(const ModifyState* state, const char* key) {
  ereport(ERROR,
          (errcode(ERRCODE_UNIQUE_VIOLATION),
           errmsg("duplicate key value violates the primary key of DynamoDB table \"%s\"", state->table->table_name),
           errdetail("Key %s already exists.", key)));
  pg_unreachable();
}

}  // namespace dynamodb_fdw
