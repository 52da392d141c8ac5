// Tests of client.hpp.
#include "dynamodb/client.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <memory>
#include <string>
#include <vector>

#include "dynamodb/credentials_http.hpp"
#include "unit/fake_clock.hpp"
#include "unit/fake_transport.hpp"

namespace dynamodb {
namespace {

using test::answer;
using test::error_answer;
using test::FakeClock;
using test::FakeTransport;
using test::FixedRandom;
using test::no_answer;

constexpr Steady::time_point kNever = Steady::time_point::max();
constexpr Steady::time_point kAtOnce = Steady::time_point::min();

/// Hands out "AKID1", after each invalidate() the next number.
class FakeCredentials final : public CredentialsSource {
 public:
  CredentialsAnswer get(CredentialsHttp& http) override {
    ++asked;
    if (fetching) {
      HttpRequest question;
      question.url = "http://credentials/";
      if (request == 0) request = http.start(question, "");
      if (!http.take(request)) {
        http.wake_at(wake);
        return CredentialsAnswer::pending();
      }
      fetching = false;
    }
    if (error) return *error;
    if (none) return std::optional<Credentials>();
    Credentials credentials;
    credentials.access_key_id = "AKID" + std::to_string(generation);
    credentials.secret_access_key = "secret";
    credentials.session_token = "token" + std::to_string(generation);
    return std::optional(credentials);
  }
  void invalidate() noexcept override { ++generation; }
  std::string description() const override { return "a test"; }

  int generation = 1;
  int asked = 0;
  bool fetching = false;  // an answer is needed first
  RequestId request = 0;
  Steady::time_point wake = kNever;
  bool none = false;
  std::optional<Error> error;
};

std::string gzip(std::string_view text) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(out.size() - z.avail_out);
  deflateEnd(&z);
  return out;
}

std::string crc_of(std::string_view body) {
  return std::to_string(crc32_z(0, reinterpret_cast<const Bytef*>(body.data()), body.size()));
}

std::string http_date(WallTime::time_point time) {
  const std::time_t seconds = WallTime::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() { make(32, 10); }

  void make(int max_connections, int max_attempts) {
    client.reset();
    ClientConfig config;
    config.endpoint.url = "http://127.0.0.1:8000/";
    config.endpoint.signing_region = "eu-west-1";
    config.max_connections = max_connections;
    config.max_attempts = max_attempts;
    config.ca_bundle = "/ca.pem";
    auto owned_transport = std::make_unique<FakeTransport>();
    auto owned_credentials = std::make_unique<FakeCredentials>();
    transport = owned_transport.get();
    credentials = owned_credentials.get();
    client = std::make_unique<Client>(config, std::move(owned_credentials), std::move(owned_transport), clock, random);
  }

  std::unique_ptr<Call> start(std::string body = "{}", int max_attempts = 0) {
    return client->start("Scan", std::move(body), &statistics, {max_attempts});
  }

  std::unique_ptr<Call> start_and_send() {
    auto call = start();
    client->advance();
    return call;
  }

  void respond(HttpResponse response) {
    transport->respond(std::move(response));
    client->advance();
  }

  /// Lets the time pass that the client asked to be woken after.
  void sleep_until_wake() {
    ASSERT_NE(transport->wake, kNever);
    if (transport->wake > clock.now()) {
      clock.advance(std::chrono::ceil<Milliseconds>(transport->wake - clock.now()));
    }
    client->advance();
  }

  FakeClock clock;
  FixedRandom random{0.5};
  CallStatistics statistics;
  FakeTransport* transport = nullptr;
  FakeCredentials* credentials = nullptr;
  std::unique_ptr<Client> client;
};

TEST_F(ClientTest, SendsWhatTheServiceExpects) {
  auto call = client->start("Query", R"({"TableName":"t"})");
  EXPECT_TRUE(transport->sent.empty());  // only advance() sends
  client->advance();
  ASSERT_EQ(transport->sent.size(), 1u);
  const HttpRequest& request = transport->sent[0].request;
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "http://127.0.0.1:8000/");
  EXPECT_EQ(request.headers, (std::vector<std::string>{"Content-Type: application/x-amz-json-1.0",
                                                       "X-Amz-Target: DynamoDB_20120810.Query"}));
  EXPECT_EQ(transport->sent[0].body, R"({"TableName":"t"})");
  EXPECT_EQ(request.signing.access_key_id, "AKID1");
  EXPECT_EQ(request.signing.secret_access_key, "secret");
  EXPECT_EQ(request.signing.session_token, "token1");
  EXPECT_EQ(request.signing.region, "eu-west-1");
  EXPECT_EQ(request.signing.service, "dynamodb");
  EXPECT_FALSE(request.signing_time);
  EXPECT_TRUE(request.accept_gzip);
  EXPECT_EQ(request.connect_timeout, Milliseconds(5000));
  EXPECT_EQ(request.request_timeout, Milliseconds(60000));
  EXPECT_EQ(request.ca_bundle, "/ca.pem");
  EXPECT_EQ(request.max_response_bytes, kMaxResponseBytes);
}

