// Credentials of AWS IAM Identity Center.
#include "dynamodb/credentials_sso.hpp"

#include <nettle/sha1.h>

#include <algorithm>
#include <array>

#include "dynamodb/aws_settings.hpp"
#include "dynamodb/credentials_json.hpp"
#include "dynamodb/endpoint.hpp"
#include "dynamodb/iso_time.hpp"
#include "dynamodb/percent_encoding.hpp"
#include "dynamodb/printable.hpp"
#include "dynamodb/profile_source.hpp"

namespace dynamodb {
namespace {

constexpr int kAttempts = 3;
constexpr Milliseconds kConnectTimeout{5000};
constexpr Milliseconds kRequestTimeout{15000};
constexpr std::size_t kMaxShown = 500;

std::string sha1_hex(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  sha1_ctx context;
  sha1_init(&context);
  sha1_update(&context, text.size(), reinterpret_cast<const uint8_t*>(text.data()));
  std::array<uint8_t, SHA1_DIGEST_SIZE> digest;
  sha1_digest(&context, digest.size(), digest.data());
  std::string hex;
  for (const uint8_t byte : digest) hex.append({kHex[byte >> 4], kHex[byte & 15]});
  return hex;
}

}  // namespace

std::string SsoCredentials::cache_path() const {
  return context_.environment.get_variable("HOME").value_or("") + "/.aws/sso/cache/" +
         sha1_hex(wish_.session.empty() ? wish_.start_url : wish_.session) + ".json";
}

Error SsoCredentials::login_needed(const std::string& why) const {
  Error error = Error::no_credentials("the SSO token of " + quoted_profile(wish_.profile) + " " + why);
  error.detail = "It is expected in \"" + one_line(cache_path(), kMaxShown) +
                 "\". Run \"aws sso login\" for this profile as the operating system's user of the database server.";
  return error;
}

Result<std::string> SsoCredentials::read_token() const {
  Result<FileContents> file = context_.environment.read_file(cache_path());
  if (!file) return std::move(file.error());
  if (file.value().state != FileContents::State::read) return login_needed("cannot be found");
  const std::string_view json = file.value().text;
  const auto expires_at = parse_iso_time(json_text(json, {}, "ExpiresAt"));
  std::string token = json_text(json, {}, "AccessToken");
  const bool usable = !token.empty() && std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7f; });
  if (!usable || !expires_at) return login_needed("cannot be read");
  if (*expires_at <= context_.clock.wall_now()) return login_needed("has expired");
  return token;
}

Result<std::string> SsoCredentials::url() const {
  AwsSettings settings(context_.environment, wish_.profile);
  Result<std::string> base = settings.endpoint_url("sso");
  if (base && base.value().empty()) base = aws_service_url("portal.sso", wish_.region, settings);
  if (!base) return base;
  return base.value() + "federation/credentials?role_name=" + percent_encoded(wish_.role_name) +
         "&account_id=" + percent_encoded(wish_.account_id);
}

CredentialsAnswer SsoCredentials::fetch(CredentialsHttp& http) {
  if (!fetch_.begun()) {
    Result<std::string> token = read_token();
    if (!token) return std::move(token.error());
    Result<std::string> address = url();
    if (!address) return std::move(address.error());
    HttpRequest request;
    request.method = "GET";
    request.url = std::move(address.value());
    request.headers = {"Accept: application/json", "x-amz-sso_bearer_token: " + token.value()};
    request.connect_timeout = kConnectTimeout;
    request.request_timeout = kRequestTimeout;
    fetch_.begin(std::move(request), {}, kAttempts);
  }
  const std::optional<HttpResponse> response = fetch_.poll(http);
  if (!response) return CredentialsAnswer::pending();
  if (response->failure || response->status != 200) return refused(*response);
  Result<Credentials> found = parse_credentials(response->body.view(), {"roleCredentials"}, "the SSO portal");
  if (!found) return std::move(found.error());
  found.value().source = "SSO";
  return std::optional<Credentials>(std::move(found.value()));
}

Error SsoCredentials::refused(const HttpResponse& response) const {
  if (response.status == 401) return login_needed("is no longer valid");
  Error error = Error::no_credentials("the SSO portal gave no credentials of role \"" +
                                      printable_ascii(wish_.role_name, kMaxShown) + "\" in account " +
                                      printable_ascii(wish_.account_id, kMaxShown) + ": " + describe_failure(response));
  const std::string message = response.failure ? "" : json_text(response.body.view(), {}, "Message");
  if (!message.empty()) error.detail = "It says: " + printable_ascii(message, kMaxShown);
  return error;
}

std::string SsoCredentials::description() const { return "SSO of " + quoted_profile(wish_.profile); }

}  // namespace dynamodb
