// The planner's callbacks: size, paths and plan of a foreign scan.
#include "plan_paths.hpp"

#include <cmath>
#include <cstring>

#include "access_path.hpp"
#include "compat.hpp"
#include "document_fields.hpp"
#include "errors.hpp"
#include "exactness.hpp"
#include "filter_terms.hpp"
#include "modify_plan.hpp"
#include "parallel_scan.hpp"
#include "scan_plan.hpp"
#include "table_metadata.hpp"

extern "C" {
#include "access/sysattr.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
}

namespace dynamodb_fdw {
namespace {

PlannedTable* planned_table(RelOptInfo* rel) { return static_cast<PlannedTable*>(rel->fdw_private); }

AccessPath* access_path(ForeignPath* path) { return static_cast<AccessPath*>(linitial(path->fdw_private)); }

const KeySchema* table_schema(const PlannedTable* planned) {
  return planned->schemas != NIL ? static_cast<KeySchema*>(linitial(planned->schemas)) : nullptr;
}

// The names of the key attributes. They are always read: errors name the item.
void name_keys(PlannedTable* planned) {
  const KeySchema* schema = table_schema(planned);
  if (schema == nullptr) return;
  planned->partition_key = schema->partition[0].name;
  if (schema->sort_count > 0) planned->sort_key = schema->sort[0].name;
}

// Attribute numbers of the columns that the query uses, some of them in `restrictions`, in ascending order.
List* used_columns(RelOptInfo* rel, const TableOptions* table, const ModifyNeeds* modify, List* restrictions) {
  if (modify != nullptr && !modify->whole_row) return modify->used;
  Bitmapset* used = nullptr;
  pull_varattnos(reinterpret_cast<Node*>(rel->reltarget->exprs), rel->relid, &used);
  ListCell* cell;
  foreach (cell, restrictions)
    pull_varattnos(reinterpret_cast<Node*>(lfirst_node(RestrictInfo, cell)->clause), rel->relid, &used);
  // RETURNING is not among the scan's targets: DELETE has it look at the scanned row.
  bool whole_row = modify != nullptr || bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used);
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
  String* attribute = makeString(pstrdup(name));
  return list_member(attributes, attribute) ? attributes : lappend(attributes, attribute);
}

// The top-level attribute that a mapped_path starts with.
const char* path_attribute(const char* path) {
  char* name = nullptr;
  auto* buffer = static_cast<char*>(palloc(strlen(path) + 1));
  PlainError failure;
  bool parsed = guard(&failure, [&]() -> std::optional<dynamodb::Error> {
    auto steps = dynamodb::parse_document_path(path);
    if (!steps.ok()) return steps.error();
    name = std::strcpy(buffer, steps.value().front().name.c_str());
    return std::nullopt;
  });
  if (!parsed) report_error(failure, {"mapped_path", nullptr});
  return name;
}

// The attributes to ask for: those of the columns in use, and the key. NIL: everything, because a column holds the
// whole item, or because the key is not known and nothing else is used.
List* needed_attributes(PlannerInfo* root, RelOptInfo* rel, const PlannedTable* planned) {
  List* attributes = NIL;
  const ModifyNeeds* modify = planned->modify;
  if (modify != nullptr && (modify->all_attributes || modify->whole_document)) return NIL;
  if (planned->partition_key) attributes = add_attribute(attributes, planned->partition_key);
  if (planned->sort_key) attributes = add_attribute(attributes, planned->sort_key);
  // What an UPDATE sets is read as well: what is so already is not written, and sets stay sets.
  List* columns = modify != nullptr ? list_concat_copy(planned->columns, modify->set_columns) : planned->columns;
  ListCell* cell;
  foreach (cell, columns) {
    const ColumnOptions& column = planned->table->columns[lfirst_int(cell) - 1];
    if (column.row_id && planned->partition_key == nullptr) return NIL;
    if (column.document && modify != nullptr && modify->whole_row) return NIL;
    if (column.document && !find_document_fields(root, rel, &column, &attributes)) return NIL;
    if (column.row_id || column.document) continue;
    attributes = add_attribute(attributes, column.mapped_path ? path_attribute(column.mapped_path) : column.attribute);
  }
  return attributes;
}

void add_foreign_path(PlannerInfo* root, RelOptInfo* rel, AccessPath* access, ParamPathInfo* parameters) {
  Cost startup, total;
  cost_access_path(planned_table(rel), rel, access, parameters != nullptr, &startup, &total);
  double rows = parameters != nullptr ? parameters->ppi_rows : rel->rows;
  Relids outer = parameters != nullptr ? parameters->ppi_req_outer : rel->lateral_relids;
  ForeignPath* path = create_base_path(root, rel, rows, startup, total, access->pathkeys, outer, list_make1(access));
  // A worker does not see what the transaction has written; whether it has is known when the plan is run.
  path->path.parallel_safe = false;
  add_path(rel, reinterpret_cast<Path*>(path));
}

// A Scan whose segments parallel workers share. They share the work on the rows; what is read costs the same.
void add_parallel_scan(PlannerInfo* root, RelOptInfo* rel, AccessPath* access) {
  const PlannedTable* planned = planned_table(rel);
  if (!rel->consider_parallel || !bms_is_empty(rel->lateral_relids)) return;
  const int workers =
      count_scan_workers(rel, access->items * access->size.bytes_per_item, planned->table->parallel_scan_count);
  if (workers <= 0) return;
  Cost startup, total;
  cost_access_path(planned, rel, access, false, &startup, &total);
  const double divisor = parallel_divisor(workers);
  const double work = access->items * (planned->server->fdw_tuple_cost + cpu_tuple_cost) +
                      (rel->baserestrictcost.startup + rel->baserestrictcost.per_tuple * access->items);
  total -= Min(work, total - startup) * (1 - 1 / divisor);
  ForeignPath* path =
      create_base_path(root, rel, clamp_row_est(rel->rows / divisor), startup, total, NIL, nullptr, list_make1(access));
  path->path.parallel_aware = true;
  path->path.parallel_workers = workers;
  add_partial_path(rel, reinterpret_cast<Path*>(path));
}

// --- parameterised paths: key values that another relation of the join supplies

List* add_outer(List* outers, Relids outer) {
  ListCell* cell;
  if (bms_is_empty(outer)) return outers;
  foreach (cell, outers)
    if (bms_equal(static_cast<Relids>(lfirst(cell)), outer)) return outers;
  return lappend(outers, outer);
}

struct WantedColumn {
  const TableOptions* table;
  const ColumnOptions* column;
};

bool is_wanted_column(PlannerInfo*, RelOptInfo* rel, EquivalenceClass*, EquivalenceMember* member, void* argument) {
  auto* wanted = static_cast<WantedColumn*>(argument);
  return match_column(rel, wanted->table, reinterpret_cast<Node*>(member->em_expr)) == wanted->column;
}

// The other relations that clauses on `column` mention.
List* outers_of_column(PlannerInfo* root, RelOptInfo* rel, const TableOptions* table, const ColumnOptions* column,
                       List* outers) {
  WantedColumn wanted{table, column};
  List* clauses = NIL;
  if (rel->has_eclass_joins)
    clauses = generate_implied_equalities_for_column(root, rel, is_wanted_column, &wanted, rel->lateral_referencers);
  ListCell* cell;
  foreach (cell, rel->joininfo) {
    auto* restriction = lfirst_node(RestrictInfo, cell);
    Comparison comparison;
    if (join_clause_is_movable_to(restriction, rel) && match_comparison(rel, table, restriction->clause, &comparison) &&
        comparison.column == column)
      clauses = lappend(clauses, restriction);
  }
  foreach (cell, clauses)
    outers = add_outer(outers, bms_difference(lfirst_node(RestrictInfo, cell)->clause_relids, rel->relids));
  return outers;
}

List* all_outers(PlannerInfo* root, RelOptInfo* rel, const PlannedTable* planned) {
  List* outers = NIL;
  ListCell* cell;
  foreach (cell, planned->schemas) {
    auto* schema = static_cast<KeySchema*>(lfirst(cell));
    for (int i = 0; i < schema->partition_count; ++i)
      if (schema->partition[i].column)
        outers = outers_of_column(root, rel, planned->table, schema->partition[i].column, outers);
    for (int i = 0; i < schema->sort_count; ++i)
      if (schema->sort[i].column) outers = outers_of_column(root, rel, planned->table, schema->sort[i].column, outers);
  }
  // Parts of one key may come from different relations.
  Relids together = nullptr;
  foreach (cell, outers) together = bms_union(together, static_cast<Relids>(lfirst(cell)));
  return add_outer(outers, together);
}

bool uses_any(const KeyUse* use, List* restrictions) {
  ListCell* cell;
  if (use->tuples_of != nullptr && list_member_ptr(restrictions, use->tuples_of)) return true;
  foreach (cell, use->clauses)
    if (list_member_ptr(restrictions, static_cast<KeyClause*>(lfirst(cell))->restriction)) return true;
  return false;
}

void add_parameterised_paths(PlannerInfo* root, RelOptInfo* rel, PlannedTable* planned) {
  ListCell* cell;
  foreach (cell, all_outers(root, rel, planned)) {
    auto outer = bms_union(static_cast<Relids>(lfirst(cell)), rel->lateral_relids);
    ParamPathInfo* parameters = get_baserel_parampathinfo(root, rel, outer);
    List* conditions = list_concat_copy(planned->conditions, take_apart(rel, planned->table, parameters->ppi_clauses));
    ListCell* path;
    foreach (path, key_paths(root, rel, planned, conditions, outer)) {
      auto* access = static_cast<AccessPath*>(lfirst(path));
      if (uses_any(access->use, parameters->ppi_clauses)) add_foreign_path(root, rel, access, parameters);
    }
  }
}

// --- the plan

// Whether the query may be content with the first rows: then nothing is read far ahead.
bool wants_few_rows(PlannerInfo* root, const Path* path) {
  const Query* parse = root->parse;
  bool ordered = parse->sortClause == NIL || pathkeys_contained_in(root->query_pathkeys, path->pathkeys);
  return root->tuple_fraction > 0 && ordered && !parse->hasAggs && parse->groupClause == NIL &&
         parse->groupingSets == NIL && parse->distinctClause == NIL && !parse->hasWindowFuncs &&
         parse->setOperations == nullptr;
}

constexpr int kFirstPageItems = 100;  // when few rows are wanted, but not known how many

// How many rows LIMIT takes of this table alone, or at most, of one of the tables of an Append; 0: not known.
double wanted_rows(PlannerInfo* root, RelOptInfo* rel, bool few_rows) {
  bool alone = bms_equal(root->all_baserels, rel->top_parent_relids != nullptr ? rel->top_parent_relids : rel->relids);
  return few_rows && alone && root->limit_tuples > 0 ? std::ceil(root->limit_tuples) : 0;
}

// How many items to ask for first; 0: as many as a page holds.
int first_page_limit(double wanted, bool few_rows) {
  if (!few_rows) return 0;
  return wanted > 0 ? static_cast<int>(Min(wanted, 1000000)) : kFirstPageItems;
}

// What is going to be changed is read as it is now: else the change would often be found to be based on an old state.
// Global indexes have no such reads.
bool reads_consistently(const PlannedTable* planned, const AccessPath* access) {
  if (planned->table->consistent_read || planned->modify == nullptr) return planned->table->consistent_read;
  const KeySchema* schema = access->use != nullptr ? access->use->schema : access->scanned;
  return schema == nullptr || !schema->global;
}

// What the path is expected to cost in capacity units. With a LIMIT and no condition, a Scan reads as many items as are
// wanted, and where that is more than a page, pages of other segments ahead.
double expected_capacity(const PlannedTable* planned, const AccessPath* access, double wanted, bool conditions) {
  double items = access->items;
  double requests = access->requests;
  if (access->operation == ReadOperation::scan && wanted > 0 && !conditions) {
    double page = dynamodb::kMaxPageBytes / Max(access->size.bytes_per_item, 1.0);
    double ahead = wanted > page ? requests * page : 0;
    items = Min(items, wanted + ahead);
    if (ahead == 0) requests = 1;
  }
  return estimate_read_capacity(access->size, items, requests, reads_consistently(planned, access));
}

// The place of a condition in the plan's qual, which has no pseudoconstants.
int place_in_qual(List* scan_clauses, const RestrictInfo* restriction) {
  int place = 0;
  ListCell* cell;
  foreach (cell, scan_clauses) {
    if (lfirst(cell) == restriction) break;
    if (!lfirst_node(RestrictInfo, cell)->pseudoconstant) ++place;
  }
  return place;
}

List* fill_key(ScanPlan* plan, const KeyUse* use, List* scan_clauses) {
  const KeySchema* schema = use->schema;
  plan->index_name = schema->index_name;
  plan->partition_count = schema->partition_count;
  plan->key_names = key_names(schema);
  for (int i = 0; i < schema->partition_count + schema->sort_count; ++i) {
    const KeyAttribute& key =
        i < schema->partition_count ? schema->partition[i] : schema->sort[i - schema->partition_count];
    plan->key_types = lappend_int(plan->key_types, static_cast<int>(key.type));
  }
  List* operands = NIL;
  ListCell* cell;
  plan->tuple_count = list_length(use->tuples);
  foreach (cell, use->tuples) {
    ListCell* value;
    foreach (value, static_cast<List*>(lfirst(cell))) {
      plan->clause_attributes = lappend_int(plan->clause_attributes, foreach_current_index(value));
      plan->clause_comparators = lappend_int(plan->clause_comparators, static_cast<int>(Comparator::equal));
      plan->clause_conditions = lappend_int(plan->clause_conditions, place_in_qual(scan_clauses, use->tuples_of));
      operands = lappend(operands, lfirst(value));
    }
  }
  foreach (cell, use->clauses) {
    auto* clause = static_cast<KeyClause*>(lfirst(cell));
    plan->clause_attributes = lappend_int(plan->clause_attributes, clause->attribute);
    plan->clause_comparators = lappend_int(plan->clause_comparators, static_cast<int>(clause->comparator));
    plan->clause_conditions = lappend_int(plan->clause_conditions, place_in_qual(scan_clauses, clause->restriction));
    operands = lappend(operands, clause->operand);
  }
  return operands;
}

// What becomes of each condition: part of the key, of the filter, or left to PostgreSQL for a reason.
struct ConditionPlan {
  List* verdicts;    // integers: PushDown
  List* terms;       // FilterTerm*
  List* conditions;  // integers: the places of the terms' conditions
  List* settled;     // RestrictInfo*: those that are true of all items that are read
  bool exact;        // DynamoDB lets through just the items for which they are true, as far as is known without values
};

// The term for a condition that is not part of the key, or the verdict why there is none.
FilterTerm* plan_filter(FilterContext* context, const AccessPath* access, const Condition* condition,
                        PushDown* verdict) {
  bool known_better = *verdict != PushDown::no_counterpart;
  bool filters = access->operation == ReadOperation::scan || access->operation == ReadOperation::query;
  if (!filters) {
    if (!known_better) *verdict = PushDown::no_filter;
    return nullptr;
  }
  context->refusal = PushDown::no_counterpart;
  FilterTerm* term = translate_filter(context, condition->restriction->clause, false);
  if (term != nullptr)
    *verdict = PushDown::filter;
  else if (!known_better)
    *verdict = context->refusal;
  return term;
}

ConditionPlan plan_conditions(FilterContext* context, const PlannedTable* planned, const AccessPath* access,
                              List* scan_clauses) {
  ConditionPlan result{};
  Exactness exactness = start_exactness(planned, access);
  ListCell* cell;
  foreach (cell, take_apart(context->rel, planned->table, scan_clauses)) {
    auto* condition = static_cast<Condition*>(lfirst(cell));
    if (condition->restriction->pseudoconstant) continue;
    PushDown verdict = verdict_on(context->root, table_schema(planned), access->use, condition, context->outer);
    FilterTerm* term = nullptr;
    if (verdict != PushDown::key_condition && verdict != PushDown::always_true)
      term = plan_filter(context, access, condition, &verdict);
    if (term != nullptr) {
      result.terms = lappend(result.terms, term);
      result.conditions = lappend_int(result.conditions, list_length(result.verdicts));
    }
    result.verdicts = lappend_int(result.verdicts, static_cast<int>(verdict));
    add_condition(&exactness, context->rel, condition, verdict, term);
    if (is_settled_by_keys(access, condition, verdict))
      result.settled = lappend(result.settled, condition->restriction);
  }
  result.exact = is_exact(&exactness);
  return result;
}

// The conditions that PostgreSQL checks of each row.
List* checked_clauses(List* scan_clauses, List* settled) {
  return extract_actual_clauses(list_difference_ptr(scan_clauses, settled), false);
}

FilterTerm* join_terms(List* terms) {
  if (list_length(terms) < 2) return terms == NIL ? nullptr : static_cast<FilterTerm*>(linitial(terms));
  auto* all = static_cast<FilterTerm*>(palloc0(sizeof(FilterTerm)));
  all->kind = TermKind::all_of;
  all->operand = -1;
  all->exact = true;
  ListCell* cell;
  foreach (cell, terms) all->exact = all->exact && static_cast<FilterTerm*>(lfirst(cell))->exact;
  all->children = terms;
  return all;
}

// Whether the items need only be counted, if their conditions' values are exact as well. A local index that lacks
// attributes is not asked to: what it gets from the table depends on what is asked for.
bool may_count(RelOptInfo* rel, const PlannedTable* planned, const AccessPath* access,
               const ConditionPlan& conditions) {
  if (rel->reltarget->exprs != NIL || !conditions.exact) return false;
  if (access->operation == ReadOperation::scan) return true;
  return access->operation == ReadOperation::query && holds_attributes(access->use->schema, planned->attributes);
}

Oid planning_user(const RelOptInfo* rel) { return OidIsValid(rel->userid) ? rel->userid : GetUserId(); }

// What is planned with the description that one user may see, in the account and region of that user's credentials, is
// no plan for another: a cached one is made anew after SET ROLE.
void depend_on_role(PlannerInfo* root, const RelOptInfo* rel) {
  if (!OidIsValid(rel->userid)) root->glob->dependsOnRole = true;
}

}  // namespace

