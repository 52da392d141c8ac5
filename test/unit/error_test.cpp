// Tests of error.hpp: error answers and their classes.
#include "dynamodb/error.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

using Kind = ErrorKind;

std::string body_of(std::string_view type, std::string_view rest = R"(,"message":"text")") {
  return R"({"__type":"com.amazonaws.dynamodb.v20120810#)" + std::string(type) + "\"" + std::string(rest) + "}";
}

TEST(Error, ClassifiesEveryKnownType) {
  const struct {
    const char* type;
    int http_status;
    Kind kind;
    bool retryable;
  } cases[] = {
      {"ProvisionedThroughputExceededException", 400, Kind::throttling, true},
      {"ThrottlingException", 400, Kind::throttling, true},
      {"Throttling", 400, Kind::throttling, true},
      {"ThrottledException", 400, Kind::throttling, true},
      {"RequestThrottledException", 400, Kind::throttling, true},
      {"RequestThrottled", 400, Kind::throttling, true},
      {"TooManyRequestsException", 400, Kind::throttling, true},
      {"RequestLimitExceeded", 400, Kind::throttling, true},
      {"BandwidthLimitExceeded", 509, Kind::throttling, true},
      {"LimitExceededException", 400, Kind::throttling, true},
      {"SlowDown", 503, Kind::throttling, true},
      {"PriorRequestNotComplete", 400, Kind::throttling, true},
      {"EC2ThrottledException", 503, Kind::throttling, true},
      {"TransactionInProgressException", 400, Kind::throttling, true},

      {"RequestTimeout", 400, Kind::transient, true},
      {"RequestTimeoutException", 408, Kind::transient, true},
      {"InternalServerError", 500, Kind::transient, true},
      {"InternalServerErrorException", 500, Kind::transient, true},
      {"InternalFailure", 500, Kind::transient, true},
      {"ServiceUnavailable", 503, Kind::transient, true},
      {"ServiceUnavailableException", 503, Kind::transient, true},
      {"ReplicatedWriteConflictException", 409, Kind::transient, true},
      {"IDPCommunicationError", 400, Kind::transient, true},

      {"ExpiredToken", 403, Kind::expired_credentials, false},
      {"ExpiredTokenException", 400, Kind::expired_credentials, false},
      {"UnrecognizedClientException", 400, Kind::expired_credentials, false},
      {"InvalidClientTokenId", 403, Kind::expired_credentials, false},

      {"RequestTimeTooSkewed", 403, Kind::clock_skew, false},
      {"RequestExpired", 400, Kind::clock_skew, false},
      {"RequestInTheFuture", 400, Kind::clock_skew, false},
      {"InvalidSignatureException", 400, Kind::clock_skew, false},
      {"SignatureDoesNotMatch", 403, Kind::clock_skew, false},
      {"AuthFailure", 403, Kind::clock_skew, false},

      {"AccessDenied", 403, Kind::access_denied, false},
      {"AccessDeniedException", 400, Kind::access_denied, false},
      {"MissingAuthenticationToken", 403, Kind::access_denied, false},
      {"MissingAuthenticationTokenException", 400, Kind::access_denied, false},
      {"IncompleteSignature", 400, Kind::access_denied, false},
      {"IncompleteSignatureException", 400, Kind::access_denied, false},

      {"ResourceNotFoundException", 400, Kind::resource_not_found, false},
      {"TableNotFoundException", 400, Kind::resource_not_found, false},
      {"ValidationException", 400, Kind::validation, false},
      {"ValidationError", 400, Kind::validation, false},
      {"SerializationException", 400, Kind::validation, false},
      {"ConditionalCheckFailedException", 400, Kind::conditional_check_failed, false},
      {"TransactionCanceledException", 400, Kind::transaction_canceled, false},
      {"TransactionConflictException", 400, Kind::conflict, false},
      {"ResourceInUseException", 400, Kind::conflict, false},
      {"TableInUseException", 400, Kind::conflict, false},
      {"IdempotentParameterMismatchException", 400, Kind::service, false},
      {"DuplicateItemException", 400, Kind::service, false},
      {"ItemCollectionSizeLimitExceededException", 400, Kind::service, false},

      // unknown ones go by their status
      {"UnknownOperationException", 400, Kind::service, false},
      {"SomethingNew", 404, Kind::service, false},
      {"SomethingNew", 429, Kind::throttling, true},
      {"SomethingNew", 500, Kind::transient, true},
      {"SomethingNew", 502, Kind::transient, true},
      {"SomethingNew", 503, Kind::transient, true},
      {"SomethingNew", 504, Kind::transient, true},
      {"SomethingNew", 509, Kind::transient, true},
      {"SomethingNew", 501, Kind::service, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(classify_error_type(c.type, c.http_status), c.kind) << c.type;
    const Error error = parse_error_response(c.http_status, body_of(c.type), "REQUEST");
    EXPECT_EQ(error.kind, c.kind) << c.type;
    EXPECT_EQ(error.retryable(), c.retryable) << c.type;
    EXPECT_EQ(error.type, c.type);
    EXPECT_EQ(error.message, "text");
    EXPECT_EQ(error.detail, "");
    EXPECT_EQ(error.request_id, "REQUEST");
    EXPECT_EQ(error.http_status, c.http_status);
  }
}

TEST(Error, RetryableKinds) {
  const struct {
    Error error;
    bool retryable;
  } cases[] = {
      {Error::connection("m"), true},       {Error::timeout("m"), true},
      {Error::corrupt_response("m"), true}, {Error::tls("m"), false},
      {Error::not_dynamodb("m"), false},    {Error::response_too_large("m"), false},
      {Error::no_credentials("m"), false},  {Error::bad_configuration("m"), false},
      {Error::invalid_value("m"), false},   {Error::internal("m"), false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(c.error.retryable(), c.retryable) << static_cast<int>(c.error.kind);
    EXPECT_EQ(c.error.message, "m");
  }
}

TEST(Error, ReadsTypeAndMessageInAllSpellings) {
  const struct {
    const char* body;
    const char* type;
    const char* message;
  } cases[] = {
      {R"({"__type":"com.amazonaws.dynamodb.v20120810#ValidationException","message":"m"})", "ValidationException",
       "m"},
      {R"({"__type":"com.amazon.coral.validate#ValidationException","Message":"m"})", "ValidationException", "m"},
      {R"({"message":"m","__type":"ValidationException"})", "ValidationException", "m"},
      {R"({"__type":"#ValidationException","message":"m"})", "ValidationException", "m"},
      {R"({"__type":"a#b#ValidationException:http://x.example/","message":"m"})", "ValidationException", "m"},
      {R"({"__type":"ValidationException"})", "ValidationException",
       "the service answered ValidationException without a message"},
      {R"({"__type":"ValidationException","message":null,"Message":"big"})", "ValidationException", "big"},
      {R"({"__type":"ValidationException","message":17})", "ValidationException",
       "the service answered ValidationException without a message"},
      {R"({"__type":"ValidationException","message":" two\n\tlines\u0000 "})", "ValidationException", "two lines"},
      {"\n{\"__type\":\"ValidationException\",\"message\":\"gr\xC3\xBC\xC3\x9F"
       "e\"}\n",
       "ValidationException",
       "gr\xC3\xBC\xC3\x9F"
       "e"},
  };
  for (const auto& c : cases) {
    const Error error = parse_error_response(400, c.body, "");
    EXPECT_EQ(error.kind, Kind::validation) << c.body;
    EXPECT_EQ(error.type, c.type) << c.body;
    EXPECT_EQ(error.message, c.message) << c.body;
  }
}

TEST(Error, TellsReasons) {
  const struct {
    const char* type;
    const char* rest;
    const char* detail;
  } cases[] = {
      {"ProvisionedThroughputExceededException",
       R"(,"ThrottlingReasons":[{"reason":"TableReadProvisionedThroughputExceeded","resource":"arn:aws:dynamodb:t"}])",
       "Throttling reasons: TableReadProvisionedThroughputExceeded on arn:aws:dynamodb:t."},
      {"ThrottlingException",
       R"(,"throttlingReasons":[{"reason":"A","resource":"r"},{"reason":"B"},{"resource":"only"},7])",
       "Throttling reasons: A on r; B."},
      {"ThrottlingException", R"(,"throttlingReasons":[])", ""},
      {"ThrottlingException", R"(,"throttlingReasons":"x")", ""},
      {"ThrottlingException", R"(,"throttlingReasons":null)", ""},
      {"TransactionCanceledException",
       R"(,"CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"The conditional request)"
       R"( failed","Item":{"id":{"S":"secret item"}}},{"Code":"None","Message":null},{"Code":"TransactionConflict"}])",
       "Cancellation reasons: item 2: ConditionalCheckFailed (The conditional request failed); "
       "item 4: TransactionConflict."},
  };
  for (const auto& c : cases) EXPECT_EQ(parse_error_response(400, body_of(c.type, c.rest), "").detail, c.detail);
}

TEST(Error, TellsAHotPartitionFromABusyTable) {
  const auto is_hot = [](const std::string& type, const std::string& members) {
    return parse_error_response(400, R"({"__type":"x#)" + type + R"(","message":"m",)" + members + "}", "")
        .hot_partition;
  };
  const char* throttled = "ProvisionedThroughputExceededException";
  const std::string hot = R"({"reason":"TableReadKeyRangeThroughputExceeded","resource":"arn"})";
  const std::string busy = R"({"reason":"TableReadProvisionedThroughputExceeded","resource":"arn"})";
  EXPECT_TRUE(is_hot(throttled, R"("ThrottlingReasons":[)" + hot + "]"));
  EXPECT_TRUE(is_hot("ThrottlingException",
                     R"("throttlingReasons":[{"reason":"IndexReadKeyRangeThroughputExceeded"},)" + hot + "]"));
  EXPECT_FALSE(is_hot(throttled, R"("ThrottlingReasons":[)" + hot + "," + busy + "]"));
  EXPECT_FALSE(is_hot(throttled, R"("ThrottlingReasons":[)" + busy + "]"));
  EXPECT_FALSE(is_hot(throttled, R"("ThrottlingReasons":[])"));
  EXPECT_FALSE(is_hot(throttled, R"("ThrottlingReasons":[7])"));
  EXPECT_FALSE(is_hot(throttled, R"("ThrottlingReasons":{})"));
  EXPECT_FALSE(is_hot("ValidationException", R"("ThrottlingReasons":[)" + hot + "]"));
}

TEST(Error, KeepsCancellationReasonsInOrder) {
  const Error error = parse_error_response(
      400,
      body_of("TransactionCanceledException",
              R"(,"CancellationReasons":[{"Code":"None"},7,{"Code":"ConditionalCheckFailed","Message":"no"}])"),
      "");
  ASSERT_EQ(error.cancellation_reasons.size(), 3u);
  EXPECT_EQ(error.cancellation_reasons[0].code, "None");
  EXPECT_EQ(error.cancellation_reasons[1].code, "");
  EXPECT_EQ(error.cancellation_reasons[2].code, "ConditionalCheckFailed");
  EXPECT_EQ(error.cancellation_reasons[2].message, "no");
  EXPECT_TRUE(parse_error_response(400, body_of("ValidationException", ""), "").cancellation_reasons.empty());
}

TEST(Error, ListsOnlySoManyReasons) {
  std::string rest = R"(,"CancellationReasons":[{"Code":"X"})";
  for (int i = 1; i < 100; ++i) rest += R"(,{"Code":"X"})";
  const Error error = parse_error_response(400, body_of("TransactionCanceledException", rest + "]"), "");
  EXPECT_EQ(error.detail.find("item 21"), std::string::npos);
  EXPECT_TRUE(error.detail.ends_with("item 20: X; and 80 more.")) << error.detail;
}

TEST(Error, AnswersThatAreNotDynamoDBs) {
  const struct {
    int http_status;
    std::string_view body;
    Kind kind;
    const char* message;
    const char* detail;
  } cases[] = {
      {500, "", Kind::transient, "the service answered with HTTP status 500", ""},
      {502, "<html>Bad Gateway</html>", Kind::transient, "the service answered with HTTP status 502",
       "The answer begins: \"<html>Bad Gateway</html>\"."},
      {503, "{}", Kind::transient, "the service answered with HTTP status 503", "The answer begins: \"{}\"."},
      {504, "[1,", Kind::transient, "the service answered with HTTP status 504", "The answer begins: \"[1,\"."},
      {509, "", Kind::transient, "the service answered with HTTP status 509", ""},
      {429, "slow down", Kind::throttling, "the service answered with HTTP status 429",
       "The answer begins: \"slow down\"."},
      {501, "", Kind::not_dynamodb, "the endpoint answered with HTTP status 501, but not as DynamoDB does", ""},
      {400, "<h1>Bad\r\n\r\nRequest</h1>\xFF\x01", Kind::not_dynamodb,
       "the endpoint answered with HTTP status 400, but not as DynamoDB does",
       "The answer begins: \"<h1>Bad Request</h1>?\"."},
      {413, "<html>", Kind::not_dynamodb, "the endpoint answered with HTTP status 413, but not as DynamoDB does",
       "The answer begins: \"<html>\"."},
      {404, R"({"message":"no type"})", Kind::not_dynamodb,
       "the endpoint answered with HTTP status 404, but not as DynamoDB does",
       R"(The answer begins: "{"message":"no type"}".)"},
      {403, R"({"__type":""})", Kind::not_dynamodb,
       "the endpoint answered with HTTP status 403, but not as DynamoDB does",
       R"(The answer begins: "{"__type":""}".)"},
      {403, R"({"__type":"x#\u0007"})", Kind::not_dynamodb,
       "the endpoint answered with HTTP status 403, but not as DynamoDB does",
       R"(The answer begins: "{"__type":"x#\u0007"}".)"},
      {301, "", Kind::not_dynamodb,
       "the endpoint answered with a redirect (HTTP status 301), which DynamoDB never does", ""},
      {404, "GET / X-Amz-Security-Token: abc", Kind::not_dynamodb,
       "the endpoint answered with HTTP status 404, but not as DynamoDB does", ""},
      {404, "authorization: AWS4-HMAC-SHA256 abc", Kind::not_dynamodb,
       "the endpoint answered with HTTP status 404, but not as DynamoDB does", ""},
  };
  for (const auto& c : cases) {
    const Error error = parse_error_response(c.http_status, c.body, "r");
    EXPECT_EQ(error.kind, c.kind) << c.http_status << c.body;
    EXPECT_EQ(error.message, c.message);
    EXPECT_EQ(error.detail, c.detail);
    EXPECT_EQ(error.type, "");
    EXPECT_EQ(error.request_id, "r");
  }
}

TEST(Error, IsBounded) {
  const std::string many(1 << 20, 'x');
  const Error foreign = parse_error_response(404, many, many);
  EXPECT_LT(foreign.detail.size(), 250u);
  EXPECT_LT(foreign.request_id.size(), 150u);
  const Error answer = parse_error_response(400, body_of(many, R"(,"message":")" + many + "\""), "");
  EXPECT_LT(answer.type.size(), 150u);
  EXPECT_LT(answer.message.size(), 2100u);
  EXPECT_EQ(parse_error_response(503, std::string(20 << 20, ' '), "").kind, Kind::transient);
}

// The service used to quote the whole request, session token included, when a signature did not match.
TEST(Error, LeavesOutTheQuotedRequest) {
  const Error error = parse_error_response(
      400,
      body_of("InvalidSignatureException",
              R"(,"message":"The request signature we calculated does not match.\n\nThe Canonical String for this )"
              R"(request should have been\n'POST\n/\n\nx-amz-security-token:TOKEN'\n\nThe String-to-Sign ...")"),
      "");
  EXPECT_EQ(error.message, "The request signature we calculated does not match.");
}

}  // namespace
}  // namespace dynamodb
