// What the answers to writes mean for each write: to be sent again, refused, or not known.
#include "dynamodb/write_outcome.hpp"

#include <algorithm>
#include <string_view>

namespace dynamodb {
namespace {

constexpr std::string_view kNone = "None";

struct ReasonKind {
  std::string_view code;
  ErrorKind kind;
};

// Source: API Reference, TransactWriteItems, "TransactionCanceledException".
constexpr ReasonKind kReasonKinds[] = {
    {"ConditionalCheckFailed", ErrorKind::conditional_check_failed},
    {"ItemCollectionSizeLimitExceeded", ErrorKind::service},
    {"TransactionConflict", ErrorKind::conflict},
    {"ProvisionedThroughputExceeded", ErrorKind::throttling},
    {"ThrottlingError", ErrorKind::throttling},
    {"ValidationError", ErrorKind::validation},
    {"AccessDenied", ErrorKind::access_denied},
};

ErrorKind kind_of_reason(std::string_view code) noexcept {
  for (const ReasonKind& known : kReasonKinds)
    if (known.code == code) return known.kind;
  return ErrorKind::service;
}

bool passes_later(const CancellationReason& reason) noexcept {
  const ErrorKind kind = kind_of_reason(reason.code);
  return reason.code == kNone || kind == ErrorKind::conflict || kind == ErrorKind::throttling;
}

bool all_pass_later(const std::vector<CancellationReason>& reasons) noexcept {
  const bool told = std::ranges::any_of(reasons, [](const auto& reason) { return reason.code != kNone; });
  return told && std::ranges::all_of(reasons, [](const auto& reason) { return passes_later(reason); });
}

}  // namespace

bool passes_later(const Error& error) noexcept {
  if (error.kind == ErrorKind::throttling || error.type == "TransactionConflictException") return true;
  return error.kind == ErrorKind::transaction_canceled && all_pass_later(error.cancellation_reasons);
}

bool may_be_one_of_several(const Error& error) noexcept {
  switch (error.kind) {
    case ErrorKind::validation:
    case ErrorKind::access_denied:  // also of BatchWriteItem as an action
    case ErrorKind::resource_not_found:
    case ErrorKind::service:
    case ErrorKind::conflict:
      return true;
    default:
      return false;
  }
}

Error error_of_action(const Error& cancelled, std::size_t index, std::size_t count) {
  if (cancelled.kind != ErrorKind::transaction_canceled || cancelled.cancellation_reasons.size() != count)
    return cancelled;
  const CancellationReason& reason = cancelled.cancellation_reasons[index];
  Error error = cancelled;
  error.cancellation_reasons.clear();
  if (reason.code.empty() || reason.code == kNone) {
    error.message = "not written, because the transaction was cancelled for other items";
    return error;
  }
  error.kind = kind_of_reason(reason.code);
  error.type = reason.code;
  error.message = reason.message.empty() ? "the service cancelled the transaction: " + reason.code : reason.message;
  error.detail.clear();
  return error;
}

std::string new_request_token(Random& random) {
  static constexpr char kHex[] = "0123456789abcdef";
  uint64_t bits[2] = {random.bits(), random.bits()};
  bits[0] = (bits[0] & ~uint64_t{0xf000}) | 0x4000;                  // version 4 ...
  bits[1] = (bits[1] & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);  // ... of variant 1 (RFC 4122, section 4.4)
  std::string token;
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) token += '-';
    token += kHex[(bits[digit / 16] >> (60 - digit % 16 * 4)) & 15];
  }
  return token;
}

}  // namespace dynamodb
