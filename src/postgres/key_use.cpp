// How conditions use the key of a table or index: equalities on its partition key, ranges on its sort key.
#include "key_use.hpp"

#include "collations.hpp"
#include "from_datum.hpp"

namespace dynamodb_fdw {

namespace {

bool is_prefix(Comparator comparator) {
  return comparator == Comparator::like || comparator == Comparator::starts_with;
}

PushDown check_collation(const Comparison& comparison) {
  if (!is_deterministic(comparison.collation)) return PushDown::collation_equality;
  if (is_range(comparison.comparator) && !sorts_by_bytes(comparison.collation)) return PushDown::collation_order;
  return PushDown::key_condition;
}

// The tests in the order in which a user can mend them.
PushDown judge(PlannerInfo* root, const KeyAttribute& key, bool is_sort, const Comparison& comparison, Relids outer) {
  const ColumnOptions* column = comparison.column;
  if (!is_exact_key_type(column->type, column->typmod, key.type) ||
      !is_exact_key_type(comparison.operand_type, -1, key.type))
    return PushDown::column_type;
  bool has_operator = is_equality(comparison.comparator) ||
                      (is_sort && (is_range(comparison.comparator) ||
                                   (is_prefix(comparison.comparator) && key.type == dynamodb::AttributeType::S)));
  if (!has_operator) return PushDown::operator_type;
  if (!is_known_before_scan(root, comparison.operand, outer)) return PushDown::operand;
  return check_collation(comparison);
}

// Collects the comparisons of one key attribute that DynamoDB can make.
List* usable_comparisons(PlannerInfo* root, const KeyAttribute& key, List* conditions, Relids outer) {
  List* usable = NIL;
  ListCell* cell;
  if (key.column == nullptr) return NIL;
  foreach (cell, conditions) {
    auto* condition = static_cast<Condition*>(lfirst(cell));
    if (condition->is_comparison && condition->comparison.column == key.column &&
        judge(root, key, true, condition->comparison, outer) == PushDown::key_condition)
      usable = lappend(usable, condition);
  }
  return usable;
}

// A single value if there is one, else a list of values; null when the attribute is not fixed.
const Condition* choose_equality(List* usable) {
  const Condition* chosen = nullptr;
  ListCell* cell;
  foreach (cell, usable) {
    auto* condition = static_cast<Condition*>(lfirst(cell));
    Comparator comparator = condition->comparison.comparator;
    if (comparator == Comparator::equal) return condition;
    if (comparator == Comparator::any_of && chosen == nullptr) chosen = condition;
  }
  return chosen;
}

void add_clause(KeyUse* use, int attribute, const Condition* condition, bool check) {
  auto* clause = static_cast<KeyClause*>(palloc(sizeof(KeyClause)));
  *clause = {attribute, condition->comparison.comparator, condition->comparison.operand, condition->restriction, check};
  use->clauses = lappend(use->clauses, clause);
  if (clause->comparator == Comparator::any_of && !check) ++use->lists;
}

// The other conditions on an attribute that has values: where they contradict these, nothing need be asked.
void add_checks(KeyUse* use, int attribute, List* usable, const Condition* chosen) {
  ListCell* cell;
  foreach (cell, usable)
    if (lfirst(cell) != chosen) add_clause(use, attribute, static_cast<Condition*>(lfirst(cell)), true);
}

bool add_partition(PlannerInfo* root, KeyUse* use, List* conditions, Relids outer) {
  const KeySchema* schema = use->schema;
  for (int i = 0; i < schema->partition_count; ++i) {
    // Beside an equality, ranges of a partition key are worth something, too.
    List* usable = usable_comparisons(root, schema->partition[i], conditions, outer);
    const Condition* equality = choose_equality(usable);
    if (equality == nullptr) return false;
    add_clause(use, i, equality, false);
    add_checks(use, i, usable, equality);
  }
  return true;
}

// Sort attributes from the left: equalities, then the ranges of the first that has none. A list of values on a sort key
// only helps where whole keys of the table are read.
void add_sort(PlannerInfo* root, KeyUse* use, List* conditions, Relids outer, SortLists sort_lists) {
  const KeySchema* schema = use->schema;
  use->whole_key = true;
  for (int i = 0; i < schema->sort_count; ++i) {
    List* usable = usable_comparisons(root, schema->sort[i], conditions, outer);
    int attribute = schema->partition_count + i;
    const Condition* equality = choose_equality(usable);
    bool fixed = equality != nullptr && (equality->comparison.comparator == Comparator::equal ||
                                         (schema->index_name == nullptr && sort_lists == SortLists::use));
    if (fixed) {
      add_clause(use, attribute, equality, false);
      add_checks(use, attribute, usable, equality);
      continue;
    }
    use->whole_key = false;
    ListCell* cell;
    foreach (cell, usable) {
      auto* condition = static_cast<Condition*>(lfirst(cell));
      if (condition->comparison.comparator != Comparator::any_of) add_clause(use, attribute, condition, false);
    }
    return;
  }
}

const KeyAttribute* find_attribute(const KeySchema* schema, const ColumnOptions* column, bool* is_sort) {
  *is_sort = false;
  for (int i = 0; i < schema->partition_count; ++i)
    if (schema->partition[i].column == column) return &schema->partition[i];
  *is_sort = true;
  for (int i = 0; i < schema->sort_count; ++i)
    if (schema->sort[i].column == column) return &schema->sort[i];
  return nullptr;
}

// IS NOT NULL on a key attribute; with on_type_mismatch null, there may be a value that reads as NULL.
bool is_always_true(const KeySchema* schema, const ColumnOptions* column, const Expr* clause) {
  bool is_sort;
  return IsA(clause, NullTest) && reinterpret_cast<const NullTest*>(clause)->nulltesttype == IS_NOT_NULL &&
         column->on_type_mismatch == MismatchAction::error && find_attribute(schema, column, &is_sort) != nullptr;
}

// --- whole keys as an OR of ANDs

const Comparison* find_equality(PlannerInfo* root, const KeyAttribute& key, bool is_sort, List* comparisons,
                                Relids outer) {
  ListCell* cell;
  foreach (cell, comparisons) {
    auto* comparison = static_cast<Comparison*>(lfirst(cell));
    if (comparison->column == key.column && comparison->comparator == Comparator::equal &&
        judge(root, key, is_sort, *comparison, outer) == PushDown::key_condition)
      return comparison;
  }
  return nullptr;
}

// The values of one alternative for all attributes of the key, or NIL when it leaves one open.
List* key_tuple(PlannerInfo* root, const KeySchema* schema, List* comparisons, Relids outer) {
  List* values = NIL;
  for (int i = 0; i < schema->partition_count + schema->sort_count; ++i) {
    bool is_sort = i >= schema->partition_count;
    const KeyAttribute& key = is_sort ? schema->sort[i - schema->partition_count] : schema->partition[i];
    if (key.column == nullptr) return NIL;
    const Comparison* equality = find_equality(root, key, is_sort, comparisons, outer);
    if (equality == nullptr) return NIL;
    values = lappend(values, equality->operand);
  }
  return values;
}

bool add_tuples(PlannerInfo* root, KeyUse* use, const Condition* condition, Relids outer) {
  List* tuples = NIL;
  ListCell* cell;
  foreach (cell, condition->alternatives) {
    List* tuple = key_tuple(root, use->schema, static_cast<List*>(lfirst(cell)), outer);
    if (tuple == NIL) return false;
    tuples = lappend(tuples, tuple);
  }
  if (tuples == NIL) return false;
  use->tuples = tuples;
  use->tuples_of = condition->restriction;
  use->whole_key = true;
  use->lists = 1;
  return true;
}

void check_tuples(PlannerInfo* root, KeyUse* use, List* conditions, Relids outer) {
  const KeySchema* schema = use->schema;
  use->clauses = NIL;
  for (int i = 0; i < schema->partition_count; ++i)
    add_checks(use, i, usable_comparisons(root, schema->partition[i], conditions, outer), nullptr);
  for (int i = 0; i < schema->sort_count; ++i)
    add_checks(use, schema->partition_count + i, usable_comparisons(root, schema->sort[i], conditions, outer), nullptr);
}

// Only the table itself can be read by whole keys.
bool find_tuples(PlannerInfo* root, KeyUse* use, List* conditions, Relids outer) {
  ListCell* cell;
  if (use->schema->index_name != nullptr) return false;
  foreach (cell, conditions)
    if (add_tuples(root, use, static_cast<Condition*>(lfirst(cell)), outer)) {
      check_tuples(root, use, conditions, outer);
      return true;
    }
  return false;
}

// Comparisons of one arm of an OR: a single one, or several under AND. NIL when none is one.
List* arm_comparisons(RelOptInfo* rel, const TableOptions* table, Expr* arm) {
  bool conjunction = IsA(arm, BoolExpr) && reinterpret_cast<BoolExpr*>(arm)->boolop == AND_EXPR;
  List* clauses = conjunction ? reinterpret_cast<BoolExpr*>(arm)->args : list_make1(arm);
  List* comparisons = NIL;
  ListCell* cell;
  foreach (cell, clauses) {
    auto* comparison = static_cast<Comparison*>(palloc0(sizeof(Comparison)));
    if (match_comparison(rel, table, static_cast<Expr*>(lfirst(cell)), comparison))
      comparisons = lappend(comparisons, comparison);
  }
  return comparisons;
}

List* find_alternatives(RelOptInfo* rel, const TableOptions* table, Expr* clause) {
  if (!IsA(clause, BoolExpr) || reinterpret_cast<BoolExpr*>(clause)->boolop != OR_EXPR) return NIL;
  List* alternatives = NIL;
  ListCell* cell;
  foreach (cell, reinterpret_cast<BoolExpr*>(clause)->args) {
    List* comparisons = arm_comparisons(rel, table, static_cast<Expr*>(lfirst(cell)));
    if (comparisons == NIL) return NIL;
    alternatives = lappend(alternatives, comparisons);
  }
  return alternatives;
}

bool uses_restriction(const KeyUse* use, const RestrictInfo* restriction) {
  if (use->tuples_of == restriction) return true;
  ListCell* cell;
  foreach (cell, use->clauses)
    if (static_cast<KeyClause*>(lfirst(cell))->restriction == restriction) return true;
  return false;
}

}  // namespace

const char* push_down_reason(PushDown verdict) {
  switch (verdict) {
    case PushDown::key_condition:
      break;
    case PushDown::filter:
      break;
    case PushDown::no_counterpart:
      return "DynamoDB has no expression for it";
    case PushDown::operand:
      return "the value to compare with is not known when the scan starts";
    case PushDown::column_type:
      return "the SQL types do not correspond exactly to the type of the attribute";
    case PushDown::operator_type:
      return "a key condition has no such operator";
    case PushDown::collation_order:
      return "the collation does not sort by bytes; use COLLATE \"C\"";
    case PushDown::collation_equality:
      return "the collation is not deterministic";
    case PushDown::no_partition_key:
      return "there is no equality on the partition key";
    case PushDown::superfluous:
      return "another condition on the same key attribute was chosen";
    case PushDown::gap:
      return "the sort key attribute before it has no equality";
    case PushDown::sort_list:
      return "a key condition takes no list of sort key values";
    case PushDown::names_key:
      return "the filter of a Query must not name a key attribute of what is queried";
    case PushDown::always_true:
      return "it is true of all items that are read: a key attribute is never missing";
    case PushDown::no_filter:
      return "GetItem and BatchGetItem have no filter";
    case PushDown::wildcard:
      return "a pattern that begins with a wildcard has no prefix for a key condition";
    case PushDown::value:
      return "no expression says it for this value";
    case PushDown::limit:
      return "it does not fit into the expression, which has at most 4096 bytes and 300 operators";
  }
  return "";
}

List* take_apart(RelOptInfo* rel, const TableOptions* table, List* restrictions) {
  List* conditions = NIL;
  ListCell* cell;
  foreach (cell, restrictions) {
    auto* restriction = lfirst_node(RestrictInfo, cell);
    auto* condition = static_cast<Condition*>(palloc0(sizeof(Condition)));
    condition->restriction = restriction;
    condition->is_comparison =
        !restriction->pseudoconstant && match_comparison(rel, table, restriction->clause, &condition->comparison);
    if (IsA(restriction->clause, NullTest))
      condition->comparison.column =
          match_column(rel, table, reinterpret_cast<Node*>(reinterpret_cast<NullTest*>(restriction->clause)->arg));
    if (!restriction->pseudoconstant && !condition->is_comparison)
      condition->alternatives = find_alternatives(rel, table, restriction->clause);
    conditions = lappend(conditions, condition);
  }
  return conditions;
}

KeyUse* find_key_use(PlannerInfo* root, const KeySchema* schema, List* conditions, Relids outer, SortLists sort_lists) {
  auto* use = static_cast<KeyUse*>(palloc0(sizeof(KeyUse)));
  use->schema = schema;
  bool partition = add_partition(root, use, conditions, outer);
  if (partition) add_sort(root, use, conditions, outer, sort_lists);
  // Whole keys beat a Query of what may be much more.
  bool tuples = !use->whole_key && sort_lists == SortLists::use && find_tuples(root, use, conditions, outer);
  return partition || tuples ? use : nullptr;
}

bool has_equality(PlannerInfo* root, const KeyAttribute& key, List* conditions) {
  return choose_equality(usable_comparisons(root, key, conditions, nullptr)) != nullptr;
}

PushDown verdict_on(PlannerInfo* root, const KeySchema* table_schema, const KeyUse* use, const Condition* condition,
                    Relids outer) {
  if (use != nullptr && uses_restriction(use, condition->restriction)) return PushDown::key_condition;
  const KeySchema* schema = use != nullptr ? use->schema : table_schema;
  if (condition->comparison.column == nullptr || schema == nullptr) return PushDown::no_counterpart;
  if (use != nullptr && is_always_true(schema, condition->comparison.column, condition->restriction->clause))
    return PushDown::always_true;
  bool is_sort;
  const KeyAttribute* key = find_attribute(schema, condition->comparison.column, &is_sort);
  if (key == nullptr) return PushDown::no_counterpart;
  if (!condition->is_comparison) {
    if (use == nullptr || IsA(condition->restriction->clause, NullTest)) return PushDown::no_counterpart;
    const ColumnOptions* column = condition->comparison.column;
    return is_exact_key_type(column->type, column->typmod, key->type) ? PushDown::operator_type : PushDown::column_type;
  }
  PushDown verdict = judge(root, *key, is_sort, condition->comparison, outer);
  if (verdict != PushDown::key_condition) return verdict;
  if (use == nullptr) return PushDown::no_partition_key;
  if (!is_sort || use->whole_key) return PushDown::superfluous;
  if (condition->comparison.comparator == Comparator::any_of) return PushDown::sort_list;
  return PushDown::gap;  // all other conditions on the first attribute without an equality are used
}

}  // namespace dynamodb_fdw
