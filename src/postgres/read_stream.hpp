// Takes items out of a page stream and raises what fails.
#pragma once

#include "errors.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// The next step of `stream`: item, end or waiting; raises what failed. Does not wait.
dynamodb::PageStream::Step advance_stream(dynamodb::PageStream* stream, const dynamodb::AttributeSelection& selection,
                                          dynamodb::Item* item, Oid serverid, const ErrorContext& context);

}  // namespace dynamodb_fdw
