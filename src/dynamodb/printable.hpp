// Text from outside made fit for a message: one line, printable, of bounded length.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <string>
#include <string_view>

namespace dynamodb {

/// For text that is known to be UTF-8: runs of control characters and spaces become one space, the ends are trimmed,
/// and what is longer than `max_bytes` is cut between characters and ends in "...".
std::string one_line(std::string_view utf8, std::size_t max_bytes);

/// For bytes of any kind: as one_line(), and every byte that is not ASCII becomes '?'.
std::string printable_ascii(std::string_view bytes, std::size_t max_bytes);

}  // namespace dynamodb
