// Terms on documents with their values: what ->>, @> and ? need of an item.
#include <cstring>

#include "filter_values.hpp"
#include "guard.hpp"

extern "C" {
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using Kind = dynamodb::Filter::Kind;

namespace {

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

// -1 for what is no digit of a binary as ->> shows it: there are no capitals.
int hex_digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

// "\x6162" as ->> shows a binary.
bool binary_operand(const KeyValue& text, KeyValue* operand) {
  if (text.length < 2 || text.bytes[0] != '\\' || text.bytes[1] != 'x' || text.length % 2 != 0) return false;
  auto* bytes = static_cast<char*>(palloc(text.length));
  int count = 0;
  for (int i = 2; i < text.length; i += 2) {
    const int high = hex_digit(text.bytes[i]);
    const int low = hex_digit(text.bytes[i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[count++] = static_cast<char>(high * 16 + low);
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

// There is something, and it is no string of this text; whether another value shows as the text is left to PostgreSQL.
PlainFilter* other_text(List* path, Datum value) {
  PlainFilter* present = both(new_filter(Kind::exists, path), negation(has_type(path, AttributeType::NUL)));
  KeyValue text;
  if (to_operand(value, TEXTOID, AttributeType::S, &text) != Place::held) return present;
  return both(present, negation(equals(path, text)));
}

PlainFilter* none_of_texts(const FilterTerm* term, const Elements& elements) {
  List* conditions = NIL;
  for (int i = 0; i < elements.count; ++i) {
    // <> ALL with a NULL in the array is never true.
    if (elements.nulls[i]) return constant(false);
    conditions = lappend(conditions, other_text(term->path, elements.values[i]));
  }
  return connect(Kind::all, conditions);
}

PlainFilter* document_text(const FilterTerm* term, Datum value) {
  if (term->comparator == Comparator::not_equal) return other_text(term->path, value);
  if (term->comparator != Comparator::any_of) return text_alternatives(term->path, value);
  Elements elements = elements_of(value);
  if (term->negated) return none_of_texts(term, elements);
  List* alternatives = NIL;
  for (int i = 0; i < elements.count; ++i)
    if (!elements.nulls[i]) alternatives = lappend(alternatives, text_alternatives(term->path, elements.values[i]));
  return connect(Kind::any, alternatives);
}

// A string that spells a number is cast as well.
PlainFilter* document_number(const FilterTerm* term, Datum value) {
  FilterTerm number = *term;
  number.type = AttributeType::N;
  return either(compare_term(&number, value), has_type(term->path, AttributeType::S));
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
    case jbvBool:
      return with_value(Kind::equal, path, boolean_value(value->val.boolean));
    case jbvNull:
      return has_type(path, AttributeType::NUL);
    default:
      return constant(true);
  }
}

// What an object on the right side of @> needs of the map at `path`: each of its members. Arrays are left to
// PostgreSQL, but something must be there.
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
        conditions = lappend(conditions,
                             both(has_type(member, AttributeType::M), contains_object(member, value.val.binary.data)));
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

}  // namespace

PlainFilter* document_term(const FilterTerm* term, Datum value) {
  switch (term->kind) {
    case TermKind::document_text:
      return document_text(term, value);
    case TermKind::document_number:
      return document_number(term, value);
    case TermKind::document_contains:
      return document_contains(term, value);
    case TermKind::document_has_key:
      return has_key(term->path, value);
    case TermKind::document_has_any:
      return has_keys(term, value, Kind::any);
    case TermKind::document_has_all:
      return has_keys(term, value, Kind::all);
    default:
      return constant(true);
  }
}

}  // namespace dynamodb_fdw
