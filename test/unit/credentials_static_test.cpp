// Tests of credentials_static.hpp.
#include "dynamodb/credentials_static.hpp"

#include <gtest/gtest.h>

#include "unit/fake_credentials_http.hpp"
namespace dynamodb {
namespace {

TEST(StaticCredentials, Gets) {
  test::FakeCredentialsHttp http;
  StaticCredentials source("id", "secret", "token");
  source.invalidate();
  const auto result = source.get(http);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.value()->access_key_id, "id");
  EXPECT_EQ(result.value()->secret_access_key, "secret");
  EXPECT_EQ(result.value()->session_token, "token");
  EXPECT_EQ(result.value()->source, "user mapping");
  EXPECT_FALSE(result.value()->expiration);
  EXPECT_EQ(source.description().find("secret "), std::string::npos);
}

TEST(StaticCredentials, NothingAndHalf) {
  test::FakeCredentialsHttp http;
  EXPECT_FALSE(StaticCredentials("", "").get(http).value());
  EXPECT_EQ(StaticCredentials("id", "").get(http).error().message,
            "the user mapping has access_key_id but no secret_access_key");
  EXPECT_EQ(StaticCredentials("", "SECRET").get(http).error().message,
            "the user mapping has secret_access_key but no access_key_id");
}

}  // namespace
}  // namespace dynamodb
