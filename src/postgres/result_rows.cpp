// Rows of a set-returning function, put together column by column and returned all at once.
#include "result_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "errors.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace dynamodb_fdw {
namespace {

// Of its kind, 292,000 years: what comes is far within or nonsense.
constexpr double kMostSeconds = 9e11;

}  // namespace

ResultRows* begin_rows(FunctionCallInfo fcinfo) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  if (result == nullptr || !IsA(result, ReturnSetInfo) || (result->allowedModes & SFRM_Materialize) == 0)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a set of rows is not accepted in this context")));
  TupleDesc columns;
  if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE)
    elog(ERROR, "return type must be a row type");

  auto* rows = static_cast<ResultRows*>(palloc0(sizeof(ResultRows)));
  rows->values = static_cast<Datum*>(palloc0(sizeof(Datum) * static_cast<std::size_t>(columns->natts)));
  rows->nulls = static_cast<bool*>(palloc0(sizeof(bool) * static_cast<std::size_t>(columns->natts)));
  MemoryContext old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
  rows->columns = CreateTupleDescCopy(columns);
  rows->store = tuplestore_begin_heap((result->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
  MemoryContextSwitchTo(old);
  result->returnMode = SFRM_Materialize;
  result->setResult = rows->store;
  result->setDesc = rows->columns;
  return rows;
}

void add_datum(ResultRows* rows, Datum value) {
  Assert(rows->next < rows->columns->natts);
  rows->values[rows->next] = value;
  rows->nulls[rows->next++] = false;
}

void add_null(ResultRows* rows) {
  Assert(rows->next < rows->columns->natts);
  rows->nulls[rows->next++] = true;
}

void add_text(ResultRows* rows, const char* text) {
  if (text == nullptr)
    add_null(rows);
  else
    add_datum(rows, CStringGetTextDatum(text));
}

void add_library_text(ResultRows* rows, const std::string& text) {
  add_text(rows, text.empty() ? nullptr : to_server_text(text.c_str()));
}

void add_library_jsonb(ResultRows* rows, const std::string& json) {
  char* text = pnstrdup(json.data(), json.size());
  text = pg_any_to_server(text, static_cast<int>(strlen(text)), PG_UTF8);
  add_datum(rows, DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

void add_count(ResultRows* rows, uint64_t count) {
  add_datum(rows, Int64GetDatum(static_cast<int64>(std::min<uint64_t>(count, PG_INT64_MAX))));
}

void add_bool(ResultRows* rows, bool value) { add_datum(rows, BoolGetDatum(value)); }

void add_time(ResultRows* rows, double seconds) {
  constexpr double kEpochs = static_cast<double>(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
  if (!(std::abs(seconds) < kMostSeconds)) return add_null(rows);
  auto time = static_cast<TimestampTz>(std::llround((seconds - kEpochs) * USECS_PER_SEC));
  if (IS_VALID_TIMESTAMP(time))
    add_datum(rows, TimestampTzGetDatum(time));
  else
    add_null(rows);
}

void end_row(ResultRows* rows) {
  Assert(rows->next == rows->columns->natts);
  tuplestore_putvalues(rows->store, rows->columns, rows->values, rows->nulls);
  rows->next = 0;
}

}  // namespace dynamodb_fdw
