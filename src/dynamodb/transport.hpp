// The interface between client and network: HTTP requests that proceed without anybody waiting.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/body_buffer.hpp"
#include "dynamodb/clock.hpp"
#include "dynamodb/error.hpp"
#include "dynamodb/limits.hpp"

namespace dynamodb {

/// What a request is signed with (AWS Signature Version 4). Empty access_key_id: not signed.
struct SigningKey {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  std::string region;
  std::string service;
};

struct HttpRequest {
  std::string method = "POST";
  std::string url;
  std::vector<std::string> headers;  ///< "Name: value", without Host, Content-Length and signature
  std::string_view body;             ///< must stay valid until the request has finished or was cancelled
  SigningKey signing;
  std::optional<WallTime::time_point> signing_time;  ///< none: now, by the process's clock
  bool accept_gzip = false;                          ///< ask for a gzip body; it is still delivered as it arrives
  Milliseconds connect_timeout{5000};
  Milliseconds request_timeout{60000};                 ///< whole exchange, connecting included
  bool fresh_connection = false;                       ///< not on a connection that was kept from an earlier request
  bool use_proxy = true;                               ///< false: direct, whatever the environment says
  bool report_tls = false;                             ///< fill in HttpResponse::tls
  std::string ca_bundle;                               ///< file of CA certificates; empty: the system's
  std::size_t max_response_bytes = kMaxResponseBytes;  ///< of the body as received; longer: response_too_large
};

/// An answer, or the reason why there is none.
struct HttpResponse {
  std::optional<Error> failure;  ///< connection, timeout, tls, response_too_large
  /// With a failure: the request, or a part of it, may have reached the service.
  bool maybe_sent = true;
  /// With a failure: a connection that was kept from an earlier request ended before the first byte of an answer, as
  /// it does when the other side closed it meanwhile.
  bool stale_connection = false;
  int status = 0;
  BodyBuffer body;               ///< as received: still compressed if content_encoding says so
  std::string content_encoding;  ///< lower case, empty when there is none
  std::string crc32;             ///< x-amz-crc32 as sent; empty when there is none
  std::string request_id;        ///< x-amzn-RequestId
  std::string date;              ///< Date
  std::string retry_after;       ///< x-amz-retry-after, milliseconds
  uint64_t bytes_received = 0;   ///< of the body on the wire
  std::string tls;  ///< where it was asked for: version and cipher of a connection that was made for this exchange
};

using RequestId = uint64_t;  ///< never 0

/// Requests in flight, each sent at most once. Not thread-safe; nothing here waits. The owner waits until
/// poll_descriptor() is readable, then calls advance(). Errors of single requests come as HttpResponse::failure.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Begins a request; it makes progress only in advance().
  virtual RequestId start(const HttpRequest& request) = 0;

  /// Drops a request; it will not be reported. Unknown or finished ids are ignored.
  virtual void cancel(RequestId id) noexcept = 0;

  /// Does all that can be done without waiting.
  virtual void advance() = 0;

  /// The next finished request, in the order of finishing; false when there is none.
  virtual bool take_finished(RequestId* id, HttpResponse* response) = 0;

  /// Readable whenever advance() has something to do, also when only a timer ran out; a finished request that was not
  /// taken does not make it readable. Always the same number, valid as long as the transport; but it is to be asked for
  /// before each wait, because only then it is told what to wait for.
  virtual int poll_descriptor() noexcept = 0;

  /// Also become readable at `when` (replaces an earlier such wish; time_point::max() = never). The wish is over with
  /// the first advance() at or after `when`.
  virtual void wake_at(Steady::time_point when) noexcept = 0;

  /// Sets the User-Agent header of all further requests; printable ASCII.
  virtual void set_user_agent(std::string text) { (void)text; }

  /// Gives back the memory of a body that was taken and is no longer needed, for reuse.
  virtual void recycle(BodyBuffer body) noexcept = 0;

  /// An empty buffer, with memory that was recycled if there is some.
  virtual BodyBuffer spare_buffer() noexcept { return {}; }
};

}  // namespace dynamodb
