// The filter of one execution: terms with their operands' values.
#pragma once

#include "filter_terms.hpp"
#include "from_datum.hpp"
#include "pg.hpp"

extern "C" {
#include "executor/executor.h"
}

namespace dynamodb_fdw {

/// dynamodb::Filter in plain memory: evaluating operands may ereport. Palloc'ed.
struct PlainFilter {
  dynamodb::Filter::Kind kind;
  bool truth;
  dynamodb::AttributeType type;   ///< of has_type
  List* path;                     ///< String
  KeyValue* values;
  int value_count;
  List* children;                 ///< PlainFilter*
};

/// Evaluates the operands of a filter in `econtext`; palloc'ed in the current context. `states` are those of the operands, and
/// `queried_key` (String) the attributes that a Query's filter must not name, NIL for a Scan. The result
/// is true for all items for which the SQL conditions are; what cannot be said is left out as the constant true.
PlainFilter* evaluate_filter(ExprContext* econtext, const FilterTerm* term, ExprState** states, List* queried_key);

/// Whether no item can pass: nothing need be asked then. Null is no filter.
inline bool is_never_true(const PlainFilter* filter) {
  return filter != nullptr && filter->kind == dynamodb::Filter::Kind::constant && !filter->truth;
}

/// The library's form of it. Library code: runs guarded, does not ereport.
dynamodb::Filter to_library_filter(const PlainFilter* filter);

/// The filter as EXPLAIN shows it, palloc'ed.
char* filter_text(const PlainFilter* filter);

}  // namespace dynamodb_fdw
