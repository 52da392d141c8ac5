// Attributes and whole items -> json and jsonb, jsonb built directly from the decoded values.
#include <cstring>

#include "guard.hpp"
#include "to_datum.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using dynamodb::Item;
using dynamodb::JsonForm;
using dynamodb::ValueNode;

namespace {

JsonForm form_of(const ColumnReader* reader) {
  return reader->column->document_format == DocumentFormat::dynamodb ? JsonForm::typed : JsonForm::plain;
}

const char* keep_reason(ReadContext* context, const PlainError& failure) {
  context->sqlstate = ERRCODE_FDW_INVALID_DATA_TYPE;
  return pstrdup(failure.message);
}

// --- json: text

const char* finish_json(ReadContext* context, Datum* value) {
  int length;
  const char* reason;
  const char* converted = server_text(context, *context->text, &length, &reason);
  if (converted == nullptr) return reason;
  char* datum = arena_allocate(context, length + VARHDRSZ);
  SET_VARSIZE(datum, length + VARHDRSZ);
  memcpy(VARDATA(datum), converted, length);
  *value = PointerGetDatum(datum);
  return nullptr;
}

const char* read_json(ReadContext* context, const ColumnReader* reader, uint32_t index, Datum* value) {
  const Item& item = *context->item;
  JsonForm form = form_of(reader);
  PlainError failure;
  bool written = guard(&failure, [&] {
    context->text->clear();
    return reader->column->document ? dynamodb::append_json_document(*context->text, item, form)
                                    : dynamodb::append_json(*context->text, item, index, form);
  });
  return written ? finish_json(context, value) : keep_reason(context, failure);
}

// --- jsonb: binary

// Pushes values into a jsonb under construction. Only plain data: PostgreSQL may ereport at every push.
struct JsonbBuilder {
  ReadContext* context;
  JsonForm form;
  JsonbParseState* state;
  JsonbValue* result;
  const char* reason;
};

void push(JsonbBuilder* builder, JsonbIteratorToken token, JsonbValue* value) {
  builder->result = pushJsonbValue(&builder->state, token, value);
}

bool string_value(JsonbBuilder* builder, std::string_view text, JsonbValue* value) {
  int length;
  const char* converted = server_text(builder->context, text, &length, &builder->reason);
  if (converted == nullptr) return false;
  value->type = jbvString;
  value->val.string.val = const_cast<char*>(converted);
  value->val.string.len = length;
  return true;
}

bool hex_value(JsonbBuilder* builder, std::string_view base64, JsonbValue* value) {
  auto size = dynamodb::base64_decoded_size(base64);
  auto* bytes = static_cast<unsigned char*>(palloc(size.value_or(0) + 1));
  if (!size || !dynamodb::decode_base64(base64, bytes)) {
    builder->context->sqlstate = ERRCODE_FDW_INVALID_DATA_TYPE;
    builder->reason = "A binary value is not base64";
    return false;
  }
  auto* hex = static_cast<char*>(palloc(*size * 2 + 2));
  hex[0] = '\\';
  hex[1] = 'x';
  hex_encode(reinterpret_cast<const char*>(bytes), *size, hex + 2);
  value->type = jbvString;
  value->val.string.val = hex;
  value->val.string.len = static_cast<int>(*size * 2 + 2);
  return true;
}

bool number_value(JsonbBuilder* builder, std::string_view text, JsonbValue* value) {
  Datum number;
  builder->reason = read_number(builder->context, text, &number);
  value->type = jbvNumeric;
  value->val.numeric = DatumGetNumeric(number);
  return builder->reason == nullptr;
}

// The payload of a scalar in either form; the typed one keeps numbers and binaries as the strings they are.
bool scalar_value(JsonbBuilder* builder, const ValueNode& node, JsonbValue* value) {
  bool typed = builder->form == JsonForm::typed;
  switch (node.type) {
    case AttributeType::N:
      return typed ? string_value(builder, node.view(), value) : number_value(builder, node.view(), value);
    case AttributeType::B:
      return typed ? string_value(builder, node.view(), value) : hex_value(builder, node.view(), value);
    case AttributeType::BOOL:
      value->type = jbvBool;
      value->val.boolean = node.boolean;
      return true;
    case AttributeType::NUL:
      value->type = typed ? jbvBool : jbvNull;
      value->val.boolean = true;
      return true;
    default:
      return string_value(builder, node.view(), value);
  }
}

bool push_value(JsonbBuilder* builder, uint32_t index, JsonbIteratorToken token);

bool push_name(JsonbBuilder* builder, std::string_view name) {
  JsonbValue key;
  if (!string_value(builder, name, &key)) return false;
  push(builder, WJB_KEY, &key);
  return true;
}

bool push_scalar(JsonbBuilder* builder, const ValueNode& node, JsonbIteratorToken token) {
  JsonbValue value;
  if (!scalar_value(builder, node, &value)) return false;
  push(builder, token, &value);
  return true;
}

bool push_map(JsonbBuilder* builder, uint32_t index) {
  const Item& item = *builder->context->item;
  push(builder, WJB_BEGIN_OBJECT, nullptr);
  uint32_t end = item.node(index).end;
  for (uint32_t name = index + 1; name < end; name = item.next(name + 1))
    if (!push_name(builder, item.node(name).view()) || !push_value(builder, name + 1, WJB_VALUE)) return false;
  push(builder, WJB_END_OBJECT, nullptr);
  return true;
}

bool push_array(JsonbBuilder* builder, uint32_t index) {
  const Item& item = *builder->context->item;
  bool is_list = item.node(index).type == AttributeType::L;
  push(builder, WJB_BEGIN_ARRAY, nullptr);
  uint32_t end = item.node(index).end;
  for (uint32_t child = index + 1; child < end; child = item.next(child))
    if (!(is_list ? push_value(builder, child, WJB_ELEM) : push_scalar(builder, item.node(child), WJB_ELEM)))
      return false;
  push(builder, WJB_END_ARRAY, nullptr);
  return true;
}

bool push_payload(JsonbBuilder* builder, uint32_t index, JsonbIteratorToken token) {
  const ValueNode& node = builder->context->item->node(index);
  if (node.type == AttributeType::M) return push_map(builder, index);
  if (node.is_container()) return push_array(builder, index);
  return push_scalar(builder, node, token);
}

bool push_value(JsonbBuilder* builder, uint32_t index, JsonbIteratorToken token) {
  if (builder->form == JsonForm::plain) return push_payload(builder, index, token);
  push(builder, WJB_BEGIN_OBJECT, nullptr);
  bool pushed = push_name(builder, dynamodb::type_name(builder->context->item->node(index).type)) &&
                push_payload(builder, index, WJB_VALUE);
  if (pushed) push(builder, WJB_END_OBJECT, nullptr);
  return pushed;
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

bool push_document(JsonbBuilder* builder) {
  push(builder, WJB_BEGIN_OBJECT, nullptr);
  for (const Item::Attribute& attribute : builder->context->item->attributes()) {
    if (push_name(builder, attribute.name) && push_value(builder, attribute.node, WJB_VALUE)) continue;
    name_attribute(builder, attribute);
    return false;
  }
  push(builder, WJB_END_OBJECT, nullptr);
  return true;
}

// A jsonb of one scalar has no container to push into.
bool lone_scalar(JsonbBuilder* builder, const ValueNode& node, Datum* value) {
  JsonbValue scalar;
  if (!scalar_value(builder, node, &scalar)) return false;
  *value = JsonbPGetDatum(JsonbValueToJsonb(&scalar));
  return true;
}

const char* read_jsonb(ReadContext* context, const ColumnReader* reader, uint32_t index, Datum* value) {
  JsonbBuilder builder{context, form_of(reader), nullptr, nullptr, nullptr};
  bool document = reader->column->document;
  if (!document && builder.form == JsonForm::plain && !context->item->node(index).is_container()) {
    lone_scalar(&builder, context->item->node(index), value);
    return builder.reason;
  }
  bool built = document ? push_document(&builder) : push_value(&builder, index, WJB_VALUE);
  if (built) *value = JsonbPGetDatum(JsonbValueToJsonb(builder.result));
  return builder.reason;
}

// --- S that holds JSON text

// A json column reads an S as the JSON text it holds; jsonb too, but only where ddb_type 'S' says that there is JSON
// text in the S: otherwise an S is a JSON string, so that attributes of mixed types can be read.
const char* read_json_text(ReadContext* context, const ColumnReader* reader, uint32_t index, Datum* value) {
  if (context->item->node(index).type == AttributeType::S) return read_by_input_function(context, reader, index, value);
  return reader->type == JSONOID ? read_json(context, reader, index, value) : read_jsonb(context, reader, index, value);
}

// --- keys

// JSON text with everything beyond ASCII escaped, which every encoding can show.
char* ascii_json(const char* utf8) {
  StringInfoData text;
  initStringInfo(&text);
  while (*utf8 != '\0') {
    auto* start = reinterpret_cast<const unsigned char*>(utf8);
    utf8 += pg_utf_mblen(start);
    pg_wchar code = utf8_to_unicode(start);
    if (code < 0x80)
      appendStringInfoChar(&text, static_cast<char>(code));
    else if (code < 0x10000)
      appendStringInfo(&text, "\\u%04x", code);
    else
      appendStringInfo(&text, "\\u%04x\\u%04x", 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + ((code - 0x10000) & 0x3FF));
  }
  return text.data;
}

}  // namespace

void choose_json_reader(ColumnReader* reader) {
  const ColumnOptions* column = reader->column;
  bool is_json = reader->type == JSONOID;
  bool plain = !column->document && column->document_format == DocumentFormat::plain;
  bool holds_text = column->has_ddb_type ? column->ddb_type == AttributeType::S : is_json;
  reader->reads_null = true;
  reader->read = is_json ? read_json : read_jsonb;
  if (plain && holds_text) reader->read = read_json_text;
}

char* item_key_json(ReadContext* context) {
  const Item& item = *context->item;
  PlainError failure;
  bool written = guard(&failure, [&]() -> std::optional<dynamodb::Error> {
    std::string& text = *context->text;
    text.assign(1, '{');
    for (bool sort : {false, true}) {
      int slot = sort ? context->sort_slot : context->partition_slot;
      uint32_t node = slot < 0 ? Item::kMissing : item.slot(slot);
      if (node == Item::kMissing) continue;
      if (text.size() > 1) text += ", ";
      dynamodb::append_json_string(text, sort ? context->sort_key : context->partition_key);
      text += ": ";
      if (auto error = dynamodb::append_json(text, item, node, JsonForm::plain)) return error;
    }
    text += '}';
    return std::nullopt;
  });
  if (!written) return pstrdup("{}");
  int sqlstate = context->sqlstate;
  int length;
  const char* unfit;
  const char* text = server_text(context, *context->text, &length, &unfit);
  context->sqlstate = sqlstate;
  return text != nullptr ? pnstrdup(text, length) : ascii_json(context->text->c_str());
}

}  // namespace dynamodb_fdw
