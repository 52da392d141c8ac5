// jsonb taken apart to what is written for it, without the way through its text.
#include <algorithm>

#include "written_value.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using Form = WrittenValue::Form;

namespace {

// Reads what the iterator has come to; `level` counts the arrays and objects around it. False: something is wrong.
bool take_next(JsonbIterator** iterator, JsonbIteratorToken token, const JsonbValue& value, int level,
               WrittenValue* written);

bool take_number(Numeric number, WrittenValue* written) {
  KeyValue scalar;
  if (!number_key(number_text(NumericGetDatum(number), NUMERICOID), &scalar)) return false;
  *written = written_scalar(scalar);
  return true;
}

bool take_scalar(const JsonbValue& value, WrittenValue* written) {
  switch (value.type) {
    case jbvNull:
      *written = WrittenValue{};
      return true;
    case jbvBool:
      *written = written_scalar(value.val.boolean ? KeyValue{AttributeType::BOOL, "true", 4}
                                                  : KeyValue{AttributeType::BOOL, "false", 5});
      return true;
    case jbvString:
      *written = written_scalar({AttributeType::S, value.val.string.val, value.val.string.len});
      return true;
    case jbvNumeric:
      return take_number(value.val.numeric, written);
    default:
      return false;
  }
}

bool take_array(JsonbIterator** iterator, int count, int level, WrittenValue* written) {
  *written = WrittenValue{};
  written->form = Form::list;
  written->elements = static_cast<WrittenValue*>(palloc(sizeof(WrittenValue) * Max(count, 1)));
  written->element_count = count;
  JsonbValue value;
  for (int i = 0; i < count; ++i) {
    const JsonbIteratorToken token = JsonbIteratorNext(iterator, &value, false);
    if (!take_next(iterator, token, value, level, &written->elements[i])) return false;
  }
  return JsonbIteratorNext(iterator, &value, false) == WJB_END_ARRAY;
}

bool comes_first(const WrittenMember& left, const WrittenMember& right) {
  return std::string_view(left.name.bytes, static_cast<std::size_t>(left.name.length)) <
         std::string_view(right.name.bytes, static_cast<std::size_t>(right.name.length));
}

bool take_member(JsonbIterator** iterator, int level, WrittenMember* member) {
  JsonbValue value;
  if (JsonbIteratorNext(iterator, &value, false) != WJB_KEY) return false;
  member->name = {AttributeType::S, value.val.string.val, value.val.string.len};
  if (member->name.length == 0 || static_cast<std::size_t>(member->name.length) > dynamodb::kMaxAttributeNameBytes)
    return false;
  const JsonbIteratorToken token = JsonbIteratorNext(iterator, &value, false);
  return take_next(iterator, token, value, level, &member->value);
}

bool take_object(JsonbIterator** iterator, int count, int level, WrittenValue* written) {
  *written = WrittenValue{};
  written->form = Form::map;
  written->members = static_cast<WrittenMember*>(palloc(sizeof(WrittenMember) * Max(count, 1)));
  written->element_count = count;
  WrittenMember* end = written->members + count;
  for (WrittenMember* member = written->members; member < end; ++member)
    if (!take_member(iterator, level, member)) return false;
  // jsonb has them in the order of their lengths first.
  if (!std::is_sorted(written->members, end, comes_first)) std::sort(written->members, end, comes_first);
  JsonbValue value;
  return JsonbIteratorNext(iterator, &value, false) == WJB_END_OBJECT;
}

bool take_next(JsonbIterator** iterator, JsonbIteratorToken token, const JsonbValue& value, int level,
               WrittenValue* written) {
  if (token == WJB_ELEM || token == WJB_VALUE) return take_scalar(value, written);
  if (level >= dynamodb::kMaxContainerNesting) return false;
  if (token == WJB_BEGIN_ARRAY) return take_array(iterator, value.val.array.nElems, level + 1, written);
  return token == WJB_BEGIN_OBJECT && take_object(iterator, value.val.object.nPairs, level + 1, written);
}

}  // namespace

bool take_jsonb_apart(Datum value, WrittenValue* written) {
  Jsonb* jsonb = DatumGetJsonbP(value);
  if (JB_ROOT_IS_SCALAR(jsonb)) return false;
  JsonbIterator* iterator = JsonbIteratorInit(&jsonb->root);
  JsonbValue root;
  const JsonbIteratorToken token = JsonbIteratorNext(&iterator, &root, false);
  return take_next(&iterator, token, root, 0, written);
}

}  // namespace dynamodb_fdw
