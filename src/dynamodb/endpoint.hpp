// Which URL and signing region a client uses: endpoint, region, FIPS and dual-stack variants, partitions.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>
#include <string_view>

#include "dynamodb/result.hpp"

namespace dynamodb {

struct EndpointOptions {
  std::string region;      ///< empty: none configured
  std::string custom_url;  ///< the `endpoint` option or AWS_ENDPOINT_URL_DYNAMODB / AWS_ENDPOINT_URL; else empty
  bool use_fips = false;
  bool use_dualstack = false;
};

struct Endpoint {
  std::string url;             ///< scheme://host[:port]/, always ends in '/'
  std::string signing_region;  ///< for SigV4
  bool custom = false;         ///< the user named the URL
};

/// The endpoint to use.
/// Rules (AWS General Reference, "DynamoDB endpoints"; botocore's endpoint rule set for dynamodb):
/// a custom URL wins and, without a region, is signed for us-east-1; custom URL plus FIPS or dual-stack is an error;
/// region "local" means http://localhost:8000/ signed for us-east-1; otherwise the partition that the region belongs
/// to gives the DNS suffix. No region and no URL is an error of kind bad_configuration.
/// Region names are checked (letters, digits, hyphens) because they become part of a host name.
Result<Endpoint> resolve_endpoint(const EndpointOptions& options);

/// AWS's own URL of another service: https://<prefix>[-fips].<region>.<suffix>/, with the suffix of the region's
/// partition; in us-gov- the plain host is the FIPS one. `options.custom_url` does not count. Errors: no region, or one
/// that is not a region's name.
Result<std::string> service_url(std::string_view prefix, const EndpointOptions& options);

/// Checks a URL as the `endpoint` option takes it: http or https, a host (name, IPv4 or [IPv6]), an optional port, no
/// user name, query or fragment; a path only "/". Returns it normalised with a final '/'.
Result<std::string> parse_endpoint_url(std::string_view url);

/// Whether a URL of parse_endpoint_url() is one of AWS's: a host below the suffix of one of its partitions.
bool is_aws_url(std::string_view url) noexcept;

}  // namespace dynamodb
