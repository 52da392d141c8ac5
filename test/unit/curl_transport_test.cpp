// Tests of curl_transport.hpp, against a server on 127.0.0.1.
#include "dynamodb/curl_transport.hpp"
#include "dynamodb/user_agent.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <map>
#include <set>

#include "dynamodb/limits.hpp"
#include "dynamodb/sigv4.hpp"
#include "unit/loopback_server.hpp"

namespace {

// A resolver that hangs until the test lets it go on.
std::atomic<bool> slow_name_asked_for{false};
std::atomic<bool> slow_name_released{false};
std::atomic<bool> resolver_blocks_signals{false};

void hang() {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  resolver_blocks_signals = sigismember(&mask, SIGINT) && sigismember(&mask, SIGTERM) && sigismember(&mask, SIGUSR1);
  slow_name_asked_for = true;
  for (int i = 0; i < 2000 && !slow_name_released; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

}  // namespace

// Stands before libc's own; libcurl calls it from its resolver thread.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
  static auto* const next = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (name != nullptr && std::strcmp(name, "slow.test") == 0) {
    hang();
    return EAI_AGAIN;
  }
  return next(name, service, hints, result);
}

namespace dynamodb {
namespace {

using namespace std::chrono_literals;
using test::Connection;
using test::LoopbackServer;
using test::Received;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

bool readable(int fd, Milliseconds timeout) {
  pollfd poller{fd, POLLIN, 0};
  return poll(&poller, 1, static_cast<int>(timeout.count())) == 1;
}

std::size_t open_descriptors() {
  namespace fs = std::filesystem;
  return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

/// Answers every request with {} until the client goes.
void be_kind(Connection& connection) {
  while (connection.read() && connection.answer("{}")) {
  }
}

class CurlTransportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name :
         {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}) {
      unsetenv(name);
    }
    open(32);
  }

  void open(int max_connections) {
    auto made = make_curl_transport(max_connections);
    ASSERT_TRUE(made.ok());
    transport = std::move(made.value());
  }

  HttpRequest request_for(const std::string& url) {
    HttpRequest request;
    request.url = url;
    request.headers = {"Content-Type: application/x-amz-json-1.0", "X-Amz-Target: DynamoDB_20120810.Scan"};
    request.body = "{}";
    request.connect_timeout = 2s;
    request.request_timeout = 5s;
    return request;
  }

  /// Advances whenever the descriptor is readable until a request has finished.
  bool wait(HttpResponse* response, RequestId* id = nullptr, Milliseconds at_most = 10s) {
    const auto deadline = Steady::now() + at_most;
    RequestId finished = 0;
    while (!transport->take_finished(&finished, response)) {
      const auto left = std::chrono::ceil<Milliseconds>(deadline - Steady::now());
      if (left <= 0ms || !readable(transport->poll_descriptor(), left)) return false;
      transport->advance();
      ++advances;
    }
    if (id != nullptr) *id = finished;
    return true;
  }

  HttpResponse exchange(const HttpRequest& request) {
    HttpResponse response;
    const RequestId id = transport->start(request);
    RequestId finished = 0;
    EXPECT_TRUE(wait(&response, &finished)) << "no end";
    EXPECT_EQ(id, finished);
    return response;
  }

  /// Advances for a while without expecting anything.
  void pass(Milliseconds time) {
    const auto end = Steady::now() + time;
    while (Steady::now() < end) {
      if (!readable(transport->poll_descriptor(), std::chrono::ceil<Milliseconds>(end - Steady::now()))) continue;
      transport->advance();
      ++advances;
    }
  }

  /// An exchange with a server that does `handler` once per connection.
  HttpResponse exchange_with(LoopbackServer::Handler handler) {
    LoopbackServer server(std::move(handler));
    host = server.host();
    return exchange(request_for(server.url()));
  }

