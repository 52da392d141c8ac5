// Which URL and signing region a client uses.
#include "dynamodb/endpoint.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "dynamodb/ascii.hpp"
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048;
constexpr std::size_t kMaxHostBytes = 253;
constexpr std::size_t kMaxLabelBytes = 63;
constexpr std::size_t kMaxShown = 100;
constexpr const char* kDefaultSigningRegion = "us-east-1";

/// AWS's partitions: regions are told apart by how their names begin.
struct Partition {
  std::string_view region_prefix;
  std::string_view dns_suffix;
  std::string_view dualstack_suffix;
};

// Source: botocore's partitions.json. The last one matches everything else, regions that are still to come included.
constexpr Partition kPartitions[] = {
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"", "amazonaws.com", "api.aws"},
};

const Partition& partition_of(std::string_view region) noexcept {
  return *std::ranges::find_if(kPartitions, [&](const Partition& p) { return region.starts_with(p.region_prefix); });
}

bool is_letter_or_digit(char c) noexcept { return is_ascii_letter(c) || is_ascii_digit(c); }

bool is_region_name(std::string_view region) noexcept {
  return !region.empty() && region.size() <= kMaxLabelBytes && region.front() != '-' && region.back() != '-' &&
         std::ranges::all_of(region, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

/// Signatures are made with the region as spelled, and AWS knows none in upper case.
bool has_upper_case(std::string_view region) noexcept { return std::ranges::any_of(region, is_ascii_upper); }

Error bad_region(std::string_view region) {
  return Error::bad_configuration("\"" + printable_ascii(region, kMaxShown) + "\" is not the name of an AWS region");
}

/// Dual-stack GovCloud hosts keep the -fips; only the plain one is FIPS by itself. (botocore's endpoint rule sets of
/// dynamodb, sts and sso agree on that.)
std::string service_host(std::string_view service, const EndpointOptions& options) {
  const Partition& partition = partition_of(options.region);
  const bool fips_by_itself = options.region.starts_with("us-gov-") && !options.use_dualstack;
  std::string host(service);
  host.append(options.use_fips && !fips_by_itself ? "-fips." : ".").append(options.region).append(".");
  return host.append(options.use_dualstack ? partition.dualstack_suffix : partition.dns_suffix);
}

/// What FIPS and dual-stack cannot be combined with.
std::optional<Error> check_variants(const EndpointOptions& options, std::string_view what) {
  if (!options.use_fips && !options.use_dualstack) return std::nullopt;
  const char* variant = options.use_fips ? "FIPS" : "dual-stack";
  return Error::bad_configuration(std::string(what) + " cannot be combined with " + variant + " endpoints");
}

Result<Endpoint> custom_endpoint(const EndpointOptions& options) {
  if (std::optional<Error> error = check_variants(options, "an endpoint URL")) return std::move(*error);
  Result<std::string> url = parse_endpoint_url(options.custom_url);
  if (!url) return std::move(url.error());
  return Endpoint{std::move(url.value()), options.region.empty() ? kDefaultSigningRegion : options.region, true};
}

// --- URLs

Error bad_url(std::string_view url, const char* problem) {
  // Behind an '@' or a '?' may be a password: such a URL is not shown.
  const bool shown = url.find_first_of("@?#") == url.npos;
  std::string message = "endpoint URL ";
  if (shown) message.append("\"").append(printable_ascii(url, kMaxShown)).append("\" ");
  return Error::bad_configuration(message + problem);
}

/// "host[:port]" with the brackets of an IPv6 address still on.
struct Authority {
  std::string host;
  std::optional<std::string_view> port;
};

std::optional<Authority> split_authority(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const auto host_end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && host_end == text.npos) return std::nullopt;
  const std::size_t end = std::min(bracketed ? host_end + 1 : host_end, text.size());
  Authority authority{ascii_lower(text.substr(0, end)), std::nullopt};
  if (end == text.size()) return authority;
  if (text[end] != ':') return std::nullopt;
  authority.port = text.substr(end + 1);
  return authority;
}

bool is_ipv6(const std::string& address) noexcept {
  in6_addr parsed;
  return ::inet_pton(AF_INET6, address.c_str(), &parsed) == 1;
}

bool is_ipv4(const std::string& address) noexcept {
  in_addr parsed;
  return ::inet_pton(AF_INET, address.c_str(), &parsed) == 1;
}

bool is_label(std::string_view label) noexcept {
  return !label.empty() && label.size() <= kMaxLabelBytes && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
}

bool is_host_name(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  for (;;) {
    const auto dot = host.find('.');
    if (!is_label(host.substr(0, dot))) return false;
    if (dot == host.npos) return true;
    host.remove_prefix(dot + 1);
  }
}

/// A host of digits and dots only is an address or a mistake, which resolvers would read in surprising ways.
bool is_host(const std::string& host) noexcept {
  if (host.starts_with('[')) return is_ipv6(host.substr(1, host.size() - 2));
  if (host.find_first_not_of("0123456789.") == host.npos) return is_ipv4(host);
  return is_host_name(host);
}

std::optional<int> parse_port(std::string_view text) noexcept {
  int port = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (problem != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) return std::nullopt;
  return port;
}

}  // namespace

