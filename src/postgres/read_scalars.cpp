// Scalar attributes -> datums: text, numbers, timestamps, boolean and bytea, without a detour through text where that
// shows.
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "guard.hpp"
#include "numeric_form.hpp"
#include "to_datum.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using dynamodb::ValueNode;

namespace {

constexpr std::size_t kMaxNumberText = 160;  // longer than any number of DynamoDB; guards the stack copies

const char* out_of_range(ReadContext* context) {
  context->sqlstate = ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
  return "The number is outside the range of the SQL type";
}

const char* not_a_number(ReadContext* context) {
  context->sqlstate = ERRCODE_FDW_INVALID_DATA_TYPE;
  return "The attribute's text is not a number";
}

// A plain whole number, [-]digits, at most 18 of them, so that it fits an int64. False: take the slow way.
bool parse_small_integer(std::string_view text, int64* number) {
  bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 18) return false;
  int64 value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  *number = negative ? -value : value;
  return true;
}

// A terminated copy in JSON's grammar, so that "NaN" or "0x1F" cannot pass as a number.
bool copy_number(std::string_view text, char* copy) {
  if (text.size() >= kMaxNumberText) return false;
  if (dynamodb::is_json_number(text)) {
    std::memcpy(copy, text.data(), text.size());
    copy[text.size()] = '\0';
    return true;
  }
  bool valid = false;
  PlainError failure;
  guard(&failure, [&] {
    auto canonical = dynamodb::canonical_number(text);
    valid = canonical && canonical->size() < kMaxNumberText;
    if (valid) std::memcpy(copy, canonical->c_str(), canonical->size() + 1);
  });
  return valid;
}

const char* read_text(ReadContext* context, const ColumnReader* reader, uint32_t index, Datum* value) {
  const ValueNode& node = context->item->node(index);
  if (node.type != AttributeType::S) return wrong_type(context);
  const char* reason;
  int length;
  const char* text = node_text(context, node, &length, &reason);
  if (text == nullptr) return reason;
  // varchar(n) would cut spaces off the end without a word: then what is shown would not be what is stored.
  if (reader->typmod >= VARHDRSZ && length > reader->typmod - VARHDRSZ &&
      pg_mbstrlen_with_len(text, length) > reader->typmod - VARHDRSZ) {
    context->sqlstate = ERRCODE_STRING_DATA_RIGHT_TRUNCATION;
    return psprintf("The string is longer than %d characters", reader->typmod - static_cast<int>(VARHDRSZ));
  }
  char* datum = arena_allocate(context, length + VARHDRSZ);
  SET_VARSIZE(datum, length + VARHDRSZ);
  memcpy(VARDATA(datum), text, length);
  *value = PointerGetDatum(datum);
  return nullptr;
}

const char* read_bytea(ReadContext* context, const ColumnReader*, uint32_t index, Datum* value) {
  const ValueNode& node = context->item->node(index);
  if (node.type != AttributeType::B) return wrong_type(context);
  auto size = dynamodb::base64_decoded_size(node.view());
  char* datum = arena_allocate(context, size.value_or(0) + VARHDRSZ);
  if (!size || !dynamodb::decode_base64(node.view(), reinterpret_cast<unsigned char*>(VARDATA(datum)))) {
    context->sqlstate = ERRCODE_FDW_INVALID_DATA_TYPE;
    return "The attribute's text is not base64";
  }
  SET_VARSIZE(datum, *size + VARHDRSZ);
  *value = PointerGetDatum(datum);
  return nullptr;
}

const char* read_boolean(ReadContext* context, const ColumnReader*, uint32_t index, Datum* value) {
  const ValueNode& node = context->item->node(index);
  if (node.type != AttributeType::BOOL) return wrong_type(context);
  *value = BoolGetDatum(node.boolean);
  return nullptr;
}

