// Tests of server_probe.
#include "dynamodb/server_probe.hpp"

#include <gtest/gtest.h>

#include "unit/fake_service.hpp"

namespace dynamodb {
namespace {

using test::answer;
using test::error_answer;
using test::no_answer;

/// Credentials as the test sets them.
class SetCredentials final : public CredentialsSource {
 public:
  explicit SetCredentials(Result<std::optional<Credentials>> answer) : answer_(std::move(answer)) {}
  CredentialsAnswer get(CredentialsHttp&) override {
    if (pending_-- > 0) return CredentialsAnswer::pending();
    return Result<std::optional<Credentials>>(answer_);
  }
  void invalidate() noexcept override {}
  std::string description() const override { return "test"; }

 private:
  Result<std::optional<Credentials>> answer_;
  int pending_ = 1;
};

class ServerProbeTest : public ::testing::Test {
 protected:
  void make(Result<std::optional<Credentials>> credentials, bool sts) {
    auto owned = std::make_unique<test::FakeTransport>();
    network = owned.get();
    ClientConfig config;
    config.endpoint = {"https://dynamodb.test/", "us-west-2", true};
    std::optional<StsEndpoint> endpoint;
    if (sts) endpoint = StsEndpoint{"https://sts.test/", "us-west-2"};
    probe = std::make_unique<ServerProbe>(config, std::make_unique<SetCredentials>(std::move(credentials)),
                                          std::move(owned), endpoint, clock, random);
  }
  void make_with_keys(bool sts) {
    make(std::optional<Credentials>(Credentials{"AKID", "secret", "token", {}, "test"}), sts);
  }

  /// Answers the oldest request after some time.
  void respond(HttpResponse response, Milliseconds after) {
    clock.advance(after);
    network->respond(network->open.front(), std::move(response));
  }
  HttpResponse dated(int status, std::string_view body) {
    HttpResponse response = answer(status, body);
    response.date = "Sun, 06 Nov 1994 08:49:37 GMT";
    return response;
  }

  test::FakeClock clock;
  test::FixedRandom random{0.5};
  test::FakeTransport* network = nullptr;
  std::unique_ptr<ServerProbe> probe;
};

TEST_F(ServerProbeTest, MeasuresOneRequestAfterTheOther) {
  make_with_keys(false);
  EXPECT_FALSE(probe->advance());
  EXPECT_TRUE(network->sent.empty()) << "credentials are pending";
  const int times[] = {30, 9, 5, 7, 8, 6};
  for (int time : times) {
    EXPECT_FALSE(probe->advance());
    ASSERT_EQ(network->open.size(), 1u);
    EXPECT_TRUE(network->sent.back().request.report_tls);
    EXPECT_EQ(network->sent.back().request.signing.service, "dynamodb");
    HttpResponse response = dated(200, "{}");
    if (time == 30) response.tls = "TLSv1.3";
    respond(std::move(response), Milliseconds(time));
  }
  EXPECT_TRUE(probe->advance());
  const ProbeFindings& findings = probe->findings();
  EXPECT_EQ(findings.first, Milliseconds(30));
  ASSERT_EQ(findings.round_trips.size(), 5u);
  EXPECT_EQ(findings.round_trips.front(), Milliseconds(5));
  EXPECT_EQ(findings.round_trips[2], Milliseconds(7));
  EXPECT_EQ(findings.round_trips.back(), Milliseconds(9));
  EXPECT_EQ(findings.tls, "TLSv1.3");
  EXPECT_EQ(findings.access_key_id, "AKID");
  EXPECT_TRUE(findings.temporary);
  EXPECT_FALSE(findings.failure || findings.refusal || findings.identity || findings.identity_error);
  const auto service = WallTime::time_point(std::chrono::seconds(784111777)) + Milliseconds(500);
  EXPECT_EQ(findings.clock_skew.value(),
            std::chrono::duration_cast<Milliseconds>(service - clock.wall_now()) + Milliseconds(3));
}

TEST_F(ServerProbeTest, AsksStsBesides) {
  make_with_keys(true);
  probe->advance();
  EXPECT_FALSE(probe->advance());
  ASSERT_EQ(network->sent.size(), 2u);
  EXPECT_EQ(network->sent[1].request.url, "https://sts.test/");
  EXPECT_EQ(network->sent[1].request.signing.service, "sts");
  EXPECT_EQ(network->sent[1].body, "Action=GetCallerIdentity&Version=2011-06-15");
  network->respond(2, answer(200, R"({"GetCallerIdentityResponse":{"GetCallerIdentityResult":
    {"Account":"123456789012","Arn":"arn:aws:iam::123456789012:user/x","UserId":"AIDA"}}})"));
  while (!probe->advance()) respond(answer(200, "{}"), Milliseconds(1));
  EXPECT_EQ(probe->findings().identity.value().arn, "arn:aws:iam::123456789012:user/x");
  EXPECT_EQ(probe->findings().identity.value().account, "123456789012");
}

TEST_F(ServerProbeTest, ARefusalOfStsIsAFinding) {
  make_with_keys(true);
  probe->advance();
  probe->advance();
  network->respond(2, answer(403, R"({"Error":{"Code":"InvalidClientTokenId","Message":"The token is invalid."}})"));
  while (!probe->advance()) respond(error_answer(400, "UnrecognizedClientException"), Milliseconds(1));
  EXPECT_EQ(probe->findings().identity_error.value().type, "InvalidClientTokenId");
  EXPECT_EQ(probe->findings().refusal.value().kind, ErrorKind::expired_credentials);
  EXPECT_EQ(probe->findings().round_trips.size(), 5u) << "a refusal tells the time as well";
}

TEST_F(ServerProbeTest, StopsWithoutAnAnswer) {
  make_with_keys(false);
  probe->advance();
  probe->advance();
  respond(no_answer(Error::connection("refused")), Milliseconds(1));
  EXPECT_TRUE(probe->advance());
  EXPECT_EQ(network->sent.size(), 1u);
  EXPECT_EQ(probe->findings().failure.value().message, "refused");
}

TEST_F(ServerProbeTest, TellsAWebServerFromDynamoDb) {
  make_with_keys(false);
  probe->advance();
  while (!probe->advance()) respond(answer(200, "<html>"), Milliseconds(1));
  EXPECT_EQ(probe->findings().refusal.value().kind, ErrorKind::not_dynamodb);
}

TEST_F(ServerProbeTest, AsksUnsignedWithoutCredentials) {
  make(Error::no_credentials("none"), true);
  probe->advance();
  while (!probe->advance()) respond(error_answer(400, "MissingAuthenticationTokenException"), Milliseconds(1));
  EXPECT_EQ(network->sent.size(), 6u) << "and STS not at all";
  EXPECT_EQ(network->sent[0].request.signing.access_key_id, "");
  EXPECT_EQ(probe->findings().credentials_error.value().message, "none");
  EXPECT_TRUE(probe->findings().first.has_value());
}

}  // namespace
}  // namespace dynamodb
