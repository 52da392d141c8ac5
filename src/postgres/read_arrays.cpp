// Sets and lists -> SQL arrays, where every element fits the element type; lists of lists of one length -> dimensions.
#include "to_datum.hpp"

extern "C" {
#include "utils/array.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;

namespace {

// An element as a datum; null where it is SQL NULL. Returns the reason of a mismatch, or null.
const char* read_element(ReadContext* context, const ColumnReader* reader, uint32_t index, Datum* value,
                         bool* is_null) {
  *is_null = context->item->node(index).type == AttributeType::NUL && !reader->reads_null;
  const char* reason = nullptr;
  if (!*is_null) reason = reader->read(context, reader, index, value);
  if (reason == nullptr && reader->is_domain) reason = check_domain(context, reader, *value, *is_null);
  return reason;
}

// The shape of an array: as many dimensions as the first elements are lists in lists.
struct Shape {
  int dimensions;
  int lengths[MAXDIM];
};

// An array under construction, elements in the order in which they are stored.
struct ArrayBuilder {
  ReadContext* context;
  const ColumnReader* element;
  Shape shape;
  Datum* values;
  bool* nulls;
  int filled;
};

bool reads_lists(const ColumnReader* element) { return element->type == JSONOID || element->type == JSONBOID; }

Shape shape_of(const dynamodb::Item& item, uint32_t index, const ColumnReader* element) {
  Shape shape = {1, {static_cast<int>(item.node(index).size)}};
  while (shape.lengths[shape.dimensions - 1] > 0 && shape.dimensions < MAXDIM && !reads_lists(element)) {
    ++index;
    if (item.node(index).type != AttributeType::L) break;
    shape.lengths[shape.dimensions++] = static_cast<int>(item.node(index).size);
  }
  return shape;
}

// Whether all lists have the lengths of the shape: only then is there room for the elements.
bool has_shape(const dynamodb::Item& item, uint32_t index, const Shape& shape, int dimension) {
  const dynamodb::ValueNode& node = item.node(index);
  if (dimension > 0 && (node.type != AttributeType::L || static_cast<int>(node.size) != shape.lengths[dimension]))
    return false;
  if (dimension + 1 == shape.dimensions) return dimension == 0 || node.size > 0;
  for (uint32_t child = index + 1; child < node.end; child = item.next(child))
    if (!has_shape(item, child, shape, dimension + 1)) return false;
  return true;
}

const char* read_elements(ArrayBuilder* builder, uint32_t index, int dimension) {
  const dynamodb::Item& item = *builder->context->item;
  uint32_t child = index + 1;
  for (int i = 0; i < builder->shape.lengths[dimension]; ++i, child = item.next(child)) {
    const char* reason;
    if (dimension + 1 < builder->shape.dimensions) {
      reason = read_elements(builder, child, dimension + 1);
      if (reason != nullptr) return reason;
      continue;
    }
    int place = builder->filled++;
    reason = read_element(builder->context, builder->element, child, &builder->values[place], &builder->nulls[place]);
    if (reason != nullptr)
      return psprintf("Element %d (type %s): %s", place + 1, dynamodb::type_name(item.node(child).type), reason);
  }
  return nullptr;
}

const char* not_rectangular(ReadContext* context) {
  context->sqlstate = ERRCODE_FDW_INVALID_DATA_TYPE;
  return "Lists in the list are not the rows of an array, all of one length";
}

}  // namespace

const char* read_array(ReadContext* context, const ColumnReader* reader, uint32_t index, Datum* value) {
  const dynamodb::Item& item = *context->item;
  const dynamodb::ValueNode& node = item.node(index);
  if (!node.is_container() || node.type == AttributeType::M) return wrong_type(context);
  Oid element_type = get_element_type(reader->type);
  if (node.size == 0) {
    *value = PointerGetDatum(construct_empty_array(element_type));
    return nullptr;
  }
  ArrayBuilder builder = {context, reader->element, shape_of(item, index, reader->element), nullptr, nullptr, 0};
  if (!has_shape(item, index, builder.shape, 0)) return not_rectangular(context);
  std::size_t count = ArrayGetNItems(builder.shape.dimensions, builder.shape.lengths);
  builder.values = static_cast<Datum*>(palloc0(sizeof(Datum) * count));
  builder.nulls = static_cast<bool*>(palloc(sizeof(bool) * count));
  if (const char* reason = read_elements(&builder, index, 0)) return reason;
  int lower_bounds[MAXDIM] = {1, 1, 1, 1, 1, 1};
  *value = PointerGetDatum(construct_md_array(builder.values, builder.nulls, builder.shape.dimensions,
                                              builder.shape.lengths, lower_bounds, element_type, reader->element_length,
                                              reader->element_by_value, reader->element_alignment));
  return nullptr;
}

}  // namespace dynamodb_fdw