  std::unique_ptr<Transport> transport;
  std::string host;
  int advances = 0;
};

// --- answers

TEST_F(CurlTransportTest, BringsTheAnswerAndItsHeaders) {
  const HttpResponse response = exchange_with([](Connection& connection) {
    connection.read();
    connection.answer("{\"Count\":1}",
                      "X-Amzn-RequestId: ABC\r\nx-amz-crc32:  123 \r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                      "Content-Encoding: GZIP\r\nx-amz-retry-after: 150\r\nServer: test\r\n",
                      400);
  });
  EXPECT_FALSE(response.failure);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body.view(), "{\"Count\":1}");
  EXPECT_EQ(response.request_id, "ABC");
  EXPECT_EQ(response.crc32, "123");
  EXPECT_EQ(response.date, "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(response.content_encoding, "gzip");
  EXPECT_EQ(response.retry_after, "150");
  EXPECT_EQ(response.bytes_received, 11u);
}

TEST_F(CurlTransportTest, NothingOfOneAnswerIsInTheNext) {
  LoopbackServer server([](Connection& connection) {
    connection.read();
    connection.answer("{\"long\":true}", "x-amz-crc32: 1\r\nContent-Encoding: gzip\r\nx-amzn-requestid: A\r\n", 500);
    connection.read();
    connection.answer("{}");
    connection.wait_for_end();
  });
  transport->recycle(std::move(exchange(request_for(server.url())).body));
  const HttpResponse second = exchange(request_for(server.url()));
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.body.view(), "{}");
  EXPECT_EQ(second.crc32 + second.content_encoding + second.request_id, "");
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(CurlTransportTest, TakesEveryFormOfBody) {
  const std::string page = '{' + std::string(300000, 'x') + '}';
  struct {
    const char* name;
    std::function<void(Connection&)> send;
    std::string body;
  } const cases[] = {
      {"content-length", [&](Connection& c) { c.answer(page); }, page},
      {"empty", [](Connection& c) { c.answer(""); }, ""},
      {"chunked",
       [](Connection& c) {
         c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n");
       },
       "{\"a\":1}"},
      {"chunked, large",
       [&](Connection& c) {
         c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
         for (std::size_t at = 0; at < page.size(); at += 4096) {
           const std::string piece = page.substr(at, 4096);
           char size[16];
           std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
           c.send(size + piece + "\r\n");
         }
         c.send("0\r\n\r\n");
       },
       page},
      {"until close",
       [](Connection& c) {
         c.send("HTTP/1.0 200 OK\r\n\r\n{\"old\":1}");
         c.shut_down();
       },
       "{\"old\":1}"},
      {"byte by byte",
       [](Connection& c) {
         for (char byte : std::string_view(kOk)) {
           c.send({&byte, 1});
           std::this_thread::sleep_for(1ms);
         }
       },
       "{}"},
      {"after 100 Continue", [](Connection& c) { c.send(std::string("HTTP/1.1 100 Continue\r\n\r\n") + kOk); }, "{}"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const HttpResponse response = exchange_with([&](Connection& connection) {
      connection.read();
      c.send(connection);
      connection.wait_for_end();
    });
    EXPECT_FALSE(response.failure);
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(response.body.view() == c.body);
  }
}

TEST_F(CurlTransportTest, GzipIsAskedForAndLeftAlone) {
  std::string asked;
  LoopbackServer server([&](Connection& connection) {
    while (auto request = connection.read()) {
      asked = request->header("accept-encoding");
      connection.answer("\x1f\x8b not really", "Content-Encoding: gzip\r\n");
    }
  });
  HttpRequest request = request_for(server.url());
  request.accept_gzip = true;
  EXPECT_EQ(exchange(request).body.view(), "\x1f\x8b not really");
  EXPECT_EQ(asked, "gzip");
  request.accept_gzip = false;
  EXPECT_EQ(exchange(request).body.view(), "\x1f\x8b not really");
  EXPECT_EQ(asked, "");
}

TEST_F(CurlTransportTest, FollowsNoRedirect) {
  LoopbackServer elsewhere(be_kind);
  const HttpResponse response = exchange_with([&](Connection& connection) {
    connection.read();
    connection.answer("", "Location: " + elsewhere.url() + "\r\n", 307);
  });
  EXPECT_EQ(response.status, 307);
  EXPECT_EQ(elsewhere.accepted(), 0);
}

// --- requests and signatures

/// What libcurl signed has to be what our own signer makes of the same headers.
void expect_signed(const Received& received, const HttpRequest& sent, const std::set<std::string>& names) {
  const std::string authorization = received.header("authorization");
  const std::size_t begin = authorization.find("SignedHeaders=") + 14;
  const std::string signed_names = authorization.substr(begin, authorization.find(',', begin) - begin);
  HttpRequest request = sent;
  request.headers.clear();
  std::set<std::string> found;
  std::istringstream stream(signed_names);
  for (std::string name; std::getline(stream, name, ';');) {
    found.insert(name);
    EXPECT_EQ(received.count(name), 1) << name;
    if (name != "host" && name != "x-amz-date") request.headers.push_back(name + ": " + received.header(name));
  }
  EXPECT_EQ(found, names);
  std::tm time{};
  ASSERT_NE(strptime(received.header("x-amz-date").c_str(), "%Y%m%dT%H%M%SZ", &time), nullptr);
  EXPECT_EQ("Authorization: " + authorization, sign_request(request, WallTime::from_time_t(timegm(&time)))[1]);
}

class CurlSignatureTest : public CurlTransportTest {
 protected:
  Received receive(const HttpRequest& request) {
    Received received;
    LoopbackServer server([&](Connection& connection) {
      received = connection.read().value_or(Received());
      connection.answer("{}");
    });
    HttpRequest addressed = request;
    addressed.url = server.url();
    host = server.host();
    EXPECT_FALSE(exchange(addressed).failure);
    return received;
  }

  void sign(HttpRequest& request) {
    request.signing = {"AKIDEXAMPLE", "wJalr/XUtnFEMI+K7MDENG", "", "eu-west-1", "dynamodb"};
  }
};

TEST_F(CurlSignatureTest, UnsignedRequestsCarryNoSignature) {
  const Received received = receive(request_for(""));
  EXPECT_EQ(received.line, "POST / HTTP/1.1");
  EXPECT_EQ(received.body, "{}");
  EXPECT_EQ(received.header("host"), host);
  EXPECT_EQ(received.header("user-agent"), user_agent("", ""));
  EXPECT_EQ(received.header("content-type"), "application/x-amz-json-1.0");
  EXPECT_EQ(received.header("x-amz-target"), "DynamoDB_20120810.Scan");
  for (const char* name : {"authorization", "x-amz-date", "x-amz-security-token", "expect"}) {
    EXPECT_EQ(received.count(name), 0) << name;
  }
}

TEST_F(CurlSignatureTest, SignsAllThatMatters) {
  HttpRequest request = request_for("");
  sign(request);
  request.accept_gzip = true;
  Received received = receive(request);
  request.url = "http://" + host + "/";
  expect_signed(received, request, {"content-type", "host", "x-amz-date", "x-amz-target"});
  EXPECT_EQ(received.header("authorization").find("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), 0u);

  request.signing.session_token = "FwoG+/token==";
  received = receive(request);
  request.url = "http://" + host + "/";
  EXPECT_EQ(received.header("x-amz-security-token"), "FwoG+/token==");
  expect_signed(received, request, {"content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target"});
}

TEST_F(CurlSignatureTest, SignsForAnotherTime) {
  HttpRequest request = request_for("");
  sign(request);
  request.signing.session_token = "token";
  request.signing_time = WallTime::from_time_t(1440938160);
  const Received received = receive(request);
  request.url = "http://" + host + "/";
  EXPECT_EQ(received.header("x-amz-date"), "20150830T123600Z");
  expect_signed(received, request, {"content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target"});
}

TEST_F(CurlSignatureTest, AHandleForgetsWhatItSignedBefore) {
  std::vector<Received> received;
  LoopbackServer server([&](Connection& connection) {
    while (auto request = connection.read()) {
      received.push_back(*request);
      connection.answer("{}");
    }
  });
  HttpRequest request = request_for(server.url());
  sign(request);
  exchange(request);
  request.signing_time = WallTime::now();
  exchange(request);
  request.signing.secret_access_key = "another";
  request.signing_time.reset();
  exchange(request);
  exchange(request_for(server.url()));
  ASSERT_EQ(received.size(), 4u);
  EXPECT_EQ(server.accepted(), 1);
  for (int i = 0; i < 3; ++i) {
    SCOPED_TRACE(i);
    request.signing.secret_access_key = i < 2 ? "wJalr/XUtnFEMI+K7MDENG" : "another";
    expect_signed(received[static_cast<std::size_t>(i)], request,
                  {"content-type", "host", "x-amz-date", "x-amz-target"});
  }
  EXPECT_EQ(received[3].count("authorization"), 0);
}

TEST_F(CurlSignatureTest, LargeBodiesAreSentWithoutWaiting) {
  const std::string large(3 << 20, 'x');  // libcurl expects "100 Continue" from 1 MB on
  HttpRequest request = request_for("");
  sign(request);
  request.body = large;
  const auto begin = Steady::now();
  const Received received = receive(request);
  EXPECT_LT(Steady::now() - begin, 900ms);
  EXPECT_TRUE(received.body == large);
  request.url = "http://" + host + "/";
  expect_signed(received, request, {"content-type", "host", "x-amz-date", "x-amz-target"});
}

TEST_F(CurlSignatureTest, OtherMethods) {
  HttpRequest request = request_for("");
  request.method = "GET";
  request.body = "";
  EXPECT_EQ(receive(request).line, "GET / HTTP/1.1");
  request.method = "PUT";
  EXPECT_EQ(receive(request).line, "PUT / HTTP/1.1");
  EXPECT_EQ(receive(request_for("")).line, "POST / HTTP/1.1");
}

// --- connections

TEST_F(CurlTransportTest, KeepsConnectionsAlive) {
  LoopbackServer server(be_kind);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(exchange(request_for(server.url())).status, 200);
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_LE(advances, 200 * 4);
}

TEST_F(CurlTransportTest, ManyRequestsShareFewConnections) {
  open(4);
  LoopbackServer server(be_kind);
  const std::size_t before = open_descriptors();
  std::set<RequestId> waiting;
  for (int i = 0; i < 300; ++i) waiting.insert(transport->start(request_for(server.url())));
  EXPECT_EQ(waiting.size(), 300u);
  while (!waiting.empty()) {
    HttpResponse response;
    RequestId id = 0;
    ASSERT_TRUE(wait(&response, &id));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(waiting.erase(id), 1u);
    EXPECT_LE(open_descriptors(), before + 2 * 4 + 8);  // the server's ends of the connections are in this process
  }
  EXPECT_LE(server.accepted(), 4);
}

TEST_F(CurlTransportTest, ParallelRequestsDoNotWaitForEachOther) {
  std::atomic<int> waiting{0};
  LoopbackServer server([&](Connection& connection) {
    connection.read();
    ++waiting;
    for (int i = 0; i < 1000 && waiting < 32; ++i) std::this_thread::sleep_for(5ms);
    connection.answer("{}");
    connection.wait_for_end();
  });
  for (int i = 0; i < 32; ++i) transport->start(request_for(server.url()));
  for (int i = 0; i < 32; ++i) {
    HttpResponse response;
    ASSERT_TRUE(wait(&response));
    EXPECT_EQ(response.status, 200);
  }
  EXPECT_EQ(waiting, 32);
}

TEST_F(CurlTransportTest, AnIdleConnectionMayBeClosedByTheServer) {
  LoopbackServer server(be_kind);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(exchange(request_for(server.url())).status, 200);
    server.close_connections();
    EXPECT_FALSE(readable(transport->poll_descriptor(), 20ms)) << "nobody waits for it";
  }
  EXPECT_EQ(server.accepted(), 5);
}

TEST_F(CurlTransportTest, SendsNothingTwiceByItself) {
  std::atomic<int> received{0};
  LoopbackServer server([&](Connection& connection) {
    while (connection.read()) {
      if (++received == 2) return connection.reset_on_close();  // on a connection that was kept
      connection.answer("{}");
    }
  });
  EXPECT_EQ(exchange(request_for(server.url())).status, 200);
  HttpRequest request = request_for(server.url());
  const HttpResponse response = exchange(request);
  ASSERT_TRUE(response.failure);
  EXPECT_EQ(received, 2);
  EXPECT_EQ(response.failure->kind, ErrorKind::connection);
  EXPECT_EQ(response.failure->message, "connection to " + server.host() + " was closed before an answer");
  EXPECT_TRUE(response.maybe_sent);
  EXPECT_TRUE(response.stale_connection);
  EXPECT_EQ(exchange(request).status, 200);
  const int before = server.accepted();
  EXPECT_EQ(exchange(request).status, 200);
  EXPECT_EQ(server.accepted(), before);
  request.fresh_connection = true;
  EXPECT_EQ(exchange(request).status, 200);
  EXPECT_EQ(server.accepted(), before + 1);
  EXPECT_EQ(received, 5);
}

TEST_F(CurlTransportTest, TellsAKeptConnectionThatDiedEachTime) {
  std::atomic<int> received{0};
  LoopbackServer server([&](Connection& connection) {
    while (connection.read()) {
      if (++received % 2 == 0) return;
      connection.answer("{}");
    }
  });
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(exchange(request_for(server.url())).status, 200);
    const HttpResponse response = exchange(request_for(server.url()));
    ASSERT_TRUE(response.failure);
    EXPECT_TRUE(response.stale_connection) << i << ": " << response.failure->detail;
    EXPECT_TRUE(response.maybe_sent);
    EXPECT_EQ(response.failure->message, "connection to " + server.host() + " was closed before an answer");
  }
  EXPECT_EQ(received, 40);
}

TEST_F(CurlTransportTest, TellsWhetherARequestMayHaveBeenSent) {
  const HttpResponse cut = exchange_with([](Connection& connection) { connection.read(); });
  ASSERT_TRUE(cut.failure);
  EXPECT_TRUE(cut.maybe_sent);
  EXPECT_FALSE(cut.stale_connection) << "it was a new one";
  for (const char* url : {"http://no-such-host.invalid:8000/", "http://127.0.0.1:1/", "ftp://127.0.0.1/"}) {
    const HttpResponse response = exchange(request_for(url));
    ASSERT_TRUE(response.failure) << url;
    EXPECT_FALSE(response.maybe_sent) << url;
  }
}

TEST_F(CurlTransportTest, LeavesNoDescriptorBehind) {
  LoopbackServer server([](Connection& connection) {
    connection.read();
    connection.wait_for_end();
  });
  transport.reset();
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 50; ++i) {
    open(8);
    for (int j = 0; j < 3; ++j) transport->start(request_for(server.url()));
    pass(2ms);
    transport.reset();
  }
  // The server's ends are in this process, too, and take a moment to go.
  for (int i = 0; i < 500 && open_descriptors() > before; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_LE(open_descriptors(), before);
}

TEST_F(CurlTransportTest, ConnectionsAreNotInheritedByPrograms) {
  LoopbackServer server([](Connection& connection) {
    connection.read();
    connection.wait_for_end();
  });
  transport->start(request_for(server.url()));
  for (int i = 0; i < 500 && server.accepted() == 0; ++i) pass(10ms);
  int ours = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || peer.sin_family != AF_INET) continue;
    if (ntohs(peer.sin_port) != server.port()) continue;
    ++ours;
    EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  }
  EXPECT_EQ(ours, 1);
}

