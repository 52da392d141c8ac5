// Names that imported tables and columns get: in this database's encoding, at most 63 bytes long, none twice.
#include <cstring>

#include "import_names.hpp"

extern "C" {
#include "catalog/namespace.h"
}

namespace dynamodb_fdw {
namespace {

// An encoding whose characters must stay whole; SQL_ASCII keeps the service's UTF-8 as it is.
int clipping_encoding() { return GetDatabaseEncoding() == PG_SQL_ASCII ? PG_UTF8 : GetDatabaseEncoding(); }

int clipped_length(const char* name, int most) {
  return pg_encoding_mbcliplen(clipping_encoding(), name, static_cast<int>(strlen(name)), most);
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_word_part(char c) { return is_upper(c) || is_lower(c) || is_digit(c) || IS_HIGHBIT_SET(c); }

// Whether a new word begins at `at`: aB, 1B and, for the last letter of an acronym, ABc.
bool begins_word(const char* start, const char* at) {
  if (at == start || !is_upper(*at)) return false;
  return is_lower(at[-1]) || is_digit(at[-1]) || IS_HIGHBIT_SET(at[-1]) || (is_upper(at[-1]) && is_lower(at[1]));
}

void append_separator(StringInfo text) {
  if (text->len > 0 && text->data[text->len - 1] != '_') appendStringInfoChar(text, '_');
}

}  // namespace

const char* to_server_name(const char* utf8, size_t length) {
  if (memchr(utf8, '\0', length) != nullptr) return nullptr;
  int encoding = GetDatabaseEncoding();
  if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII) return pnstrdup(utf8, length);
  Oid conversion = FindDefaultConversionProc(PG_UTF8, encoding);
  if (!OidIsValid(conversion)) return nullptr;
  Size room = length * MAX_CONVERSION_GROWTH + 1;
  auto* converted = static_cast<char*>(palloc(room));
  int done = pg_do_encoding_conversion_buf(
      conversion, PG_UTF8, encoding, const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(utf8)),
      static_cast<int>(length), reinterpret_cast<unsigned char*>(converted), static_cast<int>(room), true);
  return done == static_cast<int>(length) ? converted : nullptr;
}

const char* to_snake_case(const char* name) {
  StringInfoData text;
  initStringInfo(&text);
  for (const char* at = name; *at != '\0'; ++at) {
    if (!is_word_part(*at) || begins_word(name, at)) append_separator(&text);
    if (is_word_part(*at)) appendStringInfoChar(&text, is_upper(*at) ? static_cast<char>(*at - 'A' + 'a') : *at);
  }
  if (text.len > 0 && text.data[text.len - 1] == '_') text.data[--text.len] = '\0';
  if (text.len == 0) return "attribute";
  return is_digit(text.data[0]) ? psprintf("_%s", text.data) : text.data;
}

bool fits_identifier(const char* name) { return strlen(name) < NAMEDATALEN; }

bool NameSet::contains(const char* name) const {
  ListCell* cell;
  foreach (cell, names_)
    if (strcmp(static_cast<const char*>(lfirst(cell)), name) == 0) return true;
  return false;
}

const char* NameSet::take(const char* wanted) {
  char* name = pnstrdup(wanted, clipped_length(wanted, NAMEDATALEN - 1));
  for (int number = 2; contains(name); ++number) {
    char suffix[16];
    int suffix_length = snprintf(suffix, sizeof(suffix), "_%d", number);
    pfree(name);
    name = psprintf("%.*s%s", clipped_length(wanted, NAMEDATALEN - 1 - suffix_length), wanted, suffix);
  }
  names_ = lappend(names_, name);
  return name;
}

}  // namespace dynamodb_fdw
