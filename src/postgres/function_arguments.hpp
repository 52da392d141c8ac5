// Arguments of SQL functions that may be NULL.
#pragma once

#include "pg.hpp"

namespace dynamodb_fdw {

/// A text argument as a C string, palloc'ed; null where it is NULL.
char* text_argument(FunctionCallInfo fcinfo, int argument);

/// The same for one that has to be there. Error: it is NULL (22004); `name` is for the message.
char* required_text_argument(FunctionCallInfo fcinfo, int argument, const char* name);

}  // namespace dynamodb_fdw
