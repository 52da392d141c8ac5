// Tests of endpoint.hpp.
#include "dynamodb/endpoint.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

TEST(Endpoint, AcceptsUrls) {
  const struct {
    const char* url;
    const char* normalised;
  } cases[] = {
      {"http://localhost:8000", "http://localhost:8000/"},
      {"http://localhost:8000/", "http://localhost:8000/"},
      {"HTTPS://DynamoDB.Example", "https://dynamodb.example/"},
      {"https://a.example:443", "https://a.example/"},
      {"http://a.example:80/", "http://a.example/"},
      {"http://a.example:443/", "http://a.example:443/"},
      {"http://a.example:00080", "http://a.example/"},
      {"http://127.0.0.1:65535", "http://127.0.0.1:65535/"},
      {"http://[::1]:8000", "http://[::1]:8000/"},
      {"https://[2001:DB8::1]", "https://[2001:db8::1]/"},
      {"http://dynamodb_local:8000", "http://dynamodb_local:8000/"},
      {"http://a.example.:1", "http://a.example.:1/"},
      {"https://vpce-0a1b-xyz.dynamodb.us-east-1.vpce.amazonaws.com",
       "https://vpce-0a1b-xyz.dynamodb.us-east-1.vpce.amazonaws.com/"},
  };
  for (const auto& c : cases) {
    const Result<std::string> url = parse_endpoint_url(c.url);
    ASSERT_TRUE(url.ok()) << url.error().message;
    EXPECT_EQ(url.value(), c.normalised);
  }
}

TEST(Endpoint, RefusesUrls) {
  const std::string long_label(64, 'a');
  const struct {
    std::string url;
    std::string message;
  } cases[] = {
      {"", "endpoint URL \"\" must begin with http:// or https://"},
      {"localhost:8000", "endpoint URL \"localhost:8000\" must begin with http:// or https://"},
      {"ftp://x", "endpoint URL \"ftp://x\" must begin with http:// or https://"},
      {"file:///etc/passwd", "endpoint URL \"file:///etc/passwd\" must begin with http:// or https://"},
      {" http://x", "endpoint URL \"http://x\" must begin with http:// or https://"},
      {"http://", "endpoint URL \"http://\" has no valid host"},
      {"http:///", "endpoint URL \"http:///\" has no valid host"},
      {"http://:80", "endpoint URL \"http://:80\" has no valid host"},
      {"http://a b", "endpoint URL \"http://a b\" has no valid host"},
      {"http://a\r\nHost: b", "endpoint URL \"http://a Host: b\" has no valid host"},
      {"http://-a", "endpoint URL \"http://-a\" has no valid host"},
      {"http://a..b", "endpoint URL \"http://a..b\" has no valid host"},
      {"http://.", "endpoint URL \"http://.\" has no valid host"},
      {"http://" + long_label, "endpoint URL \"http://" + long_label + "\" has no valid host"},
      {"http://gr\xC3\xBC"
       "n",
       "endpoint URL \"http://gr??n\" has no valid host"},
      {"http://1.2.3", "endpoint URL \"http://1.2.3\" has no valid host"},
      {"http://2130706433", "endpoint URL \"http://2130706433\" has no valid host"},
      {"http://256.1.1.1", "endpoint URL \"http://256.1.1.1\" has no valid host"},
      {"http://[::1", "endpoint URL \"http://[::1\" has no valid host"},
      {"http://[::1]8000", "endpoint URL \"http://[::1]8000\" has no valid host"},
      {"http://[]", "endpoint URL \"http://[]\" has no valid host"},
      {"http://[a.example]", "endpoint URL \"http://[a.example]\" has no valid host"},
      {"http://::1", "endpoint URL \"http://::1\" has no valid host"},
      {"http://a:", "endpoint URL \"http://a:\" has no valid port"},
      {"http://a:0", "endpoint URL \"http://a:0\" has no valid port"},
      {"http://a:65536", "endpoint URL \"http://a:65536\" has no valid port"},
      {"http://a:99999999999999999999", "endpoint URL \"http://a:99999999999999999999\" has no valid port"},
      {"http://a:-1", "endpoint URL \"http://a:-1\" has no valid port"},
      {"http://a:8x", "endpoint URL \"http://a:8x\" has no valid port"},
      {"http://a/path", "endpoint URL \"http://a/path\" must not have a path"},
      {"http://a//", "endpoint URL \"http://a//\" must not have a path"},
      {"http://" + std::string(3000, 'a'), "endpoint URL \"http://" + std::string(93, 'a') + "...\" is too long"},
      // what may be a password is not shown
      {"http://user:SECRET@a", "endpoint URL must not contain a user name"},
      {"ftp://user:SECRET@a", "endpoint URL must begin with http:// or https://"},
      {"http://a/?token=SECRET", "endpoint URL must not contain a query or a fragment"},
      {"http://a#SECRET", "endpoint URL must not contain a query or a fragment"},
  };
  for (const auto& c : cases) {
    const Result<std::string> url = parse_endpoint_url(c.url);
    ASSERT_FALSE(url.ok()) << c.url;
    EXPECT_EQ(url.error().kind, ErrorKind::bad_configuration);
    EXPECT_EQ(url.error().message, c.message);
  }
}

