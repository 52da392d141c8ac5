// Error answers of the service: their text, and the class that each of AWS's error types belongs to.
#include "dynamodb/error.hpp"

#include <simdjson.h>

#include <optional>

#include "dynamodb/ascii.hpp"
#include "dynamodb/limits.hpp"
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

namespace json = simdjson::dom;

constexpr std::size_t kMaxErrorBody = std::size_t{1} << 20;  // a hundred cancellation reasons without items
constexpr std::size_t kMaxTypeBytes = 128;
constexpr std::size_t kMaxMessageBytes = 2000;
constexpr std::size_t kMaxReasonBytes = 400;
constexpr std::size_t kMaxReasons = 20;
constexpr std::size_t kMaxExcerptBytes = 200;

struct KnownType {
  std::string_view name;
  ErrorKind kind;
};

// Source: botocore's tables of retryable errors; AWS, "Error handling with DynamoDB" and "Common errors". Types that
// are not here are told apart by their HTTP status.
constexpr KnownType kKnownTypes[] = {
    {"ProvisionedThroughputExceededException", ErrorKind::throttling},
    {"ThrottlingException", ErrorKind::throttling},
    {"Throttling", ErrorKind::throttling},
    {"ThrottledException", ErrorKind::throttling},
    {"RequestThrottledException", ErrorKind::throttling},
    {"RequestThrottled", ErrorKind::throttling},
    {"TooManyRequestsException", ErrorKind::throttling},
    {"RequestLimitExceeded", ErrorKind::throttling},
    {"BandwidthLimitExceeded", ErrorKind::throttling},
    {"LimitExceededException", ErrorKind::throttling},
    {"SlowDown", ErrorKind::throttling},
    {"PriorRequestNotComplete", ErrorKind::throttling},
    {"EC2ThrottledException", ErrorKind::throttling},
    {"TransactionInProgressException", ErrorKind::throttling},

    {"RequestTimeout", ErrorKind::transient},
    {"RequestTimeoutException", ErrorKind::transient},
    {"InternalServerError", ErrorKind::transient},
    {"InternalServerErrorException", ErrorKind::transient},
    {"InternalFailure", ErrorKind::transient},
    {"ServiceUnavailable", ErrorKind::transient},
    {"ServiceUnavailableException", ErrorKind::transient},
    {"ReplicatedWriteConflictException", ErrorKind::transient},
    {"IDPCommunicationError", ErrorKind::transient},

    {"ExpiredToken", ErrorKind::expired_credentials},
    {"ExpiredTokenException", ErrorKind::expired_credentials},
    {"UnrecognizedClientException", ErrorKind::expired_credentials},
    {"InvalidClientTokenId", ErrorKind::expired_credentials},

    {"RequestTimeTooSkewed", ErrorKind::clock_skew},
    {"RequestExpired", ErrorKind::clock_skew},
    {"RequestInTheFuture", ErrorKind::clock_skew},
    {"InvalidSignatureException", ErrorKind::clock_skew},
    {"SignatureDoesNotMatch", ErrorKind::clock_skew},
    {"AuthFailure", ErrorKind::clock_skew},

    {"AccessDenied", ErrorKind::access_denied},
    {"AccessDeniedException", ErrorKind::access_denied},
    {"MissingAuthenticationToken", ErrorKind::access_denied},
    {"MissingAuthenticationTokenException", ErrorKind::access_denied},
    {"IncompleteSignature", ErrorKind::access_denied},
    {"IncompleteSignatureException", ErrorKind::access_denied},

    {"ResourceNotFoundException", ErrorKind::resource_not_found},
    {"TableNotFoundException", ErrorKind::resource_not_found},

    {"ValidationException", ErrorKind::validation},
    {"ValidationError", ErrorKind::validation},
    {"SerializationException", ErrorKind::validation},

    {"ConditionalCheckFailedException", ErrorKind::conditional_check_failed},
    {"TransactionCanceledException", ErrorKind::transaction_canceled},

    {"TransactionConflictException", ErrorKind::conflict},
    {"ResourceInUseException", ErrorKind::conflict},
    {"TableInUseException", ErrorKind::conflict},

    {"IdempotentParameterMismatchException", ErrorKind::service},
    {"DuplicateItemException", ErrorKind::service},
    {"ItemCollectionSizeLimitExceededException", ErrorKind::service},
};