void dynamodbGetForeignRelSize(PlannerInfo* root, RelOptInfo* rel, Oid relid) {
  auto* planned = static_cast<PlannedTable*>(palloc0(sizeof(PlannedTable)));
  rel->fdw_private = planned;
  planned->table = get_table_options(relid);
  planned->server = get_server_options(planned->table->serverid);
  const dynamodb::TableDescription* description =
      get_table_description(planned->table, planning_user(rel), CurrentMemoryContext);
  if (description != nullptr) check_against_description(planned->table, description);

  planned->schemas = find_key_schemas(planned->table, description);
  name_keys(planned);
  planned->modify = find_modify_needs(root, rel, planned->table);
  planned->columns = used_columns(rel, planned->table, planned->modify, rel->baserestrictinfo);
  planned->attributes = needed_attributes(root, rel, planned);
  planned->conditions = take_apart(rel, planned->table, rel->baserestrictinfo);
  planned->size = estimate_table_size(description, rel->tuples);
  rel->tuples = planned->size.items;
  set_baserel_size_estimates(root, rel);
}

void dynamodbGetForeignPaths(PlannerInfo* root, RelOptInfo* rel, Oid) {
  PlannedTable* planned = planned_table(rel);
  List* paths = key_paths(root, rel, planned, planned->conditions, nullptr);
  ListCell* cell;
  // No more rows come out than are read.
  foreach (cell, paths) rel->rows = clamp_row_est(Min(rel->rows, static_cast<AccessPath*>(lfirst(cell))->items));
  foreach (cell, paths) add_foreign_path(root, rel, static_cast<AccessPath*>(lfirst(cell)), nullptr);
  AccessPath* scan = scan_path(planned, rel);
  add_foreign_path(root, rel, scan, nullptr);
  add_parallel_scan(root, rel, scan);
  note_indexes_for_scan(root, rel, planned, scan);
  add_parameterised_paths(root, rel, planned);
}