// --- failures

TEST_F(CurlTransportTest, TellsWhatWentWrong) {
  struct {
    const char* name;
    LoopbackServer::Handler handler;
    ErrorKind kind;
    const char* message;  // %: the host
  } const cases[] = {
      {"closed at once", [](Connection&) {}, ErrorKind::connection, ""},
      {"closed without an answer", [](Connection& c) { c.read(); }, ErrorKind::connection,
       "was closed without an answer"},
      {"reset instead of an answer",
       [](Connection& c) {
         c.read();
         c.reset_on_close();
       },
       ErrorKind::connection, "broke: Connection reset by peer"},
      {"half a head",
       [](Connection& c) {
         c.read();
         c.send("HTTP/1.1 200 OK\r\nContent-Len");
       },
       ErrorKind::connection, "was closed before the answer was complete"},
      {"half a body",
       [](Connection& c) {
         c.read();
         c.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Items\":[");
       },
       ErrorKind::connection, "was closed before the answer was complete"},
      {"half a chunked body",
       [](Connection& c) {
         c.read();
         c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{\"Items\":[");
       },
       ErrorKind::connection, ""},
      {"reset in the body",
       [](Connection& c) {
         c.read();
         c.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Items\":[");
         std::this_thread::sleep_for(20ms);
         c.reset_on_close();
       },
       ErrorKind::connection, ""},
      {"not HTTP",
       [](Connection& c) {
         c.read();
         c.send("SSH-2.0-OpenSSH_9.2\r\n");
       },
       ErrorKind::not_dynamodb, "is not HTTP"},
      {"a length beyond the limit",
       [](Connection& c) {
         c.read();
         c.send("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n{");
         c.wait_for_end();
       },
       ErrorKind::response_too_large, "answer from % is longer than 64 MB"},
      {"a body without end",
       [](Connection& c) {
         c.read();
         c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
         const std::string chunk = "100000\r\n" + std::string(1 << 20, 'x') + "\r\n";
         while (c.send(chunk)) {
         }
       },
       ErrorKind::response_too_large, "answer from % is longer than 64 MB"},
      {"headers without end",
       [](Connection& c) {
         c.read();
         c.send("HTTP/1.1 200 OK\r\n");
         while (c.send("X-Header: " + std::string(1000, 'x') + "\r\n")) {
         }
       },
       ErrorKind::response_too_large, "the header of the answer from % is longer than 64 KB"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const HttpResponse response = exchange_with(c.handler);
    ASSERT_TRUE(response.failure);
    EXPECT_EQ(response.failure->kind, c.kind) << response.failure->message << " / " << response.failure->detail;
    std::string wanted = c.message;
    if (const auto at = wanted.find('%'); at != wanted.npos) wanted.replace(at, 1, host);
    EXPECT_NE(response.failure->message.find(wanted), std::string::npos) << response.failure->message;
    EXPECT_NE(response.failure->message.find(host), std::string::npos) << response.failure->message;
  }
}