/// What the status alone says; `otherwise` when that is nothing.
ErrorKind classify_status(int http_status, ErrorKind otherwise) noexcept {
  switch (http_status) {
    case 429:
      return ErrorKind::throttling;
    case 500:
    case 502:
    case 503:
    case 504:
    case 509:
      return ErrorKind::transient;
    default:
      return otherwise;
  }
}

std::string_view text_of(const json::object& fields, const char* name) noexcept {
  std::string_view text;
  return fields[name].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::string_view text_of(const json::object& fields, const char* name, const char* other_name) noexcept {
  const std::string_view text = text_of(fields, name);
  return text.empty() ? text_of(fields, other_name) : text;
}

/// "namespace#Type:link" -> "Type"; namespace and link may be missing.
std::string_view bare_type(std::string_view type) noexcept {
  if (const auto hash = type.rfind('#'); hash != type.npos) type.remove_prefix(hash + 1);
  return type.substr(0, type.find(':'));
}

/// AWS's text on one line. An answer to a refused signature may quote the request as the service understood it,
/// session token included: that part goes.
std::string clean_message(std::string_view message) {
  for (const std::string_view quotation : {"The Canonical String", "The String-to-Sign"}) {
    message = message.substr(0, message.find(quotation));
  }
  return one_line(message, kMaxMessageBytes);
}

/// Collects reasons into one sentence: "Title: this; that; and 3 more."
class ReasonList {
 public:
  explicit ReasonList(std::string_view title) : sentence_(title) {}

  void add(std::string_view reason) {
    if (++count_ > kMaxReasons) return;
    sentence_.append(count_ == 1 ? ": " : "; ").append(reason);
  }

  std::string sentence() && {
    if (count_ == 0) return {};
    if (count_ > kMaxReasons) sentence_.append("; and ").append(std::to_string(count_ - kMaxReasons)).append(" more");
    return std::move(sentence_.append("."));
  }

 private:
  std::string sentence_;
  std::size_t count_ = 0;
};

/// "reason on resource" for each of ThrottlingReasons.
std::string throttling_detail(const json::array& reasons) {
  ReasonList list("Throttling reasons");
  for (const json::element entry : reasons) {
    json::object fields;
    if (entry.get(fields) != simdjson::SUCCESS) continue;
    std::string reason = one_line(text_of(fields, "reason"), kMaxReasonBytes);
    const std::string_view resource = text_of(fields, "resource");
    if (reason.empty()) continue;
    if (!resource.empty()) reason.append(" on ").append(one_line(resource, kMaxReasonBytes));
    list.add(reason);
  }
  return std::move(list).sentence();
}

std::vector<CancellationReason> cancellation_reasons(const json::object& fields) {
  std::vector<CancellationReason> reasons;
  json::array entries;
  if (fields["CancellationReasons"].get(entries) != simdjson::SUCCESS) return reasons;
  for (const json::element entry : entries) {
    if (reasons.size() == kTransactionItems) break;
    CancellationReason& reason = reasons.emplace_back();
    json::object members;
    if (entry.get(members) != simdjson::SUCCESS) continue;
    reason.code = one_line(text_of(members, "Code"), kMaxTypeBytes);
    reason.message = one_line(text_of(members, "Message", "message"), kMaxReasonBytes);
  }
  return reasons;
}

/// "item n: Code (Message)" for each that is one: Code "None" means nothing against that item.
std::string cancellation_detail(const std::vector<CancellationReason>& reasons) {
  ReasonList list("Cancellation reasons");
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    const CancellationReason& reason = reasons[i];
    if (reason.code.empty() || reason.code == "None") continue;
    std::string text = "item " + std::to_string(i + 1) + ": " + reason.code;
    if (!reason.message.empty()) text.append(" (").append(reason.message).append(")");
    list.add(text);
  }
  return std::move(list).sentence();
}

