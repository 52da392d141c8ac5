// HTTP requests of credentials sources, over the transport of the client that wants the credentials.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <map>
#include <optional>
#include <string>

#include "dynamodb/clock.hpp"
#include "dynamodb/transport.hpp"

namespace dynamodb {

/// The requests in flight, until their sources take the answers. The client passes on what arrives, and asks its
/// credentials source again whenever it was woken.
class CredentialsHttp {
 public:
  /// All must outlive this object.
  CredentialsHttp(Transport& transport, const Clock& clock, Random& random, std::string ca_bundle);
  ~CredentialsHttp();  ///< drops what is in flight
  CredentialsHttp(const CredentialsHttp&) = delete;
  CredentialsHttp& operator=(const CredentialsHttp&) = delete;

  // --- for sources
  /// `body` is kept; request.body and request.ca_bundle are filled in.
  RequestId start(HttpRequest request, std::string body);
  /// The answer, once it is there; at most once.
  std::optional<HttpResponse> take(RequestId id);
  /// The answer is no longer wanted.
  void cancel(RequestId id) noexcept;
  /// The source wants to be asked again then, even if nothing arrives. Forgotten before it is asked.
  void wake_at(Steady::time_point when) noexcept;
  Transport& transport() noexcept { return transport_; }
  const Clock& clock() const noexcept { return clock_; }
  Random& random() noexcept { return random_; }

  // --- for the client
  /// Takes an answer to one of these requests; false: it is to none of them.
  bool receive(RequestId id, HttpResponse& response);
  Steady::time_point wake_time() const noexcept { return wake_; }
  void forget_wake() noexcept { wake_ = Steady::time_point::max(); }

 private:
  struct Exchange {
    std::string body;
    std::optional<HttpResponse> response;
  };
  Transport& transport_;
  const Clock& clock_;
  Random& random_;
  const std::string ca_bundle_;
  std::map<RequestId, Exchange> exchanges_;
  Steady::time_point wake_ = Steady::time_point::max();
};

/// One question of a source with its attempts: begun once, then polled until it is answered. Repeated with random
/// delays are failures on the way, 5xx, 429, and STS's IDPCommunicationError; and once, with the time that the service
/// names, what was signed with a clock that is more than four minutes off.
class CredentialsFetch {
 public:
  CredentialsFetch() = default;
  ~CredentialsFetch() {
    if (id_ != 0) http_->cancel(id_);
  }
  CredentialsFetch(const CredentialsFetch&) = delete;
  CredentialsFetch& operator=(const CredentialsFetch&) = delete;

  /// REQUIRES: not begun().
  void begin(HttpRequest request, std::string body, int max_attempts);
  bool begun() const noexcept { return begun_; }
  /// The answer, whatever it says, or nothing while it is on its way. With the answer the fetch is over, and may begin
  /// anew. `http` must outlive a fetch that is not over.
  std::optional<HttpResponse> poll(CredentialsHttp& http);

 private:
  bool is_again(CredentialsHttp& http, const HttpResponse& response);
  bool correct_clock(CredentialsHttp& http, const HttpResponse& response);

  HttpRequest request_;
  std::string body_;
  int max_attempts_ = 1;
  int attempts_ = 0;
  bool begun_ = false;
  RequestId id_ = 0;  // 0: none in flight
  CredentialsHttp* http_ = nullptr;
  Steady::time_point started_{};
  Steady::time_point retry_time_{};
};

/// For messages: why there is no usable answer, such as "no answer within 1 s" or "HTTP status 404".
std::string describe_failure(const HttpResponse& response);

}  // namespace dynamodb
