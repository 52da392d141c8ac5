// Writes numbers as PostgreSQL stores a numeric, without the way through its input function.
#pragma once

#include <string_view>

#include "pg.hpp"

namespace dynamodb_fdw {

/// Room that write_plain_numeric() needs: varlena header, numeric header and at most six digits in base 10000.
inline constexpr std::size_t kPlainNumericBytes = MAXALIGN(VARHDRSZ + sizeof(uint16) + 6 * sizeof(int16));

/// Writes a plain decimal, [-]digits[.digits] with at most 18 digits, as the numeric that numeric_in makes of it.
/// `out` is aligned for an int. Returns its size in bytes; 0 where the text is something else, or longer.
std::size_t write_plain_numeric(std::string_view text, char* out);

}  // namespace dynamodb_fdw