TEST_F(CurlTransportTest, AnswersMayBeShorterThanMost) {
  for (const bool announced : {true, false}) {
    LoopbackServer server([&](Connection& connection) {
      connection.read();
      if (announced) return void(connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n"));
      connection.send("HTTP/1.1 200 OK\r\nx-amzn-RequestId: a\x1b[31mb\r\n\r\n");
      connection.send(std::string((1 << 20) + 1, 'x'));
    });
    HttpRequest request = request_for(server.url());
    request.max_response_bytes = std::size_t{1} << 20;
    const HttpResponse response = exchange(request);
    ASSERT_TRUE(response.failure);
    EXPECT_EQ(response.failure->kind, ErrorKind::response_too_large);
    EXPECT_NE(response.failure->message.find("is longer than 1 MB"), std::string::npos) << response.failure->message;
    EXPECT_EQ(response.request_id, announced ? "" : "a [31mb");
  }
}

TEST_F(CurlTransportTest, AFailureDoesNotSpoilTheNextRequest) {
  std::atomic<int> number{0};
  LoopbackServer server([&](Connection& connection) {
    const int mine = number++;
    connection.read();
    if (mine % 2 == 0) {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
    } else {
      connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
    }
  });
  for (int i = 0; i < 20; ++i) EXPECT_EQ(exchange(request_for(server.url())).failure.has_value(), i % 2 == 0) << i;
}

TEST_F(CurlTransportTest, NobodyListens) {
  std::string url;
  {
    LoopbackServer server(be_kind);
    url = server.url();
    host = server.host();
  }
  const HttpResponse response = exchange(request_for(url));
  ASSERT_TRUE(response.failure);
  EXPECT_EQ(response.failure->kind, ErrorKind::connection);
  EXPECT_EQ(response.failure->message, "could not connect to " + host + ": Connection refused");
}

TEST_F(CurlTransportTest, NoSuchHost) {
  const HttpResponse response = exchange(request_for("http://no-such-host.invalid:8000/"));
  ASSERT_TRUE(response.failure);
  EXPECT_EQ(response.failure->kind, ErrorKind::connection);
  EXPECT_EQ(response.failure->message, "could not resolve host name \"no-such-host.invalid\"");
}

TEST_F(CurlTransportTest, TheServerSpeaksNoTls) {
  LoopbackServer server([](Connection& connection) { connection.answer("{}", "", 400); });
  const HttpResponse response = exchange(request_for("https://" + server.host() + "/"));
  ASSERT_TRUE(response.failure);
  EXPECT_EQ(response.failure->kind, ErrorKind::tls) << response.failure->message;
  EXPECT_EQ(response.failure->message, "TLS handshake with " + server.host() + " failed");
}

TEST_F(CurlTransportTest, ACaBundleThatIsNotThere) {
  LoopbackServer server(be_kind);
  HttpRequest request = request_for("https://" + server.host() + "/");
  request.ca_bundle = "/no/such/file.pem";
  const HttpResponse response = exchange(request);
  ASSERT_TRUE(response.failure);
  EXPECT_EQ(response.failure->kind, ErrorKind::bad_configuration) << response.failure->message;
  EXPECT_NE(response.failure->message.find("/no/such/file.pem"), std::string::npos);
  EXPECT_EQ(exchange(request_for(server.url())).status, 200);  // the handle is good for another request
}

TEST_F(CurlTransportTest, OtherProtocolsAreRefused) {
  for (const char* url : {"ftp://127.0.0.1/", "file:///etc/passwd"}) {
    const HttpResponse response = exchange(request_for(url));
    ASSERT_TRUE(response.failure) << url;
    EXPECT_TRUE(response.body.empty());
  }
}

// --- time

TEST_F(CurlTransportTest, AServerThatNeverAnswersCostsNoTime) {
  LoopbackServer server([](Connection& connection) { connection.wait_for_end(); });
  HttpRequest request = request_for(server.url());
  request.request_timeout = 700ms;
  const auto begin = Steady::now();
  const HttpResponse response = exchange(request);
  ASSERT_TRUE(response.failure);
  EXPECT_EQ(response.failure->kind, ErrorKind::timeout);
  EXPECT_EQ(response.failure->message, "no complete answer from " + server.host() + " within 0.7 s");
  EXPECT_GE(Steady::now() - begin, 690ms);
  EXPECT_LE(Steady::now() - begin, 3s);
  EXPECT_LE(advances, 12) << "a busy loop";
}

TEST_F(CurlTransportTest, AnAnswerThatStallsRunsOutOfTime) {
  LoopbackServer server([](Connection& connection) {
    connection.read();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
    connection.wait_for_end();
  });
  HttpRequest request = request_for(server.url());
  request.request_timeout = 300ms;
  const HttpResponse response = exchange(request);
  ASSERT_TRUE(response.failure);
  EXPECT_EQ(response.failure->kind, ErrorKind::timeout);
  EXPECT_LE(advances, 12) << "a busy loop";
}

TEST_F(CurlTransportTest, AConnectionThatIsNotMadeRunsOutOfTime) {
  // A listener whose queue is full does not answer: the connection stays half made.
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::vector<int> fill;
  for (int i = 0; i < 4; ++i) {
    fill.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    (void)connect(fill.back(), reinterpret_cast<sockaddr*>(&address), size);
  }
  host = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  HttpRequest request = request_for("http://" + host + "/");
  request.connect_timeout = 250ms;
  const HttpResponse response = exchange(request);
  ASSERT_TRUE(response.failure);
  EXPECT_EQ(response.failure->kind, ErrorKind::timeout);
  EXPECT_EQ(response.failure->message, "no connection to " + host + " within 0.25 s");
  EXPECT_LE(advances, 20) << "a busy loop";
  const RequestId id = transport->start(request);  // and may be given up in this state
  pass(20ms);
  transport->cancel(id);
  for (int fd : fill) close(fd);
  close(listener);
}

TEST_F(CurlTransportTest, WakesWhenAsked) {
  const auto waits = [this](Milliseconds time) { return !readable(transport->poll_descriptor(), time); };
  EXPECT_TRUE(waits(5ms)) << "nothing to do yet";
  transport->wake_at(Steady::now() + 60ms);
  EXPECT_TRUE(waits(30ms));
  EXPECT_TRUE(readable(transport->poll_descriptor(), 1s));
  transport->advance();
  EXPECT_TRUE(waits(5ms)) << "the wish is over";

  transport->wake_at(Steady::time_point::min());
  EXPECT_TRUE(readable(transport->poll_descriptor(), 0ms));
  transport->advance();
  EXPECT_TRUE(waits(5ms));

  transport->wake_at(Steady::time_point::min());
  transport->wake_at(Steady::time_point::max());
  EXPECT_TRUE(waits(5ms)) << "the wish was taken back";

  transport->wake_at(Steady::now() + 1h);
  transport->wake_at(Steady::now() + 20ms);  // earlier than the first wish
  EXPECT_TRUE(readable(transport->poll_descriptor(), 1s));
  transport->advance();

  transport->wake_at(Steady::now() + 20ms);
  const auto late = Steady::now() + 100ms;
  transport->wake_at(late);
  while (Steady::now() < late) {  // an early wake-up is allowed, a wrong one is not lost
    ASSERT_TRUE(readable(transport->poll_descriptor(), 1s));
    transport->advance();
    ++advances;
  }
  EXPECT_LE(advances, 4);
}

TEST_F(CurlTransportTest, NothingIsDueAfterTheLastAnswer) {
  LoopbackServer server(be_kind);
  HttpRequest request = request_for(server.url());
  request.connect_timeout = 300ms;
  exchange(request);
  EXPECT_FALSE(readable(transport->poll_descriptor(), 20ms));
  advances = 0;
  pass(500ms);  // beyond the connect time-out of the request that is over
  EXPECT_LE(advances, 2);
}

// --- giving up

TEST_F(CurlTransportTest, ACancelledRequestIsNotReported) {
  std::promise<void> gone;
  LoopbackServer server([&](Connection& connection) {
    connection.read();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
    connection.wait_for_end();
    gone.set_value();
  });
  const RequestId id = transport->start(request_for(server.url()));
  for (int i = 0; i < 500 && server.accepted() == 0; ++i) pass(10ms);
  pass(20ms);
  transport->cancel(id);
  EXPECT_EQ(gone.get_future().wait_for(5s), std::future_status::ready) << "the connection must be closed";
  transport->cancel(id);
  transport->cancel(12345);
  pass(20ms);
  HttpResponse response;
  RequestId finished = 0;
  EXPECT_FALSE(transport->take_finished(&finished, &response));
}

TEST_F(CurlTransportTest, CancellingInEveryStateLeavesTheOthersAlone) {
  LoopbackServer server(be_kind);
  open(4);
  std::set<RequestId> wanted;
  for (int round = 0; round < 50; ++round) {
    std::vector<RequestId> ids;
    for (int i = 0; i < 8; ++i) ids.push_back(transport->start(request_for(server.url())));
    for (int i = 0; i < round % 5; ++i) {
      if (readable(transport->poll_descriptor(), 5ms)) transport->advance();
    }
    for (std::size_t i = 0; i < 8; ++i) {
      if (i % 2 == 0) {
        transport->cancel(ids[i]);
      } else {
        wanted.insert(ids[i]);
      }
    }
  }
  while (!wanted.empty()) {
    HttpResponse response;
    RequestId id = 0;
    ASSERT_TRUE(wait(&response, &id)) << wanted.size() << " are left";
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body.view(), "{}");
    EXPECT_EQ(wanted.erase(id), 1u) << "reported although cancelled";
  }
}