TEST(Endpoint, ResolvesRegions) {
  const struct {
    const char* region;
    bool use_fips;
    bool use_dualstack;
    const char* url;
  } cases[] = {
      {"us-west-2", false, false, "https://dynamodb.us-west-2.amazonaws.com/"},
      {"us-west-2", true, false, "https://dynamodb-fips.us-west-2.amazonaws.com/"},
      {"us-west-2", false, true, "https://dynamodb.us-west-2.api.aws/"},
      {"us-west-2", true, true, "https://dynamodb-fips.us-west-2.api.aws/"},
      {"ap-southeast-99", false, false, "https://dynamodb.ap-southeast-99.amazonaws.com/"},
      {"xx-new-1", false, false, "https://dynamodb.xx-new-1.amazonaws.com/"},
      {"eu-central-1", false, false, "https://dynamodb.eu-central-1.amazonaws.com/"},
      {"cn-north-1", false, false, "https://dynamodb.cn-north-1.amazonaws.com.cn/"},
      {"cn-northwest-1", false, true, "https://dynamodb.cn-northwest-1.api.amazonwebservices.com.cn/"},
      {"us-gov-west-1", false, false, "https://dynamodb.us-gov-west-1.amazonaws.com/"},
      {"us-gov-west-1", true, false, "https://dynamodb.us-gov-west-1.amazonaws.com/"},
      {"us-gov-east-1", false, true, "https://dynamodb.us-gov-east-1.api.aws/"},
      {"us-gov-east-1", true, true, "https://dynamodb-fips.us-gov-east-1.api.aws/"},
      {"us-iso-east-1", true, false, "https://dynamodb-fips.us-iso-east-1.c2s.ic.gov/"},
      {"us-isob-east-1", false, false, "https://dynamodb.us-isob-east-1.sc2s.sgov.gov/"},
      {"us-isof-south-1", false, false, "https://dynamodb.us-isof-south-1.csp.hci.ic.gov/"},
      {"eu-isoe-west-1", false, false, "https://dynamodb.eu-isoe-west-1.cloud.adc-e.uk/"},
      {"eusc-de-east-1", false, false, "https://dynamodb.eusc-de-east-1.amazonaws.eu/"},
      {"eusc-de-east-1", false, true, "https://dynamodb.eusc-de-east-1.api.amazonwebservices.eu/"},
  };
  for (const auto& c : cases) {
    const Result<Endpoint> endpoint = resolve_endpoint(EndpointOptions{c.region, "", c.use_fips, c.use_dualstack});
    ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
    EXPECT_EQ(endpoint.value().url, c.url);
    EXPECT_EQ(endpoint.value().signing_region, c.region);
    EXPECT_FALSE(endpoint.value().custom);
  }
}

