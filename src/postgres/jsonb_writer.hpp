// Writes jsonb in the form in which it is stored, from first byte to last, without a tree of JsonbValues.
#pragma once

#include <string_view>

#include "pg.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace dynamodb_fdw {

/// A member of an object that is still to be written.
struct JsonbMember {
  uint64 rank;       ///< length and first bytes of the name: decides nearly every comparison
  const char* name;  ///< in the database's encoding, not terminated
  uint32 length;     ///< of the name, in bytes
  uint32 node;       ///< of the value
  uint32 order;      ///< among its siblings as they came
};

/// One jsonb under construction, and memory that is kept from one to the next. Plain data: writing may ereport.
struct JsonbWriter {
  char* bytes;
  std::size_t used;
  std::size_t capacity;
  JsonbMember* members;  ///< of the objects that are open, one behind the other
  std::size_t member_count;
  std::size_t member_capacity;
};

/// A container that is being written: its entries are filled in one by one, while what they are of is appended.
struct JsonbFrame {
  std::size_t start;    ///< of the container, before its alignment
  std::size_t header;   ///< position
  std::size_t entries;  ///< position of the first JEntry
  uint32 count;         ///< entries so far
  uint32 total;         ///< bytes of what they are of
};

JsonbWriter* make_jsonb_writer(MemoryContext context);

/// Begins a new jsonb; what was written before is gone.
void start_jsonb(JsonbWriter* writer);
std::size_t jsonb_size(const JsonbWriter* writer);
/// Copies the jsonb to `datum`, which has room for jsonb_size() bytes and is aligned for an int.
void finish_jsonb(JsonbWriter* writer, char* datum);

/// Opens an object of `pairs` members or an array of `elements`. An object has the entries of all its names in order
/// (as sort_members() gives it), then those of the values. Errors: too many.
JsonbFrame open_object(JsonbWriter* writer, std::size_t pairs);
JsonbFrame open_array(JsonbWriter* writer, std::size_t elements);
/// The array around a jsonb that is one scalar.
JsonbFrame open_lone_scalar(JsonbWriter* writer);
/// Adds the entry of what was appended just before. Error: more than a container can hold.
void add_entry(JsonbWriter* writer, JsonbFrame* frame, JEntry entry);
/// Ends a container; the result is its entry in the one around it.
JEntry close_container(JsonbWriter* writer, const JsonbFrame* frame);

/// Append a scalar's bytes; the result is its entry.
JEntry append_string(JsonbWriter* writer, const char* text, std::size_t length);
/// A copy of a numeric.
JEntry append_numeric(JsonbWriter* writer, Numeric number);
/// A number as write_plain_numeric() takes it. False: it is none of these, nothing was appended.
bool append_plain_number(JsonbWriter* writer, std::string_view text, JEntry* entry);
/// Appends `length` bytes that the caller fills in before it appends anything else.
char* append_bytes(JsonbWriter* writer, std::size_t length);

/// Adds a member to those waiting on the stack.
void push_member(JsonbWriter* writer, const char* name, std::size_t length, uint32 node);
/// Sorts the members from `first` to the top of the stack by name, in jsonb's order (length, then bytes), and takes
/// away all but the last of each name. Returns how many are left, which are then the top of the stack.
std::size_t sort_members(JsonbWriter* writer, std::size_t first);

}  // namespace dynamodb_fdw