TEST_F(ClientTest, KeepsSlowCalls) {
  client->keep_slow_calls(Milliseconds(100));
  auto slow = start(R"({"TableName":"t"})");
  auto fast = start();
  client->advance();
  clock.advance(Milliseconds(50));
  transport->respond(transport->sent[1].id, answer(200, "{}"));
  client->advance();
  transport->respond(transport->sent[0].id, error_answer(500, "InternalServerError"));
  client->advance();
  sleep_until_wake();
  clock.advance(Milliseconds(200));
  HttpResponse refused = error_answer(400, "ValidationException");
  refused.request_id = "R1";
  respond(std::move(refused));
  ASSERT_TRUE(slow->finished());
  SlowCall kept;
  ASSERT_TRUE(client->take_slow_call(&kept));
  EXPECT_EQ(kept.operation, "Scan");
  EXPECT_EQ(kept.tables, "t");
  EXPECT_GE(kept.duration, Milliseconds(250));
  EXPECT_EQ(kept.attempts, 2u);
  EXPECT_EQ(kept.http_status, 400);
  EXPECT_EQ(kept.request_id, "R1");
  EXPECT_EQ(kept.error, "ValidationException");
  EXPECT_FALSE(client->take_slow_call(&kept));
}

TEST_F(ClientTest, KeepsAllCallsOrNone) {
  const auto one = [this] {
    auto call = start_and_send();
    respond(answer(200, "{}"));
  };
  one();
  client->keep_slow_calls(Milliseconds(0));
  for (std::size_t i = 0; i <= Client::kMaxSlowCalls; ++i) one();
  SlowCall kept;
  std::size_t count = 0;
  while (client->take_slow_call(&kept)) ++count;
  EXPECT_EQ(count, Client::kMaxSlowCalls);
  EXPECT_EQ(kept.error, "");
  EXPECT_EQ(kept.http_status, 200);
  one();
  client->keep_slow_calls(Milliseconds(-1));
  EXPECT_FALSE(client->take_slow_call(&kept));
}

TEST_F(ClientTest, LimitsAnAnswerBeforeAndAfterDecompression) {
  CallOptions options;
  options.max_response_bytes = 1 << 20;
  auto call = client->start("DescribeTable", "{}", nullptr, options);
  client->advance();
  EXPECT_EQ(transport->sent.back().request.max_response_bytes, std::size_t{1} << 20);
  HttpResponse response = answer(200, gzip("{" + std::string((1 << 20) + 1, ' ') + "}"));
  response.content_encoding = "gzip";
  transport->respond(std::move(response));
  client->advance();
  ASSERT_TRUE(call->finished());
  ASSERT_NE(call->error(), nullptr);
  EXPECT_EQ(call->error()->kind, ErrorKind::response_too_large);
  EXPECT_EQ(call->error()->message, "answer is longer than 1 MB when decompressed");
}

TEST_F(ClientTest, KeepsCallsUntilThereAreCredentials) {
  credentials->fetching = true;
  auto first = start();
  auto second = start();
  client->advance();
  ASSERT_EQ(transport->sent.size(), 1u);
  EXPECT_EQ(transport->sent[0].request.url, "http://credentials/");
  EXPECT_EQ(transport->wake, kNever);  // the answer is what wakes
  credentials->wake = clock.now() + Milliseconds(70);
  auto third = start();
  client->advance();
  EXPECT_EQ(transport->wake, clock.now() + Milliseconds(70));
  EXPECT_EQ(transport->sent.size(), 1u);
  respond(answer(200, "{}"));
  EXPECT_EQ(transport->sent.size(), 4u);  // all three, with one look at the credentials
  EXPECT_EQ(credentials->asked, 3);
  EXPECT_EQ(transport->sent[1].request.signing.access_key_id, "AKID1");
  EXPECT_EQ(client->outstanding(), 3u);
}

TEST_F(ClientTest, FailsAllThatWaitForCredentials) {
  credentials->fetching = true;
  credentials->error = Error::no_credentials("gone");
  auto first = start();
  auto second = start();
  client->advance();
  respond(answer(200, "{}"));
  for (const Call* call : {first.get(), second.get()}) {
    ASSERT_TRUE(call->finished());
    EXPECT_EQ(call->error()->message, "gone");
    EXPECT_FALSE(call->maybe_applied());
  }
  EXPECT_EQ(transport->sent.size(), 1u);
}

TEST_F(ClientTest, HandsOutAPaddedBody) {
  auto call = start_and_send();
  EXPECT_FALSE(call->finished());
  EXPECT_EQ(client->outstanding(), 1u);
  respond(answer(200, R"({"Count":1})"));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->error(), nullptr);
  EXPECT_EQ(client->outstanding(), 0u);
  BodyBuffer body = call->take_body();
  EXPECT_EQ(body.view(), R"({"Count":1})");
  for (std::size_t i = 0; i < BodyBuffer::kPadding; ++i) EXPECT_EQ(body.data()[body.size() + i], '\0');
}

