// Sets and lists -> SQL arrays, where every element fits the element type.
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

}  // namespace

const char* read_array(ReadContext* context, const ColumnReader* reader, uint32_t index, Datum* value) {
  const dynamodb::Item& item = *context->item;
  const dynamodb::ValueNode& node = item.node(index);
  if (!node.is_container() || node.type == AttributeType::M) return wrong_type(context);
  Oid element_type = get_element_type(reader->type);
  int count = static_cast<int>(node.size);
  if (count == 0) {
    *value = PointerGetDatum(construct_empty_array(element_type));
    return nullptr;
  }
  auto* values = static_cast<Datum*>(palloc0(sizeof(Datum) * count));
  auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * count));
  uint32_t child = index + 1;
  for (int i = 0; i < count; ++i, child = item.next(child))
    if (const char* reason = read_element(context, reader->element, child, &values[i], &nulls[i]))
      return psprintf("Element %d (type %s): %s", i + 1, dynamodb::type_name(item.node(child).type), reason);
  int lower_bound = 1;
  *value =
      PointerGetDatum(construct_md_array(values, nulls, 1, &count, &lower_bound, element_type, reader->element_length,
                                         reader->element_by_value, reader->element_alignment));
  return nullptr;
}

}  // namespace dynamodb_fdw
