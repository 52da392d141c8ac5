// json and jsonb -> values of every type, by the column's format; or strings that hold JSON text.
#include <cstring>

#include "written_value.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using Form = WrittenValue::Form;

namespace {

// A JSON value as text of the database.
struct JsonText {
  const char* bytes;
  int length;
};

JsonText json_text(Oid type, Datum value) {
  if (type == JSONBOID) {
    Jsonb* jsonb = DatumGetJsonbP(value);
    StringInfoData text;
    initStringInfo(&text);
    JsonbToCString(&text, &jsonb->root, VARSIZE(jsonb));
    return {text.data, text.len};
  }
  struct varlena* plain = PG_DETOAST_DATUM_PACKED(value);
  return {VARDATA_ANY(plain), static_cast<int>(VARSIZE_ANY_EXHDR(plain))};
}

bool is_string(const JsonText& json) {
  int start = 0;
  while (start < json.length && strchr(" \t\n\r", json.bytes[start]) != nullptr) ++start;
  return start < json.length && json.bytes[start] == '"';
}

// The string that a JSON string is; false: it is no string.
bool string_content(Oid type, Datum value, JsonText* content) {
  if (type == JSONOID) {
    if (!is_string(json_text(type, value))) return false;
    JsonText text = json_text(type, value);
    value = DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(text.bytes, text.length)));
  }
  JsonbValue scalar;
  if (!JsonbExtractScalar(&DatumGetJsonbP(value)->root, &scalar) || scalar.type != jbvString) return false;
  *content = {scalar.val.string.val, scalar.val.string.len};
  return true;
}

WrittenValue string_scalar(const ValueSource& source, const JsonText& text) {
  return written_scalar(utf8_text(source, text.bytes, text.length));
}

// Reading takes an S for JSON text in the same cases: choose_json_reader().
bool strings_hold_json(const ValueSource& source) {
  const ColumnOptions* column = source.column;
  if (column->document || column->document_format == DocumentFormat::dynamodb) return false;
  return column->has_ddb_type ? column->ddb_type == AttributeType::S : source.type == JSONOID;
}

// jsonb of which nothing is declared, so that it says itself of what type everything is.
bool is_plain_jsonb(const ValueSource& source) {
  const ColumnOptions* column = source.column;
  return source.type == JSONBOID && source.key_type == nullptr && !column->document && !column->has_ddb_type &&
         column->document_format == DocumentFormat::plain && GetDatabaseEncoding() == PG_UTF8;
}

// The string in a JSON string, where only an S will do.
WrittenValue write_string(const ValueSource& source, AttributeType type, Datum value) {
  JsonText content;
  if (type != AttributeType::S || source.column->document_format == DocumentFormat::dynamodb ||
      !string_content(source.type, value, &content))
    report_unfit(source, type, source.key_type == nullptr ? "The JSON is not a string" : nullptr);
  return string_scalar(source, content);
}

WrittenValue write_document(const ValueSource& source, const JsonText& text) {
  const ColumnOptions* column = source.column;
  bool typed = column->document_format == DocumentFormat::dynamodb;
  KeyValue utf8 = utf8_text(source, text.bytes, text.length);
  WrittenValue written = {};
  written.form = !typed ? Form::plain_json : column->document ? Form::typed_item : Form::typed_json;
  written.declared = column->document || (column->has_ddb_type && source.position == 0);
  written.type = column->document ? AttributeType::M : column->ddb_type;
  written.json = utf8.bytes;
  written.json_length = utf8.length;
  return written;
}

}  // namespace

WrittenValue write_json(const ValueSource& source, Datum value) {
  bool hold_json = strings_hold_json(source);
  if (source.in_set) return write_string(source, AttributeType::S, value);
  if (source.key_type != nullptr && !hold_json) return write_string(source, *source.key_type, value);
  WrittenValue parts;
  if (source.replaces_nothing && is_plain_jsonb(source) && take_jsonb_apart(value, &parts)) return parts;
  JsonText text = json_text(source.type, value);
  bool always_text = source.key_type != nullptr || source.column->has_ddb_type;
  // A json column reads every S as JSON text, so a string has to be written as such.
  if (hold_json && (always_text || is_string(text))) return string_scalar(source, text);
  WrittenValue written = write_document(source, text);
  if (!hold_json) return written;
  // Where the item has JSON text, it stays JSON text.
  auto* same_as_text = static_cast<WrittenValue*>(palloc(sizeof(WrittenValue)));
  *same_as_text = string_scalar(source, text);
  written.alternative = same_as_text;
  return written;
}

}  // namespace dynamodb_fdw