TEST_F(ClientTest, ChecksTheCrcOfTheCompressedBodyThenDecompresses) {
  const std::string json = R"({"Items":[)" + std::string(100000, ' ') + "]}";
  HttpResponse response = answer(200, gzip(json));
  response.content_encoding = "gzip";
  response.crc32 = crc_of(response.body.view());
  const uint64_t on_the_wire = response.body.size();
  auto call = start_and_send();
  respond(std::move(response));
  ASSERT_TRUE(call->finished());
  ASSERT_EQ(call->error(), nullptr);
  EXPECT_TRUE(call->take_body().view() == json);
  EXPECT_EQ(statistics.bytes_received, on_the_wire);
  EXPECT_EQ(transport->recycled, 1);  // the compressed body
}

TEST_F(ClientTest, ErrorBodiesMayBeCompressed) {
  HttpResponse response = error_answer(400, "ValidationException", "long");
  const std::string packed = gzip(response.body.view());
  response.body = test::buffer_of(packed);
  response.content_encoding = "gzip";
  auto call = start_and_send();
  respond(std::move(response));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->error()->kind, ErrorKind::validation);
}

struct Outcome {
  const char* name;
  HttpResponse response;
  ErrorKind kind;
  bool retried;
};

std::vector<Outcome> outcomes() {
  std::vector<Outcome> list;
  const auto add = [&list](const char* name, HttpResponse response, ErrorKind kind, bool retried) {
    list.push_back({name, std::move(response), kind, retried});
  };
  add("throttled", error_answer(400, "ProvisionedThroughputExceededException"), ErrorKind::throttling, true);
  add("throttled 2", error_answer(400, "ThrottlingException"), ErrorKind::throttling, true);
  add("429", answer(429, ""), ErrorKind::throttling, true);
  add("500", error_answer(500, "InternalServerError"), ErrorKind::transient, true);
  add("500 without a body", answer(500, ""), ErrorKind::transient, true);
  add("503 with HTML", answer(503, "<html>"), ErrorKind::transient, true);
  add("504", answer(504, ""), ErrorKind::transient, true);
  add("refused", no_answer(Error::connection("refused")), ErrorKind::connection, true);
  add("time-out", no_answer(Error::timeout("late")), ErrorKind::timeout, true);
  add("empty 200", answer(200, ""), ErrorKind::corrupt_response, true);
  add("tls", no_answer(Error::tls("who are you")), ErrorKind::tls, false);
  add("too large", no_answer(Error::response_too_large("big")), ErrorKind::response_too_large, false);
  add("validation", error_answer(400, "ValidationException"), ErrorKind::validation, false);
  add("no table", error_answer(400, "ResourceNotFoundException"), ErrorKind::resource_not_found, false);
  add("denied", error_answer(400, "AccessDeniedException"), ErrorKind::access_denied, false);
  add("condition", error_answer(400, "ConditionalCheckFailedException"), ErrorKind::conditional_check_failed, false);
  add("cancelled", error_answer(400, "TransactionCanceledException"), ErrorKind::transaction_canceled, false);
  add("login page", answer(200, "<html>"), ErrorKind::not_dynamodb, false);
  add("redirect", answer(302, ""), ErrorKind::not_dynamodb, false);
  add("404", answer(404, "not here"), ErrorKind::not_dynamodb, false);
  HttpResponse wrong_crc = answer(200, "{}");
  wrong_crc.crc32 = "1";
  add("wrong CRC", std::move(wrong_crc), ErrorKind::corrupt_response, true);
  HttpResponse wrong_gzip = answer(200, "{}");
  wrong_gzip.content_encoding = "gzip";
  add("wrong gzip", std::move(wrong_gzip), ErrorKind::corrupt_response, true);
  HttpResponse error_with_wrong_crc = error_answer(400, "ValidationException");
  error_with_wrong_crc.crc32 = "1";
  add("error with wrong CRC", std::move(error_with_wrong_crc), ErrorKind::corrupt_response, true);
  HttpResponse error_with_wrong_gzip = answer(503, "<html>");
  error_with_wrong_gzip.content_encoding = "gzip";
  add("503 with wrong gzip", std::move(error_with_wrong_gzip), ErrorKind::transient, true);
  HttpResponse some_error_with_wrong_gzip = error_answer(400, "ThrottlingException");
  some_error_with_wrong_gzip.content_encoding = "gzip";
  add("400 with wrong gzip", std::move(some_error_with_wrong_gzip), ErrorKind::corrupt_response, true);
  HttpResponse unknown_encoding = answer(200, "{}");
  unknown_encoding.content_encoding = "br";
  add("unknown encoding", std::move(unknown_encoding), ErrorKind::not_dynamodb, false);
  return list;
}