// Both spellings occur.
std::optional<json::array> throttling_reasons(const json::object& fields) {
  json::array reasons;
  for (const char* name : {"ThrottlingReasons", "throttlingReasons"})
    if (fields[name].get(reasons) == simdjson::SUCCESS) return reasons;
  return std::nullopt;
}

// API Reference, ThrottlingReason: {Table|Index}{Read|Write} and one of ProvisionedThroughputExceeded,
// AccountLimitExceeded, KeyRangeThroughputExceeded, MaxOnDemandThroughputExceeded.
bool all_of_key_ranges(const json::array& reasons) {
  for (const json::element entry : reasons) {
    json::object fields;
    if (entry.get(fields) != simdjson::SUCCESS) return false;
    if (!text_of(fields, "reason").ends_with("KeyRangeThroughputExceeded")) return false;
  }
  return reasons.begin() != reasons.end();
}

/// Nothing when the body is not an error as DynamoDB writes it.
std::optional<Error> read_service_error(int http_status, std::string_view body) {
  if (body.empty() || body.size() > kMaxErrorBody) return std::nullopt;
  const simdjson::padded_string padded(body);
  json::parser parser;
  json::object fields;
  if (parser.parse(padded).get(fields) != simdjson::SUCCESS) return std::nullopt;

  Error error;
  const std::string_view type = bare_type(text_of(fields, "__type"));
  error.type = printable_ascii(type, kMaxTypeBytes);
  if (error.type.empty()) return std::nullopt;
  error.kind = classify_error_type(type, http_status);
  error.message = clean_message(text_of(fields, "message", "Message"));
  if (error.message.empty()) error.message = "the service answered " + error.type + " without a message";
  error.cancellation_reasons = cancellation_reasons(fields);
  if (const auto reasons = throttling_reasons(fields)) {
    error.detail = throttling_detail(*reasons);
    error.hot_partition = error.kind == ErrorKind::throttling && all_of_key_ranges(*reasons);
  }
  if (error.detail.empty()) error.detail = cancellation_detail(error.cancellation_reasons);
  return error;
}

/// A server that only echoes would echo the signature and the session token, too.
bool may_hold_secret(std::string_view body) {
  const std::string lower = ascii_lower(body.substr(0, 4096));
  return lower.find("security-token") != lower.npos || lower.find("authorization") != lower.npos;
}

/// An answer that says nothing but its status.
Error read_foreign_answer(int http_status, std::string_view body) {
  Error error;
  error.kind = classify_status(http_status, ErrorKind::not_dynamodb);
  const std::string status = "HTTP status " + std::to_string(http_status);
  if (error.kind != ErrorKind::not_dynamodb) {
    error.message = "the service answered with " + status;
  } else if (http_status >= 300 && http_status < 400) {
    error.message = "the endpoint answered with a redirect (" + status + "), which DynamoDB never does";
  } else {
    error.message = "the endpoint answered with " + status + ", but not as DynamoDB does";
  }
  const std::string excerpt = may_hold_secret(body) ? std::string() : printable_ascii(body, kMaxExcerptBytes);
  if (!excerpt.empty()) error.detail = "The answer begins: \"" + excerpt + "\".";
  return error;
}

}  // namespace

bool Error::retryable() const noexcept {
  switch (kind) {
    case ErrorKind::throttling:
    case ErrorKind::transient:
    case ErrorKind::connection:
    case ErrorKind::timeout:
    case ErrorKind::corrupt_response:
      return true;
    default:
      return false;
  }
}

ErrorKind classify_error_type(std::string_view type, int http_status) noexcept {
  for (const KnownType& known : kKnownTypes) {
    if (known.name == type) return known.kind;
  }
  return classify_status(http_status, ErrorKind::service);
}

Error parse_error_response(int http_status, std::string_view body, std::string_view request_id) {
  std::optional<Error> service_error = read_service_error(http_status, body);
  Error error = service_error ? std::move(*service_error) : read_foreign_answer(http_status, body);
  error.http_status = http_status;
  error.request_id = printable_ascii(request_id, kMaxTypeBytes);
  return error;
}

}  // namespace dynamodb
