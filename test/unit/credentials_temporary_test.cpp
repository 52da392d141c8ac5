// Tests of credentials_temporary.hpp: when credentials are fetched anew.
#include "dynamodb/credentials_temporary.hpp"

#include <gtest/gtest.h>

#include "unit/fake_credentials_http.hpp"

namespace dynamodb {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// Answers what the test has prepared, as often as it is asked.
class Scripted final : public TemporaryCredentials {
 public:
  explicit Scripted(const Clock& clock) : TemporaryCredentials(clock), answer(CredentialsAnswer::pending()) {}
  std::string description() const override { return "a test"; }
  CredentialsAnswer answer;
  int asked = 0;
  int forgotten = 0;

 protected:
  CredentialsAnswer fetch(CredentialsHttp&) override {
    ++asked;
    return answer;
  }
  void forget_source() noexcept override { ++forgotten; }
};

class TemporaryCredentialsTest : public ::testing::Test {
 protected:
  /// The key id, "pending", "none" or an error's message.
  std::string get() {
    const CredentialsAnswer answer = source.get(http);
    if (answer.is_pending()) return "pending";
    if (!answer.ok()) return answer.error().message;
    return answer.value() ? answer.value()->access_key_id : "none";
  }
  void prepare(const char* id, WallTime::duration life) {
    source.answer = std::optional(Credentials{id, "s", "t", http.clock.wall_now() + life, "src"});
  }

  test::FakeCredentialsHttp http;
  Scripted source{http.clock};
};

TEST_F(TemporaryCredentialsTest, KeepsThemWhileTheyAreFresh) {
  EXPECT_EQ(get(), "pending");
  prepare("first", minutes(60));
  EXPECT_EQ(get(), "first");
  source.answer = CredentialsAnswer::pending();
  http.clock.advance(minutes(44));
  EXPECT_EQ(get(), "first");
  EXPECT_EQ(source.asked, 2);
}

TEST_F(TemporaryCredentialsTest, UsesTheOldOnesDuringAnAdvisoryRefresh) {
  prepare("first", minutes(60));
  EXPECT_EQ(get(), "first");
  source.answer = CredentialsAnswer::pending();
  http.clock.advance(minutes(45));
  EXPECT_EQ(get(), "first");
  EXPECT_EQ(get(), "first");
  EXPECT_EQ(source.asked, 3);
  prepare("second", minutes(60));
  EXPECT_EQ(get(), "second");
}

TEST_F(TemporaryCredentialsTest, WaitsForAMandatoryRefresh) {
  prepare("first", minutes(60));
  EXPECT_EQ(get(), "first");
  source.answer = CredentialsAnswer::pending();
  http.clock.advance(minutes(50));
  EXPECT_EQ(get(), "pending");
  prepare("second", minutes(60));
  EXPECT_EQ(get(), "second");
}

TEST_F(TemporaryCredentialsTest, KeepsTheOldOnesWhenARefreshFails) {
  prepare("first", minutes(60));
  EXPECT_EQ(get(), "first");
  source.answer = Error::connection("refused");
  http.clock.advance(minutes(46));
  EXPECT_EQ(get(), "first");
  EXPECT_EQ(get(), "first");
  EXPECT_EQ(source.asked, 2);  // not again at once
  http.clock.advance(minutes(8));
  EXPECT_EQ(get(), "first");
  EXPECT_EQ(source.asked, 3);
  http.clock.advance(minutes(6));
  EXPECT_EQ(get(), "refused");  // expired
  EXPECT_EQ(get(), "refused");
  EXPECT_EQ(source.asked, 5);
  prepare("second", minutes(60));
  EXPECT_EQ(get(), "second");
}

TEST_F(TemporaryCredentialsTest, DoesNotFetchShortLivedOnesForEveryRequest) {
  prepare("short", minutes(5));
  EXPECT_EQ(get(), "short");
  EXPECT_EQ(get(), "short");
  http.clock.advance(seconds(29));
  EXPECT_EQ(get(), "short");
  EXPECT_EQ(source.asked, 1);
  http.clock.advance(seconds(1));
  EXPECT_EQ(get(), "short");
  EXPECT_EQ(source.asked, 2);
}

TEST_F(TemporaryCredentialsTest, ForgetsWhatWasRefused) {
  prepare("first", minutes(60));
  EXPECT_EQ(get(), "first");
  prepare("second", minutes(60));
  EXPECT_EQ(get(), "first");
  source.invalidate();
  EXPECT_EQ(source.forgotten, 1);
  EXPECT_EQ(get(), "second");
}

TEST_F(TemporaryCredentialsTest, SaysWhatItsSourceSays) {
  source.answer = std::optional<Credentials>();
  EXPECT_EQ(get(), "none");
  source.answer = Error::no_credentials("no");
  EXPECT_EQ(get(), "no");
}

}  // namespace
}  // namespace dynamodb
