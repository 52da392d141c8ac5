// The Date header of HTTP (RFC 9110, section 5.6.7, IMF-fixdate), from which a wrong clock is corrected.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>
#include <string_view>

#include "dynamodb/clock.hpp"

namespace dynamodb {

/// The instant that e.g. "Sun, 06 Nov 1994 08:49:37 GMT" names; nothing for any other form, or
/// for a year outside of 1970 to 2200.
std::optional<WallTime::time_point> parse_http_date(std::string_view text) noexcept;

}  // namespace dynamodb