Result<std::string> parse_endpoint_url(std::string_view url) {
  if (url.size() > kMaxUrlBytes) return bad_url(url, "is too long");
  const auto scheme_end = url.find("://");
  const std::string scheme = ascii_lower(url.substr(0, scheme_end == url.npos ? 0 : scheme_end));
  if (scheme != "http" && scheme != "https") return bad_url(url, "must begin with http:// or https://");
  std::string_view rest = url.substr(scheme_end + 3);
  if (rest.find('@') != rest.npos) return bad_url(url, "must not contain a user name");
  if (rest.find_first_of("?#") != rest.npos) return bad_url(url, "must not contain a query or a fragment");
  const auto path = rest.find('/');
  if (path != rest.npos && path + 1 != rest.size()) return bad_url(url, "must not have a path");

  const std::optional<Authority> authority = split_authority(rest.substr(0, path));
  if (!authority || !is_host(authority->host)) return bad_url(url, "has no valid host");
  const int default_port = scheme == "https" ? 443 : 80;
  const std::optional<int> port = authority->port ? parse_port(*authority->port) : default_port;
  if (!port) return bad_url(url, "has no valid port");
  // The default port is left out, as it is in the Host header that gets signed.
  return scheme + "://" + authority->host + (*port == default_port ? "" : ":" + std::to_string(*port)) + "/";
}

bool is_aws_url(std::string_view url) noexcept {
  const auto start = url.find("://");
  if (start == url.npos) return false;
  const std::string_view authority = url.substr(start + 3);
  const std::string_view host = authority.substr(0, authority.find_first_of(":/"));
  const auto is_below = [&](std::string_view suffix) {
    return host.size() > suffix.size() && host.ends_with(suffix) && host[host.size() - suffix.size() - 1] == '.';
  };
  return std::ranges::any_of(
      kPartitions, [&](const Partition& p) { return is_below(p.dns_suffix) || is_below(p.dualstack_suffix); });
}

Result<std::string> service_url(std::string_view prefix, const EndpointOptions& options) {
  if (!is_region_name(options.region) || has_upper_case(options.region)) return bad_region(options.region);
  return "https://" + service_host(prefix, options) + "/";
}

Result<Endpoint> resolve_endpoint(const EndpointOptions& options) {
  if (!options.region.empty() && !is_region_name(options.region)) return bad_region(options.region);
  if (!options.custom_url.empty()) return custom_endpoint(options);
  if (options.region.empty()) {
    Error error = Error::bad_configuration("no AWS region is configured");
    error.detail = "Looked for an option, AWS_REGION, AWS_DEFAULT_REGION and the region of the profile.";
    return error;
  }
  if (options.region == "local") {
    if (std::optional<Error> error = check_variants(options, "region \"local\"")) return std::move(*error);
    return Endpoint{"http://localhost:8000/", kDefaultSigningRegion, false};
  }
  if (has_upper_case(options.region)) return bad_region(options.region);
  return Endpoint{"https://" + service_host("dynamodb", options) + "/", options.region, false};
}

}  // namespace dynamodb
