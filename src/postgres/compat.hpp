// The differences between PostgreSQL versions, in one place.
#pragma once

#include "pg.hpp"

extern "C" {
#include "access/stratnum.h"
#include "catalog/pg_foreign_server.h"
#include "commands/explain.h"
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
#include "executor/executor.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/inherit.h"
#include "optimizer/pathnode.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#if PG_VERSION_NUM >= 170000
#include "storage/dsm_registry.h"
#endif
#if PG_VERSION_NUM >= 180000
#include "storage/waiteventset.h"
#endif
#include "utils/acl.h"
#include "utils/selfuncs.h"
}

namespace dynamodb_fdw {

using ExpressionWalker = bool (*)(Node* node, void* context);

/// expression_tree_walker(); before PostgreSQL 16 its callback had no prototype, which C++ reads as "no arguments".
inline bool walk_expression(Node* node, ExpressionWalker walker, void* context) {
#if PG_VERSION_NUM >= 160000
  return expression_tree_walker(node, walker, context);
#else
  return expression_tree_walker(node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)), context);
#endif
}

using ExpressionMutator = Node* (*)(Node* node, void* context);

/// expression_tree_mutator(), likewise.
inline Node* mutate_expression(Node* node, ExpressionMutator mutator, void* context) {
#if PG_VERSION_NUM >= 160000
  return expression_tree_mutator(node, mutator, context);
#else
  return expression_tree_mutator(node, reinterpret_cast<Node* (*)()>(reinterpret_cast<void (*)()>(mutator)), context);
#endif
}

/// The user whose rights a foreign scan has. PostgreSQL 16 moved it from the range table into the plan node.
inline Oid foreign_scan_user(ForeignScanState* node) {
#if PG_VERSION_NUM >= 160000
  Oid user = reinterpret_cast<ForeignScan*>(node->ss.ps.plan)->checkAsUser;
#else
  Oid user = exec_rt_fetch(reinterpret_cast<Scan*>(node->ss.ps.plan)->scanrelid, node->ss.ps.state)->checkAsUser;
#endif
  return OidIsValid(user) ? user : GetUserId();
}

/// The user whose rights a change of `relation` has; its table may be a partition to which rows are routed.
inline Oid modifying_user(EState* estate, ResultRelInfo* relation) {
#if PG_VERSION_NUM >= 160000
  return ExecGetResultRelCheckAsUser(relation, estate);
#else
  if (relation->ri_RangeTableIndex == 0 && relation->ri_RootResultRelInfo != nullptr)
    relation = relation->ri_RootResultRelInfo;
  Oid user =
      relation->ri_RangeTableIndex != 0 ? exec_rt_fetch(relation->ri_RangeTableIndex, estate)->checkAsUser : InvalidOid;
  return OidIsValid(user) ? user : GetUserId();
#endif
}

/// How many elements the planner expects in an array expression.
inline double expected_array_length(PlannerInfo* root, Node* array) {
#if PG_VERSION_NUM >= 170000
  return estimate_array_length(root, array);
#else
  (void)root;
  return estimate_array_length(array);
#endif
}

/// The columns of `rel` that an UPDATE changes, generated ones included, in the form of pull_varattnos().
inline Bitmapset* updated_columns(PlannerInfo* root, RelOptInfo* rel) {
#if PG_VERSION_NUM >= 150000
  return get_rel_all_updated_cols(root, rel);
#else
  RangeTblEntry* rte = planner_rt_fetch(rel->relid, root);
  return bms_union(rte->updatedCols, rte->extraUpdatedCols);
#endif
}

