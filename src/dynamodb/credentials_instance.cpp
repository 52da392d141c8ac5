// Credentials of an EC2 instance.
#include "dynamodb/credentials_instance.hpp"

#include <algorithm>

#include "dynamodb/ascii.hpp"
#include "dynamodb/credentials_json.hpp"
#include "dynamodb/endpoint.hpp"
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr const char* kDisabled = "AWS_EC2_METADATA_DISABLED";
constexpr const char* kEndpoint = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
constexpr const char* kMode = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
constexpr const char* kRolePath = "/latest/meta-data/iam/security-credentials/";
constexpr Milliseconds kTimeout{1000};
constexpr std::size_t kMaxTokenBytes = 4096;
constexpr std::size_t kMaxShown = 200;

bool is_word(std::string_view text, std::size_t longest) noexcept {
  return !text.empty() && text.size() <= longest &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

std::string_view first_line(std::string_view text) noexcept { return text.substr(0, text.find_first_of("\r\n")); }

}  // namespace

Result<std::string> InstanceCredentials::endpoint() const {
  if (const auto named = environment_.get_variable(kEndpoint)) {
    Result<std::string> url = parse_endpoint_url(*named);
    if (url) {
      url.value().pop_back();
    } else {
      url.error().message.insert(0, std::string(kEndpoint) + ": ");
    }
    return url;
  }
  const std::string mode = environment_.get_variable(kMode).value_or("ipv4");
  if (ascii_equal_ignoring_case(mode, "ipv4")) return std::string("http://169.254.169.254");
  if (ascii_equal_ignoring_case(mode, "ipv6")) return std::string("http://[fd00:ec2::254]");
  return Error::bad_configuration(std::string(kMode) + " must be IPv4 or IPv6");
}

bool InstanceCredentials::is_disabled() const {
  return ascii_equal_ignoring_case(environment_.get_variable(kDisabled).value_or(""), "true");
}

void InstanceCredentials::ask(Step step, const char* method, const std::string& path, std::string header) {
  HttpRequest request;
  request.method = method;
  request.url = endpoint_ + path;
  request.headers = {std::move(header)};
  request.connect_timeout = request.request_timeout = kTimeout;
  request.use_proxy = false;
  fetch_.begin(std::move(request), {}, 1);
  step_ = step;
}

CredentialsAnswer InstanceCredentials::fetch(CredentialsHttp& http) {
  if (step_ == Step::idle) {
    if (is_disabled()) return nothing_there(std::string("disabled by ") + kDisabled);
    Result<std::string> url = endpoint();
    if (!url) return std::move(url.error());
    endpoint_ = std::move(url.value());
    ask(Step::token, "PUT", "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 21600");
  }
  for (;;) {
    const std::optional<HttpResponse> response = fetch_.poll(http);
    if (!response) return CredentialsAnswer::pending();
    CredentialsAnswer answer = take(*response);
    if (!answer.is_pending()) {
      step_ = Step::idle;
      token_header_.clear();
      return answer;
    }
  }
}

CredentialsAnswer InstanceCredentials::take(const HttpResponse& response) {
  if (step_ == Step::token) return take_token(response);
  return step_ == Step::role ? take_role(response) : take_credentials(response);
}

// Outside of EC2 there is nobody at this address; within it, the service may be turned off.
CredentialsAnswer InstanceCredentials::take_token(const HttpResponse& response) {
  const bool none = response.status == 403 || response.status == 404 || response.status == 405;
  if (response.failure || none) return nothing_there(describe_failure(response));
  if (response.status != 200) return refused("a session token", response);
  const std::string_view token = first_line(response.body.view());
  if (!is_word(token, kMaxTokenBytes)) return refused("a usable session token", response);
  token_header_ = "X-aws-ec2-metadata-token: " + std::string(token);
  ask(Step::role, "GET", kRolePath, token_header_);
  return CredentialsAnswer::pending();
}

CredentialsAnswer InstanceCredentials::take_role(const HttpResponse& response) {
  if (!response.failure && response.status == 404) return nothing_there("the instance has no IAM role");
  if (response.failure || response.status != 200) return refused("the name of the instance's role", response);
  const std::string_view role = first_line(response.body.view());
  // IAM's names are of letters, digits and +=,.@_-
  const bool is_name = is_word(role, 128) && role.find_first_of("/?#%\\") == role.npos;
  if (!is_name) return refused("a usable name of the instance's role", response);
  ask(Step::credentials, "GET", kRolePath + std::string(role), token_header_);
  return CredentialsAnswer::pending();
}

CredentialsAnswer InstanceCredentials::take_credentials(const HttpResponse& response) {
  if (response.failure || response.status != 200) return refused("credentials", response);
  const std::string code = json_text(response.body.view(), {}, "Code");
  if (!code.empty() && code != "Success") {
    Error error = refused("credentials", response);
    error.detail = "It says: " + printable_ascii(code, kMaxShown) + ": " +
                   printable_ascii(json_text(response.body.view(), {}, "Message"), kMaxShown);
    return error;
  }
  Result<Credentials> found = parse_credentials(response.body.view(), {}, "the EC2 instance metadata service");
  if (!found) return std::move(found.error());
  found.value().source = "instance role";
  trouble_.clear();
  return std::optional<Credentials>(std::move(found.value()));
}

CredentialsAnswer InstanceCredentials::nothing_there(std::string why) {
  trouble_ = std::move(why);
  return std::optional<Credentials>();
}

Error InstanceCredentials::refused(const char* what, const HttpResponse& response) {
  Error error =
      Error::no_credentials("the EC2 instance metadata service at \"" + endpoint_ + "\" did not give " + what);
  if (response.failure || response.status != 200) error.message += ": " + describe_failure(response);
  return error;
}

std::string InstanceCredentials::description() const {
  return "role of the EC2 instance" + (trouble_.empty() ? std::string() : " (" + trouble_ + ")");
}

}  // namespace dynamodb