const char* read_numeric(ReadContext* context, const ColumnReader* reader, uint32_t index, Datum* value) {
  const ValueNode& node = context->item->node(index);
  if (node.type != AttributeType::N) return wrong_type(context);
  if (const char* reason = read_number(context, node.view(), value)) return reason;
  if (reader->typmod < 0) return nullptr;
  // numeric(p,s): the digits before the point must fit p - s; what is behind is rounded, as numeric does everywhere.
  int precision = ((reader->typmod - VARHDRSZ) >> 16) & 0xffff;
  int scale = (((reader->typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;
  Datum rounded = DirectFunctionCall2(numeric_round, *value, Int32GetDatum(scale));
  Datum limit = DirectFunctionCall3(numeric_in, CStringGetDatum(psprintf("1e%d", precision - scale)),
                                    ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
  Datum size = DirectFunctionCall1(numeric_abs, rounded);
  if (DatumGetBool(DirectFunctionCall2(numeric_ge, size, limit))) return out_of_range(context);
  *value = DirectFunctionCall2(numeric, *value, Int32GetDatum(reader->typmod));
  return nullptr;
}

// A whole number in any spelling ("1E+2", "5.0"), or why there is none.
const char* slow_integer(ReadContext* context, std::string_view text, int64* result) {
  Datum number;
  if (const char* reason = read_number(context, text, &number)) return reason;
  Datum whole = DirectFunctionCall2(numeric_trunc, number, Int32GetDatum(0));
  if (!DatumGetBool(DirectFunctionCall2(numeric_eq, number, whole))) {
    context->sqlstate = ERRCODE_FDW_INVALID_DATA_TYPE;
    return "The number is not a whole number";
  }
  char* digits = DatumGetCString(DirectFunctionCall1(numeric_out, whole));
  errno = 0;
  char* end;
  long long parsed = std::strtoll(digits, &end, 10);
  if (errno != 0 || *end != '\0') return out_of_range(context);
  *result = parsed;
  return nullptr;
}

const char* read_int64(ReadContext* context, uint32_t index, int64 low, int64 high, int64* result) {
  const ValueNode& node = context->item->node(index);
  if (node.type != AttributeType::N) return wrong_type(context);
  if (!parse_small_integer(node.view(), result))
    if (const char* reason = slow_integer(context, node.view(), result)) return reason;
  return *result < low || *result > high ? out_of_range(context) : nullptr;
}

const char* read_int2(ReadContext* context, const ColumnReader*, uint32_t index, Datum* value) {
  int64 number;
  const char* reason = read_int64(context, index, PG_INT16_MIN, PG_INT16_MAX, &number);
  if (reason == nullptr) *value = Int16GetDatum(static_cast<int16>(number));
  return reason;
}

const char* read_int4(ReadContext* context, const ColumnReader*, uint32_t index, Datum* value) {
  int64 number;
  const char* reason = read_int64(context, index, PG_INT32_MIN, PG_INT32_MAX, &number);
  if (reason == nullptr) *value = Int32GetDatum(static_cast<int32>(number));
  return reason;
}

const char* read_int8(ReadContext* context, const ColumnReader*, uint32_t index, Datum* value) {
  int64 number;
  const char* reason = read_int64(context, index, PG_INT64_MIN, PG_INT64_MAX, &number);
  if (reason == nullptr) *value = Int64GetDatum(number);
  return reason;
}

// Too small a number must not become 0 and too large a one not infinity: float4in refuses both as well.
template <typename Float>
bool float_in_range(Float number, const char* text) {
  bool nonzero = strpbrk(text, "123456789") != nullptr && strcspn(text, "123456789") < strcspn(text, "eE");
  return !std::isinf(number) && !(number == 0 && nonzero);
}

const char* read_float4(ReadContext* context, const ColumnReader*, uint32_t index, Datum* value) {
  const ValueNode& node = context->item->node(index);
  char text[kMaxNumberText];
  if (node.type != AttributeType::N) return wrong_type(context);
  if (!copy_number(node.view(), text)) return not_a_number(context);
  float number = std::strtof(text, nullptr);
  if (!float_in_range(number, text)) return out_of_range(context);
  *value = Float4GetDatum(number);
  return nullptr;
}

const char* read_float8(ReadContext* context, const ColumnReader*, uint32_t index, Datum* value) {
  const ValueNode& node = context->item->node(index);
  char text[kMaxNumberText];
  if (node.type != AttributeType::N) return wrong_type(context);
  if (!copy_number(node.view(), text)) return not_a_number(context);
  double number = std::strtod(text, nullptr);
  if (!float_in_range(number, text)) return out_of_range(context);
  *value = Float8GetDatum(number);
  return nullptr;
}

// Power of ten from the unit to microseconds.
int unit_digits(TimeUnit unit) { return unit == TimeUnit::seconds ? 6 : unit == TimeUnit::milliseconds ? 3 : 0; }

// Microseconds since 2000, PostgreSQL's epoch, from a number of units since 1970; rounded. False: no timestamp is
// there.
bool epoch_timestamp(ReadContext* context, std::string_view text, TimeUnit unit, Timestamp* result) {
  constexpr int64 kEpochOffset = int64{POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE} * USECS_PER_DAY;
  Datum number;
  if (read_number(context, text, &number) != nullptr) return false;
  Datum factor = DirectFunctionCall3(numeric_in, CStringGetDatum(psprintf("1e%d", unit_digits(unit))),
                                     ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
  Datum scaled = DirectFunctionCall2(numeric_mul, number, factor);
  Datum rounded = DirectFunctionCall2(numeric_round, scaled, Int32GetDatum(0));
  // The last timestamps are more microseconds after 1970 than an int64 holds: the difference comes first.
  Datum since_2000 = DirectFunctionCall2(numeric_sub, rounded, NumericGetDatum(int64_to_numeric(kEpochOffset)));
  char* digits = DatumGetCString(DirectFunctionCall1(numeric_out, since_2000));
  errno = 0;
  char* end;
  *result = std::strtoll(digits, &end, 10);
  return errno == 0 && *end == '\0' && IS_VALID_TIMESTAMP(*result);
}

const char* read_timestamp(ReadContext* context, const ColumnReader* reader, uint32_t index, Datum* value) {
  const ValueNode& node = context->item->node(index);
  if (node.type == AttributeType::S) return read_by_input_function(context, reader, index, value);
  if (node.type != AttributeType::N) return wrong_type(context);
  Timestamp timestamp;
  if (!epoch_timestamp(context, node.view(), reader->column->time_unit, &timestamp)) return out_of_range(context);
  if (reader->typmod >= 0) {
    PGFunction scale = reader->type == TIMESTAMPTZOID ? timestamptz_scale : timestamp_scale;
    timestamp =
        DatumGetTimestamp(DirectFunctionCall2(scale, TimestampGetDatum(timestamp), Int32GetDatum(reader->typmod)));
  }
  *value = TimestampGetDatum(timestamp);
  return nullptr;
}

struct ScalarEntry {
  Oid type;
  ReadValue read;
};

constexpr ScalarEntry kScalars[] = {
    {TEXTOID, read_text},     {VARCHAROID, read_text},        {BYTEAOID, read_bytea},
    {BOOLOID, read_boolean},  {NUMERICOID, read_numeric},     {INT2OID, read_int2},
    {INT4OID, read_int4},     {INT8OID, read_int8},           {FLOAT4OID, read_float4},
    {FLOAT8OID, read_float8}, {TIMESTAMPOID, read_timestamp}, {TIMESTAMPTZOID, read_timestamp},
};

}  // namespace

const char* read_number(ReadContext* context, std::string_view text, Datum* value) {
  char* plain = arena_allocate(context, kPlainNumericBytes);
  if (write_plain_numeric(text, plain) > 0) {
    *value = PointerGetDatum(plain);
    return nullptr;
  }
  char copy[kMaxNumberText];
  if (!copy_number(text, copy)) return not_a_number(context);
  *value = DirectFunctionCall3(numeric_in, CStringGetDatum(copy), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
  return nullptr;
}

void choose_scalar_reader(ColumnReader* reader) {
  reader->read = read_by_input_function;
  for (const ScalarEntry& entry : kScalars)
    if (entry.type == reader->type) reader->read = entry.read;
}

}  // namespace dynamodb_fdw
