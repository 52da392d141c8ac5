// Credentials of a container.
#include "dynamodb/credentials_container.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "dynamodb/credentials_json.hpp"
#include "dynamodb/endpoint.hpp"
#include "dynamodb/printable.hpp"
#include "dynamodb/sigv4.hpp"

namespace dynamodb {
namespace {

constexpr const char* kRelativeUri = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* kFullUri = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr const char* kTokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
constexpr const char* kToken = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
constexpr const char* kEcsAddress = "http://169.254.170.2";
constexpr Milliseconds kTimeout{2000};
constexpr int kAttempts = 3;
constexpr std::size_t kMaxShown = 300;

bool is_printable(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

/// Where what is sent in clear text stays on this machine or its link to AWS.
bool is_allowed_http_host(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4;
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127 || host == "169.254.170.2" || host == "169.254.170.23";
  }
  if (!host.starts_with('[')) return false;
  in6_addr v6;
  if (::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6) != 1) return false;
  for (const char* allowed : {"::1", "fd00:ec2::23"}) {
    in6_addr address;
    ::inet_pton(AF_INET6, allowed, &address);
    if (std::memcmp(&v6, &address, sizeof v6) == 0) return true;
  }
  return false;
}

Result<std::string> check_full_uri(const std::string& uri) {
  const auto scheme_end = uri.find("://");
  const auto path = scheme_end == uri.npos ? uri.npos : uri.find_first_of("/?#", scheme_end + 3);
  const std::string rest = path == uri.npos ? "/" : uri.substr(path);
  Result<std::string> base = parse_endpoint_url(uri.substr(0, path));
  if (!base) {
    base.error().message.insert(0, std::string(kFullUri) + ": ");
    return base;
  }
  if (!rest.starts_with('/') || rest.find('#') != rest.npos || !is_printable(rest)) {
    return Error::bad_configuration(std::string(kFullUri) + " is not a URL that can be asked");
  }
  std::string_view host = host_of_url(base.value());
  if (!host.ends_with(']')) host = host.substr(0, host.find(':', host.rfind(']') == host.npos ? 0 : host.rfind(']')));
  if (base.value().starts_with("http://") && !is_allowed_http_host(std::string(host))) {
    Error error = Error::bad_configuration(std::string(kFullUri) + " names the host \"" + printable_ascii(host, 100) +
                                           "\", which may be asked by https only");
    error.detail =
        "With http only this machine, 169.254.170.2, 169.254.170.23 and [fd00:ec2::23] may be asked for credentials.";
    return error;
  }
  return base.value() + rest.substr(1);
}

Error refused(const std::string& url, const HttpResponse& response) {
  Error error = Error::no_credentials("the container credentials endpoint \"" + printable_ascii(url, kMaxShown) +
                                      "\" gave no credentials: " + describe_failure(response));
  if (!response.failure) {
    const std::string message = json_text(response.body.view(), {}, "Message");
    if (!message.empty()) error.detail = "It says: " + printable_ascii(message, kMaxShown);
  }
  return error;
}

}  // namespace

Result<std::string> ContainerCredentials::url() const {
  if (const auto path = environment_.get_variable(kRelativeUri)) {
    if (path->starts_with('/') && is_printable(*path)) return kEcsAddress + *path;
    return Error::bad_configuration(std::string(kRelativeUri) + " is not a path");
  }
  const auto uri = environment_.get_variable(kFullUri);
  return uri ? check_full_uri(*uri) : Result<std::string>(std::string());
}

Result<std::string> ContainerCredentials::token() const {
  std::string token = environment_.get_variable(kToken).value_or("");
  std::string place = kToken;
  if (const auto path = environment_.get_variable(kTokenFile)) {
    Result<FileContents> file = environment_.read_file(*path);
    if (!file) return std::move(file.error());
    place = "file \"" + one_line(*path, kMaxShown) + "\", which " + kTokenFile + " names,";
    if (file.value().state != FileContents::State::read) return Error::bad_configuration(place + " cannot be found");
    token = std::move(file.value().text);
    token.erase(token.find_last_not_of("\r\n") + 1);
  }
  // It becomes a header; "Basic xyz" is possible.
  if (std::ranges::all_of(token, [](char c) { return c >= ' ' && c < 0x7f; })) return token;
  return Error::bad_configuration(place + " holds no token");
}

std::optional<Error> ContainerCredentials::begin(const std::string& url) {
  Result<std::string> authorization = token();
  if (!authorization) return std::move(authorization.error());
  HttpRequest request;
  request.method = "GET";
  request.url = url_ = url;
  request.headers = {"Accept: application/json"};
  if (!authorization.value().empty()) request.headers.push_back("Authorization: " + authorization.value());
  request.connect_timeout = request.request_timeout = kTimeout;
  request.use_proxy = false;
  fetch_.begin(std::move(request), {}, kAttempts);
  return std::nullopt;
}

CredentialsAnswer ContainerCredentials::fetch(CredentialsHttp& http) {
  if (!fetch_.begun()) {
    Result<std::string> address = url();
    if (!address) return std::move(address.error());
    if (address.value().empty()) return std::optional<Credentials>();
    if (auto error = begin(address.value())) return std::move(*error);
  }
  const std::optional<HttpResponse> response = fetch_.poll(http);
  if (!response) return CredentialsAnswer::pending();
  if (response->failure || response->status != 200) return refused(url_, *response);
  Result<Credentials> found = parse_credentials(response->body.view(), {}, "the container credentials endpoint");
  if (!found) return std::move(found.error());
  found.value().source = "container";
  return std::optional<Credentials>(std::move(found.value()));
}

std::string ContainerCredentials::description() const {
  return std::string("container (") + kRelativeUri + ", " + kFullUri + ")";
}

}  // namespace dynamodb
