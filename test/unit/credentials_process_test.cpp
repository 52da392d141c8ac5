// Tests of credentials_process.hpp, with programs that really run.
#include "dynamodb/credentials_process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "unit/fake_credentials_http.hpp"
#include "unit/fake_environment.hpp"

namespace dynamodb {
namespace {

class ProcessCredentialsTest : public ::testing::Test {
 protected:
  CredentialsAnswer ask(ProcessCredentials& source) {
    for (int i = 0; i < 1000; ++i) {
      CredentialsAnswer answer = source.get(http);
      if (!answer.is_pending()) return answer;
      std::this_thread::sleep_for(Milliseconds(10));
    }
    return CredentialsAnswer::pending();
  }
  std::string outcome(const char* command) {
    ProcessCredentials source(context, command, "profile \"x\"");
    const CredentialsAnswer answer = ask(source);
    if (answer.is_pending()) return "pending";
    return answer.ok() ? answer.value()->access_key_id + "/" + answer.value()->session_token : answer.error().message;
  }

  test::FakeEnvironment environment;
  test::FakeCredentialsHttp http;
  CredentialsContext context{environment, http.clock, "us-east-1"};
};

TEST_F(ProcessCredentialsTest, ReadsWhatIsPrinted) {
  EXPECT_EQ(
      outcome(
          R"(sleep 0.1; printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"s","SessionToken":"t"}' "i d" | tr -d ' ')"),
      "id/t");
  EXPECT_EQ(outcome("echo SECRET >&2; exit 3"), "the credential_process of profile \"x\" ended with exit code 3");
  EXPECT_EQ(outcome("/no/such/program"), "the credential_process of profile \"x\" ended with exit code 127");
  EXPECT_EQ(outcome("kill -9 $$"), "the credential_process of profile \"x\" was ended by signal 9");
  EXPECT_EQ(outcome("echo SECRET"), "the credential_process of profile \"x\" did not print JSON with Version 1");
  EXPECT_EQ(outcome("echo '{\"Version\":2}'"),
            "the credential_process of profile \"x\" did not print JSON with Version 1");
  EXPECT_EQ(outcome("echo '{\"Version\":1}'"), "the answer of credential_process of profile \"x\" has no AccessKeyId");
  EXPECT_EQ(outcome("yes"), "the credential_process of profile \"x\" printed more than 64 kB");
}

TEST_F(ProcessCredentialsTest, DoesNotWait) {
  ProcessCredentials source(context, "sleep 100", "profile \"x\"");
  EXPECT_TRUE(source.get(http).is_pending());
  EXPECT_EQ(http.http.wake_time(), http.clock.now() + Milliseconds(20));
  http.clock.advance(Milliseconds(61000));
  EXPECT_EQ(source.get(http).error().message, "the credential_process of profile \"x\" did not end within a minute");
}

TEST_F(ProcessCredentialsTest, InheritsNoDescriptor) {
  const int extra = ::dup(1);
  EXPECT_NE(outcome(("n=none; [ -e /proc/$$/fd/" + std::to_string(extra) +
                     R"( ] && n=open; echo "{\"Version\":1,\"AccessKeyId\":\"$n\",\"SecretAccessKey\":\"s\"}")")
                        .c_str()),
            "open/");
  ::close(extra);
}

}  // namespace
}  // namespace dynamodb
