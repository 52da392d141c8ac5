// HTTP requests of credentials sources: what is in flight, and when it is tried again.
#include "dynamodb/credentials_http.hpp"

#include <algorithm>
#include <utility>

#include "dynamodb/http_date.hpp"

namespace dynamodb {
namespace {

constexpr std::chrono::minutes kToleratedSkew{4};
constexpr double kFirstDelay = 200;  // milliseconds
constexpr double kMaxDelay = 2000;

bool is_transient(const HttpResponse& response) noexcept {
  if (response.failure) return response.failure->retryable();
  if (response.status >= 500 || response.status == 429) return true;
  return response.status == 400 && response.body.view().find("IDPCommunicationError") != std::string_view::npos;
}

}  // namespace

CredentialsHttp::CredentialsHttp(Transport& transport, const Clock& clock, Random& random, std::string ca_bundle)
    : transport_(transport), clock_(clock), random_(random), ca_bundle_(std::move(ca_bundle)) {}

CredentialsHttp::~CredentialsHttp() {
  for (const auto& [id, exchange] : exchanges_)
    if (!exchange.response) transport_.cancel(id);
}

RequestId CredentialsHttp::start(HttpRequest request, std::string body) {
  auto node = std::map<RequestId, Exchange>();
  Exchange& exchange = node[0];
  exchange.body = std::move(body);
  request.body = exchange.body;
  request.ca_bundle = ca_bundle_;
  request.max_response_bytes = kMaxCredentialsBytes;
  const RequestId id = transport_.start(request);
  auto handle = node.extract(node.begin());
  handle.key() = id;
  exchanges_.insert(std::move(handle));  // moves no string: the body stays where it is, and no memory is needed
  return id;
}

std::optional<HttpResponse> CredentialsHttp::take(RequestId id) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end() || !found->second.response) return std::nullopt;
  std::optional<HttpResponse> response = std::move(found->second.response);
  exchanges_.erase(found);
  return response;
}

void CredentialsHttp::cancel(RequestId id) noexcept {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  if (!found->second.response) transport_.cancel(id);
  exchanges_.erase(found);
}

void CredentialsHttp::wake_at(Steady::time_point when) noexcept { wake_ = std::min(wake_, when); }

bool CredentialsHttp::receive(RequestId id, HttpResponse& response) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return false;
  found->second.response = std::move(response);
  return true;
}

void CredentialsFetch::begin(HttpRequest request, std::string body, int max_attempts) {
  request_ = std::move(request);
  body_ = std::move(body);
  max_attempts_ = max_attempts;
  attempts_ = 0;
  begun_ = true;
  retry_time_ = {};
}

std::optional<HttpResponse> CredentialsFetch::poll(CredentialsHttp& http) {
  if (id_ != 0) {
    std::optional<HttpResponse> response = http.take(id_);
    if (!response) return std::nullopt;
    id_ = 0;
    if (!is_again(http, *response)) {
      begun_ = false;
      body_.clear();
      return response;
    }
  }
  if (retry_time_ <= http.clock().now()) {
    id_ = http.start(request_, body_);
    http_ = &http;
    started_ = http.clock().now();
  } else {
    http.wake_at(retry_time_);
  }
  return std::nullopt;
}

// Where nobody has looked for long, because no statement ran, a failure says nothing about the other side.
bool CredentialsFetch::is_again(CredentialsHttp& http, const HttpResponse& response) {
  if (response.failure && http.clock().now() - started_ > 2 * request_.request_timeout) return true;
  if (response.failure && response.stale_connection && !std::exchange(request_.fresh_connection, true)) return true;
  if (correct_clock(http, response)) return true;
  if (++attempts_ >= max_attempts_ || !is_transient(response)) return false;
  const double longest = std::min(kMaxDelay, kFirstDelay * (1 << std::min(attempts_ - 1, 10)));
  retry_time_ = http.clock().now() + Milliseconds(static_cast<int64_t>(longest * http.random().next()));
  return true;
}

bool CredentialsFetch::correct_clock(CredentialsHttp& http, const HttpResponse& response) {
  const bool refused = !response.failure && (response.status == 400 || response.status == 403);
  if (!refused || request_.signing.access_key_id.empty() || request_.signing_time) return false;
  const auto date = parse_http_date(response.date);
  if (!date || std::chrono::abs(*date - http.clock().wall_now()) < kToleratedSkew) return false;
  request_.signing_time = *date;
  return true;
}

std::string describe_failure(const HttpResponse& response) {
  if (response.failure) return response.failure->message;
  return "HTTP status " + std::to_string(response.status);
}

}  // namespace dynamodb
