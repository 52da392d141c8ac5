// Which SQL conditions DynamoDB can use as key conditions, one small function per expression node type.
#include "push_down.hpp"

#include "collations.hpp"
#include "from_datum.hpp"

extern "C" {
#include "access/stratnum.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_opfamily_d.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;

namespace {

// Fixed object ids of pg_operator.dat and pg_opfamily.dat that have no macro: text ^@ text, and numeric_ops.
constexpr Oid kTextStartsWithOperator = 3877;
constexpr Oid kNumericBtreeFamily = 1988;

// Everything the small functions need to know about the scan.
struct Context {
  PlannerInfo* root;
  RelOptInfo* rel;
  const KeyColumns& keys;
};

// A comparison taken apart, before anybody asked whether DynamoDB can do it.
struct Comparison {
  const ColumnOptions* column;
  AttributeType type;
  bool on_sort_key;
  Node* operand;
  Oid operator_oid;   // with the column on the left
  Oid collation;
};

Node* strip_relabel(Node* node) {
  while (IsA(node, RelabelType)) node = reinterpret_cast<Node*>(reinterpret_cast<RelabelType*>(node)->arg);
  return node;
}

// Finds the key column that `node` is; false when it is something else.
bool match_key_column(const Context& context, Node* node, Comparison* comparison) {
  node = strip_relabel(node);
  if (!IsA(node, Var)) return false;
  auto* var = reinterpret_cast<Var*>(node);
  if (var->varno != static_cast<int>(context.rel->relid) || var->varlevelsup != 0) return false;
  const KeyColumns& keys = context.keys;
  for (const ColumnOptions* column : {keys.partition, keys.sort}) {
    if (column == nullptr || column->attnum != var->varattno) continue;
    comparison->column = column;
    comparison->on_sort_key = column == keys.sort;
    comparison->type = comparison->on_sort_key ? keys.sort_type : keys.partition_type;
    return true;
  }
  return false;
}

bool is_known_before_scan(const Context& context, Node* operand) {
  return bms_is_empty(pull_varnos(context.root, operand)) && !contain_volatile_functions(operand) &&
         !contain_subplans(operand);
}

int btree_strategy(AttributeType type, Oid operator_oid) {
  switch (type) {
    case AttributeType::S: return get_op_opfamily_strategy(operator_oid, TEXT_BTREE_FAM_OID);
    case AttributeType::B: return get_op_opfamily_strategy(operator_oid, BYTEA_BTREE_FAM_OID);
    default: break;
  }
  int strategy = get_op_opfamily_strategy(operator_oid, INTEGER_BTREE_FAM_OID);
  return strategy != 0 ? strategy : get_op_opfamily_strategy(operator_oid, kNumericBtreeFamily);
}

// The match for an operator, or false when key conditions have none.
bool match_of_operator(const Comparison& comparison, KeyMatch* match) {
  if (comparison.type == AttributeType::S && comparison.operator_oid == OID_TEXT_LIKE_OP) {
    *match = KeyMatch::like;
    return true;
  }
  if (comparison.type == AttributeType::S && comparison.operator_oid == kTextStartsWithOperator) {
    *match = KeyMatch::starts_with;
    return true;
  }
  switch (btree_strategy(comparison.type, comparison.operator_oid)) {
    case BTLessStrategyNumber: *match = KeyMatch::less; return true;
    case BTLessEqualStrategyNumber: *match = KeyMatch::less_equal; return true;
    case BTEqualStrategyNumber: *match = KeyMatch::equal; return true;
    case BTGreaterEqualStrategyNumber: *match = KeyMatch::greater_equal; return true;
    case BTGreaterStrategyNumber: *match = KeyMatch::greater; return true;
    default: return false;
  }
}

bool is_range(KeyMatch match) {
  return match == KeyMatch::less || match == KeyMatch::less_equal || match == KeyMatch::greater ||
         match == KeyMatch::greater_equal;
}

PushDown check_collation(KeyMatch match, Oid collation) {
  if (!is_deterministic(collation)) return PushDown::collation_equality;
  if (is_range(match) && !sorts_by_bytes(collation)) return PushDown::collation_order;
  return PushDown::key_condition;
}

// The tests that all comparisons share, in the order in which a user can mend them.
PushDown check_comparison(const Context& context, const Comparison& comparison, KeyMatch match, Oid operand_type) {
  if (!is_exact_key_type(comparison.column->type, comparison.column->typmod, comparison.type) ||
      !is_exact_key_type(operand_type, -1, comparison.type))
    return PushDown::column_type;
  if (!comparison.on_sort_key && match != KeyMatch::equal && match != KeyMatch::any_of) return PushDown::operator_type;
  if (comparison.on_sort_key && match == KeyMatch::any_of) return PushDown::operator_type;
  if (!is_known_before_scan(context, comparison.operand)) return PushDown::operand;
  return check_collation(match, comparison.collation);
}

void judge_comparison(const Context& context, const Comparison& comparison, ConditionVerdict* verdict) {
  KeyMatch match;
  if (!match_of_operator(comparison, &match)) {
    verdict->verdict = PushDown::operator_type;
    return;
  }
  verdict->on_sort_key = comparison.on_sort_key;
  verdict->verdict = check_comparison(context, comparison, match, exprType(strip_relabel(comparison.operand)));
  verdict->key = {match, reinterpret_cast<Expr*>(comparison.operand)};
}

void judge_operator(const Context& context, OpExpr* expression, ConditionVerdict* verdict) {
  if (list_length(expression->args) != 2) return;
  auto* left = static_cast<Node*>(linitial(expression->args));
  auto* right = static_cast<Node*>(lsecond(expression->args));
  Comparison comparison{};
  comparison.collation = expression->inputcollid;
  if (match_key_column(context, left, &comparison)) {
    comparison.operand = right;
    comparison.operator_oid = expression->opno;
  } else if (match_key_column(context, right, &comparison)) {
    comparison.operand = left;
    comparison.operator_oid = get_commutator(expression->opno);
  } else {
    return;
  }
  judge_comparison(context, comparison, verdict);
}

void judge_array_operator(const Context& context, ScalarArrayOpExpr* expression, ConditionVerdict* verdict) {
  Comparison comparison{};
  if (!match_key_column(context, static_cast<Node*>(linitial(expression->args)), &comparison)) return;
  verdict->on_sort_key = comparison.on_sort_key;
  comparison.operand = static_cast<Node*>(lsecond(expression->args));
  comparison.operator_oid = expression->opno;
  comparison.collation = expression->inputcollid;
  KeyMatch match;
  if (!expression->useOr || !match_of_operator(comparison, &match) || match != KeyMatch::equal) {
    verdict->verdict = PushDown::operator_type;
    return;
  }
  Oid element = get_base_element_type(exprType(strip_relabel(comparison.operand)));
  verdict->verdict = check_comparison(context, comparison, KeyMatch::any_of, element);
  verdict->key = {KeyMatch::any_of, reinterpret_cast<Expr*>(comparison.operand)};
}

void judge_function(const Context& context, FuncExpr* expression, ConditionVerdict* verdict) {
  Comparison comparison{};
  if (expression->funcid != F_STARTS_WITH ||
      !match_key_column(context, static_cast<Node*>(linitial(expression->args)), &comparison))
    return;
  comparison.operand = static_cast<Node*>(lsecond(expression->args));
  comparison.operator_oid = kTextStartsWithOperator;
  comparison.collation = expression->inputcollid;
  judge_comparison(context, comparison, verdict);
}

ConditionVerdict* judge(const Context& context, RestrictInfo* condition) {
  auto* verdict = static_cast<ConditionVerdict*>(palloc0(sizeof(ConditionVerdict)));
  verdict->condition = condition;
  verdict->verdict = PushDown::not_a_key;
  Expr* clause = condition->clause;
  if (condition->pseudoconstant) return verdict;
  if (IsA(clause, OpExpr)) judge_operator(context, reinterpret_cast<OpExpr*>(clause), verdict);
  if (IsA(clause, ScalarArrayOpExpr))
    judge_array_operator(context, reinterpret_cast<ScalarArrayOpExpr*>(clause), verdict);
  if (IsA(clause, FuncExpr)) judge_function(context, reinterpret_cast<FuncExpr*>(clause), verdict);
  return verdict;
}

// One equality beats an IN; of several the first is taken and PostgreSQL checks the others.
void choose_partition_condition(KeyConditions* found) {
  ListCell* cell;
  foreach (cell, found->verdicts) {
    auto* verdict = static_cast<ConditionVerdict*>(lfirst(cell));
    if (verdict->verdict != PushDown::key_condition || verdict->on_sort_key) continue;
    bool better = found->partition == nullptr ||
                  (found->partition->key.match == KeyMatch::any_of && verdict->key.match == KeyMatch::equal);
    ConditionVerdict* loser = better ? found->partition : verdict;
    if (better) found->partition = verdict;
    if (loser != nullptr) loser->verdict = PushDown::superfluous;
  }
}

void collect_sort_conditions(KeyConditions* found) {
  ListCell* cell;
  foreach (cell, found->verdicts) {
    auto* verdict = static_cast<ConditionVerdict*>(lfirst(cell));
    if (verdict->verdict != PushDown::key_condition || !verdict->on_sort_key) continue;
    if (found->partition != nullptr)
      found->sort = lappend(found->sort, verdict);
    else
      verdict->verdict = PushDown::no_partition_key;
  }
}

AttributeType key_type_of(const ColumnOptions* column) {
  if (column->has_ddb_type) return column->ddb_type;
  if (column->type == BYTEAOID) return AttributeType::B;
  for (AttributeType type : {AttributeType::S, AttributeType::N})
    if (is_exact_key_type(column->type, -1, type)) return type;
  return AttributeType::S;
}

}  // namespace

const char* push_down_reason(PushDown verdict) {
  switch (verdict) {
    case PushDown::key_condition: break;
    case PushDown::not_a_key: return "not a comparison of a key column";
    case PushDown::operand: return "the value to compare with is not known when the scan starts";
    case PushDown::column_type: return "the SQL types do not correspond exactly to the type of the key attribute";
    case PushDown::operator_type: return "a key condition has no such operator";
    case PushDown::collation_order: return "the collation does not sort by bytes; use COLLATE \"C\"";
    case PushDown::collation_equality: return "the collation is not deterministic";
    case PushDown::no_partition_key: return "there is no equality on the partition key";
    case PushDown::superfluous: return "another condition on the partition key was chosen";
  }
  return "";
}

KeyColumns find_key_columns(const TableOptions* table, const dynamodb::TableDescription* description) {
  KeyColumns keys{};
  if (table->partition_key >= 0) {
    keys.partition = &table->columns[table->partition_key];
    keys.partition_type = description ? description->partition_key.type : key_type_of(keys.partition);
  }
  if (table->sort_key >= 0) {
    keys.sort = &table->columns[table->sort_key];
    keys.sort_type = description && description->sort_key ? description->sort_key->type : key_type_of(keys.sort);
  }
  return keys;
}

KeyConditions find_key_conditions(PlannerInfo* root, RelOptInfo* rel, const KeyColumns& keys, List* conditions) {
  Context context{root, rel, keys};
  KeyConditions found{};
  ListCell* cell;
  foreach (cell, conditions)
    found.verdicts = lappend(found.verdicts, judge(context, lfirst_node(RestrictInfo, cell)));
  choose_partition_condition(&found);
  collect_sort_conditions(&found);
  return found;
}

PushDown verdict_of(const KeyConditions& found, const RestrictInfo* condition) {
  ListCell* cell;
  foreach (cell, found.verdicts) {
    auto* verdict = static_cast<ConditionVerdict*>(lfirst(cell));
    if (verdict->condition == condition) return verdict->verdict;
  }
  return PushDown::not_a_key;
}

}  // namespace dynamodb_fdw
