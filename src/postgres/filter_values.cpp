// The filter of one execution: terms with their operands' values.
#include "filter_values.hpp"

#include <cfloat>
#include <cmath>
#include <cstring>

#include "guard.hpp"
#include "scan_keys.hpp"

extern "C" {
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using Kind = dynamodb::Filter::Kind;

namespace {

// --- plain filters

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

KeyValue text_value(const char* bytes, int length) { return {AttributeType::S, bytes, length}; }

KeyValue boolean_value(bool value) {
  return {AttributeType::BOOL, value ? "true" : "false", value ? 4 : 5};
}

// --- operands

// Where a number stands that DynamoDB cannot hold.
enum class Place { held, below_all, above_all, between };

Place place_of_numeric(Datum value) {
  char* text = DatumGetCString(DirectFunctionCall1(numeric_out, value));
  // PostgreSQL sorts NaN above all numbers.
  if (strcmp(text, "NaN") == 0 || strcmp(text, "Infinity") == 0) return Place::above_all;
  return strcmp(text, "-Infinity") == 0 ? Place::below_all : Place::between;
}

// Converts an operand; tells where it stands when no attribute can have its value.
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

Kind kind_of(Comparator comparator) {
  switch (comparator) {
    case Comparator::not_equal: return Kind::not_equal;
    case Comparator::less: return Kind::less;
    case Comparator::less_equal: return Kind::less_equal;
    case Comparator::greater: return Kind::greater;
    case Comparator::greater_equal: return Kind::greater_equal;
    default: return Kind::equal;
  }
}

// With nothing to compare with, every value is above or below the operand.
PlainFilter* compare_with_place(const FilterTerm* term, Place place) {
  bool above = place == Place::above_all;
  switch (term->comparator) {
    case Comparator::equal: return constant(false);
    case Comparator::not_equal: return has_type(term->path, term->type);
    case Comparator::less:
    case Comparator::less_equal:
      if (place == Place::between) return constant(true);
      return above ? has_type(term->path, term->type) : constant(false);
    default:
      if (place == Place::between) return constant(true);
      return above ? constant(false) : has_type(term->path, term->type);
  }
}

// Empty operands are said by size: not every implementation takes empty values in expressions.
PlainFilter* compare_with_empty(const FilterTerm* term) {
  PlainFilter* typed = has_type(term->path, term->type);
  switch (term->comparator) {
    case Comparator::less: return constant(false);
    case Comparator::greater_equal: return typed;
    case Comparator::equal:
    case Comparator::less_equal: return both(typed, new_filter(Kind::is_empty, term->path));
    default: return both(typed, new_filter(Kind::is_not_empty, term->path));
  }
}

PlainFilter* compare_with(const FilterTerm* term, const KeyValue& value) {
  if (value.length == 0) return compare_with_empty(term);
  PlainFilter* comparison = with_value(kind_of(term->comparator), term->path, value);
  // <> is true for other types and for missing attributes, for which SQL says NULL.
  return term->comparator == Comparator::not_equal ? both(has_type(term->path, term->type), comparison) : comparison;
}

PlainFilter* like_term(const FilterTerm* term, const KeyValue& pattern);

PlainFilter* compare_scalar(const FilterTerm* term, Datum value) {
  KeyValue operand;
  Place place = to_operand(value, term->operand_type, term->type, &operand);
  if (term->comparator == Comparator::like || term->comparator == Comparator::starts_with)
    return place == Place::held ? like_term(term, operand) : constant(true);
  return place == Place::held ? compare_with(term, operand) : compare_with_place(term, place);
}

// --- LIKE

struct Pattern {
  bool understood;      // text with one % in front, behind, or both, or none
  bool open_start, open_end;
  const char* text;
  int length;
  const char* prefix;   // of any pattern: what it starts with
  int prefix_length;
};

Pattern parse_pattern(const KeyValue& like) {
  Pattern pattern{};
  bool exact;
  int prefix_length;
  pattern.prefix = like_prefix(like.bytes, like.length, &prefix_length, &exact);
  pattern.prefix_length = prefix_length;
  int start = 0;
  while (start < like.length && like.bytes[start] == '%') ++start;
  pattern.open_start = start > 0;
  int length;
  pattern.text = like_prefix(like.bytes + start, like.length - start, &length, &exact);
  pattern.length = length;
  // Behind the text there may be percent signs only; find where it ended.
  int end = like.length;
  int escapes = 0;
  while (end > start && like.bytes[end - 1] == '%') --end;
  for (int i = end - 1; i >= start && like.bytes[i] == '\\'; --i) ++escapes;
  if (escapes % 2 == 1 && end < like.length) ++end;  // the first of them is escaped
  pattern.open_end = end < like.length;
  int middle_length;
  bool middle_exact;
  like_prefix(like.bytes + start, end - start, &middle_length, &middle_exact);
  pattern.understood = middle_exact && middle_length == length;
  return pattern;
}

PlainFilter* negatable(const FilterTerm* term, PlainFilter* test) {
  return both(has_type(term->path, AttributeType::S), term->negated ? negation(test) : test);
}

PlainFilter* match_pattern(const FilterTerm* term, const Pattern& pattern) {
  if (pattern.length == 0) {
    // '%' matches every string, '' the empty one.
    if (pattern.open_start || pattern.open_end)
      return term->negated ? constant(false) : has_type(term->path, AttributeType::S);
    return both(has_type(term->path, AttributeType::S),
                new_filter(term->negated ? Kind::is_not_empty : Kind::is_empty, term->path));
  }
  KeyValue text = text_value(pattern.text, pattern.length);
  if (pattern.open_start && pattern.open_end) return negatable(term, with_value(Kind::contains, term->path, text));
  if (pattern.open_end) return negatable(term, with_value(Kind::begins_with, term->path, text));
  if (!pattern.open_start) return negatable(term, with_value(Kind::equal, term->path, text));
  // '%end': contained, at least.
  if (term->negated) return has_type(term->path, AttributeType::S);
  return negatable(term, with_value(Kind::contains, term->path, text));
}

PlainFilter* like_term(const FilterTerm* term, const KeyValue& operand) {
  Pattern pattern{};
  if (term->comparator == Comparator::starts_with)
    pattern = {true, false, true, operand.bytes, operand.length, operand.bytes, operand.length};
  else
    pattern = parse_pattern(operand);
  if (pattern.understood) return match_pattern(term, pattern);
  if (term->negated || pattern.prefix_length == 0) return has_type(term->path, AttributeType::S);
  return with_value(Kind::begins_with, term->path, text_value(pattern.prefix, pattern.prefix_length));
}

// --- lists

struct Elements {
  Datum* values;
  bool* nulls;
  int count;
  Oid type;
};

Elements elements_of(Datum array_value) {
  ArrayType* array = DatumGetArrayTypeP(array_value);
  Elements elements{};
  elements.type = ARR_ELEMTYPE(array);
  int16 length;
  bool by_value;
  char alignment;
  get_typlenbyvalalign(elements.type, &length, &by_value, &alignment);
  deconstruct_array(array, elements.type, length, by_value, alignment, &elements.values, &elements.nulls, &elements.count);
  return elements;
}

PlainFilter* compare_list(const FilterTerm* term, Datum array_value) {
  Elements elements = elements_of(array_value);
  // Of no elements even a NULL is not among them: NOT IN () is true for all items, IN () for none.
  if (elements.count == 0) return constant(term->negated);
  PlainFilter* in = new_filter(Kind::in, term->path);
  in->values = static_cast<KeyValue*>(palloc(sizeof(KeyValue) * Max(elements.count, 1)));
  List* alternatives = list_make1(in);
  for (int i = 0; i < elements.count; ++i) {
    KeyValue operand;
    // NOT IN with a NULL in the list is never true.
    if (elements.nulls[i] && term->negated) return constant(false);
    if (elements.nulls[i] || to_operand(elements.values[i], elements.type, term->type, &operand) != Place::held) continue;
    if (operand.length == 0)
      alternatives = lappend(alternatives, both(has_type(term->path, term->type), new_filter(Kind::is_empty, term->path)));
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
  Datum number = DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
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
  // float4 columns are the coarser ones; a wider margin costs nothing but a few more items.
  double margin = std::fabs(value) * 4 * FLT_EPSILON;
  switch (comparator) {
    case Comparator::equal:
      return both(float_limit(term, Kind::greater_equal, value - margin), float_limit(term, Kind::less_equal, value + margin));
    case Comparator::less:
    case Comparator::less_equal: return float_limit(term, Kind::less_equal, value + margin);
    case Comparator::greater:
    case Comparator::greater_equal: return float_limit(term, Kind::greater_equal, value - margin);
    default: return has_type(term->path, AttributeType::N);
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
      alternatives = lappend(alternatives,
                             compare_float(term, Comparator::equal, float_of(elements.values[i], elements.type)));
  return connect(Kind::any, alternatives);
}

PlainFilter* compare_term(const FilterTerm* term, Datum value) {
  bool list = term->comparator == Comparator::any_of;
  if (term->approximate)
    return list ? compare_float_list(term, value)
                : compare_float(term, term->comparator, float_of(value, term->operand_type));
  return list ? compare_list(term, value) : compare_scalar(term, value);
}

// --- documents

bool numeric_operand(const char* text, KeyValue* operand) {
  char canonical[160];
  bool number = false;
  PlainError failure;
  guard(&failure, [&] {
    auto found = dynamodb::canonical_number(text);
    number = found && found->size() < sizeof(canonical);
    if (number) std::memcpy(canonical, found->c_str(), found->size() + 1);
  });
  if (!number) return false;
  *operand = {AttributeType::N, pstrdup(canonical), static_cast<int>(strlen(canonical))};
  return true;
}

// "\x6162" as ->> shows a binary.
bool binary_operand(const KeyValue& text, KeyValue* operand) {
  if (text.length < 2 || text.bytes[0] != '\\' || text.bytes[1] != 'x' || text.length % 2 != 0) return false;
  auto* bytes = static_cast<char*>(palloc(text.length));
  int count = 0;
  for (int i = 2; i < text.length; i += 2) {
    int byte;
    if (!isxdigit(static_cast<unsigned char>(text.bytes[i])) || sscanf(text.bytes + i, "%2x", &byte) != 1) return false;
    bytes[count++] = static_cast<char>(byte);
  }
  *operand = {AttributeType::B, bytes, count};
  return true;
}

// The value at the path is this string or binary; empty ones are said by size, as in compare_with_empty.
PlainFilter* equals(List* path, const KeyValue& value) {
  if (value.length > 0) return with_value(Kind::equal, path, value);
  return both(has_type(path, value.type), new_filter(Kind::is_empty, path));
}

// All values that ->> shows as this text.
PlainFilter* text_alternatives(List* path, Datum value) {
  KeyValue text;
  if (to_operand(value, TEXTOID, AttributeType::S, &text) != Place::held) return constant(true);
  if (text.length == 0) return both(has_type(path, AttributeType::S), new_filter(Kind::is_empty, path));
  // A list, set or map shows as JSON text.
  if (text.bytes[0] == '[' || text.bytes[0] == '{') return constant(true);
  List* alternatives = list_make1(with_value(Kind::equal, path, text));
  const char* terminated = pnstrdup(text.bytes, text.length);
  KeyValue other;
  if (numeric_operand(terminated, &other)) alternatives = lappend(alternatives, with_value(Kind::equal, path, other));
  if (binary_operand(text, &other)) alternatives = lappend(alternatives, equals(path, other));
  for (bool truth : {false, true})
    if (strcmp(terminated, truth ? "true" : "false") == 0)
      alternatives = lappend(alternatives, with_value(Kind::equal, path, boolean_value(truth)));
  return connect(Kind::any, alternatives);
}

PlainFilter* document_text(const FilterTerm* term, Datum value) {
  if (term->comparator != Comparator::any_of) return text_alternatives(term->path, value);
  Elements elements = elements_of(value);
  List* alternatives = NIL;
  for (int i = 0; i < elements.count; ++i)
    if (!elements.nulls[i]) alternatives = lappend(alternatives, text_alternatives(term->path, elements.values[i]));
  return connect(Kind::any, alternatives);
}

// A string that spells a number is cast as well.
PlainFilter* document_number(const FilterTerm* term, Datum value) {
  FilterTerm number = *term;
  number.type = AttributeType::N;
  return either(compare_scalar(&number, value), has_type(term->path, AttributeType::S));
}

const char* utf8_text(const char* text, int length) {
  char* copy = pnstrdup(text, length);
  return pg_server_to_any(copy, length, PG_UTF8);
}

List* step_into(List* path, const char* name) { return lappend(list_copy(path), makeString(pstrdup(name))); }

// What a scalar of the right side of @> needs of the value at `path`.
PlainFilter* contains_scalar(List* path, const JsonbValue* value) {
  KeyValue operand;
  switch (value->type) {
    case jbvString: {
      Datum text = PointerGetDatum(cstring_to_text_with_len(value->val.string.val, value->val.string.len));
      KeyValue string;
      if (to_operand(text, TEXTOID, AttributeType::S, &string) != Place::held) return constant(true);
      if (string.length == 0) return both(has_type(path, AttributeType::S), new_filter(Kind::is_empty, path));
      PlainFilter* equal = with_value(Kind::equal, path, string);
      return binary_operand(string, &operand) ? either(equal, equals(path, operand)) : equal;
    }
    case jbvNumeric:
      if (!to_key_value(NumericGetDatum(value->val.numeric), NUMERICOID, AttributeType::N, SIZE_MAX, &operand))
        return constant(false);
      return with_value(Kind::equal, path, operand);
    case jbvBool: return with_value(Kind::equal, path, boolean_value(value->val.boolean));
    case jbvNull: return has_type(path, AttributeType::NUL);
    default: return constant(true);
  }
}

// What an object on the right side of @> needs of the map at `path`: each of its members. Arrays are left to PostgreSQL, but
// something must be there.
PlainFilter* contains_object(List* path, JsonbContainer* object) {
  List* conditions = NIL;
  JsonbIterator* iterator = JsonbIteratorInit(object);
  JsonbValue value;
  const char* name = nullptr;
  JsonbIteratorToken token;
  while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE) {
    if (token == WJB_KEY) {
      name = utf8_text(value.val.string.val, value.val.string.len);
    } else if (token == WJB_VALUE && name != nullptr) {
      List* member = step_into(path, name);
      // No item has such a member.
      if (name[0] == '\0' || !is_expressible_path(member)) return constant(false);
      if (value.type != jbvBinary)
        conditions = lappend(conditions, contains_scalar(member, &value));
      else if (JsonContainerIsObject(value.val.binary.data))
        conditions = lappend(conditions, both(has_type(member, AttributeType::M),
                                              contains_object(member, value.val.binary.data)));
      else
        conditions = lappend(conditions, new_filter(Kind::exists, member));
    }
  }
  return connect(Kind::all, conditions);
}

PlainFilter* document_contains(const FilterTerm* term, Datum value) {
  Jsonb* jsonb = DatumGetJsonbP(value);
  if (!JB_ROOT_IS_OBJECT(jsonb)) return constant(false);  // an item is an object, and contains nothing else
  return contains_object(term->path, &jsonb->root);
}

PlainFilter* has_key(List* path, Datum key) {
  char* name = TextDatumGetCString(key);
  List* member = step_into(path, pg_server_to_any(name, static_cast<int>(strlen(name)), PG_UTF8));
  return name[0] == '\0' || !is_expressible_path(member) ? constant(false) : new_filter(Kind::exists, member);
}

PlainFilter* has_keys(const FilterTerm* term, Datum array_value, Kind connection) {
  Elements elements = elements_of(array_value);
  List* conditions = NIL;
  for (int i = 0; i < elements.count; ++i)
    if (!elements.nulls[i]) conditions = lappend(conditions, has_key(term->path, elements.values[i]));
  return connect(connection, conditions);
}

// --- terms

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

// All terms with an operand are strict: with NULL they are not true.
PlainFilter* operand_term(const FilterTerm* term, Datum value) {
  switch (term->kind) {
    case TermKind::compare: return compare_term(term, value);
    case TermKind::document_text: return document_text(term, value);
    case TermKind::document_number: return document_number(term, value);
    case TermKind::document_contains: return document_contains(term, value);
    case TermKind::document_has_key: return has_key(term->path, value);
    case TermKind::document_has_any: return has_keys(term, value, Kind::any);
    case TermKind::document_has_all: return has_keys(term, value, Kind::all);
    default: return constant(true);
  }
}

bool is_connection(Kind kind) { return kind == Kind::all || kind == Kind::any; }

const char* path_text(List* path) {
  StringInfoData text;
  initStringInfo(&text);
  ListCell* cell;
  foreach (cell, path) {
    char* name = strVal(lfirst(cell));
    appendStringInfo(&text, "%s%s", text.len > 0 ? "." : "", pg_any_to_server(name, static_cast<int>(strlen(name)), PG_UTF8));
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
    case Kind::constant: appendStringInfoString(text, filter->truth ? "true" : "false"); break;
    case Kind::in: appendStringInfo(text, "%s IN (", path); append_values(text, filter); appendStringInfoChar(text, ')'); break;
    case Kind::begins_with: appendStringInfo(text, "begins_with(%s, ", path); append_values(text, filter); appendStringInfoChar(text, ')'); break;
    case Kind::contains: appendStringInfo(text, "contains(%s, ", path); append_values(text, filter); appendStringInfoChar(text, ')'); break;
    case Kind::exists: appendStringInfo(text, "attribute_exists(%s)", path); break;
    case Kind::not_exists: appendStringInfo(text, "attribute_not_exists(%s)", path); break;
    case Kind::has_type: appendStringInfo(text, "attribute_type(%s, %s)", path, dynamodb::type_name(filter->type)); break;
    case Kind::is_empty: appendStringInfo(text, "size(%s) = 0", path); break;
    case Kind::is_not_empty: appendStringInfo(text, "size(%s) > 0", path); break;
    case Kind::all:
    case Kind::any: append_connection(text, filter); break;
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

// A Query's filter must not name the key that is queried. Columns are seen to when the query is planned; of documents it shows only
// now what they have to contain. (Those terms are never negated, so that true lets more items through, not fewer.)
bool names_queried_key(const PlainFilter* filter, List* queried_key) {
  return filter->path != NIL && list_member(queried_key, linitial(filter->path));
}

// Folds constants, as the library does with its form, so that EXPLAIN shows what is sent.
PlainFilter* fold(PlainFilter* filter, List* queried_key) {
  if (names_queried_key(filter, queried_key)) return constant(true);
  if (filter->kind == Kind::in && filter->value_count == 0) return constant(false);
  if (filter->kind == Kind::negation) {
    PlainFilter* child = fold(static_cast<PlainFilter*>(linitial(filter->children)), queried_key);
    return child->kind == Kind::constant ? constant(!child->truth) : negation(child);
  }
  if (!is_connection(filter->kind)) return filter;
  bool neutral = filter->kind == Kind::all;
  List* kept = NIL;
  ListCell* cell;
  foreach (cell, filter->children) {
    PlainFilter* child = fold(static_cast<PlainFilter*>(lfirst(cell)), queried_key);
    if (child->kind == Kind::constant && child->truth != neutral) return child;
    if (child->kind == filter->kind)
      kept = list_concat(kept, child->children);
    else if (child->kind != Kind::constant)
      kept = lappend(kept, child);
  }
  if (kept == NIL) return constant(neutral);
  return list_length(kept) == 1 ? static_cast<PlainFilter*>(linitial(kept)) : connect(filter->kind, kept);
}

PlainFilter* evaluate_term(ExprContext* econtext, const FilterTerm* term, ExprState** states) {
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
  return is_null ? constant(false) : operand_term(term, value);
}

}  // namespace

PlainFilter* evaluate_filter(ExprContext* econtext, const FilterTerm* term, ExprState** states, List* queried_key) {
  return fold(evaluate_term(econtext, term, states), queried_key);
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
    filter.values.push_back({plain->values[i].type, std::string(plain->values[i].bytes, static_cast<std::size_t>(plain->values[i].length))});
  foreach (cell, plain->children) filter.children.push_back(to_library_filter(static_cast<PlainFilter*>(lfirst(cell))));
  return filter;
}

char* filter_text(const PlainFilter* filter) {
  StringInfoData text;
  initStringInfo(&text);
  append_filter(&text, filter);
  return text.data;
}

}  // namespace dynamodb_fdw
