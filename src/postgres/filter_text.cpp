// A filter as EXPLAIN shows it.
#include <cstring>

#include "plain_filter.hpp"

namespace dynamodb_fdw {

using Kind = dynamodb::Filter::Kind;

namespace {

bool is_connection(Kind kind) { return kind == Kind::all || kind == Kind::any; }

const char* path_text(List* path) {
  StringInfoData text;
  initStringInfo(&text);
  ListCell* cell;
  foreach (cell, path) {
    char* name = strVal(lfirst(cell));
    appendStringInfo(&text, "%s%s", text.len > 0 ? "." : "",
                     pg_any_to_server(name, static_cast<int>(strlen(name)), PG_UTF8));
  }
  return text.data;
}

void append_filter(StringInfo text, const PlainFilter* filter);

void append_values(StringInfo text, const PlainFilter* filter) {
  constexpr int kShown = 10;
  for (int i = 0; i < Min(filter->value_count, kShown); ++i) {
    if (i > 0) appendStringInfoString(text, ", ");
    append_key_value(text, filter->values[i]);
  }
  if (filter->value_count > kShown) appendStringInfoString(text, ", ...");
}

void append_connection(StringInfo text, const PlainFilter* filter) {
  ListCell* cell;
  foreach (cell, filter->children) {
    auto* child = static_cast<PlainFilter*>(lfirst(cell));
    if (foreach_current_index(cell) > 0) appendStringInfoString(text, filter->kind == Kind::all ? " AND " : " OR ");
    if (is_connection(child->kind)) appendStringInfoChar(text, '(');
    append_filter(text, child);
    if (is_connection(child->kind)) appendStringInfoChar(text, ')');
  }
}

void append_filter(StringInfo text, const PlainFilter* filter) {
  static const char* const kOperators[] = {"", "=", "<>", "<", "<=", ">", ">="};
  const char* path = path_text(filter->path);
  switch (filter->kind) {
    case Kind::constant:
      appendStringInfoString(text, filter->truth ? "true" : "false");
      break;
    case Kind::in:
      appendStringInfo(text, "%s IN (", path);
      append_values(text, filter);
      appendStringInfoChar(text, ')');
      break;
    case Kind::begins_with:
      appendStringInfo(text, "begins_with(%s, ", path);
      append_values(text, filter);
      appendStringInfoChar(text, ')');
      break;
    case Kind::contains:
      appendStringInfo(text, "contains(%s, ", path);
      append_values(text, filter);
      appendStringInfoChar(text, ')');
      break;
    case Kind::exists:
      appendStringInfo(text, "attribute_exists(%s)", path);
      break;
    case Kind::not_exists:
      appendStringInfo(text, "attribute_not_exists(%s)", path);
      break;
    case Kind::has_type:
      appendStringInfo(text, "attribute_type(%s, %s)", path, dynamodb::type_name(filter->type));
      break;
    case Kind::is_empty:
      appendStringInfo(text, "size(%s) = 0", path);
      break;
    case Kind::is_not_empty:
      appendStringInfo(text, "size(%s) > 0", path);
      break;
    case Kind::all:
    case Kind::any:
      append_connection(text, filter);
      break;
    case Kind::negation:
      appendStringInfoString(text, "NOT (");
      append_filter(text, static_cast<PlainFilter*>(linitial(filter->children)));
      appendStringInfoChar(text, ')');
      break;
    default:
      appendStringInfo(text, "%s %s ", path, kOperators[static_cast<int>(filter->kind)]);
      append_values(text, filter);
  }
}

}  // namespace

char* filter_text(const PlainFilter* filter) {
  StringInfoData text;
  initStringInfo(&text);
  append_filter(&text, filter);
  return text.data;
}

}  // namespace dynamodb_fdw
