// What a string or number looks like beyond its DynamoDB type: a UUID, a date, a point in time, an integer.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dynamodb {

/// Forms of which a value has at most one (a number that may be a time is an integer, too).
enum class ValueForm : uint8_t {
  none,
  uuid,                ///< S: 8-4-4-4-12 lower-case hexadecimal digits, as PostgreSQL writes them
  date,                ///< S: 2026-01-31
  timestamp,           ///< S: 2026-01-31T23:59:59[.ffffff](Z|+hh:mm): ISO 8601 with a time zone and no leap second
  null_character,      ///< S: it contains U+0000
  integer,             ///< N: whole, and within 64 bits
  epoch_seconds,       ///< N: an integer, of a second from 2000 to 2099
  epoch_milliseconds,  ///< N: likewise of a millisecond
};
inline constexpr std::size_t kValueForms = 8;

/// `text` is UTF-8 without escapes.
ValueForm form_of_string(std::string_view text) noexcept;
/// REQUIRES: `number` as canonical_number() gives it.
ValueForm form_of_number(std::string_view number) noexcept;

}  // namespace dynamodb
