// Takes SQL conditions apart: which column is compared how with what.
#include "comparisons.hpp"

extern "C" {
#include "access/stratnum.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_opfamily_d.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
}

namespace dynamodb_fdw {

const char* const kComparatorNames[] = {"=", "<>", "<", "<=", ">", ">=", "= ANY", "LIKE", "^@"};

namespace {

// Fixed object ids of pg_operator.dat and pg_opfamily.dat that have no macro: text ^@ text, numeric_ops and
// float_ops.
constexpr Oid kTextStartsWithOperator = 3877;
constexpr Oid kNumericBtreeFamily = 1988;
constexpr Oid kFloatBtreeFamily = 1970;

// The families whose order and equality DynamoDB shares, as far as collation and types allow.
constexpr Oid kFamilies[] = {TEXT_BTREE_FAM_OID, INTEGER_BTREE_FAM_OID, kNumericBtreeFamily, BYTEA_BTREE_FAM_OID,
                             kFloatBtreeFamily};

bool match_strategy(int strategy, Comparator* comparator) {
  switch (strategy) {
    case BTLessStrategyNumber:
      *comparator = Comparator::less;
      return true;
    case BTLessEqualStrategyNumber:
      *comparator = Comparator::less_equal;
      return true;
    case BTEqualStrategyNumber:
      *comparator = Comparator::equal;
      return true;
    case BTGreaterEqualStrategyNumber:
      *comparator = Comparator::greater_equal;
      return true;
    case BTGreaterStrategyNumber:
      *comparator = Comparator::greater;
      return true;
    default:
      return false;
  }
}

bool match_btree_operator(Oid operator_oid, Comparator* comparator) {
  for (Oid family : kFamilies)
    if (match_strategy(get_op_opfamily_strategy(operator_oid, family), comparator)) return true;
  // <> is in no family, but it is the negation of an = that is.
  Oid negator = get_negator(operator_oid);
  for (Oid family : kFamilies)
    if (OidIsValid(negator) && get_op_opfamily_strategy(negator, family) == BTEqualStrategyNumber) {
      *comparator = Comparator::not_equal;
      return true;
    }
  return false;
}

}  // namespace

Node* strip_relabel(Node* node) {
  while (IsA(node, RelabelType)) node = reinterpret_cast<Node*>(reinterpret_cast<RelabelType*>(node)->arg);
  return node;
}

bool comparator_of(Oid operator_oid, Comparator* comparator) {
  if (operator_oid == OID_TEXT_LIKE_OP)
    *comparator = Comparator::like;
  else if (operator_oid == kTextStartsWithOperator)
    *comparator = Comparator::starts_with;
  else
    return match_btree_operator(operator_oid, comparator);
  return true;
}

namespace {

void set_operand(Comparison* comparison, Node* operand, Oid collation) {
  comparison->operand = reinterpret_cast<Expr*>(operand);
  comparison->operand_type = exprType(strip_relabel(operand));
  comparison->collation = collation;
}

bool match_binary(RelOptInfo* rel, const TableOptions* table, OpExpr* clause, Comparison* comparison) {
  if (list_length(clause->args) != 2) return false;
  auto* left = static_cast<Node*>(linitial(clause->args));
  auto* right = static_cast<Node*>(lsecond(clause->args));
  comparison->column = match_column(rel, table, left);
  if (comparison->column != nullptr) {
    set_operand(comparison, right, clause->inputcollid);
    return comparator_of(clause->opno, &comparison->comparator);
  }
  comparison->column = match_column(rel, table, right);
  if (comparison->column == nullptr) return false;
  set_operand(comparison, left, clause->inputcollid);
  Oid commuted = get_commutator(clause->opno);
  return OidIsValid(commuted) && comparator_of(commuted, &comparison->comparator);
}

bool match_any(RelOptInfo* rel, const TableOptions* table, ScalarArrayOpExpr* clause, Comparison* comparison) {
  comparison->column = match_column(rel, table, static_cast<Node*>(linitial(clause->args)));
  if (comparison->column == nullptr || !clause->useOr) return false;
  set_operand(comparison, static_cast<Node*>(lsecond(clause->args)), clause->inputcollid);
  comparison->operand_type = get_base_element_type(comparison->operand_type);
  if (!comparator_of(clause->opno, &comparison->comparator) || comparison->comparator != Comparator::equal)
    return false;
  comparison->comparator = Comparator::any_of;
  return true;
}

// a = x OR a = y is a = ANY (ARRAY[x, y]).
bool match_alternatives(RelOptInfo* rel, const TableOptions* table, BoolExpr* clause, Comparison* comparison) {
  if (clause->boolop != OR_EXPR) return false;
  List* operands = NIL;
  ListCell* cell;
  foreach (cell, clause->args) {
    Comparison next{};
    auto* argument = static_cast<Expr*>(lfirst(cell));
    if (!IsA(argument, OpExpr) || !match_comparison(rel, table, argument, &next) ||
        next.comparator != Comparator::equal)
      return false;
    if (operands != NIL && (next.column != comparison->column || next.operand_type != comparison->operand_type ||
                            next.collation != comparison->collation))
      return false;
    *comparison = next;
    operands = lappend(operands, next.operand);
  }
  ArrayExpr* array = makeNode(ArrayExpr);
  array->element_typeid = comparison->operand_type;
  array->array_typeid = get_array_type(comparison->operand_type);
  array->elements = operands;
  array->location = -1;
  comparison->operand = reinterpret_cast<Expr*>(array);
  comparison->comparator = Comparator::any_of;
  return OidIsValid(array->array_typeid);
}

bool match_function(RelOptInfo* rel, const TableOptions* table, FuncExpr* clause, Comparison* comparison) {
  if (clause->funcid != F_STARTS_WITH) return false;
  comparison->column = match_column(rel, table, static_cast<Node*>(linitial(clause->args)));
  if (comparison->column == nullptr) return false;
  set_operand(comparison, static_cast<Node*>(lsecond(clause->args)), clause->inputcollid);
  comparison->comparator = Comparator::starts_with;
  return true;
}

}  // namespace

const ColumnOptions* match_column(RelOptInfo* rel, const TableOptions* table, Node* node) {
  node = strip_relabel(node);
  if (!IsA(node, Var)) return nullptr;
  auto* var = reinterpret_cast<Var*>(node);
  bool ours = var->varno == static_cast<int>(rel->relid) && var->varlevelsup == 0 && var->varattno > 0;
  return ours ? &table->columns[var->varattno - 1] : nullptr;
}

bool is_shared_family(Oid family) {
  for (Oid shared : kFamilies)
    if (family == shared) return true;
  return false;
}

bool match_comparison(RelOptInfo* rel, const TableOptions* table, Expr* clause, Comparison* comparison) {
  switch (nodeTag(clause)) {
    case T_OpExpr:
      return match_binary(rel, table, reinterpret_cast<OpExpr*>(clause), comparison);
    case T_ScalarArrayOpExpr:
      return match_any(rel, table, reinterpret_cast<ScalarArrayOpExpr*>(clause), comparison);
    case T_BoolExpr:
      return match_alternatives(rel, table, reinterpret_cast<BoolExpr*>(clause), comparison);
    case T_FuncExpr:
      return match_function(rel, table, reinterpret_cast<FuncExpr*>(clause), comparison);
    default:
      return false;
  }
}

const ColumnOptions* match_not_null(RelOptInfo* rel, const TableOptions* table, Expr* clause) {
  if (IsA(clause, NullTest)) {
    auto* test = reinterpret_cast<NullTest*>(clause);
    return test->nulltesttype == IS_NOT_NULL ? match_column(rel, table, reinterpret_cast<Node*>(test->arg)) : nullptr;
  }
  // All comparisons that are matched are strict: none is true for a NULL column.
  Comparison comparison;
  return match_comparison(rel, table, clause, &comparison) ? comparison.column : nullptr;
}

bool is_known_before_scan(PlannerInfo* root, Expr* operand, Relids outer) {
  auto* node = reinterpret_cast<Node*>(operand);
  return bms_is_subset(pull_varnos(root, node), outer) && !contain_volatile_functions(node) && !contain_subplans(node);
}

}  // namespace dynamodb_fdw
