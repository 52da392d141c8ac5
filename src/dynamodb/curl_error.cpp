// The table from CURLcode to Error.
#include "dynamodb/curl_error.hpp"

#include <cerrno>
#include <system_error>

#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr std::size_t kMaxDetail = 300;

std::string host_name(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  return std::string(has_port ? host.substr(0, colon) : host);
}

// "5 s", "0.25 s"
std::string seconds(Milliseconds time) {
  std::string text = std::to_string(time.count() / 1000);
  if (const auto rest = time.count() % 1000; rest != 0) {
    std::string digits = std::to_string(1000 + rest).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += '.' + digits;
  }
  return text + " s";
}

std::string reason(const CurlFailure& failure) {
  return failure.os_errno == 0 ? std::string() : ": " + std::generic_category().message(failure.os_errno);
}

Error timed_out(const CurlFailure& failure) {
  const std::string host(failure.host);
  if (!failure.connected)
    return Error::timeout("no connection to " + host + " within " + seconds(failure.connect_timeout));
  return Error::timeout("no complete answer from " + host + " within " + seconds(failure.request_timeout));
}

// A handshake that ends because the connection broke says nothing about certificates: it is worth another try.
bool handshake_was_cut(const CurlFailure& failure) noexcept {
  return failure.os_errno == ECONNRESET || failure.os_errno == EPIPE ||
         failure.text.find("SSL_ERROR_SYSCALL") != std::string_view::npos ||
         failure.text.find("unexpected eof") != std::string_view::npos;
}

Error handshake_failed(const CurlFailure& failure) {
  const std::string host(failure.host);
  if (handshake_was_cut(failure)) return Error::connection("connection to " + host + " broke during the TLS handshake");
  return Error::tls("TLS handshake with " + host + " failed");
}

Error without_detail(const CurlFailure& failure) {
  const std::string host(failure.host);
  switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return Error::connection("could not resolve host name \"" + host_name(failure.host) + "\"");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Error::connection("could not resolve the host name of the proxy for " + host);
    case CURLE_COULDNT_CONNECT:
      return Error::connection("could not connect to " + host + reason(failure));
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out(failure);
    case CURLE_GOT_NOTHING:
      return Error::connection("connection to " + host + " was closed without an answer");
    case CURLE_PARTIAL_FILE:
      return Error::connection("connection to " + host + " was closed before the answer was complete");
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return Error::connection("connection to " + host + " broke" + reason(failure));
    case CURLE_PROXY:
      return Error::connection("the proxy for " + host + " failed");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return Error::tls("the certificate of " + host + " could not be verified");
    case CURLE_SSL_CONNECT_ERROR:
      return handshake_failed(failure);
    case CURLE_SSL_CACERT_BADFILE:
      return Error::bad_configuration("could not read the CA certificates in \"" + std::string(failure.ca_bundle) +
                                      "\"");
    case CURLE_FILESIZE_EXCEEDED:
      return Error::response_too_large("answer from " + host + " is too long");
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
      return Error::not_dynamodb("the answer from " + host + " is not HTTP");
    case CURLE_OUT_OF_MEMORY:
      return Error::internal("out of memory while sending a request");
    default:
      return Error::connection("request to " + host + " failed");
  }
}

}  // namespace

Error curl_error(const CurlFailure& failure) {
  Error error = without_detail(failure);
  std::string text = printable_ascii(failure.text, kMaxDetail);
  if (text.empty()) text = curl_easy_strerror(failure.code);
  error.detail = "libcurl: " + text + ".";
  return error;
}

}  // namespace dynamodb
