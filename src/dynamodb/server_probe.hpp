// Finds out whether and how a DynamoDB can be reached: credentials, identity, latency, TLS, clock.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dynamodb/client.hpp"
#include "dynamodb/credentials_http.hpp"
#include "dynamodb/sts.hpp"

namespace dynamodb {

using Microseconds = std::chrono::microseconds;

/// What a probe has found out. No secret is in it.
struct ProbeFindings {
  std::optional<Error> credentials_error;               ///< there are none, or they cannot be had
  std::string credentials_source;                       ///< such as "environment"; may be empty
  std::string access_key_id;                            ///< empty: there are none
  bool temporary = false;                               ///< with a session token
  std::optional<WallTime::time_point> expiration;       ///< of the credentials
  std::optional<CallerIdentity> identity;               ///< or
  std::optional<Error> identity_error;                  ///< or neither: STS was not asked
  std::optional<Error> failure;                         ///< why there was no answer of DynamoDB over HTTP
  std::optional<Error> refusal;                         ///< what DynamoDB answered last, where that was no success
  std::string tls;                                      ///< version and cipher; empty for http
  std::optional<Microseconds> first;                    ///< the first request, with connecting
  std::vector<Microseconds> round_trips;                ///< the others, on the same connection, in ascending order
  std::optional<std::chrono::milliseconds> clock_skew;  ///< the service's time less ours, to about half a second
};

/// Asks STS who it is, and DynamoDB a few times for the name of one table (ListTables), unsigned where there are no
/// credentials: any answer tells time and latency. Nothing is repeated and no clock corrected, so that what is found is
/// what the first request of a statement meets.
///
///   while (!probe.advance()) wait until probe.poll_descriptor() is readable;
class ServerProbe {
 public:
  /// `sts`: where to ask for the identity; nothing: nowhere. `clock` and `random` must outlive it.
  ServerProbe(const ClientConfig& config, std::unique_ptr<CredentialsSource> credentials,
              std::unique_ptr<Transport> transport, std::optional<StsEndpoint> sts, const Clock& clock, Random& random);
  ~ServerProbe();
  ServerProbe(const ServerProbe&) = delete;
  ServerProbe& operator=(const ServerProbe&) = delete;

  /// Does all that can be done without waiting. True when all is found out.
  bool advance();
  int poll_descriptor() noexcept { return transport_->poll_descriptor(); }

  /// REQUIRES: advance() returned true.
  const ProbeFindings& findings() const noexcept { return findings_; }

 private:
  void get_credentials();
  void note_credentials(const Credentials& credentials);
  void send();
  void take_answer(HttpResponse response);
  void note_clock(const HttpResponse& response, Steady::duration taken);
  void poll_identity();

  const ClientConfig config_;
  const std::unique_ptr<Transport> transport_;
  const Clock& clock_;
  const std::optional<StsEndpoint> sts_;
  CredentialsHttp http_;
  const std::unique_ptr<CredentialsSource> credentials_;  // its requests are in the member before
  std::optional<CredentialsFetch> identity_;
  bool has_credentials_ = false;  // or knows that there are none
  HttpRequest request_;
  RequestId id_ = 0;  // of the request in flight
  int requests_ = 0;
  Steady::time_point sent_{};
  ProbeFindings findings_;
};

}  // namespace dynamodb
