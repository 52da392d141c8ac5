// Turns an error of the library into an ereport: one place, one SQLSTATE table.
#pragma once

#include "guard.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

struct Activity;

/// What was being done, for the message. Strings may be null.
struct ErrorContext {
  const char* operation = nullptr;  ///< API operation, such as "Scan"
  const char* table = nullptr;      ///< DynamoDB table
  Activity* activity = nullptr;     ///< on whose behalf; null: nobody counts it
};

/// Raises `failure` as an ERROR with its SQLSTATE, operation and table in the message, AWS's error type and request id
/// in the detail, and a hint where one helps.
[[noreturn]] void report_error(const PlainError& failure, const ErrorContext& context);

/// The same with more to say: `detail` (in the database's encoding) comes first in the detail, whole.
[[noreturn]] void report_error_with_detail(const PlainError& failure, const ErrorContext& context, const char* detail);

/// A failure as text of the database; palloc'ed or constant.
struct ErrorText {
  const char* message;
  const char* detail;  ///< whole sentences; may be empty
};
ErrorText describe_error(const PlainError& failure);

/// Text of the service or of the library (UTF-8), palloc'ed in the database's encoding; a note where it has no such
/// text.
char* to_server_text(const char* text);

/// The SQLSTATE for a kind of failure.
int sqlstate_of(const PlainError& failure);

}  // namespace dynamodb_fdw