TEST_F(ClientTest, RetriesWhatMayPassAndNothingElse) {
  for (Outcome& outcome : outcomes()) {
    SCOPED_TRACE(outcome.name);
    make(32, 3);
    outcome.response.request_id = "REQUEST";
    const bool had_answer = !outcome.response.failure;
    auto call = start_and_send();
    respond(std::move(outcome.response));
    EXPECT_EQ(call->finished(), !outcome.retried);
    if (outcome.retried) {
      EXPECT_EQ(transport->sent.size(), 1u);  // not at once
      sleep_until_wake();
      EXPECT_EQ(transport->sent.size(), 2u);
      respond(answer(200, "{}"));
      ASSERT_TRUE(call->finished());
      EXPECT_EQ(call->error(), nullptr);
    } else {
      ASSERT_NE(call->error(), nullptr);
      EXPECT_EQ(call->error()->kind, outcome.kind);
      EXPECT_EQ(call->error()->request_id, had_answer ? "REQUEST" : "");
      EXPECT_EQ(transport->sent.size(), 1u);
    }
  }
}

TEST_F(ClientTest, GivesUpAfterTheLastAttempt) {
  for (Outcome& outcome : outcomes()) {
    if (!outcome.retried) continue;
    SCOPED_TRACE(outcome.name);
    make(32, 1);
    auto call = start_and_send();
    respond(std::move(outcome.response));
    ASSERT_TRUE(call->finished());
    EXPECT_EQ(call->error()->kind, outcome.kind);
  }
}

TEST_F(ClientTest, BacksOffWithFullJitterAndWakesInTime) {
  struct {
    const char* name;
    HttpResponse (*response)();
    std::vector<int> delays;  // milliseconds: half of base * 2^n, up to half of 20 s
  } const cases[] = {
      {"transient", [] { return answer(500, ""); }, {25, 50, 100, 200, 400, 800, 1600, 3200, 6400}},
      {"throttled", [] { return answer(429, ""); }, {50, 100, 200, 400, 800, 1600, 3200, 6400, 10000}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    make(32, 10);
    auto call = start_and_send();
    for (int delay : c.delays) {
      respond(c.response());
      EXPECT_EQ(transport->wake - clock.now(), Milliseconds(delay));
      clock.advance(Milliseconds(delay - 1));
      client->advance();
      EXPECT_TRUE(transport->open.empty());
      clock.advance(Milliseconds(1));
      client->advance();
      EXPECT_EQ(transport->open.size(), 1u);
      EXPECT_EQ(transport->wake, kNever);
    }
    respond(c.response());
    ASSERT_TRUE(call->finished());
    EXPECT_EQ(call->error()->detail, "Tried 10 times.");
    EXPECT_EQ(transport->sent.size(), 10u);
  }
}

TEST_F(ClientTest, ACallMayHaveItsOwnNumberOfAttempts) {
  auto call = start("{}", 2);
  client->advance();
  respond(answer(500, ""));
  sleep_until_wake();
  respond(answer(500, ""));
  EXPECT_TRUE(call->finished());
}

TEST_F(ClientTest, HonoursRetryAfter) {
  struct {
    const char* header;
    int delay;
  } const cases[] = {{"", 50}, {"10", 50}, {"2000", 2000}, {"3600000", 5050}, {"soon", 50}, {"-1", 50}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.header);
    make(32, 10);
    auto call = start_and_send();
    HttpResponse response = answer(429, "");
    response.retry_after = c.header;
    respond(std::move(response));
    EXPECT_EQ(transport->wake - clock.now(), Milliseconds(c.delay));
  }
}

TEST_F(ClientTest, CountsWhatItDid) {
  auto call = start_and_send();
  respond(error_answer(400, "ThrottlingException"));
  const uint64_t first = statistics.bytes_received;
  EXPECT_GT(first, 0u);
  sleep_until_wake();
  respond(no_answer(Error::connection("reset")));
  sleep_until_wake();
  respond(answer(200, "{}"));
  EXPECT_TRUE(call->finished());
  EXPECT_EQ(statistics.requests, 3u);
  EXPECT_EQ(statistics.retries, 2u);
  EXPECT_EQ(statistics.throttled, 1u);
  EXPECT_EQ(statistics.bytes_received, first + 2);
}

TEST_F(ClientTest, ABrokenEndpointUsesTheRetriesUp) {
  // 500 tokens, 5 a retry: 100 retries for all calls together, whatever the attempts allowed.
  make(1, 1000);
  std::size_t calls = 0;
  while (transport->sent.size() < 300) {
    auto call = start_and_send();
    ++calls;
    while (!call->finished()) {
      respond(no_answer(Error::connection("refused")));
      if (!call->finished()) sleep_until_wake();
    }
  }
  EXPECT_EQ(transport->sent.size() - calls, 100u);
  auto call = start_and_send();
  respond(answer(200, "{}"));  // gives one token back
  for (int i = 0; i < 4; ++i) {
    call = start_and_send();
    respond(answer(200, "{}"));
  }
  call = start_and_send();
  respond(no_answer(Error::connection("refused")));
  EXPECT_FALSE(call->finished());  // five successes pay for one retry
  sleep_until_wake();
  respond(answer(200, "{}"));  // and its success gives them back
  call = start_and_send();
  respond(no_answer(Error::connection("refused")));
  EXPECT_FALSE(call->finished());
}

