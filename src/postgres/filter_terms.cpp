// SQL conditions -> terms of a filter expression: one small function per expression node type, each saying exact or
// superset.
#include "filter_terms.hpp"

#include <cstring>

#include "collations.hpp"
#include "errors.hpp"
#include "from_datum.hpp"
#include "handles.hpp"

extern "C" {
#include "catalog/pg_operator_d.h"
#include "nodes/value.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;

namespace {

// --- columns

// The type of the values that a column reads, where DynamoDB can compare them as PostgreSQL does; false: it cannot.
bool filter_type(const ColumnOptions* column, FilterTerm* term) {
  if (is_float(getBaseType(column->type))) {
    term->type = AttributeType::N;
    term->approximate = true;
    return true;
  }
  for (AttributeType type : {AttributeType::S, AttributeType::N, AttributeType::B})
    if (is_exact_key_type(column->type, column->typmod, type)) {
      term->type = type;
      return true;
    }
  return false;
}

bool operand_fits(Oid operand_type, const FilterTerm& term) {
  Oid type = getBaseType(operand_type);
  if (term.approximate) return is_float(type);
  return is_exact_key_type(type, -1, term.type);
}

// The steps of a mapped_path; NIL when it goes through a list: those have no stable place in a set.
List* path_steps(const char* path) {
  struct Steps {
    std::vector<dynamodb::PathStep> steps;
  };
  MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynamodb_fdw path", ALLOCSET_SMALL_SIZES);
  auto* parsed = make_owned<Steps>(scratch, [] { return std::make_unique<Steps>(); });
  PlainError failure;
  bool ok = guard(&failure, [&]() -> std::optional<dynamodb::Error> {
    auto result = dynamodb::parse_document_path(path);
    if (!result.ok()) return result.error();
    parsed->steps = std::move(result.value());
    return std::nullopt;
  });
  if (!ok) report_error(failure, {"mapped_path", nullptr});
  List* names = NIL;
  for (const dynamodb::PathStep& step : parsed->steps) {
    if (step.is_index) {
      names = NIL;
      break;
    }
    names = lappend(names, makeString(pstrdup(step.name.c_str())));
  }
  MemoryContextDelete(scratch);
  return names;
}

// --- comparisons

bool collation_fits(const Comparison& comparison) {
  return is_deterministic(comparison.collation) &&
         (!is_range(comparison.comparator) || sorts_by_bytes(comparison.collation));
}

void refuse(FilterContext* context, PushDown reason) {
  if (context->refusal == PushDown::no_counterpart) context->refusal = reason;
}

// NOT turns a comparison into its opposite: SQL's third value and DynamoDB's missing attributes are no case of its own
// then.
bool negate(Comparator* comparator) {
  switch (*comparator) {
    case Comparator::equal:
      *comparator = Comparator::not_equal;
      return true;
    case Comparator::not_equal:
      *comparator = Comparator::equal;
      return true;
    case Comparator::less:
      *comparator = Comparator::greater_equal;
      return true;
    case Comparator::less_equal:
      *comparator = Comparator::greater;
      return true;
    case Comparator::greater:
      *comparator = Comparator::less_equal;
      return true;
    case Comparator::greater_equal:
      *comparator = Comparator::less;
      return true;
    default:
      return false;
  }
}

// The term for a comparison of a column with a value, or with an array of such.
FilterTerm* comparison_term(FilterContext* context, const Comparison& comparison) {
  FilterTerm traits{};
  List* path = column_path(comparison.column);
  if (path == NIL) return nullptr;
  if (!filter_type(comparison.column, &traits) || !operand_fits(comparison.operand_type, traits)) {
    refuse(context, PushDown::column_type);
    return nullptr;
  }
  if (!collation_fits(comparison)) {
    bool deterministic = is_deterministic(comparison.collation);
    refuse(context, deterministic ? PushDown::collation_order : PushDown::collation_equality);
    return nullptr;
  }
  FilterTerm* term = make_term(context, TermKind::compare, path, comparison.operand);
  if (term == nullptr) return nullptr;
  term->type = traits.type;
  term->approximate = traits.approximate;
  term->comparator = comparison.comparator;
  term->operand_type = comparison.operand_type;
  term->column = comparison.column->attnum;
  // What LIKE keeps away is known only with its pattern.
  term->exact = !term->approximate;
  return term;
}

FilterTerm* translate_comparison(FilterContext* context, Expr* clause, bool negated) {
  Comparison comparison{};
  if (!match_comparison(context->rel, context->table, clause, &comparison)) return nullptr;
  FilterTerm* term = comparison_term(context, comparison);
  if (term != nullptr && negated && !negate(&term->comparator)) term->negated = true;
  return term;
}

// Whether an equality on the column is false for just the values that differ from the operand: what is NULL because it
// does not fit the column differs, too.
bool tells_distinct(const FilterContext* context, const FilterTerm* equality) {
  const ColumnOptions* column = &context->table->columns[equality->column - 1];
  return equality->exact && column->on_type_mismatch == MismatchAction::error;
}

// column IS DISTINCT FROM value
FilterTerm* translate_distinct(FilterContext* context, DistinctExpr* clause, bool negated) {
  auto* equality = static_cast<OpExpr*>(palloc(sizeof(OpExpr)));
  *equality = *clause;
  equality->xpr.type = T_OpExpr;
  FilterTerm* term = translate_comparison(context, reinterpret_cast<Expr*>(equality), false);
  if (term == nullptr || term->comparator != Comparator::equal) return nullptr;
  term->kind = TermKind::is_distinct;
  term->negated = negated;
  term->exact = tells_distinct(context, term);
  return term;
}

// column <> ALL (array), that is NOT IN
FilterTerm* translate_not_in(FilterContext* context, ScalarArrayOpExpr* clause, bool negated) {
  if (clause->useOr) return nullptr;
  auto* opposite = static_cast<ScalarArrayOpExpr*>(copyObjectImpl(clause));
  opposite->opno = get_negator(clause->opno);
  opposite->opfuncid = InvalidOid;
  opposite->useOr = true;
  if (!OidIsValid(opposite->opno)) return nullptr;
  return translate_comparison(context, reinterpret_cast<Expr*>(opposite), !negated);
}

// column <operator> ANY or ALL (array): exact if each comparison is. NOT of it is the opposite operator with the other
// word by the time it gets here.
FilterTerm* translate_quantified(FilterContext* context, ScalarArrayOpExpr* clause, bool negated) {
  Comparison comparison{};
  comparison.column = match_column(context->rel, context->table, static_cast<Node*>(linitial(clause->args)));
  if (negated || comparison.column == nullptr || !comparator_of(clause->opno, &comparison.comparator)) return nullptr;
  comparison.operand = static_cast<Expr*>(lsecond(clause->args));
  comparison.operand_type = get_base_element_type(exprType(strip_relabel(reinterpret_cast<Node*>(comparison.operand))));
  comparison.collation = clause->inputcollid;
  FilterTerm* term = comparison_term(context, comparison);
  if (term != nullptr) term->kind = clause->useOr ? TermKind::compare_any : TermKind::compare_all;
  return term;
}

FilterTerm* translate_array(FilterContext* context, ScalarArrayOpExpr* clause, bool negated) {
  if (FilterTerm* term = translate_document_list(context, clause, negated)) return term;
  if (FilterTerm* term = translate_not_in(context, clause, negated)) return term;
  if (FilterTerm* term = translate_comparison(context, reinterpret_cast<Expr*>(clause), negated)) return term;
  return translate_quantified(context, clause, negated);
}

// column NOT LIKE pattern
FilterTerm* translate_not_like(FilterContext* context, OpExpr* clause, bool negated) {
  if (get_negator(clause->opno) != OID_TEXT_LIKE_OP) return nullptr;
  auto* opposite = static_cast<OpExpr*>(copyObjectImpl(clause));
  opposite->opno = OID_TEXT_LIKE_OP;
  opposite->opfuncid = InvalidOid;
  return translate_comparison(context, reinterpret_cast<Expr*>(opposite), !negated);
}

FilterTerm* translate_operator(FilterContext* context, OpExpr* clause, bool negated) {
  if (FilterTerm* term = translate_not_like(context, clause, negated)) return term;
  if (FilterTerm* term = translate_document_operator(context, clause, negated)) return term;
  return translate_comparison(context, reinterpret_cast<Expr*>(clause), negated);
}

// --- null tests and booleans

bool is_json(Oid type) { return type == JSONOID || type == JSONBOID; }

FilterTerm* translate_null_test(FilterContext* context, NullTest* test, bool negated) {
  const ColumnOptions* column = match_column(context->rel, context->table, reinterpret_cast<Node*>(test->arg));
  if (column == nullptr) return translate_document_null_test(context, test, negated);
  if (test->argisrow || column_path(column) == NIL) return nullptr;
  bool not_null = (test->nulltesttype == IS_NOT_NULL) != negated;
  bool lenient = column->on_type_mismatch == MismatchAction::null;
  // With on_type_mismatch null, values that do not fit are NULL too: which those are, DynamoDB cannot tell.
  if (lenient && !not_null) return nullptr;
  TermKind kind = is_json(getBaseType(column->type)) ? TermKind::is_json_null : TermKind::is_null;
  FilterTerm* term = make_term(context, kind, column_path(column), nullptr);
  if (term == nullptr) return nullptr;
  term->negated = not_null;
  term->column = column->attnum;
  term->exact = true;
  return term;
}

FilterTerm* boolean_term(FilterContext* context, Node* node, TermKind kind, bool complement) {
  const ColumnOptions* column = match_column(context->rel, context->table, node);
  if (column == nullptr || getBaseType(column->type) != BOOLOID || column_path(column) == NIL) return nullptr;
  FilterTerm* term = make_term(context, kind, column_path(column), nullptr);
  if (term == nullptr) return nullptr;
  term->negated = complement;
  term->column = column->attnum;
  term->exact = true;
  return term;
}

// A boolean column as a condition; NOT column is true for false only.
FilterTerm* translate_boolean(FilterContext* context, Node* node, bool negated) {
  return boolean_term(context, node, negated ? TermKind::is_false : TermKind::is_true, false);
}

FilterTerm* translate_boolean_test(FilterContext* context, BooleanTest* test, bool negated) {
  auto* node = reinterpret_cast<Node*>(test->arg);
  switch (test->booltesttype) {
    case IS_TRUE:
      return boolean_term(context, node, TermKind::is_true, negated);
    case IS_NOT_TRUE:
      return boolean_term(context, node, TermKind::is_true, !negated);
    case IS_FALSE:
      return boolean_term(context, node, TermKind::is_false, negated);
    case IS_NOT_FALSE:
      return boolean_term(context, node, TermKind::is_false, !negated);
    default:
      return nullptr;
  }
}

// --- AND, OR, NOT

FilterTerm* connect(TermKind kind, List* children, bool exact) {
  if (children == NIL) return nullptr;
  auto* term = static_cast<FilterTerm*>(palloc0(sizeof(FilterTerm)));
  term->kind = kind;
  term->operand = -1;
  term->exact = exact;
  term->children = children;
  return term;
}

// Of AND, what cannot be said may be left out; of OR, nothing.
FilterTerm* translate_connection(FilterContext* context, BoolExpr* clause, bool negated) {
  bool conjunction = (clause->boolop == AND_EXPR) != negated;
  List* children = NIL;
  bool exact = true;
  ListCell* cell;
  foreach (cell, clause->args) {
    FilterTerm* child = translate_filter(context, static_cast<Expr*>(lfirst(cell)), negated);
    if (child == nullptr && !conjunction) return nullptr;
    if (child != nullptr) children = lappend(children, child);
    exact = exact && child != nullptr && child->exact;
  }
  return connect(conjunction ? TermKind::all_of : TermKind::any_of, children, exact);
}

FilterTerm* translate_bool_expr(FilterContext* context, BoolExpr* clause, bool negated) {
  if (clause->boolop == NOT_EXPR)
    return translate_filter(context, static_cast<Expr*>(linitial(clause->args)), !negated);
  return translate_connection(context, clause, negated);
}

// --- serialisation

enum Number { kKind, kNegated, kExact, kComparator, kType, kApproximate, kOperandType, kOperand };

}  // namespace

List* column_path(const ColumnOptions* column) {
  if (column->mapped_path != nullptr) return path_steps(column->mapped_path);
  return column->attribute != nullptr ? list_make1(makeString(pstrdup(column->attribute))) : NIL;
}

bool is_expressible_path(List* path) {
  ListCell* cell;
  foreach (cell, path)
    if (strlen(strVal(lfirst(cell))) > dynamodb::kMaxAttributeNameBytes) return false;
  return list_length(path) <= dynamodb::kMaxItemNesting;
}

FilterTerm* make_term(FilterContext* context, TermKind kind, List* path, Expr* operand) {
  if (!is_expressible_path(path)) return nullptr;
  if (!may_name(context->reserved, path)) {
    if (list_member(context->reserved.queried_key, linitial(path))) refuse(context, PushDown::names_key);
    return nullptr;
  }
  if (operand != nullptr && !is_known_before_scan(context->root, operand, context->outer)) {
    refuse(context, PushDown::operand);
    return nullptr;
  }
  auto* term = static_cast<FilterTerm*>(palloc0(sizeof(FilterTerm)));
  term->kind = kind;
  term->path = path;
  term->operand = -1;
  if (operand == nullptr) return term;
  term->operand_type = exprType(reinterpret_cast<Node*>(operand));
  term->operand = list_length(context->operands);
  context->operands = lappend(context->operands, operand);
  return term;
}

FilterTerm* translate_filter(FilterContext* context, Expr* clause, bool negated) {
  switch (nodeTag(clause)) {
    case T_BoolExpr:
      return translate_bool_expr(context, reinterpret_cast<BoolExpr*>(clause), negated);
    case T_OpExpr:
      return translate_operator(context, reinterpret_cast<OpExpr*>(clause), negated);
    case T_ScalarArrayOpExpr:
      return translate_array(context, reinterpret_cast<ScalarArrayOpExpr*>(clause), negated);
    case T_DistinctExpr:
      return translate_distinct(context, reinterpret_cast<DistinctExpr*>(clause), negated);
    case T_FuncExpr:
      return translate_comparison(context, clause, negated);
    case T_NullTest:
      return translate_null_test(context, reinterpret_cast<NullTest*>(clause), negated);
    case T_BooleanTest:
      return translate_boolean_test(context, reinterpret_cast<BooleanTest*>(clause), negated);
    case T_Var:
      return translate_boolean(context, reinterpret_cast<Node*>(clause), negated);
    default:
      return nullptr;
  }
}

List* serialize_filter(const FilterTerm* term) {
  if (term == nullptr) return NIL;
  List* numbers = NIL;
  for (int number : {static_cast<int>(term->kind), static_cast<int>(term->negated), static_cast<int>(term->exact),
                     static_cast<int>(term->comparator), static_cast<int>(term->type),
                     static_cast<int>(term->approximate), static_cast<int>(term->operand_type), term->operand})
    numbers = lappend_int(numbers, number);
  List* children = NIL;
  ListCell* cell;
  foreach (cell, term->children) children = lappend(children, serialize_filter(static_cast<FilterTerm*>(lfirst(cell))));
  return list_make3(numbers, term->path, children);
}

FilterTerm* deserialize_filter(List* list) {
  if (list == NIL) return nullptr;
  auto* numbers = static_cast<List*>(linitial(list));
  auto* term = static_cast<FilterTerm*>(palloc0(sizeof(FilterTerm)));
  term->kind = static_cast<TermKind>(list_nth_int(numbers, kKind));
  term->negated = list_nth_int(numbers, kNegated) != 0;
  term->exact = list_nth_int(numbers, kExact) != 0;
  term->comparator = static_cast<Comparator>(list_nth_int(numbers, kComparator));
  term->type = static_cast<AttributeType>(list_nth_int(numbers, kType));
  term->approximate = list_nth_int(numbers, kApproximate) != 0;
  term->operand_type = static_cast<Oid>(list_nth_int(numbers, kOperandType));
  term->operand = list_nth_int(numbers, kOperand);
  term->path = static_cast<List*>(lsecond(list));
  ListCell* cell;
  foreach (cell, static_cast<List*>(lthird(list)))
    term->children = lappend(term->children, deserialize_filter(static_cast<List*>(lfirst(cell))));
  return term;
}

}  // namespace dynamodb_fdw
