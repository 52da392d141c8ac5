// The planner's callbacks: size, paths and plan of a foreign scan.
#include "plan_paths.hpp"

#include <cstring>

#include "compat.hpp"
#include "costs.hpp"
#include "errors.hpp"
#include "push_down.hpp"
#include "scan_plan.hpp"
#include "table_metadata.hpp"

extern "C" {
#include "access/sysattr.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
}

namespace dynamodb_fdw {
namespace {

// What planning one foreign table needs to know; hangs on the RelOptInfo.
struct PlannedTable {
  TableOptions* table;
  ServerOptions* server;
  TableSize size;
  KeyColumns keys;
  KeyConditions conditions;
  const char* partition_key;  // attribute names in UTF-8, null where not known
  const char* sort_key;
  double items_read;
  double requests;
};

PlannedTable* planned_table(RelOptInfo* rel) { return static_cast<PlannedTable*>(rel->fdw_private); }

const char* to_utf8(const char* text) { return pg_server_to_any(text, strlen(text), PG_UTF8); }

// The names of the key attributes from the options, else from the description. They are always read: errors name the item.
void name_keys(PlannedTable* planned, const dynamodb::TableDescription* description) {
  if (planned->keys.partition != nullptr) planned->partition_key = to_utf8(planned->keys.partition->attribute);
  if (planned->keys.sort != nullptr) planned->sort_key = to_utf8(planned->keys.sort->attribute);
  if (description == nullptr) return;
  planned->partition_key = pstrdup(description->partition_key.name.c_str());
  planned->sort_key = description->sort_key ? pstrdup(description->sort_key->name.c_str()) : nullptr;
}

double expected_values(PlannerInfo* root, const KeyClause& key) {
  return key.match == KeyMatch::any_of ? expected_array_length(root, reinterpret_cast<Node*>(key.operand)) : 1;
}

// Items that a Query reads: those that the key conditions select.
void estimate_query(PlannerInfo* root, RelOptInfo* rel, PlannedTable* planned) {
  const KeyConditions& conditions = planned->conditions;
  List* clauses = list_make1(conditions.partition->condition);
  ListCell* cell;
  bool whole_key = planned->sort_key == nullptr;
  foreach (cell, conditions.sort) {
    auto* verdict = static_cast<ConditionVerdict*>(lfirst(cell));
    clauses = lappend(clauses, verdict->condition);
    whole_key = whole_key || verdict->key.match == KeyMatch::equal;
  }
  planned->requests = expected_values(root, conditions.partition->key);
  double selected = rel->tuples * clauselist_selectivity(root, clauses, 0, JOIN_INNER, nullptr);
  planned->items_read = whole_key ? planned->requests : Max(selected, 1);
  rel->rows = clamp_row_est(Min(rel->rows, planned->items_read));
}

void estimate_scan(RelOptInfo* rel, PlannedTable* planned) {
  planned->items_read = rel->tuples;
  planned->requests = planned->table->parallel_scan_count;
}

// Whether the query may be content with the first rows: then nothing is read far ahead.
bool wants_few_rows(PlannerInfo* root) {
  const Query* parse = root->parse;
  return root->tuple_fraction > 0 && !parse->hasAggs && parse->groupClause == NIL && parse->groupingSets == NIL &&
         parse->sortClause == NIL && parse->distinctClause == NIL && !parse->hasWindowFuncs &&
         parse->setOperations == nullptr;
}

// Attribute numbers of the columns that the query uses, in ascending order.
List* used_columns(RelOptInfo* rel, const TableOptions* table) {
  Bitmapset* used = nullptr;
  pull_varattnos(reinterpret_cast<Node*>(rel->reltarget->exprs), rel->relid, &used);
  ListCell* cell;
  foreach (cell, rel->baserestrictinfo)
    pull_varattnos(reinterpret_cast<Node*>(lfirst_node(RestrictInfo, cell)->clause), rel->relid, &used);
  bool whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used);
  List* columns = NIL;
  for (int i = 0; i < table->column_count; ++i) {
    const ColumnOptions& column = table->columns[i];
    if (column.dropped) continue;
    if (whole_row || bms_is_member(column.attnum - FirstLowInvalidHeapAttributeNumber, used))
      columns = lappend_int(columns, column.attnum);
  }
  return columns;
}

List* add_attribute(List* attributes, const char* name) {
  ListCell* cell;
  foreach (cell, attributes)
    if (strcmp(strVal(lfirst(cell)), name) == 0) return attributes;
  return lappend(attributes, makeString(pstrdup(name)));
}

// The top-level attribute that a mapped_path starts with, in UTF-8.
const char* path_attribute(const char* path) {
  const char* utf8 = to_utf8(path);
  char* name = nullptr;
  auto* buffer = static_cast<char*>(palloc(strlen(utf8) + 1));
  PlainError failure;
  bool parsed = guard(&failure, [&]() -> std::optional<dynamodb::Error> {
    auto steps = dynamodb::parse_document_path(utf8);
    if (!steps.ok()) return steps.error();
    name = std::strcpy(buffer, steps.value().front().name.c_str());
    return std::nullopt;
  });
  if (!parsed) report_error(failure, {"mapped_path", nullptr});
  return name;
}

// The attributes to ask for: those of the columns in use, and the key. NIL: everything, because a column holds the whole
// item, or because the key is not known and nothing else is used.
List* choose_projection(const PlannedTable* planned, List* columns) {
  List* attributes = NIL;
  if (planned->partition_key) attributes = add_attribute(attributes, planned->partition_key);
  if (planned->sort_key) attributes = add_attribute(attributes, planned->sort_key);
  ListCell* cell;
  foreach (cell, columns) {
    const ColumnOptions& column = planned->table->columns[lfirst_int(cell) - 1];
    if (column.document) return NIL;
    if (column.row_id) {
      if (planned->partition_key == nullptr) return NIL;
      continue;
    }
    attributes = add_attribute(
        attributes, column.mapped_path ? path_attribute(column.mapped_path) : to_utf8(column.attribute));
  }
  return attributes;
}

List* collect_operands(const KeyConditions& conditions, ScanPlan* plan) {
  if (conditions.partition == nullptr) return NIL;
  plan->partition_match = conditions.partition->key.match;
  List* operands = list_make1(conditions.partition->key.operand);
  ListCell* cell;
  foreach (cell, conditions.sort) {
    auto* verdict = static_cast<ConditionVerdict*>(lfirst(cell));
    operands = lappend(operands, verdict->key.operand);
    plan->sort_matches = lappend_int(plan->sort_matches, static_cast<int>(verdict->key.match));
  }
  return operands;
}

List* collect_verdicts(const KeyConditions& conditions, List* scan_clauses) {
  List* verdicts = NIL;
  ListCell* cell;
  foreach (cell, scan_clauses) {
    auto* clause = lfirst_node(RestrictInfo, cell);
    if (!clause->pseudoconstant) verdicts = lappend_int(verdicts, static_cast<int>(verdict_of(conditions, clause)));
  }
  return verdicts;
}

Oid planning_user(const RelOptInfo* rel) { return OidIsValid(rel->userid) ? rel->userid : GetUserId(); }

}  // namespace

