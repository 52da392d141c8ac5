// Builds the canonical request, the string to sign and the signature, in AWS's own terms.
#include "dynamodb/sigv4.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "dynamodb/ascii.hpp"
#include "dynamodb/sha256.hpp"

namespace dynamodb {
namespace {

using Header = std::pair<std::string, std::string>;  // lower-case name, trimmed value

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Header split_header(std::string_view line) {
  const std::size_t colon = std::min(line.find(':'), line.size());
  return {ascii_lower(line.substr(0, colon)), std::string(trimmed(line.substr(std::min(colon + 1, line.size()))))};
}

std::vector<Header> headers_to_sign(const HttpRequest& request, const std::string& timestamp) {
  std::vector<Header> headers;
  for (const std::string& line : request.headers) headers.push_back(split_header(line));
  headers.emplace_back("host", host_of_url(request.url));
  headers.emplace_back("x-amz-date", timestamp);
  std::sort(headers.begin(), headers.end());
  return headers;
}

std::string names_of(const std::vector<Header>& headers) {
  std::string names;
  for (const Header& header : headers) names.append(names.empty() ? "" : ";").append(header.first);
  return names;
}

std::string_view target_of_url(std::string_view url) noexcept {
  const std::size_t scheme = url.find("://");
  const std::size_t path = url.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : url.substr(path);
}

std::string canonical_request(const HttpRequest& request, const std::vector<Header>& headers,
                              const std::string& signed_names) {
  const std::string_view target = target_of_url(request.url);
  const std::size_t question = std::min(target.find('?'), target.size());
  std::string text = request.method + '\n';
  text.append(target.substr(0, question)).append("\n");
  text.append(target.substr(std::min(question + 1, target.size()))).append("\n");
  for (const auto& [name, value] : headers) text.append(name).append(":").append(value).append("\n");
  text.append("\n").append(signed_names).append("\n").append(to_hex(sha256(request.body)));
  return text;
}

Sha256Digest signing_key(const SigningKey& key, std::string_view day) {
  Sha256Digest step = hmac_sha256("AWS4" + key.secret_access_key, day);
  step = hmac_sha256(as_view(step), key.region);
  step = hmac_sha256(as_view(step), key.service);
  return hmac_sha256(as_view(step), "aws4_request");
}

std::string iso_timestamp(WallTime::time_point when) {
  const std::time_t seconds = WallTime::to_time_t(when);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  text[std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts)] = '\0';
  return text;
}

}  // namespace

std::string_view host_of_url(std::string_view url) noexcept {
  const bool https = url.substr(0, 8) == "https://";
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  std::string_view host = url.substr(0, url.find_first_of("/?#"));
  host.remove_prefix(host.find('@') == std::string_view::npos ? 0 : host.find('@') + 1);
  const std::string_view own_port = https ? ":443" : ":80";
  if (host.ends_with(own_port)) host.remove_suffix(own_port.size());
  return host;
}

std::vector<std::string> sign_request(const HttpRequest& request, WallTime::time_point when) {
  const SigningKey& key = request.signing;
  const std::string timestamp = iso_timestamp(when);
  const std::string day = timestamp.substr(0, 8);
  const std::string scope = day + '/' + key.region + '/' + key.service + "/aws4_request";
  const std::vector<Header> headers = headers_to_sign(request, timestamp);
  const std::string names = names_of(headers);
  const std::string to_sign = std::string(kAlgorithm) + '\n' + timestamp + '\n' + scope + '\n' +
                              to_hex(sha256(canonical_request(request, headers, names)));
  const std::string signature = to_hex(hmac_sha256(as_view(signing_key(key, day)), to_sign));
  return {"X-Amz-Date: " + timestamp, std::string("Authorization: ") + kAlgorithm + " Credential=" + key.access_key_id +
                                          '/' + scope + ", SignedHeaders=" + names + ", Signature=" + signature};
}

}  // namespace dynamodb
