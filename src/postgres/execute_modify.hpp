// The executor's callbacks of INSERT, UPDATE, DELETE, COPY and TRUNCATE: rows become pending writes of the transaction.
#pragma once

#include "pg.hpp"

extern "C" {
#include "commands/explain.h"
#include "nodes/execnodes.h"
}

namespace dynamodb_fdw {

extern "C" {
void dynamodbBeginForeignModify(ModifyTableState* node, ResultRelInfo* relation, List* fdw_private, int subplan_index,
                                int eflags);
void dynamodbBeginForeignInsert(ModifyTableState* node, ResultRelInfo* relation);
TupleTableSlot* dynamodbExecForeignInsert(EState* estate, ResultRelInfo* relation, TupleTableSlot* slot,
                                          TupleTableSlot* plan_slot);
TupleTableSlot** dynamodbExecForeignBatchInsert(EState* estate, ResultRelInfo* relation, TupleTableSlot** slots,
                                                TupleTableSlot** plan_slots, int* count);
int dynamodbGetForeignModifyBatchSize(ResultRelInfo* relation);
TupleTableSlot* dynamodbExecForeignUpdate(EState* estate, ResultRelInfo* relation, TupleTableSlot* slot,
                                          TupleTableSlot* plan_slot);
TupleTableSlot* dynamodbExecForeignDelete(EState* estate, ResultRelInfo* relation, TupleTableSlot* slot,
                                          TupleTableSlot* plan_slot);
void dynamodbEndForeignModify(EState* estate, ResultRelInfo* relation);
void dynamodbExecForeignTruncate(List* relations, DropBehavior behavior, bool restart_sequences);
}

}  // namespace dynamodb_fdw
