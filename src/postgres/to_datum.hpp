// Decoded attributes -> datums: one reader per column in use, chosen once per scan by the column's type.
#pragma once

#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// Memory for one row's by-reference datums: attributes need no allocation of their own once it has grown to a row's
/// size.
struct RowArena {
  char* start;
  std::size_t used;
  std::size_t capacity;
};

struct JsonbWriter;

/// What all columns of one scan share. Everything in it lives as long as the scan.
struct ReadContext {
  MemoryContext context;       ///< of the scan
  const char* table_name;      ///< DynamoDB table, for messages
  const dynamodb::Item* item;  ///< the current one
  const char* partition_key;   ///< attribute names of the key, for messages and the row id; null where unknown
  const char* sort_key;
  int partition_slot;  ///< slots in the selection; -1 where unknown
  int sort_slot;
  std::string* text;   ///< scratch for JSON text, owned by `context`
  JsonbWriter* jsonb;  ///< of all jsonb columns, owned by `context`
  RowArena arena;
  int sqlstate;  ///< of the mismatch that a ReadValue reports
};

struct ColumnReader;

/// Fills *value from the value at `node`; returns null, or why the value does not fit (palloc'ed; context->sqlstate is
/// set).
using ReadValue = const char* (*)(ReadContext* context, const ColumnReader* reader, uint32_t node, Datum* value);

struct ColumnReader {
  const ColumnOptions* column;
  uint32_t slot;                                ///< in the selection; not used for document and row id
  const std::vector<dynamodb::PathStep>* path;  ///< mapped_path, its first step being the attribute; else null
  ReadValue read;
  Oid type;  ///< below domains; of an element reader: the element's
  int32 typmod;
  bool is_domain;
  Oid domain;       ///< the type as declared, where it is a domain
  bool runs_sql;    ///< its input may run SQL of the user's: the constraint of a domain
  bool reads_null;  ///< a NULL attribute is a value (json null), not SQL NULL
  void** domain_cache;
  FmgrInfo* input;  ///< input function of `type`
  Oid input_parameter;
  const ColumnReader* element;  ///< of arrays, else null
  int16 element_length;
  bool element_by_value;
  char element_alignment;
};

/// Prepares the readers for the columns `attnums` (an integer list) and adds what they need to `selection`.
/// Palloc'ed in context->context. Also finds the key's slots. Error: a mapped_path that cannot be read.
ColumnReader* prepare_readers(ReadContext* context, const TableOptions* table, List* attnums,
                              dynamodb::AttributeSelection* selection);

/// Fills values/nulls (indexed by attnum - 1) of the columns with readers from context->item. By-reference datums live
/// in the arena or in the current memory context until the next row. Error: a value that does not fit its column,
/// naming the item's key (or NULL, by on_type_mismatch).
void read_row(ReadContext* context, const ColumnReader* readers, int count, Datum* values, bool* nulls);

// --- for the files that read one kind of type

/// `size` bytes of the current row's memory, aligned for any datum.
char* arena_allocate(ReadContext* context, std::size_t size);
/// The text of an S as it is in the database's encoding; not terminated. Null when it holds U+0000 or cannot be
/// converted: *reason says so.
const char* server_text(ReadContext* context, std::string_view text, int* length, const char** reason);
/// The same for text that holds no U+0000: what is verbatim in a page.
const char* convert_text(ReadContext* context, std::string_view text, int* length, const char** reason);
inline const char* node_text(ReadContext* context, const dynamodb::ValueNode& node, int* length, const char** reason) {
  return (node.verbatim ? convert_text : server_text)(context, node.view(), length, reason);
}
/// Why the value breaks a constraint of the reader's domain, or null.
const char* check_domain(ReadContext* context, const ColumnReader* reader, Datum value, bool is_null);
/// The reason for a value of another type than the column takes.
const char* wrong_type(ReadContext* context);

void choose_scalar_reader(ColumnReader* reader);                                     // read_scalars.cpp
const char* read_number(ReadContext* context, std::string_view text, Datum* value);  // numeric; read_scalars.cpp
void choose_json_reader(ColumnReader* reader);                                       // read_json.cpp
const char* read_jsonb(ReadContext* context, const ColumnReader* reader, uint32_t node,
                       Datum* value);  // read_jsonb.cpp
const char* read_array(ReadContext* context, const ColumnReader* reader, uint32_t node,
                       Datum* value);  // read_arrays.cpp
const char* read_by_input_function(ReadContext* context, const ColumnReader* reader, uint32_t node, Datum* value);
char* item_key_json(ReadContext* context);  // read_json.cpp

}  // namespace dynamodb_fdw
