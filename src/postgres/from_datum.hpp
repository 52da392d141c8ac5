// SQL values -> key values of DynamoDB, and whether any item can have them.
#pragma once

#include "dynamodb/dynamodb.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// A key value in plain memory; palloc'ed.
struct KeyValue {
  dynamodb::AttributeType type;
  const char* bytes;  ///< S: UTF-8; N: canonical digits; B: raw
  int length;
};

/// Whether values of the SQL type `type` equal key values of `key_type` exactly when DynamoDB says so: text and varchar
/// for S, integers and numeric for N, bytea for B. Other types (float, uuid, timestamps ...) have several spellings of
/// one value, or round, so that a key condition could miss items.
bool is_exact_key_type(Oid type, int32 typmod, dynamodb::AttributeType key_type);

/// The text of a number of any type. Floats in the fewest digits that read back as the same number, whatever
/// extra_float_digits says.
char* number_text(Datum value, Oid type);

/// Converts a value of one of those types. False: no item can have this key value (empty, over `max_bytes`, beyond 38
/// digits, NaN, infinity, text that is not UTF-8).
bool to_key_value(Datum value, Oid type, dynamodb::AttributeType key_type, std::size_t max_bytes, KeyValue* out);

/// Fills *out with the number that `text` spells. False: DynamoDB cannot hold it (beyond 38 digits, out of range, NaN).
bool number_key(const char* text, KeyValue* out);

/// Where a value stands that DynamoDB cannot hold.
enum class Place { held, below_all, above_all, between };

/// Where a numeric stands that to_key_value() refused: PostgreSQL sorts NaN and the infinities, too.
Place place_of_numeric(Datum value);

/// Order of two values of one type as DynamoDB sorts: UTF-8 bytes, numbers by value, unsigned bytes.
int compare_key_values(const KeyValue& left, const KeyValue& right);

/// Appends the value as EXPLAIN shows it: 'text', digits or '\x...'.
void append_key_value(StringInfo out, const KeyValue& value);

}  // namespace dynamodb_fdw
