// Tests of credentials_json.hpp.
#include "dynamodb/credentials_json.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

TEST(CredentialsJson, Parses) {
  const struct {
    const char* json;
    JsonPath path;
    const char* expected;  // "id/secret/token/seconds", or the message of an error
  } cases[] = {
      {R"({"AccessKeyId":"id","SecretAccessKey":"s","Token":"t","Expiration":"1970-01-01T00:01:40Z"})",
       {},
       "id/s/t/100"},
      {R"({"AccessKeyId":"id","SecretAccessKey":"s","SessionToken":"t","Token":"u"})", {}, "id/s/t/-"},
      {R"({"AccessKeyId":"id","SecretAccessKey":"s","Expiration":null})", {}, "id/s//-"},
      {R"({"R":{"C":{"AccessKeyId":"id","SecretAccessKey":"s","SessionToken":"t","Expiration":1.5E9}}})",
       {"R", "C"},
       "id/s/t/1500000000"},
      {R"({"roleCredentials":{"accessKeyId":"id","secretAccessKey":"s","sessionToken":"t","expiration":1500000000123}})",
       {"roleCredentials"},
       "id/s/t/1500000000"},
      {R"({"AccessKeyId":"id","SecretAccessKey":"s","Expiration":"soon"})",
       {},
       "the answer of the place has an Expiration that is no time"},
      {R"({"AccessKeyId":"id","SecretAccessKey":"s","Expiration":-1})",
       {},
       "the answer of the place has an Expiration that is no time"},
      {R"({"AccessKeyId":"id","SecretAccessKey":"s","Expiration":1e99})",
       {},
       "the answer of the place has an Expiration that is no time"},
      {R"({"AccessKeyId":"id","SecretAccessKey":"s","Expiration":{}})",
       {},
       "the answer of the place has an Expiration that is no time"},
      {R"({"AccessKeyId":"id"})", {}, "the place has AccessKeyId but no SecretAccessKey"},
      {R"({"AccessKeyId":"id\n","SecretAccessKey":"SECRET"})",
       {},
       "AccessKeyId of the place contains white space or another character that it cannot have"},
      {R"({"AccessKeyId":7,"SecretAccessKey":false})", {}, "the answer of the place has no AccessKeyId"},
      {R"({})", {}, "the answer of the place has no AccessKeyId"},
      {R"({"R":[]})", {"R"}, "the answer of the place is not the JSON of credentials"},
      {R"(["SECRET"])", {}, "the answer of the place is not the JSON of credentials"},
      {R"({"AccessKeyId":"SECRET")", {}, "the answer of the place is not the JSON of credentials"},
      {"", {}, "the answer of the place is not the JSON of credentials"},
  };
  for (const auto& c : cases) {
    const Result<Credentials> found = parse_credentials(c.json, c.path, "the place");
    if (!found) {
      EXPECT_EQ(found.error().message, c.expected) << c.json;
      continue;
    }
    const Credentials& keys = found.value();
    std::string shown = keys.access_key_id + "/" + keys.secret_access_key + "/" + keys.session_token + "/";
    shown += keys.expiration ? std::to_string(WallTime::to_time_t(*keys.expiration)) : "-";
    EXPECT_EQ(shown, c.expected) << c.json;
  }
}

TEST(CredentialsJson, FindsText) {
  EXPECT_EQ(json_text(R"({"Code":"a"})", {}, "Code"), "a");
  EXPECT_EQ(json_text(R"({"Error":{"code":"a"}})", {"Error"}, "Code"), "a");
  EXPECT_EQ(json_text(R"({"Code":1})", {}, "Code"), "");
  EXPECT_EQ(json_text("<html>", {}, "Code"), "");
}

}  // namespace
}  // namespace dynamodb