HttpResponse not_reached(Error error) {
  HttpResponse response = no_answer(std::move(error));
  response.maybe_sent = false;
  return response;
}

// An endpoint that was never reached is soon given up.
TEST_F(ClientTest, AnEndpointThatIsNotThereFailsSoon) {
  random = FixedRandom(0.99);
  const auto start = clock.now();
  auto call = start_and_send();
  for (respond(not_reached(Error::connection("refused"))); !call->finished();
       respond(not_reached(Error::connection("refused"))))
    sleep_until_wake();
  EXPECT_EQ(call->error()->message, "refused");
  EXPECT_GE(transport->sent.size(), 5u);
  EXPECT_LE(clock.now() - start, std::chrono::seconds(5));
}

TEST_F(ClientTest, AnEndpointThatDoesNotConnectIsTriedTwice) {
  auto call = start_and_send();
  clock.advance(Milliseconds(5000));
  respond(not_reached(Error::timeout("no connection")));
  ASSERT_FALSE(call->finished());
  sleep_until_wake();
  clock.advance(Milliseconds(5000));
  respond(not_reached(Error::timeout("no connection")));
  EXPECT_TRUE(call->finished());
  EXPECT_EQ(transport->sent.size(), 2u);
}

TEST_F(ClientTest, AnEndpointThatHasAnsweredIsWaitedFor) {
  random = FixedRandom(0.99);
  auto first = start_and_send();
  respond(error_answer(400, "ValidationException"));
  auto call = start_and_send();
  for (int i = 1; i < 10; ++i) {
    respond(not_reached(Error::connection("refused")));
    ASSERT_FALSE(call->finished()) << i;
    sleep_until_wake();
  }
  respond(answer(200, "{}"));
  EXPECT_EQ(call->error(), nullptr);
}

// --- what may have been carried out

TEST_F(ClientTest, TellsWhetherAWriteMayHaveBeenCarriedOut) {
  const auto never_sent = [](Error error) {
    HttpResponse response = no_answer(std::move(error));
    response.maybe_sent = false;
    return response;
  };
  HttpResponse damaged = answer(200, "{}");
  damaged.crc32 = "1";
  std::vector<std::pair<HttpResponse, bool>> cases;
  cases.emplace_back(never_sent(Error::connection("refused")), false);
  cases.emplace_back(never_sent(Error::tls("who are you")), false);
  cases.emplace_back(no_answer(Error::connection("reset")), true);
  cases.emplace_back(no_answer(Error::timeout("late")), true);
  cases.emplace_back(answer(500, ""), true);
  cases.emplace_back(answer(503, "<html>"), true);
  cases.emplace_back(answer(200, ""), true);
  cases.emplace_back(std::move(damaged), true);
  cases.emplace_back(error_answer(400, "ThrottlingException"), false);
  cases.emplace_back(error_answer(400, "ProvisionedThroughputExceededException"), false);
  cases.emplace_back(error_answer(400, "ValidationException"), false);
  cases.emplace_back(error_answer(400, "ExpiredTokenException"), false);
  for (auto& [response, maybe] : cases) {
    SCOPED_TRACE(response.status);
    for (int attempts : {1, 2}) {
      make(32, attempts);
      auto call = start_and_send();
      HttpResponse copy;
      copy.status = response.status;
      copy.failure = response.failure;
      copy.maybe_sent = response.maybe_sent;
      copy.crc32 = response.crc32;
      copy.body = test::buffer_of(response.body.view());
      respond(std::move(copy));
      if (!call->finished()) {
        if (transport->open.empty()) sleep_until_wake();
        respond(error_answer(400, "ConditionalCheckFailedException"));
      }
      ASSERT_TRUE(call->finished());
      EXPECT_EQ(call->maybe_applied(), maybe) << call->error()->message;
    }
  }
}

TEST_F(ClientTest, AKeptConnectionThatDiedCostsNoTimeAndNoAttempt) {
  make(32, 2);
  const auto stale = [] {
    HttpResponse response = no_answer(Error::connection("closed before an answer"));
    response.stale_connection = true;
    return response;
  };
  auto call = start_and_send();
  EXPECT_FALSE(transport->sent[0].request.fresh_connection);
  respond(stale());
  ASSERT_EQ(transport->sent.size(), 2u) << "at once";
  EXPECT_TRUE(transport->sent[1].request.fresh_connection);
  EXPECT_EQ(statistics.retries, 1u);
  respond(stale());  // a second time it is like any other failure
  EXPECT_EQ(transport->sent.size(), 2u);
  sleep_until_wake();
  respond(answer(200, "{}"));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->error(), nullptr);
  EXPECT_TRUE(call->maybe_applied());
  auto next = start_and_send();
  EXPECT_FALSE(transport->sent.back().request.fresh_connection);
}

