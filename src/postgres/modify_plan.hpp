// The planner's side of INSERT, UPDATE and DELETE: which parts of the rows to be changed have to be read, and how they
// get from the scan to where they are changed.
#pragma once

#include "options.hpp"
#include "pg.hpp"

extern "C" {
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"
}

namespace dynamodb_fdw {

/// The name under which the scan of an UPDATE or DELETE hands on the item as it was read, as typed JSON in a bytea.
inline constexpr const char* kItemJunkName = "dynamodb_item";

/// What an UPDATE or DELETE needs of the rows it reads. Plain memory of the planner.
struct ModifyNeeds {
  bool whole_row;         ///< RETURNING, triggers and the like look at every column
  bool all_attributes;    ///< the item moves, or its document is replaced
  bool whole_document;    ///< a condition or expression uses the document as a whole
  List* used;             ///< integers: attnums that conditions and expressions use
  List* document_fields;  ///< String: attributes that they take out of documents
  List* set_columns;      ///< integers: attnums that UPDATE sets
  bool triggers_set;      ///< a trigger may set any column
};

/// The needs, or null where `rel` is no table that the statement changes.
ModifyNeeds* find_modify_needs(PlannerInfo* root, RelOptInfo* rel, const TableOptions* table);

/// The scan tuple of a table that is being changed: its columns, the item, the whole row and tableoid, in that order.
List* modify_scan_tlist(RelOptInfo* rel, const TableOptions* table);
/// Places behind the columns in that tuple, counted from 0.
enum class ScanExtra : int { item, whole_row, tableoid };

/// What GetForeignPlan's counterpart for changes decided.
struct ModifyPlan {
  bool do_nothing;  ///< ON CONFLICT DO NOTHING
  bool whole_document;
  List* used;             ///< integers
  List* document_fields;  ///< String
  List* set_columns;      ///< integers; of INSERT: NIL
  bool triggers_set;      ///< as well as what a trigger has made different
};
ModifyPlan deserialize_modify_plan(List* fdw_private);

extern "C" {
void dynamodbAddForeignUpdateTargets(PlannerInfo* root, Index rtindex, RangeTblEntry* rte, Relation relation);
List* dynamodbPlanForeignModify(PlannerInfo* root, ModifyTable* plan, Index result_relation, int subplan_index);
int dynamodbIsForeignRelUpdatable(Relation relation);
}

}  // namespace dynamodb_fdw