TEST_F(CurlTransportTest, AHangingResolverHoldsNobodyUp) {
  slow_name_asked_for = slow_name_released = false;
  const RequestId id = transport->start(request_for("http://slow.test/"));
  for (int i = 0; i < 1000 && !slow_name_asked_for; ++i) pass(5ms);
  ASSERT_TRUE(slow_name_asked_for);
  EXPECT_TRUE(resolver_blocks_signals);
  const auto begin = Steady::now();
  transport->cancel(id);
  EXPECT_LT(Steady::now() - begin, 1s);

  HttpRequest request = request_for("http://slow.test/");
  request.connect_timeout = 100ms;
  advances = 0;
  const HttpResponse response = exchange(request);
  ASSERT_TRUE(response.failure);
  EXPECT_EQ(response.failure->kind, ErrorKind::timeout);
  EXPECT_LT(Steady::now() - begin, 4s);

  transport->start(request_for("http://slow.test/"));
  pass(20ms);
  const auto end = Steady::now();
  transport.reset();
  EXPECT_LT(Steady::now() - end, 1s);
  slow_name_released = true;
  std::this_thread::sleep_for(50ms);  // the resolver threads clean up behind themselves
}

TEST_F(CurlTransportTest, TheSignalMaskIsAsBefore) {
  LoopbackServer server(be_kind);
  exchange(request_for(server.url()));
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  for (int signal : {SIGINT, SIGTERM, SIGUSR1, SIGALRM}) EXPECT_EQ(sigismember(&mask, signal), 0);
}

