// A filter with its values, in plain memory: what terms become when a scan starts.
#include "plain_filter.hpp"

#include "guard.hpp"

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using Kind = dynamodb::Filter::Kind;

PlainFilter* new_filter(Kind kind, List* path) {
  auto* filter = static_cast<PlainFilter*>(palloc0(sizeof(PlainFilter)));
  filter->kind = kind;
  filter->path = path;
  return filter;
}

PlainFilter* constant(bool truth) {
  PlainFilter* filter = new_filter(Kind::constant, NIL);
  filter->truth = truth;
  return filter;
}

PlainFilter* with_value(Kind kind, List* path, const KeyValue& value) {
  PlainFilter* filter = new_filter(kind, path);
  filter->values = static_cast<KeyValue*>(palloc(sizeof(KeyValue)));
  filter->values[0] = value;
  filter->value_count = 1;
  return filter;
}

PlainFilter* has_type(List* path, AttributeType type) {
  PlainFilter* filter = new_filter(Kind::has_type, path);
  filter->type = type;
  return filter;
}

PlainFilter* connect(Kind kind, List* children) {
  PlainFilter* filter = new_filter(kind, NIL);
  filter->children = children;
  return filter;
}

PlainFilter* both(PlainFilter* left, PlainFilter* right) { return connect(Kind::all, list_make2(left, right)); }
PlainFilter* either(PlainFilter* left, PlainFilter* right) { return connect(Kind::any, list_make2(left, right)); }
PlainFilter* negation(PlainFilter* child) { return connect(Kind::negation, list_make1(child)); }

PlainFilter* widened(PlainFilter* filter) {
  filter->wider = true;
  return filter;
}

KeyValue text_value(const char* bytes, int length) { return {AttributeType::S, bytes, length}; }

KeyValue boolean_value(bool value) { return {AttributeType::BOOL, value ? "true" : "false", value ? 4 : 5}; }

namespace {

bool is_connection(Kind kind) { return kind == Kind::all || kind == Kind::any; }

}  // namespace

bool may_name(const ReservedNames& reserved, List* path) {
  if (path == NIL) return true;
  return !list_member(reserved.queried_key, linitial(path)) &&
         (list_length(path) == 1 || !list_member(reserved.key_attributes, linitial(path)));
}

PlainFilter* fold(PlainFilter* filter, const ReservedNames& reserved) {
  if (!may_name(reserved, filter->path)) return widened(constant(true));
  if (filter->kind == Kind::in && filter->value_count == 0) return constant(false);
  if (filter->kind == Kind::negation) {
    PlainFilter* child = fold(static_cast<PlainFilter*>(linitial(filter->children)), reserved);
    PlainFilter* opposite = child->kind == Kind::constant ? constant(!child->truth) : negation(child);
    return filter->wider || child->wider ? widened(opposite) : opposite;
  }
  if (!is_connection(filter->kind)) return filter;
  bool neutral = filter->kind == Kind::all;
  bool wider = filter->wider;
  List* kept = NIL;
  ListCell* cell;
  foreach (cell, filter->children) {
    PlainFilter* child = fold(static_cast<PlainFilter*>(lfirst(cell)), reserved);
    if (child->kind == Kind::constant && child->truth != neutral) return child;
    wider = wider || child->wider;
    if (child->kind == filter->kind)
      kept = list_concat(kept, child->children);
    else if (child->kind != Kind::constant)
      kept = lappend(kept, child);
  }
  PlainFilter* folded = kept == NIL              ? constant(neutral)
                        : list_length(kept) == 1 ? static_cast<PlainFilter*>(linitial(kept))
                                                 : connect(filter->kind, kept);
  return wider ? widened(folded) : folded;
}

List* filter_parts(PlainFilter* filter) {
  if (filter->kind == Kind::constant) return NIL;
  return filter->kind == Kind::all ? filter->children : list_make1(filter);
}

bool* fitting_parts(List* parts) {
  auto* fitting = static_cast<bool*>(palloc0(sizeof(bool) * Max(list_length(parts), 1)));
  PlainError failure;
  guard(&failure, [&] {
    std::vector<dynamodb::Filter> conditions;
    ListCell* cell;
    foreach (cell, parts)
      conditions.push_back(dynamodb::simplify(to_library_filter(static_cast<PlainFilter*>(lfirst(cell)))));
    int next = 0;
    for (bool fits : dynamodb::fitting_conditions(conditions)) fitting[next++] = fits;
  });
  return fitting;
}

PlainFilter* within_limits(PlainFilter* filter) {
  List* parts = filter_parts(filter);
  bool* fitting = fitting_parts(parts);
  List* kept = NIL;
  ListCell* cell;
  foreach (cell, parts)
    if (fitting[foreach_current_index(cell)]) kept = lappend(kept, lfirst(cell));
  if (list_length(kept) == list_length(parts)) return filter;
  return widened(fold(connect(Kind::all, kept), ReservedNames{}));
}

dynamodb::Filter to_library_filter(const PlainFilter* plain) {
  dynamodb::Filter filter;
  filter.kind = plain->kind;
  filter.truth = plain->truth;
  filter.type = plain->type;
  ListCell* cell;
  foreach (cell, plain->path) {
    dynamodb::PathStep step;
    step.name = strVal(lfirst(cell));
    filter.path.push_back(std::move(step));
  }
  for (int i = 0; i < plain->value_count; ++i)
    filter.values.push_back({plain->values[i].type,
                             std::string(plain->values[i].bytes, static_cast<std::size_t>(plain->values[i].length))});
  foreach (cell, plain->children) filter.children.push_back(to_library_filter(static_cast<PlainFilter*>(lfirst(cell))));
  return filter;
}

}  // namespace dynamodb_fdw
