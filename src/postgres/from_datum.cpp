// SQL values -> key values of DynamoDB, and whether any item can have them.
#include "from_datum.hpp"

#include <algorithm>
#include <cstring>

#include "guard.hpp"

extern "C" {
#include "common/shortest_dec.h"
#include "utils/numeric.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;

namespace {

bool is_integer_type(Oid type) { return type == INT2OID || type == INT4OID || type == INT8OID; }

bool bytes_key(Datum value, std::size_t max_bytes, KeyValue* out) {
  struct varlena* plain = PG_DETOAST_DATUM_PACKED(value);
  out->bytes = VARDATA_ANY(plain);
  out->length = static_cast<int>(VARSIZE_ANY_EXHDR(plain));
  // In a SQL_ASCII database text is of no encoding: what happens to be UTF-8 is looked for, and the rest is not there.
  bool converts = GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII;
  if (out->type == AttributeType::S && converts && out->length > 0) {
    out->bytes = pg_server_to_any(out->bytes, out->length, PG_UTF8);
    if (out->bytes != VARDATA_ANY(plain)) out->length = static_cast<int>(strlen(out->bytes));
  }
  if (out->type == AttributeType::S && !pg_verify_mbstr(PG_UTF8, out->bytes, out->length, true)) return false;
  return out->length > 0 && static_cast<std::size_t>(out->length) <= max_bytes;
}

char* integer_text(int64 value) {
  char text[MAXINT8LEN + 1];
  pg_lltoa(value, text);
  return pstrdup(text);
}

Datum numeric_of(const KeyValue& value) {
  return DirectFunctionCall3(numeric_in, CStringGetDatum(value.bytes), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

}  // namespace

char* number_text(Datum value, Oid type) {
  switch (type) {
    case INT2OID:
      return integer_text(DatumGetInt16(value));
    case INT4OID:
      return integer_text(DatumGetInt32(value));
    case INT8OID:
      return integer_text(DatumGetInt64(value));
    case FLOAT4OID:
      return float_to_shortest_decimal(DatumGetFloat4(value));
    case FLOAT8OID:
      return double_to_shortest_decimal(DatumGetFloat8(value));
    default:
      return DatumGetCString(DirectFunctionCall1(numeric_out, value));
  }
}

bool is_exact_key_type(Oid type, int32 typmod, AttributeType key_type) {
  type = getBaseTypeAndTypmod(type, &typmod);
  switch (key_type) {
    case AttributeType::S:
      return type == TEXTOID || type == VARCHAROID;
    // numeric(p,s) rounds what it reads: an item 1.234 shows as 1.23, and 1.23 would not find it.
    case AttributeType::N:
      return is_integer_type(type) || (type == NUMERICOID && typmod < 0);
    case AttributeType::B:
      return type == BYTEAOID;
    default:
      return false;
  }
}

bool number_key(const char* text, KeyValue* out) {
  char canonical[160];
  bool possible = false;
  PlainError failure;
  guard(&failure, [&] {
    auto number = dynamodb::canonical_number(text);
    possible = number && number->size() < sizeof(canonical);
    if (possible) std::memcpy(canonical, number->c_str(), number->size() + 1);
  });
  if (!possible) return false;
  out->type = AttributeType::N;
  out->bytes = pstrdup(canonical);
  out->length = static_cast<int>(strlen(canonical));
  return true;
}

bool to_key_value(Datum value, Oid type, AttributeType key_type, std::size_t max_bytes, KeyValue* out) {
  out->type = key_type;
  type = getBaseType(type);
  return key_type == AttributeType::N ? number_key(number_text(value, type), out) : bytes_key(value, max_bytes, out);
}

Place place_of_numeric(Datum value) {
  char* text = DatumGetCString(DirectFunctionCall1(numeric_out, value));
  // PostgreSQL sorts NaN above all numbers.
  if (strcmp(text, "NaN") == 0 || strcmp(text, "Infinity") == 0) return Place::above_all;
  return strcmp(text, "-Infinity") == 0 ? Place::below_all : Place::between;
}

int compare_key_values(const KeyValue& left, const KeyValue& right) {
  if (left.type == AttributeType::N)
    return DatumGetInt32(DirectFunctionCall2(numeric_cmp, numeric_of(left), numeric_of(right)));
  int order = std::memcmp(left.bytes, right.bytes, std::min(left.length, right.length));
  return order != 0 ? order : left.length - right.length;
}

void append_key_value(StringInfo out, const KeyValue& value) {
  if (value.type == AttributeType::N || value.type == AttributeType::BOOL) {
    appendBinaryStringInfo(out, value.bytes, value.length);
    return;
  }
  appendStringInfoChar(out, '\'');
  if (value.type == AttributeType::B) {
    appendStringInfoString(out, "\\x");
    for (int i = 0; i < value.length; ++i) appendStringInfo(out, "%02x", static_cast<unsigned char>(value.bytes[i]));
  } else {
    const char* text = pg_any_to_server(pnstrdup(value.bytes, value.length), value.length, PG_UTF8);
    for (; *text != '\0'; ++text) {
      if (*text == '\'') appendStringInfoChar(out, '\'');
      appendStringInfoChar(out, *text);
    }
  }
  appendStringInfoChar(out, '\'');
}

}  // namespace dynamodb_fdw
