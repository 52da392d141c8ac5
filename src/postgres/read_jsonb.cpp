// Attributes and whole items -> jsonb, written in its stored form straight from the decoded values.
#include <cstring>

#include "jsonb_writer.hpp"
#include "to_datum.hpp"

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using dynamodb::Item;
using dynamodb::ValueNode;

namespace {

// Only plain data: PostgreSQL may ereport at every step.
struct JsonbBuilder {
  ReadContext* context;
  JsonbWriter* writer;
  bool typed;          // the dynamodb format
  const char* reason;  // why a value does not fit, or null
};

bool write_string(JsonbBuilder* builder, const ValueNode& node, JEntry* entry) {
  int length;
  const char* converted = node_text(builder->context, node, &length, &builder->reason);
  if (converted == nullptr) return false;
  *entry = append_string(builder->writer, converted, static_cast<std::size_t>(length));
  return true;
}

// "\x" and hexadecimal digits. The bytes are decoded into the back of their digits' room, which does not overtake them.
bool write_hex(JsonbBuilder* builder, std::string_view base64, JEntry* entry) {
  auto size = dynamodb::base64_decoded_size(base64);
  std::size_t length = 2 + 2 * size.value_or(0);
  char* text = append_bytes(builder->writer, length);
  char* bytes = text + length - size.value_or(0);
  if (!size || !dynamodb::decode_base64(base64, reinterpret_cast<unsigned char*>(bytes))) {
    builder->context->sqlstate = ERRCODE_FDW_INVALID_DATA_TYPE;
    builder->reason = "A binary value is not base64";
    return false;
  }
  text[0] = '\\';
  text[1] = 'x';
  hex_encode(bytes, *size, text + 2);
  *entry = JENTRY_ISSTRING | static_cast<JEntry>(length);
  return true;
}

bool write_number(JsonbBuilder* builder, std::string_view text, JEntry* entry) {
  if (append_plain_number(builder->writer, text, entry)) return true;
  Datum number;
  builder->reason = read_number(builder->context, text, &number);
  if (builder->reason != nullptr) return false;
  *entry = append_numeric(builder->writer, DatumGetNumeric(number));
  return true;
}

// The payload of a scalar in either form; the typed one keeps numbers and binaries as the strings they are.
bool write_scalar(JsonbBuilder* builder, const ValueNode& node, JEntry* entry) {
  switch (node.type) {
    case AttributeType::N:
      return builder->typed ? write_string(builder, node, entry) : write_number(builder, node.view(), entry);
    case AttributeType::B:
      return builder->typed ? write_string(builder, node, entry) : write_hex(builder, node.view(), entry);
    case AttributeType::BOOL:
      *entry = node.boolean ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE;
      return true;
    case AttributeType::NUL:
      *entry = builder->typed ? JENTRY_ISBOOL_TRUE : JENTRY_ISNULL;
      return true;
    default:
      return write_string(builder, node, entry);
  }
}

bool write_value(JsonbBuilder* builder, uint32_t index, JEntry* entry);

bool push_name(JsonbBuilder* builder, std::string_view name, bool verbatim, uint32_t value) {
  int length;
  auto convert = verbatim ? convert_text : server_text;
  const char* converted = convert(builder->context, name, &length, &builder->reason);
  if (converted == nullptr) return false;
  push_member(builder->writer, converted, static_cast<std::size_t>(length), value);
  return true;
}

// An object of the members from `first` to the top of the stack, which it takes away.
bool write_object(JsonbBuilder* builder, std::size_t first, JEntry* entry) {
  JsonbWriter* writer = builder->writer;
  std::size_t count = sort_members(writer, first);
  JsonbFrame frame = open_object(writer, count);
  for (std::size_t i = first; i < first + count; ++i)
    add_entry(writer, &frame, append_string(writer, writer->members[i].name, writer->members[i].length));
  for (std::size_t i = first; i < first + count; ++i) {
    JEntry value;
    if (!write_value(builder, writer->members[i].node, &value)) return false;
    add_entry(writer, &frame, value);
  }
  writer->member_count = first;
  *entry = close_container(writer, &frame);
  return true;
}

bool write_map(JsonbBuilder* builder, uint32_t index, JEntry* entry) {
  const Item& item = *builder->context->item;
  std::size_t first = builder->writer->member_count;
  uint32_t end = item.node(index).end;
  for (uint32_t name = index + 1; name < end; name = item.next(name + 1))
    if (!push_name(builder, item.node(name).view(), item.node(name).verbatim, name + 1)) return false;
  return write_object(builder, first, entry);
}

bool write_array(JsonbBuilder* builder, uint32_t index, JEntry* entry) {
  const Item& item = *builder->context->item;
  const ValueNode& array = item.node(index);
  bool is_list = array.type == AttributeType::L;
  JsonbFrame frame = open_array(builder->writer, array.size);
  for (uint32_t child = index + 1; child < array.end; child = item.next(child)) {
    JEntry element;
    if (!(is_list ? write_value(builder, child, &element) : write_scalar(builder, item.node(child), &element)))
      return false;
    add_entry(builder->writer, &frame, element);
  }
  *entry = close_container(builder->writer, &frame);
  return true;
}

bool write_payload(JsonbBuilder* builder, uint32_t index, JEntry* entry) {
  const ValueNode& node = builder->context->item->node(index);
  if (node.type == AttributeType::M) return write_map(builder, index, entry);
  if (node.is_container()) return write_array(builder, index, entry);
  return write_scalar(builder, node, entry);
}

// The typed form has an object around each value, of one member that is named after its type.
bool write_value(JsonbBuilder* builder, uint32_t index, JEntry* entry) {
  check_stack_depth();
  if (!builder->typed) return write_payload(builder, index, entry);
  const char* type = dynamodb::type_name(builder->context->item->node(index).type);
  JsonbFrame frame = open_object(builder->writer, 1);
  add_entry(builder->writer, &frame, append_string(builder->writer, type, strlen(type)));
  JEntry payload;
  if (!write_payload(builder, index, &payload)) return false;
  add_entry(builder->writer, &frame, payload);
  *entry = close_container(builder->writer, &frame);
  return true;
}

// Says which of a document's attributes the reason is about. A name that cannot be shown is left out.
void name_attribute(JsonbBuilder* builder, const Item::Attribute& attribute) {
  int sqlstate = builder->context->sqlstate;
  int length;
  const char* unfit;
  const char* name = server_text(builder->context, attribute.name, &length, &unfit);
  const char* type = dynamodb::type_name(builder->context->item->node(attribute.node).type);
  if (name != nullptr)
    builder->reason = psprintf("Attribute \"%.*s\" (type %s): %s", length, name, type, builder->reason);
  builder->context->sqlstate = sqlstate;
}

// The reason is that of the first attribute that does not fit, in the order of the response, not in jsonb's.
void explain_document(JsonbBuilder* builder) {
  for (const Item::Attribute& attribute : builder->context->item->attributes()) {
    start_jsonb(builder->writer);
    JEntry entry;
    if (push_name(builder, attribute.name, attribute.verbatim, attribute.node) &&
        write_value(builder, attribute.node, &entry))
      continue;
    return name_attribute(builder, attribute);
  }
}

bool write_document(JsonbBuilder* builder) {
  bool written = true;
  for (const Item::Attribute& attribute : builder->context->item->attributes())
    written = written && push_name(builder, attribute.name, attribute.verbatim, attribute.node);
  JEntry entry;
  written = written && write_object(builder, 0, &entry);
  if (!written) explain_document(builder);
  return written;
}

// A jsonb of one scalar stands in an array that says so.
bool write_lone_scalar(JsonbBuilder* builder, const ValueNode& node) {
  JsonbFrame frame = open_lone_scalar(builder->writer);
  JEntry entry;
  if (!write_scalar(builder, node, &entry)) return false;
  add_entry(builder->writer, &frame, entry);
  return true;
}

bool write_attribute(JsonbBuilder* builder, uint32_t index) {
  const ValueNode& node = builder->context->item->node(index);
  JEntry entry;
  if (builder->typed || node.is_container()) return write_value(builder, index, &entry);
  return write_lone_scalar(builder, node);
}

}  // namespace

const char* read_jsonb(ReadContext* context, const ColumnReader* reader, uint32_t index, Datum* value) {
  bool typed = reader->column->document_format == DocumentFormat::dynamodb;
  JsonbBuilder builder{context, context->jsonb, typed, nullptr};
  start_jsonb(builder.writer);
  if (!(reader->column->document ? write_document(&builder) : write_attribute(&builder, index))) return builder.reason;
  char* datum = arena_allocate(context, jsonb_size(builder.writer));
  finish_jsonb(builder.writer, datum);
  *value = PointerGetDatum(datum);
  return nullptr;
}

}  // namespace dynamodb_fdw