TEST(Endpoint, ResolvesOtherServices) {
  const struct {
    const char* region;
    bool use_fips;
    bool use_dualstack;
    const char* url;
  } cases[] = {
      {"us-west-2", false, false, "https://sts.us-west-2.amazonaws.com/"},
      {"us-west-2", true, false, "https://sts-fips.us-west-2.amazonaws.com/"},
      {"us-west-2", true, true, "https://sts-fips.us-west-2.api.aws/"},
      {"us-gov-east-1", true, false, "https://sts.us-gov-east-1.amazonaws.com/"},
      {"us-gov-east-1", true, true, "https://sts-fips.us-gov-east-1.api.aws/"},
      {"cn-north-1", false, false, "https://sts.cn-north-1.amazonaws.com.cn/"},
      {"us-iso-east-1", false, false, "https://sts.us-iso-east-1.c2s.ic.gov/"},
      {"us-isob-east-1", false, true, "https://sts.us-isob-east-1.api.aws.scloud/"},
      {"us-isof-south-1", false, false, "https://sts.us-isof-south-1.csp.hci.ic.gov/"},
      {"eu-isoe-west-1", false, false, "https://sts.eu-isoe-west-1.cloud.adc-e.uk/"},
      {"eusc-de-east-1", false, false, "https://sts.eusc-de-east-1.amazonaws.eu/"},
  };
  for (const auto& c : cases) {
    const Result<std::string> url = service_url("sts", EndpointOptions{c.region, "", c.use_fips, c.use_dualstack});
    ASSERT_TRUE(url.ok()) << url.error().message;
    EXPECT_EQ(url.value(), c.url);
  }
}

TEST(Endpoint, CustomAndLocal) {
  const struct {
    const char* region;
    const char* custom_url;
    const char* url;
    const char* signing_region;
    bool custom;
  } cases[] = {
      {"", "http://localhost:8000", "http://localhost:8000/", "us-east-1", true},
      {"eu-west-1", "http://localhost:8000", "http://localhost:8000/", "eu-west-1", true},
      {"None", "http://localhost:8000", "http://localhost:8000/", "None", true},
      {"local", "", "http://localhost:8000/", "us-east-1", false},
      {"local", "http://x:1", "http://x:1/", "local", true},
  };
  for (const auto& c : cases) {
    const Result<Endpoint> endpoint = resolve_endpoint(EndpointOptions{c.region, c.custom_url});
    ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
    EXPECT_EQ(endpoint.value().url, c.url);
    EXPECT_EQ(endpoint.value().signing_region, c.signing_region);
    EXPECT_EQ(endpoint.value().custom, c.custom);
  }
}

TEST(Endpoint, RefusesOptions) {
  const struct {
    EndpointOptions options;
    const char* message;
  } cases[] = {
      {{"", ""}, "no AWS region is configured"},
      {{"us west", ""}, "\"us west\" is not the name of an AWS region"},
      {{"us-west-2.evil.example/", ""}, "\"us-west-2.evil.example/\" is not the name of an AWS region"},
      {{"-x", ""}, "\"-x\" is not the name of an AWS region"},
      {{"x-", ""}, "\"x-\" is not the name of an AWS region"},
      {{"us\nwest", "http://x"}, "\"us west\" is not the name of an AWS region"},
      {{"US-WEST-2", ""}, "\"US-WEST-2\" is not the name of an AWS region"},
      {{"", "x"}, "endpoint URL \"x\" must begin with http:// or https://"},
      {{"", "http://x", true}, "an endpoint URL cannot be combined with FIPS endpoints"},
      {{"", "http://x", false, true}, "an endpoint URL cannot be combined with dual-stack endpoints"},
      {{"local", "", true}, "region \"local\" cannot be combined with FIPS endpoints"},
      {{"local", "", false, true}, "region \"local\" cannot be combined with dual-stack endpoints"},
  };
  for (const auto& c : cases) {
    const Result<Endpoint> endpoint = resolve_endpoint(c.options);
    ASSERT_FALSE(endpoint.ok()) << c.message;
    EXPECT_EQ(endpoint.error().kind, ErrorKind::bad_configuration);
    EXPECT_EQ(endpoint.error().message, c.message);
  }
}

}  // namespace
}  // namespace dynamodb