// --- memory

TEST_F(CurlTransportTest, BodiesAreUsedAgain) {
  const std::string page(200000, 'x');
  LoopbackServer server([&](Connection& connection) {
    while (connection.read() && connection.answer(page)) {
    }
  });
  std::set<const char*> memory;
  for (int i = 0; i < 20; ++i) {
    HttpResponse response = exchange(request_for(server.url()));
    ASSERT_EQ(response.body.size(), page.size());
    memory.insert(response.body.data());
    transport->recycle(std::move(response.body));
  }
  EXPECT_EQ(memory.size(), 1u);
  EXPECT_GE(transport->spare_buffer().capacity(), page.size());
  EXPECT_EQ(transport->spare_buffer().data(), nullptr);
}

TEST_F(CurlTransportTest, APromisedLengthIsNotAllocatedInAdvance) {
  LoopbackServer server([](Connection& connection) {
    connection.read();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n{");
    connection.wait_for_end();
  });
  for (int i = 0; i < 32; ++i) transport->start(request_for(server.url()));
  const auto memory = [] {  // virtual: what is taken ahead is not yet touched
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    long total = 0;
    EXPECT_EQ(std::fscanf(file, "%ld", &total), 1);
    std::fclose(file);
    return total * sysconf(_SC_PAGESIZE);
  };
  const long before = memory();
  pass(200ms);
  EXPECT_LT(memory() - before, 600L << 20);  // not 32 times 60 MB
}

// --- proxies

TEST_F(CurlTransportTest, UsesTheProxyOfTheEnvironment) {
  std::string line;
  LoopbackServer proxy([&](Connection& connection) {
    while (auto request = connection.read()) {
      line = request->line;
      connection.answer("{\"proxy\":1}");
    }
  });
  setenv("http_proxy", proxy.url().c_str(), 1);
  EXPECT_EQ(exchange(request_for("http://dynamodb.example/")).body.view(), "{\"proxy\":1}");
  EXPECT_EQ(line, "POST http://dynamodb.example/ HTTP/1.1");
  setenv("no_proxy", "127.0.0.1", 1);
  LoopbackServer server(be_kind);
  EXPECT_EQ(exchange(request_for(server.url())).body.view(), "{}");
  unsetenv("http_proxy");
  unsetenv("no_proxy");
}

}  // namespace
}  // namespace dynamodb
