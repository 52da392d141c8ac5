// The planner's callbacks: size, paths and plan of a foreign scan.
#pragma once

#include "pg.hpp"

namespace dynamodb_fdw {

extern "C" {
void dynamodbGetForeignRelSize(PlannerInfo* root, RelOptInfo* rel, Oid relid);
void dynamodbGetForeignPaths(PlannerInfo* root, RelOptInfo* rel, Oid relid);
ForeignScan* dynamodbGetForeignPlan(PlannerInfo* root, RelOptInfo* rel, Oid relid, ForeignPath* path, List* tlist,
                                    List* scan_clauses, Plan* outer_plan);
}

}  // namespace dynamodb_fdw
