// Decoded attributes -> JSON text: the plain document of SQL users, and DynamoDB's own typed JSON.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>
#include <string>

#include "dynamodb/error.hpp"
#include "dynamodb/item_reader.hpp"

namespace dynamodb {

enum class JsonForm : uint8_t {
  plain,  ///< S string; N number, every digit kept; B "\x" and hex; BOOL; NULL null; sets and L arrays; M object
  typed,  ///< as the API writes it: {"S": "..."} and so on, lossless
};

/// Appends the value at `node` as JSON. Error (invalid_value): an N or B whose text is none.
std::optional<Error> append_json(std::string& out, const Item& item, uint32_t node, JsonForm form);

/// Appends the whole item as one JSON object. REQUIRES: decoded with a selection that is all().
std::optional<Error> append_json_document(std::string& out, const Item& item, JsonForm form);

/// The text of a number as JSON allows it: unchanged where it is one already, else rewritten (as for "+5" or ".5").
/// Nothing when it is no number.
std::optional<std::string> json_number(std::string_view text);

/// Whether `text` is a number in JSON's grammar.
bool is_json_number(std::string_view text) noexcept;

}  // namespace dynamodb
