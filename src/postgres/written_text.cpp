// Text forms of SQL values that do not depend on the session's settings: what a string attribute holds.
#include <cstring>

#include "written_value.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/bytea.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
}

namespace dynamodb_fdw {
namespace {

void fix_setting(const char* name, const char* value) {
  (void)set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

// Until AtEOXact_GUC() with the level that this returns, output functions write what input functions of every session
// read as the same value. An error on the way undoes it with the transaction.
int fix_output_settings() {
  int level = NewGUCNestLevel();
  if (DateStyle != USE_ISO_DATES) fix_setting("datestyle", "ISO");
  if (IntervalStyle != INTSTYLE_ISO_8601) fix_setting("intervalstyle", "iso_8601");
  if (strcmp(pg_get_timezone_name(session_timezone), "UTC") != 0) fix_setting("timezone", "UTC");
  if (extra_float_digits < 1) fix_setting("extra_float_digits", "1");
  if (bytea_output != BYTEA_OUTPUT_HEX) fix_setting("bytea_output", "hex");
  if (strcmp(GetConfigOption("lc_monetary", false, false), "C") != 0) fix_setting("lc_monetary", "C");
  // Names of tables and the like (regclass) come with their schema.
  fix_setting("search_path", "pg_catalog");
  return level;
}

// Whether no setting changes the text of the type, so that the settings need not be touched for each value.
bool has_one_text(Oid type) {
  if (type == UUIDOID || type == TIMEOID || get_typtype(type) == TYPTYPE_ENUM) return true;
  char category;
  bool preferred;
  get_type_category_preferred(type, &category, &preferred);
  return get_typtype(type) == TYPTYPE_BASE &&
         (category == TYPCATEGORY_STRING || category == TYPCATEGORY_NETWORK || category == TYPCATEGORY_BITSTRING);
}

constexpr char kBeforeChrist[] = " BC";

// The fraction with its point: of timestamptz(n) all n digits, so that the strings sort as the times do; else as many
// as it has.
const char* fraction_text(fsec_t microseconds, int32 typmod) {
  if (typmod == 0 || (typmod < 0 && microseconds == 0)) return "";
  char* text = psprintf(".%06d", microseconds);
  int length = typmod > 0 ? 1 + Min(typmod, MAX_TIMESTAMP_PRECISION) : static_cast<int>(strlen(text));
  while (typmod < 0 && text[length - 1] == '0') --length;
  text[length] = '\0';
  return text;
}

}  // namespace

char* fixed_output(Oid type, Datum value) {
  Oid output;
  bool is_varlena;
  getTypeOutputInfo(type, &output, &is_varlena);
  if (has_one_text(type)) return OidOutputFunctionCall(output, value);
  int level = fix_output_settings();
  char* text = OidOutputFunctionCall(output, value);
  AtEOXact_GUC(true, level);
  return text;
}

char* iso_timestamp(const ValueSource& source, Timestamp value) {
  char text[MAXDATELEN + 1];
  if (TIMESTAMP_NOT_FINITE(value)) {
    EncodeSpecialTimestamp(value, text);
    return pstrdup(text);
  }
  struct pg_tm fields;
  fsec_t microseconds;
  if (timestamp2tm(value, nullptr, &fields, &microseconds, nullptr, nullptr) != 0)
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
  EncodeDateTime(&fields, 0, false, 0, nullptr, USE_XSD_DATES, text);
  const char* era = fields.tm_year <= 0 ? kBeforeChrist : "";
  text[strlen(text) - strlen(era)] = '\0';
  const char* zone = source.type == TIMESTAMPTZOID ? "Z" : "";
  return psprintf("%s%s%s%s", text, fraction_text(microseconds, source.typmod), zone, era);
}

char* iso_date(int32 date) {
  char text[MAXDATELEN + 1];
  if (DATE_NOT_FINITE(date)) {
    EncodeSpecialDate(date, text);
    return pstrdup(text);
  }
  struct pg_tm fields;
  j2date(date + POSTGRES_EPOCH_JDATE, &fields.tm_year, &fields.tm_mon, &fields.tm_mday);
  EncodeDateOnly(&fields, USE_ISO_DATES, text);
  return pstrdup(text);
}

}  // namespace dynamodb_fdw
