// Arguments of SQL functions that may be NULL.
#include "function_arguments.hpp"

namespace dynamodb_fdw {

char* text_argument(FunctionCallInfo fcinfo, int argument) {
  return PG_ARGISNULL(argument) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

char* required_text_argument(FunctionCallInfo fcinfo, int argument, const char* name) {
  if (PG_ARGISNULL(argument))
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
  return text_argument(fcinfo, argument);
}

}  // namespace dynamodb_fdw
