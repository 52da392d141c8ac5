// The filter of one execution: terms with their operands' values.
#include "filter_values.hpp"

#include <cfloat>
#include <cmath>
#include <cstring>

extern "C" {
#include "utils/array.h"
#include "utils/numeric.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using Kind = dynamodb::Filter::Kind;

Place to_operand(Datum value, Oid type, AttributeType attribute, KeyValue* operand) {
  if (attribute == AttributeType::N) {
    if (to_key_value(value, type, attribute, SIZE_MAX, operand)) return Place::held;
    return getBaseType(type) == NUMERICOID ? place_of_numeric(value) : Place::between;
  }
  if (to_key_value(value, type, attribute, SIZE_MAX, operand)) return Place::held;
  struct varlena* plain = PG_DETOAST_DATUM_PACKED(value);
  if (VARSIZE_ANY_EXHDR(plain) > 0) return Place::between;  // not UTF-8
  *operand = {attribute, "", 0};
  return Place::held;
}

// --- comparisons of columns

namespace {

Kind kind_of(Comparator comparator) {
  switch (comparator) {
    case Comparator::not_equal:
      return Kind::not_equal;
    case Comparator::less:
      return Kind::less;
    case Comparator::less_equal:
      return Kind::less_equal;
    case Comparator::greater:
      return Kind::greater;
    case Comparator::greater_equal:
      return Kind::greater_equal;
    default:
      return Kind::equal;
  }
}

// With nothing to compare with, every value is above or below the operand.
PlainFilter* compare_with_place(const FilterTerm* term, Place place) {
  bool above = place == Place::above_all;
  switch (term->comparator) {
    case Comparator::equal:
      return constant(false);
    case Comparator::not_equal:
      return has_type(term->path, term->type);
    case Comparator::less:
    case Comparator::less_equal:
      if (place == Place::between) return widened(constant(true));
      return above ? has_type(term->path, term->type) : constant(false);
    default:
      if (place == Place::between) return widened(constant(true));
      return above ? constant(false) : has_type(term->path, term->type);
  }
}

// Empty operands are said by size: not every implementation takes empty values in expressions.
PlainFilter* compare_with_empty(const FilterTerm* term) {
  PlainFilter* typed = has_type(term->path, term->type);
  switch (term->comparator) {
    case Comparator::less:
      return constant(false);
    case Comparator::greater_equal:
      return typed;
    case Comparator::equal:
    case Comparator::less_equal:
      return both(typed, new_filter(Kind::is_empty, term->path));
    default:
      return both(typed, new_filter(Kind::is_not_empty, term->path));
  }
}

PlainFilter* compare_with(const FilterTerm* term, const KeyValue& value) {
  if (value.length == 0) return compare_with_empty(term);
  PlainFilter* comparison = with_value(kind_of(term->comparator), term->path, value);
  // <> is true for other types and for missing attributes, for which SQL says NULL.
  return term->comparator == Comparator::not_equal ? both(has_type(term->path, term->type), comparison) : comparison;
}

}  // namespace

PlainFilter* compare_scalar(const FilterTerm* term, Datum value) {
  KeyValue operand;
  Place place = to_operand(value, term->operand_type, term->type, &operand);
  if (term->comparator == Comparator::like || term->comparator == Comparator::starts_with)
    return place == Place::held ? like_term(term, operand) : widened(constant(true));
  return place == Place::held ? compare_with(term, operand) : compare_with_place(term, place);
}

// --- lists

Elements elements_of(Datum array_value) {
  ArrayType* array = DatumGetArrayTypeP(array_value);
  Elements elements{};
  elements.type = ARR_ELEMTYPE(array);
  int16 length;
  bool by_value;
  char alignment;
  get_typlenbyvalalign(elements.type, &length, &by_value, &alignment);
  deconstruct_array(array, elements.type, length, by_value, alignment, &elements.values, &elements.nulls,
                    &elements.count);
  return elements;
}

namespace {

PlainFilter* compare_list(const FilterTerm* term, Datum array_value) {
  Elements elements = elements_of(array_value);
  // Of no elements even a NULL is not among them: NOT IN () is true for all items, IN () for none. Among all items
  // there may be some that cannot be read.
  if (elements.count == 0) return term->negated ? widened(constant(true)) : constant(false);
  PlainFilter* in = new_filter(Kind::in, term->path);
  in->values = static_cast<KeyValue*>(palloc(sizeof(KeyValue) * Max(elements.count, 1)));
  List* alternatives = list_make1(in);
  for (int i = 0; i < elements.count; ++i) {
    KeyValue operand;
    // NOT IN with a NULL in the list is never true.
    if (elements.nulls[i] && term->negated) return constant(false);
    if (elements.nulls[i] || to_operand(elements.values[i], elements.type, term->type, &operand) != Place::held)
      continue;
    if (operand.length == 0)
      alternatives =
          lappend(alternatives, both(has_type(term->path, term->type), new_filter(Kind::is_empty, term->path)));
    else
      in->values[in->value_count++] = operand;
  }
  PlainFilter* any = connect(Kind::any, alternatives);
  return term->negated ? both(has_type(term->path, term->type), negation(any)) : any;
}

// --- float columns: what is stored is rounded when it is read, so the bounds are widened

bool float_bound(double value, KeyValue* bound) {
  char text[32];
  snprintf(text, sizeof(text), "%.17g", value);
  Datum number =
      DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
  return to_key_value(number, NUMERICOID, AttributeType::N, SIZE_MAX, bound);
}

PlainFilter* float_limit(const FilterTerm* term, Kind kind, double value) {
  KeyValue bound;
  return float_bound(value, &bound) ? with_value(kind, term->path, bound) : constant(true);
}

PlainFilter* compare_float(const FilterTerm* term, Comparator comparator, double value) {
  if (std::isnan(value) || std::isinf(value)) {
    FilterTerm same = *term;
    same.comparator = comparator;
    return compare_with_place(&same, std::isinf(value) && value < 0 ? Place::below_all : Place::above_all);
  }
  // float4 columns are the coarser ones; a wider margin costs nothing but a few more items. Next to zero, floats stand
  // farther apart than their size says.
  double margin = std::fabs(value) * 4 * FLT_EPSILON + 4 * FLT_TRUE_MIN;
  switch (comparator) {
    case Comparator::equal:
      return both(float_limit(term, Kind::greater_equal, value - margin),
                  float_limit(term, Kind::less_equal, value + margin));
    case Comparator::less:
    case Comparator::less_equal:
      return float_limit(term, Kind::less_equal, value + margin);
    case Comparator::greater:
    case Comparator::greater_equal:
      return float_limit(term, Kind::greater_equal, value - margin);
    default:
      return has_type(term->path, AttributeType::N);
  }
}

double float_of(Datum value, Oid type) {
  return getBaseType(type) == FLOAT4OID ? static_cast<double>(DatumGetFloat4(value)) : DatumGetFloat8(value);
}

PlainFilter* compare_float_list(const FilterTerm* term, Datum array_value) {
  Elements elements = elements_of(array_value);
  if (elements.count == 0) return constant(term->negated);  // as in compare_list
  if (term->negated) return has_type(term->path, AttributeType::N);
  List* alternatives = NIL;
  for (int i = 0; i < elements.count; ++i)
    if (!elements.nulls[i])
      alternatives =
          lappend(alternatives, compare_float(term, Comparator::equal, float_of(elements.values[i], elements.type)));
  return connect(Kind::any, alternatives);
}

}  // namespace

PlainFilter* compare_term(const FilterTerm* term, Datum value) {
  bool list = term->comparator == Comparator::any_of;
  if (term->approximate)
    return list ? compare_float_list(term, value)
                : compare_float(term, term->comparator, float_of(value, term->operand_type));
  return list ? compare_list(term, value) : compare_scalar(term, value);
}

// --- comparisons with NULLs and arrays

namespace {

// Where the comparison is not exact, a column may be NULL for other reasons than its attribute, or an equality true for
// more items: then what is left is true for all.
PlainFilter* distinct_term(const FilterTerm* term, Datum value, bool is_null) {
  PlainFilter* present = both(new_filter(Kind::exists, term->path), negation(has_type(term->path, AttributeType::NUL)));
  if (is_null && !term->negated) return present;
  if (is_null) return term->exact ? negation(present) : constant(true);
  PlainFilter* equal = compare_term(term, value);
  if (term->negated) return equal;
  return term->exact ? negation(equal) : constant(true);
}

// Of no elements, ANY is false and ALL true, also for NULL; among all items there may be some that cannot be read.
PlainFilter* quantified_term(const FilterTerm* term, Datum array_value) {
  Elements elements = elements_of(array_value);
  bool all = term->kind == TermKind::compare_all;
  if (all && elements.count == 0) return widened(constant(true));
  FilterTerm one = *term;
  one.operand_type = elements.type;
  List* comparisons = NIL;
  for (int i = 0; i < elements.count; ++i) {
    if (elements.nulls[i] && all) return constant(false);
    if (!elements.nulls[i]) comparisons = lappend(comparisons, compare_term(&one, elements.values[i]));
  }
  return connect(all ? Kind::all : Kind::any, comparisons);
}

}  // namespace

// --- terms

namespace {

PlainFilter* null_term(const FilterTerm* term) {
  PlainFilter* missing = new_filter(Kind::not_exists, term->path);
  PlainFilter* present = new_filter(Kind::exists, term->path);
  PlainFilter* null_type = has_type(term->path, AttributeType::NUL);
  if (term->kind == TermKind::is_json_null) return term->negated ? present : missing;
  return term->negated ? both(present, negation(null_type)) : either(missing, null_type);
}

PlainFilter* boolean_term(const FilterTerm* term) {
  PlainFilter* equal = with_value(Kind::equal, term->path, boolean_value(term->kind == TermKind::is_true));
  return term->negated ? negation(equal) : equal;
}

// All terms with an operand but one are strict: with NULL they are not true.
PlainFilter* operand_term(const FilterTerm* term, Datum value, bool is_null) {
  if (term->kind == TermKind::is_distinct) return distinct_term(term, value, is_null);
  if (is_null) return constant(false);
  switch (term->kind) {
    case TermKind::compare:
      return compare_term(term, value);
    case TermKind::compare_any:
    case TermKind::compare_all:
      return quantified_term(term, value);
    default:
      return document_term(term, value);
  }
}

PlainFilter* evaluate_term(ExprContext* econtext, const FilterTerm* term, ExprState** states);

PlainFilter* evaluate_form(ExprContext* econtext, const FilterTerm* term, ExprState** states) {
  if (term->kind == TermKind::all_of || term->kind == TermKind::any_of) {
    List* children = NIL;
    ListCell* cell;
    foreach (cell, term->children)
      children = lappend(children, evaluate_term(econtext, static_cast<FilterTerm*>(lfirst(cell)), states));
    return connect(term->kind == TermKind::all_of ? Kind::all : Kind::any, children);
  }
  if (term->kind == TermKind::is_null || term->kind == TermKind::is_json_null) return null_term(term);
  if (term->kind == TermKind::is_true || term->kind == TermKind::is_false) return boolean_term(term);
  bool is_null;
  Datum value = ExecEvalExpr(states[term->operand], econtext, &is_null);
  return operand_term(term, value, is_null);
}

PlainFilter* evaluate_term(ExprContext* econtext, const FilterTerm* term, ExprState** states) {
  PlainFilter* filter = evaluate_form(econtext, term, states);
  return term->exact ? filter : widened(filter);
}

}  // namespace

PlainFilter* evaluate_filter(ExprContext* econtext, const FilterTerm* term, ExprState** states,
                             const ReservedNames& reserved) {
  return fold(evaluate_term(econtext, term, states), reserved);
}

}  // namespace dynamodb_fdw
