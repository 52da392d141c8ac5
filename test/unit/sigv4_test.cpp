// Tests of sigv4.hpp.
#include "dynamodb/sigv4.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

// The keys and the time of AWS's Signature Version 4 test suite.
HttpRequest suite_request(std::string method, std::string url) {
  HttpRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.signing = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", "us-east-1", "service"};
  return request;
}

WallTime::time_point suite_time() {
  using namespace std::chrono;
  return sys_days(2015y / August / 30d) + 12h + 36min;
}

std::string authorization(const std::string& names, const std::string& signature) {
  return "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
         "SignedHeaders=" +
         names + ", Signature=" + signature;
}

TEST(SignRequest, AgreesWithTheTestSuiteOfAws) {
  struct {
    const char* method;
    const char* url;
    std::vector<std::string> headers;
    const char* body;
    const char* names;
    const char* signature;
  } const cases[] = {
      {"GET",
       "https://example.amazonaws.com/",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"POST",
       "https://example.amazonaws.com/",
       {},
       "",
       "host;x-amz-date",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"POST",
       "https://example.amazonaws.com/",
       {"Content-Type: application/x-www-form-urlencoded"},
       "Param1=value1",
       "content-type;host;x-amz-date",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
      {"GET",
       "https://example.amazonaws.com/?Param1=value1&Param2=value2",
       {},
       "",
       "host;x-amz-date",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
  };
  for (const auto& c : cases) {
    HttpRequest request = suite_request(c.method, c.url);
    request.headers = c.headers;
    request.body = c.body;
    const auto headers = sign_request(request, suite_time());
    ASSERT_EQ(headers.size(), 2u);
    EXPECT_EQ(headers[0], "X-Amz-Date: 20150830T123600Z");
    EXPECT_EQ(headers[1], authorization(c.names, c.signature)) << c.url;
  }
}

TEST(SignRequest, NamesAreLowerCaseAndSorted) {
  HttpRequest request = suite_request("POST", "http://127.0.0.1:8000/");
  request.headers = {"X-Amz-Target: DynamoDB_20120810.Scan", "Content-Type: application/x-amz-json-1.0",
                     "X-Amz-Security-Token: token"};
  const std::string header = sign_request(request, suite_time())[1];
  EXPECT_NE(header.find("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,"),
            std::string::npos)
      << header;
}

TEST(HostOfUrl, IsTheHostHeader) {
  struct {
    const char* url;
    const char* host;
  } const cases[] = {
      {"https://dynamodb.eu-west-1.amazonaws.com/", "dynamodb.eu-west-1.amazonaws.com"},
      {"http://127.0.0.1:8000/", "127.0.0.1:8000"},
      {"http://localhost", "localhost"},
      {"http://localhost:80/", "localhost"},
      {"https://localhost:443/x?y", "localhost"},
      {"http://localhost:443/", "localhost:443"},
      {"https://localhost:80/", "localhost:80"},
      {"http://[::1]:8000/", "[::1]:8000"},
      {"http://[::1]/", "[::1]"},
      {"http://user:secret@host:1/", "host:1"},
      {"http://host?query", "host"},
  };
  for (const auto& c : cases) EXPECT_EQ(host_of_url(c.url), c.host) << c.url;
}

}  // namespace
}  // namespace dynamodb
