// Tests of curl_error.hpp.
#include "dynamodb/curl_error.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace dynamodb {
namespace {

CurlFailure failure(CURLcode code) {
  CurlFailure failure;
  failure.code = code;
  failure.host = "db.test:8000";
  failure.ca_bundle = "/ca.pem";
  failure.connect_timeout = Milliseconds(5000);
  failure.request_timeout = Milliseconds(60500);
  return failure;
}

TEST(CurlError, NamesKindAndHost) {
  struct {
    CURLcode code;
    ErrorKind kind;
    const char* message;
  } const cases[] = {
      {CURLE_COULDNT_RESOLVE_HOST, ErrorKind::connection, "could not resolve host name \"db.test\""},
      {CURLE_COULDNT_RESOLVE_PROXY, ErrorKind::connection,
       "could not resolve the host name of the proxy for db.test:8000"},
      {CURLE_COULDNT_CONNECT, ErrorKind::connection, "could not connect to db.test:8000"},
      {CURLE_OPERATION_TIMEDOUT, ErrorKind::timeout, "no connection to db.test:8000 within 5 s"},
      {CURLE_GOT_NOTHING, ErrorKind::connection, "connection to db.test:8000 was closed without an answer"},
      {CURLE_PARTIAL_FILE, ErrorKind::connection,
       "connection to db.test:8000 was closed before the answer was complete"},
      {CURLE_RECV_ERROR, ErrorKind::connection, "connection to db.test:8000 broke"},
      {CURLE_SEND_ERROR, ErrorKind::connection, "connection to db.test:8000 broke"},
      {CURLE_PEER_FAILED_VERIFICATION, ErrorKind::tls, "the certificate of db.test:8000 could not be verified"},
      {CURLE_SSL_CONNECT_ERROR, ErrorKind::tls, "TLS handshake with db.test:8000 failed"},
      {CURLE_SSL_CACERT_BADFILE, ErrorKind::bad_configuration, "could not read the CA certificates in \"/ca.pem\""},
      {CURLE_WEIRD_SERVER_REPLY, ErrorKind::not_dynamodb, "the answer from db.test:8000 is not HTTP"},
      {CURLE_OUT_OF_MEMORY, ErrorKind::internal, "out of memory while sending a request"},
      {CURLE_INTERFACE_FAILED, ErrorKind::connection, "request to db.test:8000 failed"},
  };
  for (const auto& c : cases) {
    const Error error = curl_error(failure(c.code));
    EXPECT_EQ(error.kind, c.kind) << c.message;
    EXPECT_EQ(error.message, c.message);
    EXPECT_EQ(error.detail, std::string("libcurl: ") + curl_easy_strerror(c.code) + ".");
  }
}

TEST(CurlError, TimeOutsSayWhatDidNotHappenInTime) {
  CurlFailure late = failure(CURLE_OPERATION_TIMEDOUT);
  late.connected = true;
  EXPECT_EQ(curl_error(late).message, "no complete answer from db.test:8000 within 60.5 s");
}

TEST(CurlError, GivesTheSystemsReason) {
  CurlFailure refused = failure(CURLE_COULDNT_CONNECT);
  refused.os_errno = ECONNREFUSED;
  EXPECT_EQ(curl_error(refused).message, "could not connect to db.test:8000: Connection refused");
}

TEST(CurlError, ABrokenHandshakeIsABrokenConnection) {
  for (const char* text : {"OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to db.test:8000",
                           "OpenSSL/3.0.2: error:0A000126:SSL routines::unexpected eof while reading"}) {
    CurlFailure cut = failure(CURLE_SSL_CONNECT_ERROR);
    cut.text = text;
    EXPECT_EQ(curl_error(cut).kind, ErrorKind::connection) << text;
  }
  CurlFailure reset = failure(CURLE_SSL_CONNECT_ERROR);
  reset.os_errno = ECONNRESET;
  EXPECT_EQ(curl_error(reset).kind, ErrorKind::connection);
}

TEST(CurlError, HostNamesWithoutThePort) {
  struct {
    const char* host;
    const char* name;
  } const cases[] = {{"db.test", "db.test"}, {"db.test:1", "db.test"}, {"[::1]", "[::1]"}, {"[::1]:1", "[::1]"}};
  for (const auto& c : cases) {
    CurlFailure unknown = failure(CURLE_COULDNT_RESOLVE_HOST);
    unknown.host = c.host;
    EXPECT_EQ(curl_error(unknown).message, "could not resolve host name \"" + std::string(c.name) + "\"");
  }
}

TEST(CurlError, KeepsTheTextOfLibcurl) {
  CurlFailure refused = failure(CURLE_PEER_FAILED_VERIFICATION);
  refused.text = "SSL certificate problem:\nself-signed certificate";
  EXPECT_EQ(curl_error(refused).detail, "libcurl: SSL certificate problem: self-signed certificate.");
}

}  // namespace
}  // namespace dynamodb
