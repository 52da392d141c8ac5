// Finds out whether and how a DynamoDB can be reached.
#include "dynamodb/server_probe.hpp"

#include <algorithm>
#include <utility>

#include "dynamodb/http_date.hpp"

namespace dynamodb {
namespace {

constexpr int kRequests = 6;  // the first one connects
constexpr int kStsAttempts = 2;
constexpr Milliseconds kMostPatience{10000};
constexpr std::string_view kBody = "{\"Limit\":1}";

}  // namespace

ServerProbe::ServerProbe(const ClientConfig& config, std::unique_ptr<CredentialsSource> credentials,
                         std::unique_ptr<Transport> transport, std::optional<StsEndpoint> sts, const Clock& clock,
                         Random& random)
    : config_(config),
      transport_(std::move(transport)),
      clock_(clock),
      sts_(std::move(sts)),
      http_(*transport_, clock, random, config_.ca_bundle),
      credentials_(std::move(credentials)) {
  request_.url = config_.endpoint.url;
  request_.headers = {"Content-Type: application/x-amz-json-1.0", "X-Amz-Target: DynamoDB_20120810.ListTables"};
  request_.body = kBody;
  request_.connect_timeout = std::min(config_.connect_timeout, kMostPatience);
  request_.request_timeout = std::min(config_.request_timeout, kMostPatience);
  request_.ca_bundle = config_.ca_bundle;
  request_.report_tls = true;
  request_.max_response_bytes = kMaxDescriptionBytes;
}

ServerProbe::~ServerProbe() {
  if (id_ != 0) transport_->cancel(id_);
}

bool ServerProbe::advance() {
  transport_->advance();
  RequestId id = 0;
  HttpResponse response;
  while (transport_->take_finished(&id, &response)) {
    if (!http_.receive(id, response) && id == id_) take_answer(std::move(response));
    response = HttpResponse{};
  }
  http_.forget_wake();
  if (!has_credentials_) get_credentials();
  if (has_credentials_ && id_ == 0 && requests_ < kRequests && !findings_.failure) send();
  poll_identity();
  transport_->wake_at(http_.wake_time());
  const bool all_asked = requests_ == kRequests || findings_.failure;
  return has_credentials_ && id_ == 0 && all_asked && !identity_;
}

// --- credentials, and whose they are

void ServerProbe::get_credentials() {
  CredentialsAnswer answer = credentials_->get(http_);
  if (answer.is_pending()) return;
  has_credentials_ = true;
  if (!answer.ok())
    findings_.credentials_error = std::move(answer.error());
  else if (!answer.value())
    findings_.credentials_error = Error::no_credentials("no AWS credentials were found");
  else
    note_credentials(*answer.value());
}

void ServerProbe::note_credentials(const Credentials& credentials) {
  findings_.credentials_source = credentials.source;
  findings_.access_key_id = credentials.access_key_id;
  findings_.temporary = !credentials.session_token.empty();
  findings_.expiration = credentials.expiration;
  request_.signing = {credentials.access_key_id, credentials.secret_access_key, credentials.session_token,
                      config_.endpoint.signing_region, "dynamodb"};
  if (!sts_) return;
  identity_.emplace();
  identity_->begin(sts_request(*sts_, &credentials), get_caller_identity_body(), kStsAttempts);
}

void ServerProbe::poll_identity() {
  if (!identity_) return;
  const std::optional<HttpResponse> response = identity_->poll(http_);
  if (!response) return;
  Result<CallerIdentity> identity = parse_caller_identity(*response);
  if (identity)
    findings_.identity = std::move(identity.value());
  else
    findings_.identity_error = std::move(identity.error());
  identity_.reset();
}

// --- DynamoDB

void ServerProbe::send() {
  sent_ = clock_.now();
  id_ = transport_->start(request_);
  ++requests_;
}

void ServerProbe::take_answer(HttpResponse response) {
  const Steady::duration taken = clock_.now() - sent_;
  id_ = 0;
  if (response.failure) {
    findings_.failure = std::move(*response.failure);
    return;
  }
  if (!response.tls.empty()) findings_.tls = response.tls;
  findings_.refusal.reset();
  if (response.status == 200 && !response.body.view().starts_with('{'))
    findings_.refusal = Error::not_dynamodb("the endpoint answered, but not as DynamoDB does");
  else if (response.status != 200)
    findings_.refusal = parse_error_response(response.status, response.body.view(), response.request_id);
  const auto microseconds = std::chrono::duration_cast<Microseconds>(taken);
  if (!findings_.first)
    findings_.first = microseconds;
  else
    findings_.round_trips.insert(std::ranges::upper_bound(findings_.round_trips, microseconds), microseconds);
  note_clock(response, taken);
}

// The header is cut to whole seconds, and written about half-way between sending and now.
void ServerProbe::note_clock(const HttpResponse& response, Steady::duration taken) {
  const auto date = parse_http_date(response.date);
  if (!date) return;
  const auto service = *date + Milliseconds(500);
  const auto here = clock_.wall_now() - std::chrono::duration_cast<WallTime::duration>(taken / 2);
  findings_.clock_skew = std::chrono::duration_cast<Milliseconds>(service - here);
}

}  // namespace dynamodb
