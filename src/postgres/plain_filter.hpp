// A filter with its values, in plain memory: what terms become when a scan starts.
#pragma once

#include "from_datum.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// What the paths of a filter must not name. Lists of String.
struct ReservedNames {
  List* queried_key;     ///< of a Query: the key attributes of what is queried, at all; NIL for a Scan
  List* key_attributes;  ///< of the table and its indexes: anything below them, as they are scalars
};

/// Whether a filter may name the path.
bool may_name(const ReservedNames& reserved, List* path);

/// dynamodb::Filter in plain memory: evaluating operands may ereport. Palloc'ed.
struct PlainFilter {
  dynamodb::Filter::Kind kind;
  bool truth;
  dynamodb::AttributeType type;  ///< of has_type
  List* path;                    ///< String
  KeyValue* values;
  int value_count;
  List* children;  ///< PlainFilter*
  bool wider;      ///< true for more items than the SQL condition that it stands for
};

/// Whether no item can pass: nothing need be asked then. Null is no filter.
inline bool is_never_true(const PlainFilter* filter) {
  return filter != nullptr && filter->kind == dynamodb::Filter::Kind::constant && !filter->truth;
}

/// The library's form of it. Library code: runs guarded, does not ereport.
dynamodb::Filter to_library_filter(const PlainFilter* filter);

/// The parts of a folded filter that hold together: those of an AND, or itself. PlainFilter*.
List* filter_parts(PlainFilter* filter);

/// Which of the parts fit into one expression; palloc'ed, in their order.
bool* fitting_parts(List* parts);

/// A folded filter without the parts that do not fit: what is sent. It is wider then.
PlainFilter* within_limits(PlainFilter* filter);

/// The filter as EXPLAIN shows it, palloc'ed.
char* filter_text(const PlainFilter* filter);

// --- making one

PlainFilter* new_filter(dynamodb::Filter::Kind kind, List* path);
PlainFilter* constant(bool truth);
PlainFilter* with_value(dynamodb::Filter::Kind kind, List* path, const KeyValue& value);
PlainFilter* has_type(List* path, dynamodb::AttributeType type);
PlainFilter* connect(dynamodb::Filter::Kind kind, List* children);
PlainFilter* both(PlainFilter* left, PlainFilter* right);
PlainFilter* either(PlainFilter* left, PlainFilter* right);
PlainFilter* negation(PlainFilter* child);
PlainFilter* widened(PlainFilter* filter);  ///< the same filter, said to be wider than what it stands for
KeyValue text_value(const char* bytes, int length);
KeyValue boolean_value(bool value);

/// Without constants inside, as the library folds its form, so that EXPLAIN shows what is sent. What names a reserved
/// path is left out: for columns that is seen to when the query is planned, of documents it shows only now what they
/// have to contain. (Those terms are never negated, so that more items are let through, not fewer.)
PlainFilter* fold(PlainFilter* filter, const ReservedNames& reserved);

}  // namespace dynamodb_fdw
