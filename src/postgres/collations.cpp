// Which collations compare as DynamoDB does: by the bytes of UTF-8.
#include "collations.hpp"

#include <cstring>

extern "C" {
#include "catalog/pg_collation.h"
#include "catalog/pg_database.h"
}

namespace dynamodb_fdw {
namespace {

char* text_attribute(int cache, HeapTuple tuple, AttrNumber attribute) {
  bool is_null;
  Datum value = SysCacheGetAttr(cache, tuple, attribute, &is_null);
  return is_null ? nullptr : TextDatumGetCString(value);
}

// C.UTF-8 sorts by code point since glibc 2.35, and in Debian's older ones; that is the order of UTF-8 bytes.
bool is_byte_order_locale(const char* locale) {
  static const char* const kNames[] = {"C", "POSIX", "C.UTF-8", "C.utf8"};
  if (locale == nullptr) return false;
  for (const char* name : kNames)
    if (strcmp(locale, name) == 0) return true;
  return false;
}

bool provider_sorts_by_bytes(char provider, const char* libc_locale) {
  if (provider == 'b')
    return true;  // PostgreSQL 17's builtin provider: C, C.UTF-8 and PG_UNICODE_FAST, all by code point
  return provider == COLLPROVIDER_LIBC && is_byte_order_locale(libc_locale);
}

bool default_sorts_by_bytes() {
  HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for database %u", MyDatabaseId);
  char provider = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple))->datlocprovider;
  bool result = provider_sorts_by_bytes(provider, text_attribute(DATABASEOID, tuple, Anum_pg_database_datcollate));
  ReleaseSysCache(tuple);
  return result;
}

bool collation_sorts_by_bytes(Oid collation) {
  HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for collation %u", collation);
  char provider = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple))->collprovider;
  bool result = provider_sorts_by_bytes(provider, text_attribute(COLLOID, tuple, Anum_pg_collation_collcollate));
  ReleaseSysCache(tuple);
  return result;
}

}  // namespace

bool is_deterministic(Oid collation) { return !OidIsValid(collation) || get_collation_isdeterministic(collation); }

bool sorts_by_bytes(Oid collation) {
  if (!OidIsValid(collation)) return true;
  // In other encodings the order of their bytes need not be that of UTF-8.
  if (GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII) return false;
  if (collation == C_COLLATION_OID) return true;
  return collation == DEFAULT_COLLATION_OID ? default_sorts_by_bytes() : collation_sorts_by_bytes(collation);
}

}  // namespace dynamodb_fdw
