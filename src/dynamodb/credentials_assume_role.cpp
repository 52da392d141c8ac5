// Credentials of a role.
#include "dynamodb/credentials_assume_role.hpp"

#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr int kAttempts = 3;
constexpr std::size_t kMaxShown = 500;

}  // namespace

CredentialsAnswer AssumeRoleCredentials::fetch(CredentialsHttp& http) {
  if (!fetch_.begun()) {
    CredentialsAnswer signer = source_->get(http);
    if (signer.is_pending() || !signer.ok()) return signer;
    if (!signer.value()) {
      return Error::no_credentials("no AWS credentials to assume role \"" + printable_ascii(role_.role_arn, kMaxShown) +
                                   "\" with were found in " + source_->description());
    }
    Result<StsEndpoint> endpoint = sts_endpoint(context_.environment, profile_, context_.region);
    if (!endpoint) return std::move(endpoint.error());
    fetch_.begin(sts_request(endpoint.value(), &*signer.value()), assume_role_body(role_), kAttempts);
  }
  const std::optional<HttpResponse> response = fetch_.poll(http);
  if (!response) return CredentialsAnswer::pending();
  Result<Credentials> found = parse_sts_answer(*response, "AssumeRole", role_);
  if (found) return std::optional<Credentials>(std::move(found.value()));
  source_->invalidate();  // what it was signed with may have been refused
  return std::move(found.error());
}

std::string AssumeRoleCredentials::description() const {
  return "role \"" + printable_ascii(role_.role_arn, kMaxShown) + "\" by " + source_->description();
}

}  // namespace dynamodb
