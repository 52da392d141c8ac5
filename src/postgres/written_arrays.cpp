// SQL arrays -> lists, and sets where the column says so.
#include <algorithm>
#include <cstring>

#include "written_value.hpp"

extern "C" {
#include "utils/array.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using Form = WrittenValue::Form;

namespace {

// An array taken apart: its elements in the order in which they are stored, the last dimension running fastest.
struct Elements {
  Datum* values;
  bool* nulls;
  int count;
  int dimensions;
  const int* lengths;
};

Elements take_apart(Datum value, Oid element_type) {
  ArrayType* array = DatumGetArrayTypeP(value);
  int16 length;
  bool by_value;
  char alignment;
  get_typlenbyvalalign(element_type, &length, &by_value, &alignment);
  Elements elements = {};
  deconstruct_array(array, element_type, length, by_value, alignment, &elements.values, &elements.nulls,
                    &elements.count);
  elements.dimensions = ARR_NDIM(array);
  elements.lengths = ARR_DIMS(array);
  return elements;
}

WrittenValue* write_elements(ValueSource source, const Elements& elements) {
  auto* written = static_cast<WrittenValue*>(palloc0(sizeof(WrittenValue) * Max(elements.count, 1)));
  for (int i = 0; i < elements.count; ++i) {
    source.position = i + 1;
    if (!elements.nulls[i]) written[i] = write_element(source, elements.values[i]);
  }
  return written;
}

// --- lists

// Lists of lists for the dimensions from `dimension` on; takes its elements from *next.
WrittenValue nest(const Elements& elements, int dimension, WrittenValue** next) {
  WrittenValue list = {};
  list.form = Form::list;
  list.type = AttributeType::L;
  if (elements.dimensions == 0) return list;
  list.element_count = elements.lengths[dimension];
  if (dimension + 1 == elements.dimensions) {
    list.elements = *next;
    *next += list.element_count;
    return list;
  }
  list.elements = static_cast<WrittenValue*>(palloc(sizeof(WrittenValue) * list.element_count));
  for (int i = 0; i < list.element_count; ++i) list.elements[i] = nest(elements, dimension + 1, next);
  return list;
}

// --- sets

[[noreturn]] void report_set(const ValueSource& source, int sqlstate, const char* reason) {
  const ColumnOptions* column = source.column;
  ereport(ERROR, (errcode(sqlstate),
                  errmsg("%s cannot be written as type %s of DynamoDB", describe_source(source),
                         dynamodb::type_name(column->ddb_type)),
                  errdetail_internal("%s.", reason),
                  errhint("Without option ddb_type an array is written as a list, which can hold it.")));
  pg_unreachable();
}

// The element at `left` comes before that at `right`, by bytes: equal numbers have equal digits.
bool is_before(const WrittenValue* elements, int left, int right) {
  const KeyValue& a = elements[left].scalar;
  const KeyValue& b = elements[right].scalar;
  int order = std::memcmp(a.bytes, b.bytes, static_cast<std::size_t>(Min(a.length, b.length)));
  if (order == 0) order = a.length - b.length;
  return order != 0 ? order < 0 : left < right;
}

void check_duplicates(const ValueSource& source, const WrittenValue* elements, int count) {
  auto* order = static_cast<int*>(palloc(sizeof(int) * count));
  for (int i = 0; i < count; ++i) order[i] = i;
  std::sort(order, order + count, [elements](int left, int right) { return is_before(elements, left, right); });
  for (int i = 1; i < count; ++i) {
    const KeyValue& left = elements[order[i - 1]].scalar;
    const KeyValue& right = elements[order[i]].scalar;
    if (left.length == right.length && memcmp(left.bytes, right.bytes, left.length) == 0)
      report_set(source, ERRCODE_DATA_EXCEPTION,
                 psprintf("Elements %d and %d are equal", order[i - 1] + 1, order[i] + 1));
  }
  pfree(order);
}

AttributeType element_type_of(AttributeType set) {
  return set == AttributeType::NS ? AttributeType::N : set == AttributeType::BS ? AttributeType::B : AttributeType::S;
}

void check_set(const ValueSource& source, const Elements& elements) {
  if (elements.count == 0) report_set(source, ERRCODE_DATA_EXCEPTION, "The array is empty, and a set is not");
  if (elements.dimensions > 1)
    report_set(source, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "The array has more than one dimension");
  for (int i = 0; i < elements.count; ++i)
    if (elements.nulls[i]) report_set(source, ERRCODE_NULL_VALUE_NOT_ALLOWED, psprintf("Element %d is NULL", i + 1));
}

WrittenValue write_set(const ValueSource& source, ValueSource element, const Elements& elements) {
  check_set(source, elements);
  element.in_set = true;
  AttributeType set_type = source.column->ddb_type;
  WrittenValue set = {};
  set.form = Form::set;
  set.type = set_type;
  set.elements = write_elements(element, elements);
  set.element_count = elements.count;
  for (int i = 0; i < elements.count; ++i) {
    element.position = i + 1;
    if (set.elements[i].form != Form::scalar || set.elements[i].type != element_type_of(set_type))
      report_unfit(element, element_type_of(set_type), nullptr);
  }
  check_duplicates(source, set.elements, set.element_count);
  return set;
}

// A list in a list would be read as an element of json, not as a dimension.
void check_dimensions(const ValueSource& source, Oid element, const Elements& elements) {
  if (elements.dimensions <= 1 || (element != JSONOID && element != JSONBOID)) return;
  ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                  errmsg("%s cannot be written: it has more than one dimension", describe_source(source)),
                  errdetail("Lists in a list are elements of an array of %s, not its rows.", format_type_be(element))));
}

bool is_set_type(AttributeType type) {
  return type == AttributeType::SS || type == AttributeType::NS || type == AttributeType::BS;
}

}  // namespace

WrittenValue write_array(const ValueSource& source, Datum value) {
  ValueSource element = element_source(source);
  Elements elements = take_apart(value, source.element_type);
  const ColumnOptions* column = source.column;
  if (column->has_ddb_type && is_set_type(column->ddb_type)) return write_set(source, element, elements);
  check_dimensions(source, element.type, elements);
  WrittenValue* written = write_elements(element, elements);
  return nest(elements, 0, &written);
}

}  // namespace dynamodb_fdw