TEST_F(ClientTest, AfterAFailureOfAConnectionNoneThatWasKeptIsTaken) {
  make(32, 3);
  auto call = start_and_send();
  EXPECT_FALSE(transport->sent[0].request.fresh_connection);
  respond(error_answer(500, "InternalServerError"));
  sleep_until_wake();
  ASSERT_EQ(transport->sent.size(), 2u);
  EXPECT_FALSE(transport->sent[1].request.fresh_connection) << "the connection is fine";
  respond(no_answer(Error::connection("reset by peer")));
  sleep_until_wake();
  ASSERT_EQ(transport->sent.size(), 3u);
  EXPECT_TRUE(transport->sent[2].request.fresh_connection);
  respond(answer(200, "{}"));
  EXPECT_TRUE(call->finished());
}

TEST_F(ClientTest, WhatMayHaveHappenedIsNotRepeatedWhereThatIsTheWish) {
  const auto start_once = [&] {
    auto call = client->start("UpdateItem", "{}", &statistics, {.repeat_doubtful = false});
    client->advance();
    return call;
  };
  auto call = start_once();
  EXPECT_TRUE(transport->sent[0].request.fresh_connection);
  respond(error_answer(400, "ThrottlingException"));  // a refusal: nothing has happened
  sleep_until_wake();
  ASSERT_EQ(transport->sent.size(), 2u);
  respond(error_answer(500, "InternalServerError"));
  ASSERT_TRUE(call->finished());
  EXPECT_TRUE(call->maybe_applied());
  EXPECT_EQ(call->error()->kind, ErrorKind::transient);
  EXPECT_EQ(transport->sent.size(), 2u);

  HttpResponse unsent = no_answer(Error::connection("refused"));
  unsent.maybe_sent = false;
  auto second = start_once();
  respond(std::move(unsent));
  EXPECT_FALSE(second->finished());
  auto third = start_once();
  respond(no_answer(Error::timeout("no answer")));
  ASSERT_TRUE(third->finished());
  EXPECT_TRUE(third->maybe_applied());
}

TEST_F(ClientTest, ThrottlingMayBeLeftToTheCaller) {
  CallOptions options;
  options.retry_throttling = false;
  auto call = client->start("PutItem", "{}", &statistics, options);
  client->advance();
  HttpResponse response = error_answer(400, "ThrottlingException");
  response.retry_after = "150";
  respond(std::move(response));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->error()->kind, ErrorKind::throttling);
  EXPECT_EQ(call->retry_after(), Milliseconds(150));
  EXPECT_EQ(statistics.throttled, 1u);
  auto other = client->start("PutItem", "{}", &statistics, options);
  client->advance();
  respond(answer(500, ""));
  EXPECT_FALSE(other->finished()) << "what is not throttling is still tried again";
}

// --- credentials

TEST_F(ClientTest, RefreshesRefusedCredentialsOnce) {
  make(32, 1);  // not counted as an attempt
  auto call = start_and_send();
  respond(error_answer(400, "ExpiredTokenException"));
  ASSERT_EQ(transport->sent.size(), 2u);  // at once
  EXPECT_EQ(transport->sent[1].request.signing.access_key_id, "AKID2");
  EXPECT_EQ(transport->sent[1].request.signing.session_token, "token2");
  respond(error_answer(400, "UnrecognizedClientException"));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->error()->kind, ErrorKind::expired_credentials);
  EXPECT_EQ(credentials->generation, 2);
  EXPECT_EQ(statistics.retries, 1u);
}

TEST_F(ClientTest, RequestsInFlightTogetherRefreshTogether) {
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 8; ++i) calls.push_back(start());
  client->advance();
  for (RequestId id : std::vector(transport->open)) {
    transport->respond(id, error_answer(400, "ExpiredTokenException"));
    client->advance();
  }
  EXPECT_EQ(credentials->generation, 2);
  EXPECT_EQ(transport->sent.size(), 16u);
  for (RequestId id : std::vector(transport->open)) transport->respond(id, answer(200, "{}"));
  client->advance();
  for (const auto& call : calls) EXPECT_TRUE(call->finished() && call->error() == nullptr);
}

TEST_F(ClientTest, AsksForCredentialsAtEachAttempt) {
  auto call = start_and_send();
  credentials->generation = 7;  // rotated
  respond(answer(500, ""));
  sleep_until_wake();
  EXPECT_EQ(transport->sent[1].request.signing.access_key_id, "AKID7");
}