/// A path that scans one foreign table. PostgreSQL 17 added the conditions of pushed-down joins, 18 the number of nodes
/// that enable_... settings object to; a scan of one table has neither.
inline ForeignPath* create_base_path(PlannerInfo* root, RelOptInfo* rel, double rows, Cost startup, Cost total,
                                     List* pathkeys, Relids outer, List* fdw_private) {
#if PG_VERSION_NUM >= 180000
  return create_foreignscan_path(root, rel, nullptr, rows, 0, startup, total, pathkeys, outer, nullptr, NIL,
                                 fdw_private);
#elif PG_VERSION_NUM >= 170000
  return create_foreignscan_path(root, rel, nullptr, rows, startup, total, pathkeys, outer, nullptr, NIL, fdw_private);
#else
  return create_foreignscan_path(root, rel, nullptr, rows, startup, total, pathkeys, outer, nullptr, fdw_private);
#endif
}

/// Whether rows are asked for in descending order.
inline bool is_descending(const PathKey* pathkey) {
#if PG_VERSION_NUM >= 180000
  return pathkey->pk_cmptype == COMPARE_GT;
#else
  return pathkey->pk_strategy == BTGreaterStrategyNumber;
#endif
}

/// A WaitEventSet that lives until it is freed. Since PostgreSQL 17 it may belong to a resource owner instead of a
/// memory context.
inline WaitEventSet* create_wait_set(MemoryContext context, int events) {
#if PG_VERSION_NUM >= 170000
  MemoryContext old = MemoryContextSwitchTo(context);
  WaitEventSet* set = CreateWaitEventSet(nullptr, events);
  MemoryContextSwitchTo(old);
  return set;
#else
  return CreateWaitEventSet(context, events);
#endif
}

/// Whether `user` has USAGE on a foreign server.
inline AclResult check_server_usage(Oid serverid, Oid user) {
#if PG_VERSION_NUM >= 160000
  return object_aclcheck(ForeignServerRelationId, serverid, user, ACL_USAGE);
#else
  return pg_foreign_server_aclcheck(serverid, user, ACL_USAGE);
#endif
}

/// A tranche of locks. Since PostgreSQL 19 it is named when it is made.
inline int new_lock_tranche(const char* name) {
#if PG_VERSION_NUM >= 190000
  return LWLockNewTrancheId(name);
#else
  (void)name;
  return LWLockNewTrancheId();
#endif
}

/// Names a tranche that another process has made; `name` is kept.
inline void name_lock_tranche(int tranche, const char* name) {
#if PG_VERSION_NUM >= 190000
  (void)tranche;
  (void)name;
#else
  LWLockRegisterTranche(tranche, name);
#endif
}

using InitialiseSegment = void (*)(void* place);

/// Memory that all backends find by its name, without preloading; the first one has it initialised. Null before
/// PostgreSQL 17.
inline void* named_shared_segment(const char* name, Size size, InitialiseSegment initialise) {
#if PG_VERSION_NUM >= 190000
  bool found;
  return GetNamedDSMSegment(
      name, size, [](void* place, void* argument) { reinterpret_cast<InitialiseSegment>(argument)(place); }, &found,
      reinterpret_cast<void*>(initialise));
#elif PG_VERSION_NUM >= 170000
  bool found;
  return GetNamedDSMSegment(name, size, initialise, &found);
#else
  (void)name;
  (void)size;
  (void)initialise;
  return nullptr;
#endif
}

/// Makes ready for a set of rows, which go to the caller's tuplestore.
inline void init_materialized_result(FunctionCallInfo fcinfo) {
#if PG_VERSION_NUM >= 150000
  InitMaterializedSRF(fcinfo, 0);
#else
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  if (result == nullptr || !IsA(result, ReturnSetInfo) || (result->allowedModes & SFRM_Materialize) == 0)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("set-valued function called in context that cannot accept a set")));
  MemoryContext old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
  if (get_call_result_type(fcinfo, nullptr, &result->setDesc) != TYPEFUNC_COMPOSITE)
    elog(ERROR, "return type must be a row type");
  result->setResult = tuplestore_begin_heap((result->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
  result->returnMode = SFRM_Materialize;
  MemoryContextSwitchTo(old);
#endif
}

}  // namespace dynamodb_fdw
