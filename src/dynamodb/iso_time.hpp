// Reads points in time as AWS's JSON has them (ISO 8601).
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>
#include <string_view>

#include "dynamodb/clock.hpp"

namespace dynamodb {

/// "2026-01-31T23:59:59", a fraction of a second if there is one (ignored), then "Z", "UTC" or an offset such as
/// "+01:00" or "+0100"; without any of these it is UTC. Nothing when the text is something else.
std::optional<WallTime::time_point> parse_iso_time(std::string_view text) noexcept;

}  // namespace dynamodb
