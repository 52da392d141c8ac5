// The state machine of requests: queued -> in flight -> finished, or backing off -> in flight again.
#include "dynamodb/client.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <new>
#include <set>
#include <utility>
#include <vector>

#include "dynamodb/content_coding.hpp"
#include "dynamodb/credentials_http.hpp"
#include "dynamodb/http_date.hpp"
#include "dynamodb/request_tables.hpp"

namespace dynamodb {
namespace {

constexpr Steady::time_point kNever = Steady::time_point::max();
constexpr Steady::time_point kAtOnce = Steady::time_point::min();

// The service takes signatures that are up to five minutes off. What is refused although it is well within that was
// refused for another reason, usually a wrong secret.
constexpr std::chrono::minutes kToleratedSkew{4};

// An endpoint that was never reached is rather wrong than away: soon given up, but not after a single try.
constexpr Milliseconds kMostTimeToReach{5000};
constexpr int kFewestTriesToReach = 2;

constexpr Milliseconds kMostPatience{std::chrono::minutes(5)};

bool names_the_time(const Error& error) noexcept {
  return error.type == "RequestTimeTooSkewed" || error.type == "RequestExpired" || error.type == "RequestInTheFuture";
}

std::optional<Milliseconds> retry_after(const HttpResponse& response) noexcept {
  const std::string& text = response.retry_after;
  uint32_t milliseconds = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (problem != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return Milliseconds(milliseconds);
}

// An endpoint that answers 200 with something else, such as a login page, is told apart from a damaged answer.
std::optional<Error> check_is_json(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return Error::corrupt_response("the service answered without a body");
  if (body[first] == '{') return std::nullopt;
  return Error::not_dynamodb("the endpoint answered, but not as DynamoDB does");
}

// Refusals change nothing. Everything else that is no success may hide one.
bool may_hide_success(const Error& error, const HttpResponse& response) noexcept {
  if (response.failure) return response.maybe_sent;
  const bool refused = response.status >= 400 && response.status < 500;
  return !refused || error.kind == ErrorKind::transient;
}

Error about(const HttpResponse& response, Error error) {
  error.http_status = response.status;
  error.request_id = response.request_id;
  return error;
}

// An answer that says no. Where it was damaged on the way it has to be asked for again; where it only cannot be
// decompressed, its status says enough, unless it is the one of most of DynamoDB's errors.
Error refusal(const HttpResponse& response, std::optional<Error> damage) {
  const bool status_says_enough = response.body.empty() && response.status != 400;
  if (damage && !status_says_enough) return about(response, std::move(*damage));
  return parse_error_response(response.status, response.body.view(), response.request_id);
}

}  // namespace

struct Client::Impl {
  Impl(const ClientConfig& config, Transport& transport, std::unique_ptr<CredentialsSource> credentials, Clock& clock,
       Random& random);

  void advance();
  void forget(Call& call) noexcept;
  void enqueue(Call& call) noexcept;
  void schedule() noexcept;
  void wake_at(Steady::time_point when) noexcept;
  void keep_slow_calls(Milliseconds at_least) noexcept;
  bool take_slow_call(SlowCall* slow);
  std::size_t outstanding() const noexcept { return queued_count_ + backing_off_.size() + in_flight_.size(); }

 private:
  struct EarlierRetry {
    bool operator()(const Call* a, const Call* b) const noexcept {
      return std::pair(a->retry_time_, a->order_) < std::pair(b->retry_time_, b->order_);
    }
  };

  bool has_room() const noexcept { return in_flight_.size() < max_in_flight_; }
  Call* next_ready() const noexcept;
  bool send_ready();
  bool get_credentials();
  void fail_all_ready(const Error& error);
  void send(Call& call);
  void receive_all();
  void settle(Call& call, HttpResponse response);
  std::optional<Error> judge(HttpResponse& response, std::size_t max_bytes);
  std::optional<Error> decompress(HttpResponse& response, std::size_t max_bytes);
  void succeed(Call& call, BodyBuffer body) noexcept;
  void fail(Call& call, Error error, const HttpResponse& response);
  bool seems_unreachable(const Call& call, const HttpResponse& response, Milliseconds delay) const noexcept;
  bool may_correct(Call& call, const Error& error, const HttpResponse& response) noexcept;
  bool refresh_credentials(Call& call) noexcept;
  bool correct_clock(Call& call, const Error& error, const HttpResponse& response) noexcept;
  bool renew_connection(Call& call) noexcept;
  void back_off(Call& call, Milliseconds delay);
  void finish(Call& call, Error error) noexcept;
  void keep_if_slow(const Call& call, const HttpResponse& response, const Error* error) noexcept;
  void keep(const Call& call, const HttpResponse& response, const Error* error, Steady::duration took);
  void give_up(Call& call, Error error);
  void detach(Call& call) noexcept;
  void unlink(Call& call) noexcept;

