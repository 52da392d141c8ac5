// Tests of write_outcome.
#include "dynamodb/write_outcome.hpp"

#include <gtest/gtest.h>

#include "unit/fake_clock.hpp"

namespace dynamodb {
namespace {

Error cancelled(std::vector<std::string> codes) {
  Error error;
  error.kind = ErrorKind::transaction_canceled;
  error.type = "TransactionCanceledException";
  error.message = "Transaction cancelled";
  error.detail = "Cancellation reasons: many.";
  error.request_id = "REQUEST";
  for (std::string& code : codes) error.cancellation_reasons.push_back({std::move(code), ""});
  return error;
}

TEST(PassesLater, TransactionsByAllTheirReasons) {
  const struct {
    std::vector<std::string> codes;
    bool later;
  } cases[] = {
      {{"TransactionConflict"}, true},
      {{"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}, true},
      {{"TransactionConflict", "ConditionalCheckFailed"}, false},
      {{"None", "ItemCollectionSizeLimitExceeded"}, false},
      {{"ValidationError"}, false},
      {{"TransactionConflict", "SomethingNew"}, false},
      {{"TransactionConflict", ""}, false},
      {{"None", "None"}, false},
      {{}, false},
  };
  for (const auto& c : cases) EXPECT_EQ(passes_later(cancelled(c.codes)), c.later);
}

TEST(PassesLater, OtherErrors) {
  const struct {
    const char* type;
    bool later;
  } cases[] = {{"ThrottlingException", true},
               {"ProvisionedThroughputExceededException", true},
               {"TransactionInProgressException", true},
               {"TransactionConflictException", true},
               {"ConditionalCheckFailedException", false},
               {"IdempotentParameterMismatchException", false},
               {"ItemCollectionSizeLimitExceededException", false},
               {"ResourceInUseException", false},
               {"ValidationException", false}};
  for (const auto& c : cases) {
    const std::string body = R"({"__type":")" + std::string(c.type) + R"(","message":"m"})";
    EXPECT_EQ(passes_later(parse_error_response(400, body, "")), c.later) << c.type;
  }
  EXPECT_FALSE(passes_later(Error::timeout("late")));
}

TEST(ErrorOfAction, EachHasItsOwn) {
  Error whole = cancelled({"None", "ConditionalCheckFailed", "ValidationError"});
  whole.cancellation_reasons[1].message = "The conditional request failed";
  const Error none = error_of_action(whole, 0, 3);
  EXPECT_EQ(none.kind, ErrorKind::transaction_canceled);
  EXPECT_EQ(none.message, "not written, because the transaction was cancelled for other items");
  EXPECT_EQ(none.detail, "Cancellation reasons: many.");
  const Error failed = error_of_action(whole, 1, 3);
  EXPECT_EQ(failed.kind, ErrorKind::conditional_check_failed);
  EXPECT_EQ(failed.message, "The conditional request failed");
  EXPECT_EQ(failed.type, "ConditionalCheckFailed");
  EXPECT_EQ(failed.request_id, "REQUEST");
  EXPECT_EQ(error_of_action(whole, 2, 3).kind, ErrorKind::validation);
  EXPECT_EQ(error_of_action(whole, 2, 3).message, "the service cancelled the transaction: ValidationError");
  EXPECT_EQ(error_of_action(whole, 1, 4).message, "Transaction cancelled") << "reasons that do not match the writes";
  EXPECT_EQ(error_of_action(Error::timeout("late"), 0, 1).kind, ErrorKind::timeout);
}

TEST(RequestToken, IsAUuid) {
  test::FixedRandom zero(0);
  EXPECT_EQ(new_request_token(zero), "00000000-0000-4000-8000-000000000000");
  test::FixedRandom most(1 - 0x1.0p-53);
  EXPECT_EQ(new_request_token(most), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  EXPECT_NE(new_request_token(system_random()), new_request_token(system_random()));
  EXPECT_EQ(new_request_token(system_random()).size(), 36u);
}

}  // namespace
}  // namespace dynamodb
