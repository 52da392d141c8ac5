// Attributes and whole items -> json; JSON text in an S; keys as JSON, for messages.
#include <cstring>

#include "guard.hpp"
#include "to_datum.hpp"

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using dynamodb::Item;
using dynamodb::JsonForm;

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
