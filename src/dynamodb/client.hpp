// Sends API requests: sign, send, check, inflate, retry. A state machine that never waits.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dynamodb/clock.hpp"
#include "dynamodb/credentials.hpp"
#include "dynamodb/endpoint.hpp"
#include "dynamodb/error.hpp"
#include "dynamodb/retry_policy.hpp"
#include "dynamodb/transport.hpp"

namespace dynamodb {

struct ClientConfig {
  Endpoint endpoint;
  int max_connections = 32;  ///< requests in flight at once; further ones queue
  Milliseconds connect_timeout{5000};
  Milliseconds request_timeout{60000};  ///< of one attempt
  /// While the endpoint has not answered anything yet, a request that gets no connection (refused, no such host) is
  /// tried for about 5 s only, twice at least.
  int max_attempts = 10;
  std::string ca_bundle;  ///< empty: the system's certificates
  bool accept_gzip = true;
  std::string application;  ///< for set_user_agent() by an owner who knows of no better name; the client ignores it

  /// How long what is throttled is asked for again while nothing at all comes: as long as an endpoint that never
  /// answers is waited for, at most five minutes.
  Milliseconds patience() const noexcept;
};

/// What all requests of one kind of work have cost so far; added up by the client in the caller's object.
struct CallStatistics {
  uint64_t requests = 0;        ///< HTTP requests sent, retries included
  uint64_t retries = 0;         ///< of those, repetitions
  uint64_t throttled = 0;       ///< answers that were a throttling error
  uint64_t bytes_received = 0;  ///< of bodies on the wire
};

/// A request that took long, for the log.
struct SlowCall {
  std::string operation;                  ///< "Query"
  std::string tables;                     ///< as tables_of_request() has them; may be empty
  std::chrono::microseconds duration{0};  ///< from the first sending to the end, with all attempts and pauses
  uint32_t attempts = 0;                  ///< HTTP requests
  int http_status = 0;                    ///< of the last attempt; 0: there was no answer
  std::string request_id;                 ///< of the last attempt; may be empty
  std::string error;                      ///< AWS's type or the library's message; empty: it succeeded
};

struct CallOptions {
  int max_attempts = 0;             ///< 0: the client's
  Milliseconds request_timeout{0};  ///< most for one attempt; 0, or longer than the client's: the client's
  /// Longest answer, before and after decompression; a longer one is an error (response_too_large).
  std::size_t max_response_bytes = kMaxResponseBytes;
  bool retry_throttling = true;  ///< false: throttling is final, for a caller that slows down by itself
  /// false: an attempt that may have been carried out without our knowledge is final, for what must not happen twice.
  /// Such a call has a connection of its own, so that none that was closed meanwhile brings it into doubt.
  bool repeat_doubtful = true;
};

class Client;

/// One API request with all its attempts. Owned by the caller; destroying it cancels the request.
/// It refers to its Client and must not outlive it.
class Call {
 public:
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool finished() const noexcept { return state_ == State::finished; }
  /// Null when the call succeeded. REQUIRES: finished().
  const Error* error() const noexcept { return error_ ? &*error_ : nullptr; }
  /// Whether an attempt without a usable answer (the last one, or one before the answer) may have reached the service
  /// and have been carried out: the connection broke or timed out after sending began, the service failed (5xx), or the
  /// answer was damaged. REQUIRES: finished().
  bool maybe_applied() const noexcept { return maybe_applied_; }
  /// How long the service asked to wait with the last error (x-amz-retry-after); 0: it did not. REQUIRES: finished().
  Milliseconds retry_after() const noexcept { return retry_after_; }
  /// The decompressed body of a success, padded for simdjson. REQUIRES: finished(), no error; at most once.
  BodyBuffer take_body() noexcept { return std::move(body_); }

 private:
  friend class Client;
  enum class State : uint8_t { queued, in_flight, backing_off, finished };
  Call(Client& client, std::string_view operation, std::string body, CallStatistics* statistics, CallOptions options);

  Client& client_;
  const std::string target_;  // the X-Amz-Target header
  const std::string request_body_;
  CallStatistics* const statistics_;
  const int max_attempts_;
  const Milliseconds request_timeout_;
  const std::size_t max_response_bytes_;
  const bool retry_throttling_;
  const bool repeat_doubtful_;
  State state_ = State::queued;

  int attempts_ = 0;    // that failed, without those of the three corrections below
  int retry_cost_ = 0;  // tokens that the retry under way took from the bucket
  bool sent_before_ = false;
  Steady::time_point first_sent_{};
  uint32_t sendings_ = 0;
  bool refreshed_credentials_ = false;
  bool corrected_clock_ = false;
  bool on_new_connection_ = false;  // the next attempt is sent on none that was kept
  bool maybe_applied_ = false;
  Milliseconds retry_after_{0};

  RequestId request_id_ = 0;               // while in flight
  uint64_t credentials_generation_ = 0;    // what the attempt was signed with ...
  WallTime::duration clock_correction_{};  // ... and by which clock
  Steady::time_point retry_time_{};        // while backing off
  uint64_t order_ = 0;                     // among those with the same retry time
  Call* previous_ = nullptr;               // neighbours while queued
  Call* next_ = nullptr;

  std::optional<Error> error_;
  BodyBuffer body_;
};

/// A connection pool, credentials and retry state for one endpoint and one identity. Not thread-safe.
/// Calls stay queued while the credentials source is asking for credentials; when it fails, all that wait for it fail.
///
///   auto call = client.start("Query", body, &statistics);
///   while (!call->finished()) { wait until client.poll_descriptor() is readable; client.advance(); }
class Client {
 public:
  Client(ClientConfig config, std::unique_ptr<CredentialsSource> credentials, std::unique_ptr<Transport> transport,
         Clock& clock, Random& random);
  ~Client();  ///< REQUIRES: all its Calls are gone
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Queues a request for DynamoDB_20120810.<operation>. `body` is its JSON. `statistics`, if given, must live as
  /// long as the call. Nothing is sent before advance().
  std::unique_ptr<Call> start(std::string_view operation, std::string body, CallStatistics* statistics = nullptr,
                              CallOptions options = {});

  /// Sends what may be sent, receives what has arrived, decides on retries. Never waits.
  void advance();

  /// Readable whenever advance() has something to do (sockets, time-outs and backoff included).
  int poll_descriptor() noexcept { return transport_->poll_descriptor(); }  ///< see Transport

  /// Makes the descriptor readable at `when` too, for an owner that has to go on without an answer (replaces an earlier
  /// such wish; time_point::max(): none). The wish is over with the first advance() at or after `when`.
  void wake_at(Steady::time_point when) noexcept;

  /// From now on calls that end after so long a time are kept for take_slow_call(), the latest kMaxSlowCalls of them;
  /// zero keeps all, a negative time none.
  void keep_slow_calls(Milliseconds at_least) noexcept;
  /// The next of the calls that were kept, in the order of their ends; false when there is none.
  bool take_slow_call(SlowCall* slow);
  static constexpr std::size_t kMaxSlowCalls = 1000;

  /// Sets the User-Agent header of all further requests, those for credentials, too. `text` must be printable ASCII.
  void set_user_agent(std::string text);

  /// Gives a body's memory back for reuse.
  void recycle(BodyBuffer body) noexcept { transport_->recycle(std::move(body)); }

  const ClientConfig& config() const noexcept { return config_; }
  /// Calls that are not finished.
  std::size_t outstanding() const noexcept;

 private:
  friend class Call;
  struct Impl;
  ClientConfig config_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dynamodb
