// What EXPLAIN shows of INSERT, UPDATE and DELETE on a foreign table.
#pragma once

#include "pg.hpp"

extern "C" {
#include "commands/explain.h"
#include "nodes/execnodes.h"
}

namespace dynamodb_fdw {

extern "C" {
void dynamodbExplainForeignModify(ModifyTableState* node, ResultRelInfo* relation, List* fdw_private, int subplan_index,
                                  ExplainState* es);
}

}  // namespace dynamodb_fdw
