// Names that imported tables and columns get: in this database's encoding, at most 63 bytes long, none twice.
#pragma once

#include "pg.hpp"

namespace dynamodb_fdw {

/// A UTF-8 text in the database's encoding, palloc'ed; null where it cannot be written in it.
const char* to_server_name(const char* utf8, size_t length);

/// The text in lower-case letters, digits and underscores, words of CamelCase parted: userId -> user_id, HTTPStatus ->
/// http_status. Letters outside of ASCII stay. Never empty and never with a digit in front. Palloc'ed.
const char* to_snake_case(const char* name);

/// Whether an identifier can be that long.
bool fits_identifier(const char* name);

/// Names that are taken.
class NameSet {
 public:
  void reserve(const char* name) { names_ = lappend(names_, pstrdup(name)); }
  bool contains(const char* name) const;

  /// Takes `wanted`, shortened to what an identifier can hold, with _2, _3 ... behind it if it is taken. Palloc'ed.
  const char* take(const char* wanted);

 private:
  List* names_ = NIL;  // char*
};

}  // namespace dynamodb_fdw