TEST_F(ClientTest, WithoutCredentialsNothingIsSent) {
  credentials->none = true;
  auto first = start_and_send();
  ASSERT_TRUE(first->finished());
  EXPECT_EQ(first->error()->kind, ErrorKind::no_credentials);
  EXPECT_EQ(first->error()->message, "no AWS credentials found in a test");
  credentials->error = Error::bad_configuration("broken file");
  auto second = start_and_send();
  ASSERT_TRUE(second->finished());
  EXPECT_EQ(second->error()->message, "broken file");
  EXPECT_TRUE(transport->sent.empty());
  EXPECT_EQ(client->outstanding(), 0u);
}

// --- the clock

TEST_F(ClientTest, CorrectsAWrongClockOnce) {
  for (const char* type : {"InvalidSignatureException", "RequestTimeTooSkewed", "SignatureDoesNotMatch"}) {
    for (const auto skew : {std::chrono::minutes(20), std::chrono::minutes(-20)}) {
      SCOPED_TRACE(type);
      make(32, 1);
      auto call = start_and_send();
      clock.advance(Milliseconds(3000));  // the answer took its time: the skew is that of now
      HttpResponse response = error_answer(400, type);
      response.date = http_date(clock.wall_now() + skew);
      respond(std::move(response));
      ASSERT_EQ(transport->sent.size(), 2u);
      ASSERT_TRUE(transport->sent[1].request.signing_time);
      EXPECT_EQ(*transport->sent[1].request.signing_time, clock.wall_now() + skew);
      respond(answer(200, "{}"));
      EXPECT_TRUE(call->finished() && call->error() == nullptr);

      clock.advance(Milliseconds(1000));
      auto later = start_and_send();  // goes right at once
      EXPECT_EQ(*transport->sent[2].request.signing_time, clock.wall_now() + skew);
    }
  }
}

TEST_F(ClientTest, AWrongSecretIsNoWrongClock) {
  auto call = start_and_send();
  HttpResponse response = error_answer(400, "InvalidSignatureException");
  response.date = http_date(clock.wall_now() + std::chrono::minutes(3));
  respond(std::move(response));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->error()->kind, ErrorKind::clock_skew);
  EXPECT_EQ(call->error()->type, "InvalidSignatureException");
}

TEST_F(ClientTest, WithoutADateThereIsNothingToCorrect) {
  for (const char* date : {"", "yesterday"}) {
    auto call = start_and_send();
    HttpResponse response = error_answer(400, "RequestTimeTooSkewed");
    response.date = date;
    respond(std::move(response));
    EXPECT_TRUE(call->finished());
  }
}

TEST_F(ClientTest, AClockThatIsRefusedAgainIsFinal) {
  auto call = start_and_send();
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(call->finished());
    HttpResponse response = error_answer(400, "RequestTimeTooSkewed");
    response.date = http_date(clock.wall_now() + std::chrono::hours(i + 1));
    respond(std::move(response));
  }
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->error()->kind, ErrorKind::clock_skew);
}

TEST_F(ClientTest, ACorrectionIsTakenBackWhenTheClockIsRightAgain) {
  auto call = start_and_send();
  HttpResponse response = error_answer(400, "InvalidSignatureException");
  response.date = http_date(clock.wall_now() + std::chrono::hours(2));
  respond(std::move(response));
  respond(answer(200, "{}"));
  // Somebody sets the process's clock; the correction is now what is wrong.
  auto later = start_and_send();
  response = error_answer(400, "InvalidSignatureException");
  response.date = http_date(clock.wall_now());
  respond(std::move(response));
  ASSERT_EQ(transport->sent.size(), 4u);
  EXPECT_FALSE(transport->sent[3].request.signing_time);
}

// --- queueing

TEST_F(ClientTest, KeepsToItsConnectionsAndToTheOrder) {
  make(3, 10);
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(start(std::to_string(i)));
  EXPECT_EQ(transport->wake, kAtOnce);
  client->advance();
  EXPECT_EQ(transport->sent.size(), 3u);
  EXPECT_EQ(transport->wake, kNever);  // or the owner would spin
  EXPECT_EQ(client->outstanding(), 10u);
  while (!transport->open.empty()) {
    transport->respond(transport->open.front(), answer(200, "{}"));
    client->advance();
    EXPECT_LE(transport->open.size(), 3u);
  }
  ASSERT_EQ(transport->sent.size(), 10u);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(transport->sent[i].body, std::to_string(i));
  for (const auto& call : calls) EXPECT_TRUE(call->finished());
}

TEST_F(ClientTest, RepetitionsGoBeforeFreshCalls) {
  make(1, 10);
  auto first = start("first");
  auto second = start("second");
  auto third = start("third");
  client->advance();
  respond(answer(500, ""));  // first backs off, second goes
  respond(answer(500, ""));  // second backs off, third goes
  EXPECT_EQ(transport->sent[2].body, "third");
  auto fourth = start("fourth");
  clock.advance(Milliseconds(1000));
  for (const char* next : {"first", "second", "fourth"}) {
    respond(answer(200, "{}"));
    EXPECT_EQ(transport->sent.back().body, next);
  }
}

