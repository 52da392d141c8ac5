// A client whose network a test plays.
#pragma once

#include <memory>

#include "dynamodb/client.hpp"
#include "unit/fake_clock.hpp"
#include "unit/fake_transport.hpp"

namespace dynamodb::test {

class FixedCredentials final : public CredentialsSource {
 public:
  CredentialsAnswer get(CredentialsHttp&) override {
    return std::optional<Credentials>(Credentials{"id", "secret", "", std::nullopt, "test"});
  }
  void invalidate() noexcept override {}
  std::string description() const override { return "test"; }
};

/// At most three requests at once, one attempt each, unless told otherwise.
struct FakeService {
  explicit FakeService(int max_connections = 3, int max_attempts = 1, double chance = 0,
                       Milliseconds request_timeout = Milliseconds(60000))
      : random(chance) {
    auto owned = std::make_unique<FakeTransport>();
    network = owned.get();
    ClientConfig config;
    config.endpoint = {"http://localhost/", "us-west-2", true};
    config.max_connections = max_connections;
    config.max_attempts = max_attempts;
    config.request_timeout = request_timeout;
    client = std::make_unique<Client>(config, std::make_unique<FixedCredentials>(), std::move(owned), clock, random);
  }

  FakeClock clock;
  FixedRandom random;
  FakeTransport* network;
  std::unique_ptr<Client> client;
};

/// The digit behind the first `mark` in a request.
inline std::size_t number_in(const std::string& text, char mark) {
  return static_cast<std::size_t>(text[text.find(mark) + 1] - '0');
}

}  // namespace dynamodb::test
