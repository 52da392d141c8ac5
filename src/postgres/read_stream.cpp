// Takes items out of a page stream and raises what fails.
#include "read_stream.hpp"

#include "connections.hpp"
#include "table_metadata.hpp"

namespace dynamodb_fdw {

using dynamodb::PageStream;

namespace {

// An answer that the table or index does not exist disproves what is remembered of it.
[[noreturn]] void report_read_error(const PlainError& failure, Oid serverid, const ErrorContext& context) {
  if (failure.kind == dynamodb::ErrorKind::resource_not_found || failure.kind == dynamodb::ErrorKind::validation)
    forget_table_description(serverid, context.table);
  log_all_slow_requests();
  report_error(failure, context);
}

}  // namespace

PageStream::Step advance_stream(PageStream* stream, const dynamodb::AttributeSelection& selection, dynamodb::Item* item,
                                Oid serverid, const ErrorContext& context) {
  PageStream::Step step = PageStream::Step::end;
  PlainError failure;
  bool done = guard(&failure, [&] {
    step = stream->next(selection, *item);
    return step == PageStream::Step::failed ? stream->error() : nullptr;
  });
  if (!done) report_read_error(failure, serverid, context);
  return step;
}

}  // namespace dynamodb_fdw
