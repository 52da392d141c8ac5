// What can go wrong between this process and DynamoDB, as values with names.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dynamodb {

/// The classes of failure that callers treat differently.
enum class ErrorKind : uint8_t {
  // --- answers of the service
  throttling,                ///< a throughput limit; slow down and try again
  transient,                 ///< HTTP 5xx, InternalServerError and the like; try again
  expired_credentials,       ///< ExpiredToken, UnrecognizedClient: refresh once, then give up
  clock_skew,                ///< the signature's time was refused: correct once, then give up
  access_denied,             ///< IAM does not permit the action
  resource_not_found,        ///< no such table (ResourceNotFoundException)
  validation,                ///< the request was refused as malformed (ValidationException)
  conditional_check_failed,  ///< a conditional write met another state
  transaction_canceled,      ///< TransactWriteItems / TransactGetItems cancelled; see message
  conflict,                  ///< TransactionConflictException, ResourceInUseException ...
  service,                   ///< any other error answer; `type` names it
  // --- on the way there
  connection,  ///< DNS, refused, reset, closed early
  timeout,     ///< no connection or no answer in time
  tls,         ///< certificate or handshake
  // --- what came back is not usable
  corrupt_response,    ///< CRC mismatch, broken gzip, truncated or malformed JSON
  not_dynamodb,        ///< an answer that no DynamoDB endpoint gives (HTML, 404, redirect ...)
  response_too_large,  ///< over the limits of limits.hpp
  // --- on this side
  no_credentials,     ///< no source had credentials
  bad_configuration,  ///< a file or setting cannot be used as it is
  invalid_value,      ///< a value that DynamoDB cannot hold, or an item that cannot be decoded
  limit_exceeded,     ///< more than one request may hold
  internal,           ///< a bug or lack of memory in this library
};

/// Why one action of a TransactWriteItems did not let it happen.
struct CancellationReason {
  std::string code;  ///< "None": nothing was wrong with this one; "ConditionalCheckFailed", "TransactionConflict" ...
  std::string message;  ///< AWS's text; may be empty
};

/// One failure. Copyable, owns all its text; never holds a secret.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string type;        ///< AWS's error type without its namespace, such as "ThrottlingException"; else empty
  std::string message;     ///< one sentence without a final period; AWS's own text where it answered
  std::string detail;      ///< more, such as throttling reasons, in whole sentences; may be empty
  std::string request_id;  ///< x-amzn-RequestId, to quote to AWS support; may be empty
  int http_status = 0;     ///< 0 when there was no answer
  /// Of throttling: every reason that the service gives is one partition's throughput (KeyRangeThroughputExceeded), not
  /// the table's or the account's.
  bool hot_partition = false;
  /// Of transaction_canceled: one for each action, in the request's order; empty where the service does not say.
  std::vector<CancellationReason> cancellation_reasons;

  /// Whether the same request may succeed when it is simply sent again later. Refreshing credentials
  /// and correcting the clock are not in this sense retries: the client does each once by itself.
  bool retryable() const noexcept;

  static Error connection(std::string message) { return make(ErrorKind::connection, std::move(message)); }
  static Error timeout(std::string message) { return make(ErrorKind::timeout, std::move(message)); }
  static Error tls(std::string message) { return make(ErrorKind::tls, std::move(message)); }
  static Error corrupt_response(std::string message) { return make(ErrorKind::corrupt_response, std::move(message)); }
  static Error not_dynamodb(std::string message) { return make(ErrorKind::not_dynamodb, std::move(message)); }
  static Error response_too_large(std::string message) {
    return make(ErrorKind::response_too_large, std::move(message));
  }
  static Error no_credentials(std::string message) { return make(ErrorKind::no_credentials, std::move(message)); }
  static Error bad_configuration(std::string message) { return make(ErrorKind::bad_configuration, std::move(message)); }
  static Error invalid_value(std::string message) { return make(ErrorKind::invalid_value, std::move(message)); }
  static Error limit_exceeded(std::string message) { return make(ErrorKind::limit_exceeded, std::move(message)); }
  static Error internal(std::string message) { return make(ErrorKind::internal, std::move(message)); }

 private:
  static Error make(ErrorKind kind, std::string message) {
    Error error;
    error.kind = kind;
    error.message = std::move(message);
    return error;
  }
};

/// Reads an error answer of the service: HTTP status plus the body {"__type": "...#Type", "message" or
/// "Message": "..."}. A body that is not such JSON gives transient (500, 502, 503, 504, 509), throttling (429) or
/// not_dynamodb (the rest), with a short printable excerpt of the body in `detail`. ThrottlingReasons and
/// CancellationReasons are told in `detail`, too.
/// `body` needs no padding. `request_id` may be empty.
/// Source of the classes: AWS, "Error handling with DynamoDB" (Developer Guide) and botocore's retry tables.
Error parse_error_response(int http_status, std::string_view body, std::string_view request_id);

/// The kind for one of AWS's error types (namespace already removed) with its HTTP status.
ErrorKind classify_error_type(std::string_view type, int http_status) noexcept;

}  // namespace dynamodb
