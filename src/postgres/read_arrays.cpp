// Sets and lists -> SQL arrays, where every element fits the element type.
#include "to_datum.hpp"

extern "C" {
#include "utils/array.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;

const char* read_array(ReadContext* context, const ColumnReader* reader, uint32_t index, Datum* value) {
  const dynamodb::ValueNode& node = context->item->node(index);
  if (!node.is_container() || node.type == AttributeType::M) return wrong_type(context);
  int count = static_cast<int>(node.size);
  if (count == 0) {
    *value = PointerGetDatum(construct_empty_array(reader->element->type));
    return nullptr;
  }
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * count));
  auto* nulls = static_cast<bool*>(palloc0(sizeof(bool) * count));
  uint32_t child = index + 1;
  for (int i = 0; i < count; ++i, child = context->item->next(child)) {
    nulls[i] = context->item->node(child).type == AttributeType::NUL && !reader->element->reads_null;
    if (nulls[i]) continue;
    if (const char* reason = reader->element->read(context, reader->element, child, &values[i]))
      return psprintf("Element %d: %s", i + 1, reason);
  }
  int lower_bound = 1;
  *value = PointerGetDatum(construct_md_array(values, nulls, 1, &count, &lower_bound, get_element_type(reader->type),
                                              reader->element_length, reader->element_by_value,
                                              reader->element_alignment));
  return nullptr;
}

}  // namespace dynamodb_fdw
