// The conditions of a scan that DynamoDB does not get, with the reason; for EXPLAIN.
#include "not_pushed_down.hpp"

namespace dynamodb_fdw {
namespace {

List* note(List* found, int condition, PushDown verdict, const char* part = nullptr) {
  auto* entry = static_cast<NotPushedDown*>(palloc(sizeof(NotPushedDown)));
  *entry = {condition, part, push_down_reason(verdict)};
  return lappend(found, entry);
}

// The parts of the filter that come from one condition.
struct FilterOfCondition {
  int condition;
  List* parts;  // PlainFilter*; NIL: nothing is said
  bool names_key;
};

FilterOfCondition evaluate_condition(const ScanState* state, ExprContext* econtext, const FilterTerm* term, int place) {
  const ScanPlan& plan = state->plan;
  FilterOfCondition result{list_nth_int(plan.filter_conditions, place), NIL, false};
  result.parts = filter_parts(evaluate_filter(econtext, term, state->filter_operands, reserved_names(state)));
  if (result.parts == NIL)
    result.names_key =
        plan.key_names != NIL && filter_parts(evaluate_filter(econtext, term, state->filter_operands, {})) != NIL;
  return result;
}

// What there is no room for, of the whole condition or of some of its parts.
List* note_unfitting(List* found, const FilterOfCondition& filter, const bool* fitting) {
  ListCell* cell;
  bool any = false;
  for (int i = 0; i < list_length(filter.parts); ++i) any = any || fitting[i];
  if (!any) return note(found, filter.condition, PushDown::limit);
  foreach (cell, filter.parts)
    if (!fitting[foreach_current_index(cell)])
      found = note(found, filter.condition, PushDown::limit, filter_text(static_cast<PlainFilter*>(lfirst(cell))));
  return found;
}

List* terms_of(const ScanPlan& plan) {
  if (plan.filter == nullptr) return NIL;
  return list_length(plan.filter_conditions) > 1 ? plan.filter->children
                                                 : list_make1(const_cast<FilterTerm*>(plan.filter));
}

List* not_filtered(const ScanState* state, ExprContext* econtext, List* found) {
  List* all_parts = NIL;
  List* filters = NIL;
  ListCell* cell;
  foreach (cell, terms_of(state->plan)) {
    auto* filter = static_cast<FilterOfCondition*>(palloc(sizeof(FilterOfCondition)));
    *filter = evaluate_condition(state, econtext, static_cast<FilterTerm*>(lfirst(cell)), foreach_current_index(cell));
    filters = lappend(filters, filter);
    all_parts = list_concat(all_parts, filter->parts);
  }
  const bool* fitting = fitting_parts(all_parts);
  foreach (cell, filters) {
    auto* filter = static_cast<FilterOfCondition*>(lfirst(cell));
    if (filter->parts == NIL)
      found = note(found, filter->condition, filter->names_key ? PushDown::names_key : PushDown::value);
    else
      found = note_unfitting(found, *filter, fitting);
    fitting += list_length(filter->parts);
  }
  return found;
}

List* not_in_key(const ScanState* state, const ScanKeys* keys, List* found) {
  const ScanPlan& plan = state->plan;
  for (int i = -1; (i = bms_next_member(keys->unsaid, i)) >= 0;) {
    auto comparator = static_cast<Comparator>(list_nth_int(plan.clause_comparators, i));
    bool pattern = comparator == Comparator::like || comparator == Comparator::starts_with;
    found = note(found, list_nth_int(plan.clause_conditions, i), pattern ? PushDown::wildcard : PushDown::value);
  }
  return found;
}

int by_condition(const ListCell* left, const ListCell* right) {
  return static_cast<NotPushedDown*>(lfirst(left))->condition - static_cast<NotPushedDown*>(lfirst(right))->condition;
}

}  // namespace

List* find_not_pushed_down(const ScanState* state, ExprContext* econtext, const ScanKeys* keys) {
  List* found = NIL;
  ListCell* cell;
  foreach (cell, state->plan.verdicts) {
    auto verdict = static_cast<PushDown>(lfirst_int(cell));
    if (verdict != PushDown::key_condition && verdict != PushDown::filter)
      found = note(found, foreach_current_index(cell), verdict);
  }
  if (keys != nullptr) found = not_in_key(state, keys, found);
  if (econtext != nullptr) found = not_filtered(state, econtext, found);
  list_sort(found, by_condition);
  return found;
}

}  // namespace dynamodb_fdw
