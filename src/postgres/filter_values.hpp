// The filter of one execution: terms with their operands' values.
#pragma once

#include "filter_terms.hpp"
#include "from_datum.hpp"
#include "pg.hpp"
#include "plain_filter.hpp"

extern "C" {
#include "executor/executor.h"
}

namespace dynamodb_fdw {

/// Evaluates the operands of a filter in `econtext`; palloc'ed in the current context. `states` are those of the
/// operands. The result is true for all items for which the SQL conditions are; what cannot be said is left out as the
/// constant true.
PlainFilter* evaluate_filter(ExprContext* econtext, const FilterTerm* term, ExprState** states,
                             const ReservedNames& reserved);

// --- kinds of terms, each in a file of its own

/// Converts an operand; tells where it stands when no attribute can have its value.
Place to_operand(Datum value, Oid type, dynamodb::AttributeType attribute, KeyValue* operand);

/// The elements of an array operand.
struct Elements {
  Datum* values;
  bool* nulls;
  int count;
  Oid type;
};
Elements elements_of(Datum array_value);

PlainFilter* compare_scalar(const FilterTerm* term, Datum value);
PlainFilter* compare_term(const FilterTerm* term, Datum value);           // filter_values.cpp
PlainFilter* like_term(const FilterTerm* term, const KeyValue& operand);  // filter_patterns.cpp
PlainFilter* document_term(const FilterTerm* term, Datum value);          // filter_document_values.cpp

}  // namespace dynamodb_fdw
