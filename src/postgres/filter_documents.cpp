// Operators on json and jsonb -> terms of a filter expression.
#include "filter_terms.hpp"

#include <cstring>

#include "collations.hpp"

extern "C" {
#include "catalog/pg_operator_d.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
}

namespace dynamodb_fdw {
namespace {

// Operators by the functions behind them; json's and jsonb's alike.
bool is_field(Oid function) { return function == F_JSON_OBJECT_FIELD || function == F_JSONB_OBJECT_FIELD; }
bool is_field_text(Oid function) {
  return function == F_JSON_OBJECT_FIELD_TEXT || function == F_JSONB_OBJECT_FIELD_TEXT;
}
bool is_path(Oid function) { return function == F_JSON_EXTRACT_PATH || function == F_JSONB_EXTRACT_PATH; }
bool is_path_text(Oid function) {
  return function == F_JSON_EXTRACT_PATH_TEXT || function == F_JSONB_EXTRACT_PATH_TEXT;
}

// -> #> and ->> #>> stand as operators or as calls of their functions.
bool as_call(Node* node, Oid* function, List** arguments) {
  if (IsA(node, OpExpr)) {
    auto* clause = reinterpret_cast<OpExpr*>(node);
    *function = get_opcode(clause->opno);
    *arguments = clause->args;
    return true;
  }
  if (IsA(node, FuncExpr)) {
    auto* call = reinterpret_cast<FuncExpr*>(node);
    *function = call->funcid;
    *arguments = call->args;
    return !call->funcvariadic || list_length(call->args) == 2;
  }
  return false;
}

const char* utf8_of(Datum datum) {
  char* name = TextDatumGetCString(datum);
  return pg_server_to_any(name, static_cast<int>(strlen(name)), PG_UTF8);
}

// A name that may also count elements of an array cannot be followed: DynamoDB tells maps from lists, and sets have no
// places. PostgreSQL reads it by strtol(), which takes white space and a sign before the digits.
bool looks_like_index(const char* name) {
  name += strspn(name, " \t\n\v\f\r");
  if (*name == '-' || *name == '+') ++name;
  return *name >= '0' && *name <= '9';
}

bool add_name(List** path, const char* name) {
  if (name[0] == '\0' || looks_like_index(name)) return false;
  *path = lappend(*path, makeString(pstrdup(name)));
  return true;
}

bool add_field(List** path, Node* key) {
  if (!IsA(key, Const)) return false;
  auto* constant = reinterpret_cast<Const*>(key);
  if (constant->constisnull || constant->consttype != TEXTOID) return false;
  const char* name = utf8_of(constant->constvalue);
  if (name[0] == '\0') return false;
  // For -> a text is always a member's name, never an element's number.
  *path = lappend(*path, makeString(pstrdup(name)));
  return true;
}

bool add_fields(List** path, Node* keys) {
  if (!IsA(keys, Const)) return false;
  auto* constant = reinterpret_cast<Const*>(keys);
  if (constant->constisnull || constant->consttype != TEXTARRAYOID) return false;
  Datum* names = nullptr;
  bool* nulls;
  int count;
  deconstruct_array(DatumGetArrayTypeP(constant->constvalue), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
  for (int i = 0; i < count; ++i)
    if (nulls[i] || !add_name(path, utf8_of(names[i]))) return false;
  return count > 0;
}

// Follows -> and #> down to a document or json column; false when there is something else.
bool match_json(FilterContext* context, Node* node, List** path) {
  node = strip_relabel(node);
  if (const ColumnOptions* column = match_column(context->rel, context->table, node)) {
    Oid type = getBaseType(column->type);
    if ((type != JSONOID && type != JSONBOID) || column->document_format != DocumentFormat::plain) return false;
    if (column->has_ddb_type) return false;                  // may be read from JSON text
    if (!column->document && type == JSONOID) return false;  // so may a json column
    *path = column->document ? NIL : column_path(column);
    return column->document || *path != NIL;
  }
  Oid function;
  List* arguments;
  if (!as_call(node, &function, &arguments) || list_length(arguments) != 2) return false;
  auto* source = static_cast<Node*>(linitial(arguments));
  auto* key = static_cast<Node*>(lsecond(arguments));
  if (is_field(function)) return match_json(context, source, path) && add_field(path, key);
  if (is_path(function)) return match_json(context, source, path) && add_fields(path, key);
  return false;
}

// The same for ->> and #>>, whose result is text.
bool match_json_text(FilterContext* context, Node* node, List** path) {
  node = strip_relabel(node);
  Oid function;
  List* arguments;
  if (!as_call(node, &function, &arguments) || list_length(arguments) != 2) return false;
  auto* source = static_cast<Node*>(linitial(arguments));
  auto* key = static_cast<Node*>(lsecond(arguments));
  if (is_field_text(function)) return match_json(context, source, path) && add_field(path, key);
  if (is_path_text(function)) return match_json(context, source, path) && add_fields(path, key);
  return false;
}

bool is_number(Oid type) { return type == NUMERICOID || type == INT2OID || type == INT4OID || type == INT8OID; }

// (document ->> 'n')::numeric, the integer types, and the floats, of which both sides must be some
bool match_json_number(FilterContext* context, Node* node, Oid operand_type, List** path) {
  if (!IsA(node, CoerceViaIO)) return false;
  Oid type = exprType(node);
  bool alike = is_number(operand_type) ? is_number(type) : is_float(operand_type) && is_float(type);
  return alike && match_json_text(context, reinterpret_cast<Node*>(reinterpret_cast<CoerceViaIO*>(node)->arg), path);
}

// ->> or a number made of it, with an operand of that type, or an array of it. Never exact: one value has several
// spellings.
FilterTerm* document_term(FilterContext* context, Node* left, Node* operand, Oid type, Comparator comparator) {
  List* path = NIL;
  TermKind kind;
  bool equality = comparator == Comparator::equal || comparator == Comparator::any_of;
  if (type == TEXTOID && (equality || comparator == Comparator::not_equal) && match_json_text(context, left, &path))
    kind = TermKind::document_text;
  else if ((equality || is_range(comparator)) && match_json_number(context, left, type, &path))
    kind = TermKind::document_number;
  else
    return nullptr;
  FilterTerm* term = make_term(context, kind, path, reinterpret_cast<Expr*>(operand));
  if (term == nullptr) return nullptr;
  term->comparator = comparator;
  term->approximate = is_float(type);
  return term;
}

FilterTerm* translate_value(FilterContext* context, Node* left, Node* right, Oid operator_oid) {
  Comparator comparator;
  if (!comparator_of(operator_oid, &comparator)) return nullptr;
  return document_term(context, left, right, exprType(strip_relabel(right)), comparator);
}

// The column that a chain of operators begins with, or null.
const ColumnOptions* base_column(FilterContext* context, Node* node) {
  for (;;) {
    node = strip_relabel(node);
    if (const ColumnOptions* column = match_column(context->rel, context->table, node)) return column;
    Oid function;
    List* arguments;
    if (!as_call(node, &function, &arguments) || arguments == NIL) return nullptr;
    node = static_cast<Node*>(linitial(arguments));
  }
}

FilterTerm* translate_containment(FilterContext* context, Node* left, Node* right, Oid function) {
  TermKind kind;
  switch (function) {
    case F_JSONB_CONTAINS:
      kind = TermKind::document_contains;
      break;
    case F_JSONB_EXISTS:
      kind = TermKind::document_has_key;
      break;
    case F_JSONB_EXISTS_ANY:
      kind = TermKind::document_has_any;
      break;
    case F_JSONB_EXISTS_ALL:
      kind = TermKind::document_has_all;
      break;
    default:
      return nullptr;
  }
  List* path = NIL;
  if (!match_json(context, left, &path)) return nullptr;
  // Below the item, what is asked may be an array, whose elements count as keys: only the item itself is surely an
  // object.
  if (path != NIL) return nullptr;
  return make_term(context, kind, NIL, reinterpret_cast<Expr*>(right));
}

}  // namespace

FilterTerm* translate_document_operator(FilterContext* context, OpExpr* clause, bool negated) {
  if (negated || list_length(clause->args) != 2) return nullptr;
  auto* left = static_cast<Node*>(linitial(clause->args));
  auto* right = static_cast<Node*>(lsecond(clause->args));
  if (FilterTerm* term = translate_containment(context, left, right, get_opcode(clause->opno))) return term;
  if (!is_deterministic(clause->inputcollid)) return nullptr;
  if (FilterTerm* term = translate_value(context, left, right, clause->opno)) return term;
  Oid commuted = get_commutator(clause->opno);
  return OidIsValid(commuted) ? translate_value(context, right, left, commuted) : nullptr;
}

// = ANY and <> ALL
FilterTerm* translate_document_list(FilterContext* context, ScalarArrayOpExpr* clause, bool negated) {
  Comparator comparator;
  if (negated || !comparator_of(clause->opno, &comparator) || !is_deterministic(clause->inputcollid)) return nullptr;
  if (comparator != (clause->useOr ? Comparator::equal : Comparator::not_equal)) return nullptr;
  auto* left = static_cast<Node*>(linitial(clause->args));
  auto* array = static_cast<Node*>(lsecond(clause->args));
  Oid type = get_base_element_type(exprType(strip_relabel(array)));
  if (!clause->useOr && type != TEXTOID) return nullptr;
  FilterTerm* term = document_term(context, left, array, type, Comparator::any_of);
  if (term != nullptr) term->negated = !clause->useOr;
  return term;
}

// document -> 'a' is NULL where nothing is at the path; ->> also where NULL is. A document that does not fit its column
// may be NULL itself.
FilterTerm* translate_document_null_test(FilterContext* context, NullTest* test, bool negated) {
  auto* node = reinterpret_cast<Node*>(test->arg);
  List* path = NIL;
  bool text = match_json_text(context, node, &path);
  if (test->argisrow || (!text && !match_json(context, node, &path)) || path == NIL) return nullptr;
  bool not_null = (test->nulltesttype == IS_NOT_NULL) != negated;
  bool lenient = base_column(context, node)->on_type_mismatch == MismatchAction::null;
  if (lenient && !not_null) return nullptr;
  FilterTerm* term = make_term(context, text ? TermKind::is_null : TermKind::is_json_null, path, nullptr);
  if (term == nullptr) return nullptr;
  term->negated = not_null;
  term->exact = !lenient;
  return term;
}

}  // namespace dynamodb_fdw
