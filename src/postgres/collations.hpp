// Which collations compare as DynamoDB does: by the bytes of UTF-8.
#pragma once

#include "pg.hpp"

namespace dynamodb_fdw {

/// Equality under the collation is equality of bytes. InvalidOid (types without collation) is.
bool is_deterministic(Oid collation);

/// Order under the collation is the order of UTF-8 bytes: C, POSIX, C.UTF-8 and PostgreSQL's own code point order, in a
/// UTF-8 (or ASCII) database.
bool sorts_by_bytes(Oid collation);

}  // namespace dynamodb_fdw
