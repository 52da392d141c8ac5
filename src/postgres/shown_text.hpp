// Text of DynamoDB in the results of SQL functions.
#pragma once

#include "pg.hpp"

namespace dynamodb_fdw {

/// UTF-8 in the database's encoding; where that does not have a character, and for U+0000, with question marks.
/// Palloc'ed.
const char* shown_text(const char* utf8, size_t length);

}  // namespace dynamodb_fdw