TEST_F(ClientTest, AFullClientIsNotWokenForARetry) {
  make(1, 10);
  auto first = start("first");
  client->advance();
  auto second = start("second");
  respond(answer(500, ""));
  EXPECT_EQ(transport->sent.back().body, "second");
  clock.advance(Milliseconds(100000));
  client->advance();
  EXPECT_EQ(transport->wake, kNever);
  EXPECT_EQ(transport->sent.size(), 2u);
}

TEST_F(ClientTest, WakesItsOwnerWhenAskedTo) {
  make(1, 10);
  const Steady::time_point wish = clock.now() + Milliseconds(100);
  client->wake_at(wish + Milliseconds(100));
  client->wake_at(wish);
  EXPECT_EQ(transport->wake, wish);
  client->advance();
  EXPECT_EQ(transport->wake, wish);  // too early
  auto first = start("first");
  EXPECT_EQ(transport->wake, kAtOnce);
  client->advance();
  auto second = start("second");
  EXPECT_EQ(transport->wake, wish);  // also where there is no room for what is queued
  clock.advance(Milliseconds(100));
  client->advance();
  EXPECT_EQ(transport->wake, kNever);
  client->wake_at(kAtOnce);
  EXPECT_EQ(transport->wake, kAtOnce);
  client->advance();
  EXPECT_EQ(transport->wake, kNever);
}

TEST_F(ClientTest, WhatWasJustSentReachesTheNetworkAtOnce) {
  auto call = start();
  const int before = transport->advances;
  client->advance();
  EXPECT_EQ(transport->advances, before + 2);  // once before the request was there, once after
}

// --- cancelling

TEST_F(ClientTest, AQueuedCallIsForgotten) {
  for (const std::string dropped : {"0", "1", "2", "3", "02", "13", "0123"}) {
    SCOPED_TRACE(dropped);
    make(1, 10);
    auto busy = start_and_send();
    std::vector<std::unique_ptr<Call>> calls;
    for (int i = 0; i < 4; ++i) calls.push_back(start(std::to_string(i)));
    for (char which : dropped) calls[static_cast<std::size_t>(which - '0')].reset();
    EXPECT_EQ(client->outstanding(), 5 - dropped.size());
    std::string bodies;
    while (!transport->open.empty()) {
      respond(answer(200, "{}"));
      if (!transport->open.empty()) bodies += transport->sent.back().body;
    }
    std::string expected = "0123";
    for (char which : dropped) expected.erase(expected.find(which), 1);
    EXPECT_EQ(bodies, expected);
  }
}

TEST_F(ClientTest, ACallInFlightIsCancelledAndMakesRoom) {
  make(1, 10);
  auto first = start("first");
  auto second = start("second");
  client->advance();
  EXPECT_EQ(transport->wake, kNever);
  first.reset();
  EXPECT_EQ(transport->cancelled, std::vector<RequestId>{1});
  EXPECT_EQ(transport->wake, kAtOnce);  // else nobody would send the second
  client->advance();
  EXPECT_EQ(transport->sent.back().body, "second");
  EXPECT_EQ(client->outstanding(), 1u);
}

TEST_F(ClientTest, ACallBackingOffIsForgotten) {
  auto call = start_and_send();
  respond(answer(500, ""));
  EXPECT_NE(transport->wake, kNever);
  call.reset();
  EXPECT_EQ(transport->wake, kNever);
  EXPECT_EQ(client->outstanding(), 0u);
  clock.advance(Milliseconds(100000));
  client->advance();
  EXPECT_EQ(transport->sent.size(), 1u);
}

TEST_F(ClientTest, AFinishedCallGivesItsBodyBack) {
  auto call = start_and_send();
  respond(answer(200, "{}"));
  call.reset();
  EXPECT_EQ(transport->recycled, 1);
  EXPECT_TRUE(transport->cancelled.empty());
}

TEST_F(ClientTest, AnAnswerNobodyWaitsForIsIgnored) {
  auto call = start_and_send();
  transport->respond(99, answer(200, "{}"));
  client->advance();
  EXPECT_FALSE(call->finished());
}

// --- lack of memory

TEST_F(ClientTest, WithoutMemoryACallStaysWhereItWas) {
  auto fresh = start();
  transport->out_of_memory = true;
  EXPECT_THROW(client->advance(), std::bad_alloc);
  EXPECT_FALSE(fresh->finished());
  client->advance();
  ASSERT_EQ(transport->open.size(), 1u);
  respond(answer(500, ""));
  transport->out_of_memory = true;
  EXPECT_THROW(sleep_until_wake(), std::bad_alloc);
  client->advance();
  respond(answer(200, "{}"));
  EXPECT_TRUE(fresh->finished() && fresh->error() == nullptr);
}

}  // namespace
}  // namespace dynamodb
