// What credentials sources ask through, over a network that the test plays.
#pragma once

#include "dynamodb/credentials_http.hpp"
#include "unit/fake_clock.hpp"
#include "unit/fake_transport.hpp"

namespace dynamodb::test {

struct FakeCredentialsHttp {
  FakeClock clock;
  FixedRandom random{0.5};
  FakeTransport transport;
  CredentialsHttp http{transport, clock, random, "/ca.pem"};

  operator CredentialsHttp&() noexcept { return http; }

  /// Answers the request sent last.
  void respond(HttpResponse response) {
    transport.respond(std::move(response));
    RequestId id = 0;
    HttpResponse finished;
    while (transport.take_finished(&id, &finished)) http.receive(id, finished);
  }
  void respond(int status, std::string_view body) { respond(answer(status, body)); }

  const HttpRequest& last() const { return transport.sent.back().request; }
  const std::string& last_body() const { return transport.sent.back().body; }
  std::size_t requests() const { return transport.sent.size(); }
};

}  // namespace dynamodb::test
