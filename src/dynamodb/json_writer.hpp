// Writes JSON text: strings with their escapes.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>
#include <string_view>

namespace dynamodb {

/// Appends `text` (UTF-8) as a JSON string with its quotes. Escapes quote, backslash and control characters only.
void append_json_string(std::string& out, std::string_view text);

/// The same without the surrounding quotes.
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace dynamodb
