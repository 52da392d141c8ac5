// STS requests (form fields) and answers.
#include "dynamodb/sts.hpp"

#include "dynamodb/aws_settings.hpp"
#include "dynamodb/credentials_http.hpp"
#include "dynamodb/credentials_json.hpp"
#include "dynamodb/endpoint.hpp"
#include "dynamodb/iso_time.hpp"
#include "dynamodb/percent_encoding.hpp"
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr Milliseconds kConnectTimeout{5000};
constexpr Milliseconds kRequestTimeout{15000};
constexpr std::size_t kMaxShown = 500;

void append_field(std::string& body, const char* name, std::string_view value) {
  if (!body.empty()) body += '&';
  body.append(name).append("=").append(percent_encoded(value));
}

std::string role_body(const char* action, const RoleWish& wish) {
  std::string body;
  append_field(body, "Action", action);
  append_field(body, "Version", "2011-06-15");
  append_field(body, "RoleArn", wish.role_arn);
  append_field(body, "RoleSessionName", wish.session_name.empty() ? "dynamodb_fdw" : wish.session_name);
  if (wish.duration_seconds > 0) append_field(body, "DurationSeconds", std::to_string(wish.duration_seconds));
  return body;
}

/// The text of the first such element. Keys, tokens and times have no characters that XML writes otherwise.
std::string xml_text(std::string_view xml, const std::string& name) {
  const std::string opening = "<" + name + ">";
  const std::size_t start = xml.find(opening);
  if (start == xml.npos) return {};
  xml.remove_prefix(start + opening.size());
  const std::size_t end = xml.find("</" + name + ">");
  return end == xml.npos ? std::string() : std::string(xml.substr(0, end));
}

bool is_xml(std::string_view body) noexcept {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first != body.npos && body[first] == '<';
}

Result<Credentials> parse_xml(std::string_view xml) {
  Credentials found{xml_text(xml, "AccessKeyId"),
                    xml_text(xml, "SecretAccessKey"),
                    xml_text(xml, "SessionToken"),
                    parse_iso_time(xml_text(xml, "Expiration")),
                    {}};
  auto checked =
      check_credentials(std::move(found), {"the answer of STS", "AccessKeyId", "SecretAccessKey", "SessionToken"});
  if (!checked) return std::move(checked.error());
  if (!checked.value()) return Error::corrupt_response("the answer of STS has no AccessKeyId");
  return std::move(*checked.value());
}

// `what` failed: "STS AssumeRole of role ...".
Error refusal(const HttpResponse& response, const std::string& what) {
  const std::string_view body = response.body.view();
  Error error = Error::no_credentials(what + " failed: ");
  if (response.failure) {
    error.message += response.failure->message;
    return error;
  }
  error.type = is_xml(body) ? xml_text(body, "Code") : json_text(body, {"Error"}, "Code");
  error.type = printable_ascii(error.type, 100);
  const std::string text = is_xml(body) ? xml_text(body, "Message") : json_text(body, {"Error"}, "Message");
  error.message += text.empty() ? describe_failure(response) : printable_ascii(text, kMaxShown);
  error.http_status = response.status;
  error.request_id = response.request_id;
  return error;
}

}  // namespace

Result<StsEndpoint> sts_endpoint(const AwsEnvironment& environment, std::string_view profile,
                                 const std::string& region) {
  AwsSettings settings(environment, profile);
  Result<std::string> custom = settings.endpoint_url("sts");
  if (!custom) return std::move(custom.error());
  if (!custom.value().empty()) return StsEndpoint{std::move(custom.value()), region};
  Result<std::string> url = aws_service_url("sts", region, settings);
  if (!url) return std::move(url.error());
  return StsEndpoint{std::move(url.value()), region};
}

std::string assume_role_body(const RoleWish& wish) {
  std::string body = role_body("AssumeRole", wish);
  if (!wish.external_id.empty()) append_field(body, "ExternalId", wish.external_id);
  return body;
}

std::string assume_role_with_web_identity_body(const RoleWish& wish, std::string_view token) {
  std::string body = role_body("AssumeRoleWithWebIdentity", wish);
  append_field(body, "WebIdentityToken", token);
  return body;
}

HttpRequest sts_request(const StsEndpoint& endpoint, const Credentials* signer) {
  HttpRequest request;
  request.url = endpoint.url;
  request.headers = {"Content-Type: application/x-www-form-urlencoded; charset=utf-8", "Accept: application/json"};
  request.connect_timeout = kConnectTimeout;
  request.request_timeout = kRequestTimeout;
  if (signer != nullptr) {
    request.signing = {signer->access_key_id, signer->secret_access_key, signer->session_token, endpoint.region, "sts"};
  }
  return request;
}

Result<Credentials> parse_sts_answer(const HttpResponse& response, const char* operation, const RoleWish& wish) {
  if (response.failure || response.status != 200)
    return refusal(response,
                   std::string("STS ") + operation + " of role \"" + printable_ascii(wish.role_arn, kMaxShown) + "\"");
  const std::string_view body = response.body.view();
  const std::string outer = std::string(operation) + "Response";
  const std::string inner = std::string(operation) + "Result";
  Result<Credentials> found =
      is_xml(body) ? parse_xml(body) : parse_credentials(body, {outer.c_str(), inner.c_str(), "Credentials"}, "STS");
  if (found) found.value().source = "role " + printable_ascii(wish.role_arn, kMaxShown);
  return found;
}

std::string get_caller_identity_body() { return "Action=GetCallerIdentity&Version=2011-06-15"; }

Result<CallerIdentity> parse_caller_identity(const HttpResponse& response) {
  if (response.failure || response.status != 200) return refusal(response, "STS GetCallerIdentity");
  const std::string_view body = response.body.view();
  const JsonPath path = {"GetCallerIdentityResponse", "GetCallerIdentityResult"};
  const auto text = [&](const char* name) {
    return printable_ascii(is_xml(body) ? xml_text(body, name) : json_text(body, path, name), kMaxShown);
  };
  CallerIdentity identity{text("Account"), text("Arn"), text("UserId")};
  if (identity.arn.empty()) return Error::corrupt_response("the answer of STS to GetCallerIdentity has no Arn");
  return identity;
}

}  // namespace dynamodb