ForeignScan* dynamodbGetForeignPlan(PlannerInfo* root, RelOptInfo* rel, Oid, ForeignPath* path, List* tlist,
                                    List* scan_clauses, Plan* outer_plan) {
  PlannedTable* planned = planned_table(rel);
  const AccessPath* access = access_path(path);
  Relids outer = path->path.param_info != nullptr ? path->path.param_info->ppi_req_outer : nullptr;
  depend_on_role(root, rel);
  ScanPlan plan{};
  plan.operation = access->operation;
  plan.backward = access->backward;
  plan.ordered = access->pathkeys != NIL;
  plan.for_change = planned->modify != nullptr;
  plan.consistent = reads_consistently(planned, access);
  plan.slow_start = wants_few_rows(root, &path->path);
  double wanted = wanted_rows(root, rel, plan.slow_start);
  plan.first_limit = first_page_limit(wanted, plan.slow_start);
  plan.partition_key = planned->partition_key;
  plan.sort_key = planned->sort_key;
  plan.columns = planned->columns;
  plan.projection = planned->attributes;
  plan.key_attributes = all_key_names(planned->schemas);
  List* queried = access->use != nullptr ? key_names(access->use->schema) : NIL;
  FilterContext context{root,  rel, planned->table,          {queried, plan.key_attributes},
                        outer, NIL, PushDown::no_counterpart};
  ConditionPlan conditions = plan_conditions(&context, planned, access, scan_clauses);
  plan.verdicts = conditions.verdicts;
  plan.filter = join_terms(conditions.terms);
  plan.filter_conditions = conditions.conditions;
  plan.count_only = may_count(rel, planned, access, conditions);
  if (conditions.settled != NIL)
    plan.columns = used_columns(rel, planned->table, planned->modify,
                                list_difference_ptr(rel->baserestrictinfo, conditions.settled));
  plan.indexes_left_out = better_indexes(planned, access, path->path.total_cost);
  plan.estimated_capacity = expected_capacity(planned, access, wanted, scan_clauses != NIL);
  if (access->use == nullptr && table_schema(planned) != nullptr) plan.expected_items = table_schema(planned)->items;
  if (access->scanned != nullptr) {
    plan.index_name = access->scanned->index_name;
    plan.expected_items = access->scanned->items;
  }
  List* operands = access->use != nullptr ? fill_key(&plan, access->use, scan_clauses) : NIL;
  operands = list_concat(operands, context.operands);
  // Items that are only counted have no columns for PostgreSQL to check; those that are read after all, the scan
  // checks. What is not checked as a matter of course is where a concurrent change makes PostgreSQL look at a row
  // again.
  List* clauses = extract_actual_clauses(scan_clauses, false);
  List* checked = plan.count_only ? NIL : checked_clauses(scan_clauses, conditions.settled);
  const bool all_checked = list_length(checked) == list_length(clauses);
  return make_foreignscan(tlist, checked, rel->relid, operands, serialize_scan_plan(plan),
                          plan.for_change ? modify_scan_tlist(rel, planned->table) : NIL, all_checked ? NIL : clauses,
                          outer_plan);
}

}  // namespace dynamodb_fdw
