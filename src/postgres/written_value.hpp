// SQL values -> what is written for them: the rules of "types written from".
#pragma once

#include "from_datum.hpp"
#include "guard.hpp"
#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

struct WrittenMember;

/// What a column's value becomes, in plain memory: output functions may ereport, so it is no C++ object yet. Valid as
/// long as the Datum it was made of and the memory context that was the current one.
struct WrittenValue {
  enum class Form : uint8_t {
    absent,      ///< SQL NULL: there is to be no attribute. As an element of a list: NULL
    scalar,      ///< `scalar`
    set,         ///< `elements`, all scalars of one type, at least one, no two alike
    list,        ///< `elements`
    map,         ///< `members`
    plain_json,  ///< `json`: one value, as the plain format writes it
    typed_json,  ///< `json`: one value as typed JSON, {"S": "..."}
    typed_item,  ///< `json`: a whole item as typed JSON
  };
  Form form;
  /// The type is declared (option ddb_type, a key, a whole item): the value that is replaced does not change it.
  bool declared;
  dynamodb::AttributeType type;  ///< scalar, set; plain_json and typed_json where `declared`: what the JSON must be
  KeyValue scalar;               ///< S: UTF-8; N: canonical digits; B: raw; BOOL: "true" or "false"
  WrittenValue* elements;
  int element_count;       ///< or of members
  WrittenMember* members;  ///< in ascending order of their names, no two alike; absent: NULL
  const char* json;        ///< UTF-8, not terminated
  int json_length;
  /// A scalar, or null: the same value in another type that the column reads, for replacing a value of that type.
  const WrittenValue* alternative;
};

struct WrittenMember {
  KeyValue name;  ///< UTF-8
  WrittenValue value;
};

/// The part of a key that an attribute is.
enum class KeyRole : uint8_t { partition, sort, index_partition, index_sort };

/// Where values to be written come from: a column, or an element of its array.
struct ValueSource {
  const ColumnOptions* column;
  Oid type;  ///< below domains
  int32 typmod;
  Oid element_type;                         ///< of an array; may be a domain. InvalidOid: it is none
  const dynamodb::AttributeType* key_type;  ///< or null
  int position;                             ///< of an element, from 1; 0: the column's value itself
  bool in_set;                              ///< an element of an array with ddb_type SS, NS or BS
  bool replaces_nothing;                    ///< a new item's: of jsonb, only what it says itself counts
};

/// The source for a column (no row-id column). `key_type`: the attribute is part of the table's or of an index's key
/// and is to have that type; it must live as long as the source. Null: no key.
ValueSource column_source(const ColumnOptions* column, const dynamodb::AttributeType* key_type);

/// What is written for a value of a column. Where that is a key the result is a scalar of the key's type, or absent.
/// Errors name the column: a number that DynamoDB cannot hold (22003), text that is not UTF-8 in a SQL_ASCII database
/// (22021), a set that is empty, has NULLs or duplicates, a value that its key or ddb_type cannot hold (42804).
WrittenValue write_value(const ValueSource& source, Datum value, bool is_null);

/// Checks what is written for a key column. Errors name the column: a missing key of the table (23502), an empty one
/// (2200F), one that is too long (54000).
void check_key_value(const TableOptions* table, const ColumnOptions* column, KeyRole role, const WrittenValue* written);

/// Why the service would refuse an attribute of this type and length (bytes; of N: anything) as that part of a key;
/// null: it would not. Constant text, in the middle of a sentence: "is empty".
const char* why_no_key(dynamodb::AttributeType key_type, dynamodb::AttributeType type, std::size_t length,
                       KeyRole role);

/// The value to write; library code: call it within guard(). `old`: the value being replaced, or null. Where the type
/// is not declared it follows that of `old`: a list that replaces a set is a set of that kind if it can be, JSON keeps
/// sets and binary values (value_from_plain_json()), a timestamp that replaces a number is one.
/// Error (invalid_value): JSON that is no value of DynamoDB's, or not of the declared type.
dynamodb::Result<dynamodb::Value> to_value(const WrittenValue& written, const dynamodb::Value* old);

/// Raises a failure of to_value(), or another one about this value, naming the column.
[[noreturn]] void report_unwritable(const ColumnOptions* column, const PlainError& failure);

// --- for the files that write one kind of type

/// The source for elements of arrays from `array`; the position is still to be set.
ValueSource element_source(const ValueSource& array);
/// The beginning of messages: 'value of column "c"', 'element 2 of the value of column "c"'.
const char* describe_source(const ValueSource& source);
/// Raises: values of this SQL type are not written as `type`.
[[noreturn]] void report_unfit(const ValueSource& source, dynamodb::AttributeType type, const char* reason);

/// Text of the database as UTF-8. Error: it is none (SQL_ASCII), or cannot be converted.
KeyValue utf8_text(const ValueSource& source, const char* text, int length);
WrittenValue written_scalar(const KeyValue& scalar);

WrittenValue write_element(const ValueSource& source, Datum value);  // anything that is not NULL
WrittenValue write_scalar(const ValueSource& source, Datum value);   // written_scalars.cpp
char* fixed_output(Oid type, Datum value);                           // written_text.cpp
char* iso_timestamp(const ValueSource& source, Timestamp value);     // written_text.cpp
char* iso_date(int32 date);                                          // written_text.cpp
WrittenValue write_array(const ValueSource& source, Datum value);    // written_arrays.cpp
WrittenValue write_json(const ValueSource& source, Datum value);     // written_json.cpp
/// A jsonb array or object of a UTF8 database as `list` or `map`, which to_value() makes the same of as of its text.
/// False: it is a scalar, or something in it is wrong, which its text shows.
bool take_jsonb_apart(Datum value, WrittenValue* written);  // written_jsonb.cpp

}  // namespace dynamodb_fdw
