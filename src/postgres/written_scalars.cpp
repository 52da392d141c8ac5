// Scalars of SQL -> S, N, B and BOOL.
#include <cstring>

#include "written_value.hpp"

extern "C" {
#include "common/shortest_dec.h"
#include "datatype/timestamp.h"
#include "utils/date.h"
#include "utils/timestamp.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;

namespace {

bool is_number(Oid type) {
  return type == INT2OID || type == INT4OID || type == INT8OID || type == FLOAT4OID || type == FLOAT8OID ||
         type == NUMERICOID;
}

bool is_timestamp(Oid type) { return type == TIMESTAMPTZOID || type == TIMESTAMPOID; }

// --- N

[[noreturn]] void report_number(const ValueSource& source, const char* number) {
  constexpr int kShown = 60;
  bool special = strpbrk(number, "0123456789") == nullptr;
  const char* value = describe_source(source);
  ereport(
      ERROR,
      (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
       errmsg("%s cannot be written as a number of DynamoDB: %.*s%s", value, kShown, number,
              strlen(number) > kShown ? "..." : ""),
       special ? errdetail("DynamoDB has no NaN and no infinity.")
               : errdetail("A number has at most 38 significant digits and a magnitude from 1E-130 to 9.99E+125.")));
  pg_unreachable();
}

KeyValue number_scalar(const ValueSource& source, const char* text) {
  KeyValue scalar;
  if (!number_key(text, &scalar)) report_number(source, text);
  return scalar;
}

// --- timestamps as N

unsigned microseconds_in(TimeUnit unit) {
  return unit == TimeUnit::seconds ? USECS_PER_SEC : unit == TimeUnit::milliseconds ? 1000 : 1;
}

// Units since 1970, with what is left behind the point, so that nothing is lost.
const char* epoch_text(Timestamp value, TimeUnit unit) {
  constexpr int64 kEpochOffset = int64{POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE} * USECS_PER_DAY;
  // The last timestamps are more microseconds after 1970 than an int64 holds.
  __int128 since_1970 = static_cast<__int128>(value) + kEpochOffset;
  bool negative = since_1970 < 0;
  auto size = static_cast<unsigned __int128>(negative ? -since_1970 : since_1970);
  unsigned factor = microseconds_in(unit);
  auto whole = static_cast<uint64>(size / factor);
  auto rest = static_cast<unsigned>(size % factor);
  const char* sign = negative ? "-" : "";
  if (rest == 0) return psprintf("%s" UINT64_FORMAT, sign, whole);
  return psprintf("%s" UINT64_FORMAT ".%0*u", sign, whole, unit == TimeUnit::seconds ? 6 : 3, rest);
}

[[noreturn]] void report_infinite(const ValueSource& source, Timestamp value) {
  ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                  errmsg("%s cannot be written as a number of DynamoDB: %s", describe_source(source),
                         TIMESTAMP_IS_NOBEGIN(value) ? "-infinity" : "infinity"),
                  errdetail("DynamoDB has no NaN and no infinity.")));
  pg_unreachable();
}

WrittenValue epoch_scalar(const ValueSource& source, Timestamp value) {
  if (TIMESTAMP_NOT_FINITE(value)) report_infinite(source, value);
  return written_scalar(number_scalar(source, epoch_text(value, source.column->time_unit)));
}

// --- timestamps as S or N

AttributeType declared_timestamp_type(const ValueSource& source) {
  const ColumnOptions* column = source.column;
  if (source.key_type != nullptr) return *source.key_type == AttributeType::N ? AttributeType::N : AttributeType::S;
  if (source.position > 0) return AttributeType::S;  // ddb_type is that of the array
  if (column->has_ddb_type) return column->ddb_type;
  return column->has_time_unit ? AttributeType::N : AttributeType::S;
}

WrittenValue write_timestamp(const ValueSource& source, Timestamp value) {
  if (declared_timestamp_type(source) == AttributeType::N) return epoch_scalar(source, value);
  const char* text = iso_timestamp(source, value);
  WrittenValue written = written_scalar(utf8_text(source, text, static_cast<int>(strlen(text))));
  if (TIMESTAMP_NOT_FINITE(value)) return written;
  // Where an item has a number, the column reads and so writes one.
  auto* number = static_cast<WrittenValue*>(palloc(sizeof(WrittenValue)));
  *number = epoch_scalar(source, value);
  written.alternative = number;
  return written;
}

// --- S

// The padding of char(n) is no part of its value; reading puts it back.
int unpadded_length(const char* text, int length) {
  while (length > 0 && text[length - 1] == ' ') --length;
  return length;
}

WrittenValue write_text(const ValueSource& source, Datum value) {
  struct varlena* plain = PG_DETOAST_DATUM_PACKED(value);
  const char* text = VARDATA_ANY(plain);
  int length = static_cast<int>(VARSIZE_ANY_EXHDR(plain));
  if (source.type == BPCHAROID) length = unpadded_length(text, length);
  return written_scalar(utf8_text(source, text, length));
}

WrittenValue write_by_output_function(const ValueSource& source, Datum value) {
  const char* text = source.type == DATEOID ? iso_date(DatumGetDateADT(value)) : fixed_output(source.type, value);
  return written_scalar(utf8_text(source, text, static_cast<int>(strlen(text))));
}

// --- B and BOOL

WrittenValue write_bytea(Datum value) {
  struct varlena* plain = PG_DETOAST_DATUM_PACKED(value);
  return written_scalar({AttributeType::B, VARDATA_ANY(plain), static_cast<int>(VARSIZE_ANY_EXHDR(plain))});
}

WrittenValue write_boolean(bool value) {
  const char* text = value ? "true" : "false";
  return written_scalar({AttributeType::BOOL, text, static_cast<int>(strlen(text))});
}

}  // namespace

KeyValue utf8_text(const ValueSource& source, const char* text, int length) {
  KeyValue scalar = {AttributeType::S, text, length};
  int encoding = GetDatabaseEncoding();
  if (encoding == PG_UTF8 || length == 0) return scalar;
  if (encoding != PG_SQL_ASCII) {
    scalar.bytes = pg_server_to_any(text, length, PG_UTF8);
    if (scalar.bytes != text) scalar.length = static_cast<int>(strlen(scalar.bytes));
  } else if (!pg_verify_mbstr(PG_UTF8, text, length, true)) {
    ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
                    errmsg("%s cannot be written: it is not UTF-8", describe_source(source)),
                    errdetail("DynamoDB's strings are UTF-8, and the database's encoding is SQL_ASCII.")));
  }
  return scalar;
}

WrittenValue write_scalar(const ValueSource& source, Datum value) {
  switch (source.type) {
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
      return write_text(source, value);
    case BYTEAOID:
      return write_bytea(value);
    case BOOLOID:
      return write_boolean(DatumGetBool(value));
    default:
      break;
  }
  if (is_number(source.type)) return written_scalar(number_scalar(source, number_text(value, source.type)));
  if (is_timestamp(source.type)) return write_timestamp(source, DatumGetTimestamp(value));
  return write_by_output_function(source, value);
}

}  // namespace dynamodb_fdw
