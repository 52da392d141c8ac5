// Rows of a set-returning function, put together column by column and returned all at once.
#pragma once

#include <cstdint>
#include <string>

#include "pg.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
}

namespace dynamodb_fdw {

/// Plain memory of the caller's context. Each row is a series of add_…(), one for each column in order, then end_row().
struct ResultRows {
  Tuplestorestate* store;
  TupleDesc columns;
  Datum* values;
  bool* nulls;
  int next;  ///< column
};

/// Makes `fcinfo` return what is added. Error: the caller cannot take a set (0A000).
ResultRows* begin_rows(FunctionCallInfo fcinfo);

void add_datum(ResultRows* rows, Datum value);
void add_null(ResultRows* rows);
/// In the database's encoding; null: SQL NULL.
void add_text(ResultRows* rows, const char* text);
/// UTF-8 of the library, up to a zero byte; empty: SQL NULL. What the database cannot hold is shown as a note instead.
void add_library_text(ResultRows* rows, const std::string& text);
/// JSON as the library writes it (UTF-8). Error: it has what jsonb cannot hold.
void add_library_jsonb(ResultRows* rows, const std::string& json);
void add_count(ResultRows* rows, uint64_t count);  ///< bigint; its greatest value for what is greater
void add_bool(ResultRows* rows, bool value);
/// Seconds since 1970; null where timestamptz has no such time.
void add_time(ResultRows* rows, double seconds);

/// REQUIRES: every column was added.
void end_row(ResultRows* rows);

}  // namespace dynamodb_fdw
