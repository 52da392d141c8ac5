// Tests of credentials_http.hpp: requests of sources, and their attempts.
#include "dynamodb/credentials_http.hpp"

#include <gtest/gtest.h>

#include "unit/fake_credentials_http.hpp"

namespace dynamodb {
namespace {

using test::answer;
using test::no_answer;

class CredentialsFetchTest : public ::testing::Test {
 protected:
  void begin(int attempts) {
    HttpRequest request;
    request.url = "http://127.0.0.1/";
    request.request_timeout = Milliseconds(1000);
    fetch.begin(std::move(request), "body", attempts);
  }
  /// Status of the final answer, -1: a failure, 0: none yet.
  int poll() {
    const auto response = fetch.poll(http);
    return !response ? 0 : response->failure ? -1 : response->status;
  }

  test::FakeCredentialsHttp http;
  CredentialsFetch fetch;
};

TEST_F(CredentialsFetchTest, AsksOnce) {
  begin(3);
  EXPECT_EQ(poll(), 0);
  EXPECT_EQ(poll(), 0);
  ASSERT_EQ(http.requests(), 1u);
  EXPECT_EQ(http.last_body(), "body");
  EXPECT_EQ(http.last().ca_bundle, "/ca.pem");
  http.respond(404, "no");
  EXPECT_EQ(poll(), 404);
  EXPECT_FALSE(fetch.begun());
}

TEST_F(CredentialsFetchTest, RepeatsWhatMayPass) {
  begin(3);
  EXPECT_EQ(poll(), 0);
  http.respond(503, "");
  EXPECT_EQ(poll(), 0);
  EXPECT_EQ(http.http.wake_time(), http.clock.now() + Milliseconds(100));
  EXPECT_EQ(http.requests(), 1u);
  http.clock.advance(Milliseconds(100));
  EXPECT_EQ(poll(), 0);
  EXPECT_EQ(http.requests(), 2u);
  http.respond(400, "<Code>IDPCommunicationError</Code>");
  EXPECT_EQ(poll(), 0);
  http.clock.advance(Milliseconds(200));
  EXPECT_EQ(poll(), 0);
  http.respond(no_answer(Error::connection("reset")));
  EXPECT_EQ(poll(), -1);
  EXPECT_EQ(http.requests(), 3u);
}

TEST_F(CredentialsFetchTest, CorrectsTheClockOnce) {
  begin(1);
  HttpRequest request;
  request.url = "http://127.0.0.1/";
  request.signing.access_key_id = "id";
  CredentialsFetch signed_fetch;
  signed_fetch.begin(request, "", 1);
  EXPECT_FALSE(signed_fetch.poll(http));
  EXPECT_FALSE(http.last().signing_time);
  HttpResponse refusal = answer(403, "");
  refusal.date = "Thu, 01 Jan 2026 00:00:00 GMT";
  http.respond(std::move(refusal));
  EXPECT_FALSE(signed_fetch.poll(http));
  ASSERT_TRUE(http.last().signing_time);
  EXPECT_EQ(WallTime::to_time_t(*http.last().signing_time), 1767225600);
  refusal = answer(403, "");
  refusal.date = "Thu, 01 Jan 2026 00:00:00 GMT";
  http.respond(std::move(refusal));
  EXPECT_EQ(signed_fetch.poll(http)->status, 403);
}

TEST_F(CredentialsFetchTest, DoesNotBelieveWhatNobodyLookedAtInTime) {
  begin(1);
  EXPECT_EQ(poll(), 0);
  http.clock.advance(Milliseconds(3000));
  http.respond(no_answer(Error::timeout("no answer within 1 s")));
  EXPECT_EQ(poll(), 0);
  EXPECT_EQ(http.requests(), 2u);
  http.respond(no_answer(Error::timeout("no answer within 1 s")));
  EXPECT_EQ(poll(), -1);
}

TEST_F(CredentialsFetchTest, DropsWhatIsInFlight) {
  {
    CredentialsFetch dropped;
    dropped.begin({}, "", 1);
    EXPECT_FALSE(dropped.poll(http));
  }
  EXPECT_EQ(http.transport.cancelled, std::vector<RequestId>{1});
  EXPECT_FALSE(http.http.take(1));

  test::FakeTransport transport;
  {
    CredentialsHttp short_lived(transport, http.clock, http.random, "");
    short_lived.start({}, "");
  }
  EXPECT_EQ(transport.cancelled, std::vector<RequestId>{1});
}

}  // namespace
}  // namespace dynamodb
