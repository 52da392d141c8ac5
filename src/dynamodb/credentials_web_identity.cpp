// Credentials for a token of an identity provider.
#include "dynamodb/credentials_web_identity.hpp"

#include <algorithm>

#include "dynamodb/aws_environment.hpp"
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr const char* kTokenFile = "AWS_WEB_IDENTITY_TOKEN_FILE";
constexpr const char* kRoleArn = "AWS_ROLE_ARN";
constexpr int kAttempts = 3;
constexpr std::size_t kMaxPathShown = 500;
constexpr std::size_t kMaxTokenBytes = 20000;  // AWS STS API Reference, AssumeRoleWithWebIdentity

}  // namespace

WebIdentity WebIdentityCredentials::from_environment() const {
  const auto variable = [this](const char* name) { return context_.environment.get_variable(name).value_or(""); };
  WebIdentity found;
  found.token_file = variable(kTokenFile);
  found.role.role_arn = variable(kRoleArn);
  found.role.session_name = variable("AWS_ROLE_SESSION_NAME");
  found.place = "the environment";
  return found;
}

Result<std::string> WebIdentityCredentials::read_token(const WebIdentity& wanted) const {
  Result<FileContents> file = context_.environment.read_file(wanted.token_file);
  if (!file) return std::move(file.error());
  const std::string name =
      "web identity token file \"" + one_line(wanted.token_file, kMaxPathShown) + "\" of " + wanted.place;
  if (file.value().state != FileContents::State::read) return Error::bad_configuration(name + " cannot be found");
  std::string token = std::move(file.value().text);
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  const bool usable = !token.empty() && token.size() <= kMaxTokenBytes &&
                      std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7f; });
  if (!usable) return Error::bad_configuration(name + " holds no token");
  return token;
}

std::optional<Error> WebIdentityCredentials::begin(WebIdentity wanted) {
  if (wanted.role.role_arn.empty()) {
    return Error::bad_configuration(wanted.place + " has a web identity token file but no role (" +
                                    (given_ ? "role_arn" : kRoleArn) + ")");
  }
  Result<std::string> token = read_token(wanted);
  if (!token) return std::move(token.error());
  Result<StsEndpoint> endpoint = sts_endpoint(context_.environment, wanted.profile, context_.region);
  if (!endpoint) return std::move(endpoint.error());
  role_ = std::move(wanted.role);
  fetch_.begin(sts_request(endpoint.value(), nullptr), assume_role_with_web_identity_body(role_, token.value()),
               kAttempts);
  return std::nullopt;
}

CredentialsAnswer WebIdentityCredentials::fetch(CredentialsHttp& http) {
  if (!fetch_.begun()) {
    WebIdentity wanted = given_ ? *given_ : from_environment();
    if (wanted.token_file.empty()) return std::optional<Credentials>();
    if (auto error = begin(std::move(wanted))) return std::move(*error);
  }
  const std::optional<HttpResponse> response = fetch_.poll(http);
  if (!response) return CredentialsAnswer::pending();
  Result<Credentials> found = parse_sts_answer(*response, "AssumeRoleWithWebIdentity", role_);
  if (!found) return std::move(found.error());
  return std::optional<Credentials>(std::move(found.value()));
}

std::string WebIdentityCredentials::description() const {
  if (given_) return "web identity of " + given_->place;
  return std::string("web identity (") + kTokenFile + ")";
}

}  // namespace dynamodb
