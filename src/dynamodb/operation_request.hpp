// Any operation of the API by its name, with the request of a user: what may be repeated, and what the next page is.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>
#include <string>
#include <string_view>

#include "dynamodb/clock.hpp"
#include "dynamodb/result.hpp"

namespace dynamodb {

/// Whether this can be the name of an operation: up to 64 ASCII letters.
bool is_operation_name(std::string_view name) noexcept;

/// Whether text of JSON has U+0000 in a string, written as \u0000, which is its only way to be there.
bool has_escaped_nul(std::string_view json) noexcept;

/// One operation with its request, and after each answer the request for what is still missing.
class OperationRequest {
 public:
  /// `operation`: see is_operation_name(). `request`: the text of a JSON object. Where the API has an idempotency token
  /// (ClientRequestToken, ClientToken) and the request does not, it gets one, as from the AWS SDKs.
  /// Error: invalid_value when the request is no object.
  static Result<OperationRequest> make(std::string_view operation, std::string_view request, Random& random);

  const std::string& operation() const noexcept { return operation_; }
  /// The JSON to send for the next page.
  const std::string& body() const noexcept { return body_; }

  /// It only reads: Get…, BatchGetItem, TransactGetItems, Query, Scan, Describe…, List…, and PartiQL of nothing but
  /// SELECT. What is not known counts as writing.
  bool only_reads() const noexcept { return only_reads_; }
  /// It may be sent again although it may have been carried out already: it only reads, or has a token.
  bool repeatable() const noexcept { return only_reads_ || has_token_; }

  /// Looks at the answer to body(). `answer` must be padded as Call::take_body() pads it. Where it says that there is
  /// more, body() becomes the request for that. Error: corrupt_response when it is no object of JSON, or says to go on
  /// where this page began.
  std::optional<Error> take_answer(std::string_view answer);
  /// Whether the last answer left something to ask for. At first there is: the first page.
  bool has_more() const noexcept { return has_more_; }
  /// Whether that is because the service did less than it was asked to, as it does under load: give it time.
  bool left_unprocessed() const noexcept { return left_unprocessed_; }

 private:
  OperationRequest(std::string_view operation, std::string_view request) : operation_(operation), body_(request) {}
  void give_token(Random& random);

  std::string operation_;
  std::string body_;
  bool only_reads_ = false;
  bool has_token_ = false;
  bool has_more_ = true;
  bool left_unprocessed_ = false;
};

}  // namespace dynamodb