void dynamodbGetForeignRelSize(PlannerInfo* root, RelOptInfo* rel, Oid relid) {
  auto* planned = static_cast<PlannedTable*>(palloc0(sizeof(PlannedTable)));
  rel->fdw_private = planned;
  planned->table = get_table_options(relid);
  planned->server = get_server_options(planned->table->serverid);
  const dynamodb::TableDescription* description =
      get_table_description(planned->table, planning_user(rel), CurrentMemoryContext);
  if (description != nullptr) check_against_description(planned->table, description);

  planned->keys = find_key_columns(planned->table, description);
  name_keys(planned, description);
  planned->size = estimate_table_size(description, rel->tuples);
  rel->tuples = planned->size.items;
  set_baserel_size_estimates(root, rel);
  planned->conditions = find_key_conditions(root, rel, planned->keys, rel->baserestrictinfo);
  if (planned->conditions.partition != nullptr)
    estimate_query(root, rel, planned);
  else
    estimate_scan(rel, planned);
}

void dynamodbGetForeignPaths(PlannerInfo* root, RelOptInfo* rel, Oid) {
  const PlannedTable* planned = planned_table(rel);
  double startup = planned->server->fdw_startup_cost + rel->baserestrictcost.startup;
  double total = startup +
                 estimate_read_cost(planned->size, planned->items_read, planned->requests,
                                    Min(planned->requests, planned->server->max_connections),
                                    planned->server->fdw_tuple_cost) +
                 rel->baserestrictcost.per_tuple * planned->items_read;
  add_path(rel, reinterpret_cast<Path*>(create_foreignscan_path(root, rel, nullptr, rel->rows, startup, total, NIL,
                                                                 rel->lateral_relids, nullptr, NIL)));
}

ForeignScan* dynamodbGetForeignPlan(PlannerInfo* root, RelOptInfo* rel, Oid, ForeignPath*, List* tlist,
                                    List* scan_clauses, Plan* outer_plan) {
  PlannedTable* planned = planned_table(rel);
  ScanPlan plan{};
  plan.operation = planned->conditions.partition ? ReadOperation::query : ReadOperation::scan;
  plan.slow_start = wants_few_rows(root);
  plan.partition_type = planned->keys.partition_type;
  plan.sort_type = planned->keys.sort_type;
  plan.partition_key = planned->partition_key;
  plan.sort_key = planned->sort_key;
  plan.columns = used_columns(rel, planned->table);
  plan.projection = choose_projection(planned, plan.columns);
  plan.verdicts = collect_verdicts(planned->conditions, scan_clauses);
  plan.estimated_capacity = estimate_read_capacity(planned->size, planned->items_read, planned->requests,
                                                   planned->table->consistent_read);
  List* operands = collect_operands(planned->conditions, &plan);
  return make_foreignscan(tlist, extract_actual_clauses(scan_clauses, false), rel->relid, operands,
                          serialize_scan_plan(plan), NIL, NIL, outer_plan);
}

}  // namespace dynamodb_fdw