  Transport& transport_;
  Clock& clock_;
  Random& random_;
  const std::size_t max_in_flight_;
  RetryBucket bucket_;
  ContentDecoder decoder_;
  CredentialsHttp credentials_http_;
  const std::unique_ptr<CredentialsSource> credentials_;  // its requests are in the member before
  bool awaiting_credentials_ = false;                     // what is ready to be sent waits for them
  HttpRequest request_;  // filled anew for each attempt, so that its strings keep their memory

  Call* first_queued_ = nullptr;
  Call* last_queued_ = nullptr;
  std::size_t queued_count_ = 0;
  std::set<Call*, EarlierRetry> backing_off_;
  std::vector<Call*> in_flight_;  // few: as many as there are connections
  uint64_t last_order_ = 0;
  Steady::time_point owners_wish_ = kNever;

  Milliseconds slow_from_{-1};
  std::deque<SlowCall> slow_calls_;

  bool ever_answered_ = false;           // an HTTP answer of whatever kind has come
  uint64_t credentials_generation_ = 0;  // how often they were found to be refused
  WallTime::duration clock_correction_{};
};

Client::Impl::Impl(const ClientConfig& config, Transport& transport, std::unique_ptr<CredentialsSource> credentials,
                   Clock& clock, Random& random)
    : transport_(transport),
      clock_(clock),
      random_(random),
      max_in_flight_(static_cast<std::size_t>(std::max(config.max_connections, 1))),
      credentials_http_(transport, clock, random, config.ca_bundle),
      credentials_(std::move(credentials)) {
  in_flight_.reserve(max_in_flight_);
  request_.url = config.endpoint.url;
  request_.headers = {"Content-Type: application/x-amz-json-1.0", ""};
  request_.signing.region = config.endpoint.signing_region;
  request_.signing.service = "dynamodb";
  request_.accept_gzip = config.accept_gzip;
  request_.connect_timeout = config.connect_timeout;
  request_.ca_bundle = config.ca_bundle;
}

// Twice at most: what was just sent reaches the network at once, and yet a fast server with a long queue cannot keep
// the caller in here. What is left over makes the descriptor readable.
void Client::Impl::advance() {
  for (int round = 0; round < 2; ++round) {
    transport_.advance();
    receive_all();
    if (!send_ready()) break;
  }
  if (owners_wish_ <= clock_.now()) owners_wish_ = kNever;
  schedule();
}

// --- sending

// Repetitions go before fresh requests: they have waited longer, and somebody may wait for their order.
Call* Client::Impl::next_ready() const noexcept {
  if (!backing_off_.empty() && (*backing_off_.begin())->retry_time_ <= clock_.now()) return *backing_off_.begin();
  return first_queued_;
}

bool Client::Impl::send_ready() {
  if (!has_room() || next_ready() == nullptr || !get_credentials()) return false;
  bool sent = false;
  while (has_room()) {
    Call* call = next_ready();
    if (call == nullptr) break;
    send(*call);
    sent = true;
  }
  return sent;
}

// Asked once for all that can be sent now. False: there are none yet, or there will be none.
bool Client::Impl::get_credentials() {
  credentials_http_.forget_wake();
  CredentialsAnswer answer = credentials_->get(credentials_http_);
  awaiting_credentials_ = answer.is_pending();
  if (awaiting_credentials_) return false;
  if (!answer.ok()) {
    fail_all_ready(answer.error());
    return false;
  }
  if (!answer.value()) {
    fail_all_ready(Error::no_credentials("no AWS credentials found in " + credentials_->description()));
    return false;
  }
  Credentials& credentials = *answer.value();
  request_.signing.access_key_id = std::move(credentials.access_key_id);
  request_.signing.secret_access_key = std::move(credentials.secret_access_key);
  request_.signing.session_token = std::move(credentials.session_token);
  return true;
}

void Client::Impl::fail_all_ready(const Error& error) {
  while (Call* call = next_ready()) {
    Error copy = error;
    detach(*call);
    finish(*call, std::move(copy));
  }
}

void Client::Impl::send(Call& call) {
  request_.signing_time.reset();
  if (clock_correction_.count() != 0) request_.signing_time = clock_.wall_now() + clock_correction_;
  request_.headers[1] = call.target_;
  request_.body = call.request_body_;
  request_.request_timeout = call.request_timeout_;
  request_.max_response_bytes = call.max_response_bytes_;
  request_.fresh_connection = call.on_new_connection_;
  const RequestId id = transport_.start(request_);  // until here nothing has changed if there was no memory
  detach(call);
  call.state_ = Call::State::in_flight;
  call.request_id_ = id;
  call.credentials_generation_ = credentials_generation_;
  call.clock_correction_ = clock_correction_;
  in_flight_.push_back(&call);
  if (call.statistics_ != nullptr) {
    ++call.statistics_->requests;
    if (call.sent_before_) ++call.statistics_->retries;
  }
  if (!call.sent_before_) call.first_sent_ = clock_.now();
  call.sent_before_ = true;
  ++call.sendings_;
}

// --- receiving

void Client::Impl::receive_all() {
  RequestId id = 0;
  HttpResponse response;
  while (transport_.take_finished(&id, &response)) {
    if (credentials_http_.receive(id, response)) {
      awaiting_credentials_ = false;
      response = HttpResponse{};
      continue;
    }
    const auto found = std::ranges::find(in_flight_, id, [](const Call* call) { return call->request_id_; });
    if (found == in_flight_.end()) continue;
    Call& call = **found;
    detach(call);
    try {
      settle(call, std::move(response));
    } catch (const std::bad_alloc&) {
      call.maybe_applied_ = true;
      finish(call, Error::internal("out of memory"));  // short enough to need none
    }
    response = HttpResponse{};
  }
}

void Client::Impl::settle(Call& call, HttpResponse response) {
  if (call.statistics_ != nullptr) call.statistics_->bytes_received += response.bytes_received;
  if (!response.failure) ever_answered_ = true;
  std::optional<Error> error = judge(response, call.max_response_bytes_);
  if (!error) {
    keep_if_slow(call, response, nullptr);
    succeed(call, std::move(response.body));
    return;
  }
  transport_.recycle(std::move(response.body));
  fail(call, std::move(*error), response);
  if (call.finished()) keep_if_slow(call, response, call.error());
}

// The log can do without what there is no memory for.
void Client::Impl::keep_if_slow(const Call& call, const HttpResponse& response, const Error* error) noexcept {
  if (slow_from_.count() < 0) return;
  const Steady::duration took = clock_.now() - call.first_sent_;
  if (took < slow_from_) return;
  try {
    keep(call, response, error, took);
  } catch (const std::bad_alloc&) {
    slow_calls_.clear();
  }
}

void Client::Impl::keep(const Call& call, const HttpResponse& response, const Error* error, Steady::duration took) {
  SlowCall slow;
  slow.operation = call.target_.substr(call.target_.rfind('.') + 1);
  slow.tables = tables_of_request(call.request_body_);
  slow.duration = std::chrono::duration_cast<std::chrono::microseconds>(took);
  slow.attempts = call.sendings_;
  slow.http_status = response.status;
  slow.request_id = response.request_id;
  if (error != nullptr) slow.error = error->type.empty() ? error->message : error->type;
  if (slow_calls_.size() >= kMaxSlowCalls) slow_calls_.pop_front();
  slow_calls_.push_back(std::move(slow));
}

void Client::Impl::keep_slow_calls(Milliseconds at_least) noexcept {
  slow_from_ = at_least;
  if (at_least.count() < 0) slow_calls_.clear();
}

bool Client::Impl::take_slow_call(SlowCall* slow) {
  if (slow_calls_.empty()) return false;
  *slow = std::move(slow_calls_.front());
  slow_calls_.pop_front();
  return true;
}

// Leaves the decompressed, padded body in `response`; a failure stays there, too, but for its text. The CRC-32 comes
// first: it is that of the body as sent.
std::optional<Error> Client::Impl::judge(HttpResponse& response, std::size_t max_bytes) {
  if (response.failure) return std::move(response.failure);
  std::optional<Error> error = check_crc32(response.body.view(), response.crc32);
  if (!error) error = decompress(response, max_bytes);
  if (!error && response.status == 200) error = check_is_json(response.body.view());
  if (!error && response.status == 200) {
    response.body.pad();
    return std::nullopt;
  }
  return response.status == 200 ? about(response, std::move(*error)) : refusal(response, std::move(error));
}

std::optional<Error> Client::Impl::decompress(HttpResponse& response, std::size_t max_bytes) {
  if (!ContentDecoder::needed(response.content_encoding)) return std::nullopt;
  BodyBuffer decoded = transport_.spare_buffer();
  if (auto error = decoder_.decode(response.content_encoding, response.body.view(), decoded, max_bytes)) {
    response.body.clear();
    return error;
  }
  response.body.swap(decoded);
  transport_.recycle(std::move(decoded));
  return std::nullopt;
}

void Client::Impl::succeed(Call& call, BodyBuffer body) noexcept {
  bucket_.give(call.retry_cost_ > 0 ? call.retry_cost_ : 1);
  call.body_ = std::move(body);
  call.state_ = Call::State::finished;
}

// --- failing

void Client::Impl::fail(Call& call, Error error, const HttpResponse& response) {
  if (error.kind == ErrorKind::throttling && call.statistics_ != nullptr) ++call.statistics_->throttled;
  if (may_hide_success(error, response)) call.maybe_applied_ = true;
  if (call.maybe_applied_ && !call.repeat_doubtful_) return give_up(call, std::move(error));
  if (may_correct(call, error, response)) return back_off(call, Milliseconds(0));
  ++call.attempts_;
  // What broke one connection may have broken all that are kept.
  if (response.failure) call.on_new_connection_ = true;
  call.retry_after_ = retry_after(response).value_or(Milliseconds(0));
  if (error.kind == ErrorKind::throttling && !call.retry_throttling_) return give_up(call, std::move(error));
  RetryPolicyOptions options;
  options.max_attempts = call.max_attempts_;
  const auto delay = RetryPolicy(options, random_).delay(error, call.attempts_, bucket_, retry_after(response));
  if (!delay || seems_unreachable(call, response, *delay)) return give_up(call, std::move(error));
  call.retry_cost_ = RetryPolicy::cost(error);
  back_off(call, *delay);
}

bool Client::Impl::seems_unreachable(const Call& call, const HttpResponse& response,
                                     Milliseconds delay) const noexcept {
  const bool reached = !response.failure || response.maybe_sent;
  if (ever_answered_ || reached || call.attempts_ < kFewestTriesToReach) return false;
  return clock_.now() + delay > call.first_sent_ + kMostTimeToReach;
}

// What is wrong with the signature or with a kept connection can be set right once, and does not count as an attempt.
bool Client::Impl::may_correct(Call& call, const Error& error, const HttpResponse& response) noexcept {
  if (response.failure && response.stale_connection) return renew_connection(call);
  if (error.kind == ErrorKind::expired_credentials) return refresh_credentials(call);
  if (error.kind == ErrorKind::clock_skew) return correct_clock(call, error, response);
  return false;
}

// When credentials expire, all requests in flight fail together: the first has them read anew, for all.
bool Client::Impl::refresh_credentials(Call& call) noexcept {
  if (std::exchange(call.refreshed_credentials_, true)) return false;
  if (call.credentials_generation_ == credentials_generation_) {
    credentials_->invalidate();
    ++credentials_generation_;
  }
  return true;
}

// The service's time is compared with the time now, not with the signature's: the answer may have taken long.
bool Client::Impl::correct_clock(Call& call, const Error& error, const HttpResponse& response) noexcept {
  const auto date = parse_http_date(response.date);
  if (!date || std::exchange(call.corrected_clock_, true)) return false;
  const WallTime::duration skew = *date - clock_.wall_now();
  if (!names_the_time(error) && std::chrono::abs(skew - call.clock_correction_) < kToleratedSkew) return false;
  clock_correction_ = std::chrono::abs(skew) < kToleratedSkew ? WallTime::duration(0) : skew;
  return true;
}

// After a long pause all kept connections may be dead, which is found out only by using them: the next try takes none.
bool Client::Impl::renew_connection(Call& call) noexcept { return !std::exchange(call.on_new_connection_, true); }

void Client::Impl::back_off(Call& call, Milliseconds delay) {
  call.retry_time_ = clock_.now() + delay;
  call.order_ = ++last_order_;
  backing_off_.insert(&call);
  call.state_ = Call::State::backing_off;
}

void Client::Impl::give_up(Call& call, Error error) {
  if (call.attempts_ > 1) {
    error.detail.append(error.detail.empty() ? "" : " ").append("Tried " + std::to_string(call.attempts_) + " times.");
  }
  finish(call, std::move(error));
}

void Client::Impl::finish(Call& call, Error error) noexcept {
  call.error_ = std::move(error);
  call.state_ = Call::State::finished;
}

// --- queues

void Client::Impl::enqueue(Call& call) noexcept {
  call.previous_ = last_queued_;
  (last_queued_ == nullptr ? first_queued_ : last_queued_->next_) = &call;
  last_queued_ = &call;
  ++queued_count_;
}

void Client::Impl::unlink(Call& call) noexcept {
  (call.previous_ == nullptr ? first_queued_ : call.previous_->next_) = call.next_;
  (call.next_ == nullptr ? last_queued_ : call.next_->previous_) = call.previous_;
  call.previous_ = call.next_ = nullptr;
  --queued_count_;
}

// Takes the call out of wherever its state says it is.
void Client::Impl::detach(Call& call) noexcept {
  switch (call.state_) {
    case Call::State::queued:
      unlink(call);
      break;
    case Call::State::in_flight:
      *std::ranges::find(in_flight_, &call) = in_flight_.back();
      in_flight_.pop_back();
      break;
    case Call::State::backing_off:
      backing_off_.erase(&call);
      break;
    case Call::State::finished:
      break;
  }
}

void Client::Impl::forget(Call& call) noexcept {
  if (call.state_ == Call::State::finished) return;
  if (call.state_ == Call::State::in_flight) transport_.cancel(call.request_id_);
  detach(call);
  schedule();
}

// With all connections busy no timer is needed: the end of a request is what the next one waits for. Nor for what waits
// for credentials, beyond the one that these need.
void Client::Impl::schedule() noexcept {
  Steady::time_point when = kNever;
  if (!backing_off_.empty()) when = (*backing_off_.begin())->retry_time_;
  if (first_queued_ != nullptr) when = kAtOnce;
  if (awaiting_credentials_ && when <= clock_.now()) when = credentials_http_.wake_time();
  transport_.wake_at(std::min(has_room() ? when : kNever, owners_wish_));
}

void Client::Impl::wake_at(Steady::time_point when) noexcept {
  owners_wish_ = when;
  schedule();
}

// --- the public face

Milliseconds ClientConfig::patience() const noexcept {
  return std::min(request_timeout * std::max(max_attempts, 1), kMostPatience);
}

Call::Call(Client& client, std::string_view operation, std::string body, CallStatistics* statistics,
           CallOptions options)
    : client_(client),
      target_("X-Amz-Target: DynamoDB_20120810." + std::string(operation)),
      request_body_(std::move(body)),
      statistics_(statistics),
      max_attempts_(options.max_attempts),
      request_timeout_(options.request_timeout),
      max_response_bytes_(options.max_response_bytes),
      retry_throttling_(options.retry_throttling),
      repeat_doubtful_(options.repeat_doubtful),
      on_new_connection_(!options.repeat_doubtful) {}

Call::~Call() {
  client_.impl_->forget(*this);
  client_.recycle(std::move(body_));
}

Client::Client(ClientConfig config, std::unique_ptr<CredentialsSource> credentials,
               std::unique_ptr<Transport> transport, Clock& clock, Random& random)
    : config_(std::move(config)),
      transport_(std::move(transport)),
      impl_(std::make_unique<Impl>(config_, *transport_, std::move(credentials), clock, random)) {}

Client::~Client() = default;

std::unique_ptr<Call> Client::start(std::string_view operation, std::string body, CallStatistics* statistics,
                                    CallOptions options) {
  if (options.max_attempts <= 0) options.max_attempts = config_.max_attempts;
  const bool shorter = options.request_timeout.count() > 0 && options.request_timeout < config_.request_timeout;
  if (!shorter) options.request_timeout = config_.request_timeout;
  std::unique_ptr<Call> call(new Call(*this, operation, std::move(body), statistics, options));
  impl_->enqueue(*call);
  impl_->schedule();
  return call;
}

void Client::advance() { impl_->advance(); }

void Client::wake_at(Steady::time_point when) noexcept { impl_->wake_at(when); }

void Client::keep_slow_calls(Milliseconds at_least) noexcept { impl_->keep_slow_calls(at_least); }

bool Client::take_slow_call(SlowCall* slow) { return impl_->take_slow_call(slow); }

void Client::set_user_agent(std::string text) { transport_->set_user_agent(std::move(text)); }

std::size_t Client::outstanding() const noexcept { return impl_->outstanding(); }

}  // namespace dynamodb
