// SQL conditions -> terms of a filter expression: one small function per expression node type, each saying exact or
// superset.
#pragma once

#include "comparisons.hpp"
#include "key_use.hpp"
#include "pg.hpp"
#include "plain_filter.hpp"

namespace dynamodb_fdw {

/// What a term asks of the value at its path. Stored in plans as an integer.
enum class TermKind : int {
  compare,       ///< a column with an operand, by `comparator`
  compare_any,   ///< with one of the elements of an array, by `comparator`
  compare_all,   ///< with each of them
  is_distinct,   ///< IS DISTINCT FROM; negated: IS NOT DISTINCT FROM
  is_null,       ///< SQL NULL: missing or of type NULL
  is_json_null,  ///< a json column's SQL NULL: missing
  is_true,       ///< BOOL true; negated: false, missing or of another type
  is_false,
  document_text,      ///< ->> = text, or one of an array (any_of); or <>, and any_of negated: <> ALL
  document_number,    ///< (->>)::numeric and other numbers, compared with a number or an array (any_of)
  document_contains,  ///< @>
  document_has_key,   ///< ?
  document_has_any,   ///< ?|
  document_has_all,   ///< ?&
  all_of,             ///< AND
  any_of,             ///< OR
};

/// A term of the plan. Its operand's value is known only when the scan starts.
struct FilterTerm {
  TermKind kind;
  bool negated;
  bool exact;         ///< true for exactly the items for which the SQL condition is, as long as the column can be read
                      ///< and PlainFilter::wider does not say otherwise; else for more
  AttrNumber column;  ///< that the term is about; 0: none, or it is not known any more, after planning
  Comparator comparator;
  dynamodb::AttributeType type;  ///< of the values that the column reads
  bool approximate;              ///< a float column: what is stored is rounded when read
  Oid operand_type;
  int operand;     ///< place among the filter's operands; -1: none
  List* path;      ///< String: names (UTF-8) from the item downwards
  List* children;  ///< FilterTerm*
};

/// What translating needs to know. `operands` collects the operand expressions.
struct FilterContext {
  PlannerInfo* root;
  RelOptInfo* rel;
  const TableOptions* table;
  ReservedNames reserved;
  Relids outer;
  List* operands;    ///< Expr*
  PushDown refusal;  ///< why there is no term, as far as it is known better than no_counterpart
};

/// The term for `clause` (negated: for NOT clause), or null when there is none. Never true for fewer items than the SQL
/// condition.
FilterTerm* translate_filter(FilterContext* context, Expr* clause, bool negated);

/// The same for operators on json and jsonb: ->, ->>, #>, #>>, @>, ?, ?| and ?&. In filter_documents.cpp.
FilterTerm* translate_document_operator(FilterContext* context, OpExpr* clause, bool negated);
FilterTerm* translate_document_list(FilterContext* context, ScalarArrayOpExpr* clause, bool negated);
FilterTerm* translate_document_null_test(FilterContext* context, NullTest* test, bool negated);

// --- for filter_documents.cpp

/// A new term about `path`, with `operand` (null: none) added to the operands. Null when the operand is not known
/// before the scan or the path names a key of the queried table or index.
FilterTerm* make_term(FilterContext* context, TermKind kind, List* path, Expr* operand);

/// Whether an expression can say this path: its depth and names are limited.
bool is_expressible_path(List* path);

inline bool is_float(Oid type) { return type == FLOAT4OID || type == FLOAT8OID; }

/// The path of a column's attribute; NIL for what cannot be filtered on (the document itself, the row id).
List* column_path(const ColumnOptions* column);

List* serialize_filter(const FilterTerm* term);
FilterTerm* deserialize_filter(List* list);

}  // namespace dynamodb_fdw
