// Answers as DynamoDB would, from memory, so fast that it is its client whose speed is measured. It is no DynamoDB.
//
//   page_server [--pages N] [--certificate FILE --key FILE] NAME[:SETTING,...] ...
//
// Listens on 127.0.0.1 once for each NAME; prints "NAME PORT" for each and then "ready". Settings of what comes through
// that port: chunked, gzip (where the client accepts it), tls, latency=MILLISECONDS (of each request),
// bandwidth=BYTES_PER_SECOND (of each connection). "GET /statistics" tells the sums over all ports. One thread, so that
// it never has more than one of the cores; it ends when its standard input does.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <queue>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "answer.hpp"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kChunkBytes = 64 * 1024;  // of a chunked body
constexpr std::size_t kPiecesAtOnce = 64;
constexpr auto kPacingStep = std::chrono::milliseconds(2);
constexpr std::string_view kTarget = "DynamoDB_20120810.";

/// A port and the settings of what comes through it.
struct Face {
  std::string name;
  bool chunked = false;
  bool gzip = false;
  bool tls = false;
  Clock::duration latency{};
  double bytes_per_second = 0;  // 0: as fast as it goes
  int fd = -1;
};

struct TlsDeleter {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

struct Connection {
  Connection(int descriptor, const Face& through, uint64_t id) : fd(descriptor), face(through), serial(id) {}
  ~Connection() { close(fd); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const int fd;
  const Face& face;
  const uint64_t serial;
  std::unique_ptr<SSL, TlsDeleter> ssl;
  std::string in;
  bool answering = false;  // one request at a time
  Clock::time_point not_before{};
  Answer answer;
  std::string head;
  std::deque<std::string> chunk_sizes;
  std::vector<Piece> out;  // what is left to be sent begins at `next`
  std::size_t next = 0;
};

void fail(const char* what) { throw std::runtime_error(std::string(what) + ": " + std::strerror(errno)); }

bool is_temporary(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

/// A whole request at the start of what was read.
struct Request {
  std::string_view operation;  // empty for GET
  std::string_view body;
  bool accepts_gzip = false;
  std::size_t size = 0;
};

std::size_t content_length(const std::string& head) {
  const char* found = strcasestr(head.c_str(), "\r\ncontent-length:");
  return found == nullptr ? 0 : std::strtoul(found + 17, nullptr, 10);
}

bool parse_request(const std::string& in, Request* request) {
  const std::size_t end = in.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const std::string head = in.substr(0, end);
  const std::size_t length = content_length(head);
  if (in.size() < end + 4 + length) return false;
  request->size = end + 4 + length;
  request->body = std::string_view(in).substr(end + 4, length);
  request->accepts_gzip = strcasestr(head.c_str(), "accept-encoding: gzip") != nullptr;
  const std::size_t target = in.find(kTarget);
  if (target < end) {
    const std::size_t start = target + kTarget.size();
    request->operation = std::string_view(in).substr(start, in.find('\r', start) - start);
  }
  return true;
}

class Server {
 public:
  Server(uint32_t pages, std::vector<Face>& faces, SSL_CTX* tls);
  ~Server() { close(epoll_); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  void run();

 private:
  struct Timer {
    Clock::time_point when;
    int fd;
    uint64_t serial;
    bool operator<(const Timer& other) const noexcept { return when > other.when; }  // the earliest on top
  };
  enum class Progress : uint8_t { done, later, closed };

  void watch(int fd, uint32_t events);
  void accept_all(const Face& face);
  void serve(Connection& connection);
  bool shake_hands(Connection& connection);
  bool receive(Connection& connection);
  void take_request(Connection& connection, const Request& request);
  void take_statistics(Connection& connection);
  void make_output(Connection& connection);
  void make_chunks(Connection& connection);
  Progress send(Connection& connection);
  ssize_t send_some(Connection& connection, std::size_t allowed);
  void wake(const Connection& connection, Clock::time_point when);
  void run_timers();

  Service service_;
  std::vector<Face>& faces_;
  SSL_CTX* tls_;
  int epoll_;
  uint64_t last_serial_ = 0;
  uint64_t bytes_sent_ = 0;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
  std::priority_queue<Timer> timers_;
  std::vector<char> buffer_ = std::vector<char>(kReadBytes);
};

int listen_on_loopback(uint16_t* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 256) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    fail("listening on 127.0.0.1");
  *port = ntohs(address.sin_port);
  return fd;
}

Server::Server(uint32_t pages, std::vector<Face>& faces, SSL_CTX* tls)
    : service_(pages), faces_(faces), tls_(tls), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) fail("epoll_create1");
  for (Face& face : faces_) {
    uint16_t port = 0;
    face.fd = listen_on_loopback(&port);
    watch(face.fd, EPOLLIN);
    std::printf("%s %u\n", face.name.c_str(), port);
  }
  watch(STDIN_FILENO, EPOLLIN | EPOLLRDHUP);
  std::printf("ready\n");
  std::fflush(stdout);
}

void Server::watch(int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

void Server::run() {
  std::array<epoll_event, 64> events;
  for (;;) {
    timespec timeout{};
    if (!timers_.empty()) {
      const auto left = std::max(timers_.top().when - Clock::now(), Clock::duration::zero());
      timeout.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
      timeout.tv_nsec = (left % std::chrono::seconds(1)).count();
    }
    const int count = epoll_pwait2(epoll_, events.data(), events.size(), timers_.empty() ? nullptr : &timeout, nullptr);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == STDIN_FILENO) return;
      if (const auto found = connections_.find(fd); found != connections_.end()) {
        serve(*found->second);
        continue;
      }
      for (const Face& face : faces_)
        if (face.fd == fd) accept_all(face);
    }
    run_timers();
  }
}

void Server::accept_all(const Face& face) {
  for (;;) {
    const int fd = accept4(face.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    auto connection = std::make_unique<Connection>(fd, face, ++last_serial_);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (face.tls) {
      connection->ssl.reset(SSL_new(tls_));
      SSL_set_fd(connection->ssl.get(), fd);
      SSL_set_accept_state(connection->ssl.get());
    }
    connections_.emplace(fd, std::move(connection));
    watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  }
}

// Goes on until nothing more can be read or sent, as edge-triggered events demand.
void Server::serve(Connection& connection) {
  bool open = shake_hands(connection);
  while (open) {
    if (connection.answering) {
      const Progress progress = send(connection);
      if (progress == Progress::later) return;
      open = progress == Progress::done;
      connection.answering = false;
      continue;
    }
    Request request;
    if (parse_request(connection.in, &request)) {
      take_request(connection, request);
      connection.in.erase(0, request.size);
      continue;
    }
    const std::size_t before = connection.in.size();
    open = receive(connection);
    if (open && connection.in.size() == before) return;
  }
  connections_.erase(connection.fd);
}

// False where the connection is of no more use. A handshake that is not complete goes on with what comes next.
bool Server::shake_hands(Connection& connection) {
  if (connection.ssl == nullptr || SSL_is_init_finished(connection.ssl.get())) return true;
  ERR_clear_error();
  const int done = SSL_do_handshake(connection.ssl.get());
  if (done == 1) return true;
  const int error = SSL_get_error(connection.ssl.get(), done);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

bool Server::receive(Connection& connection) {
  if (connection.ssl != nullptr) {
    ERR_clear_error();
    const int count = SSL_read(connection.ssl.get(), buffer_.data(), static_cast<int>(buffer_.size()));
    if (count > 0) connection.in.append(buffer_.data(), static_cast<std::size_t>(count));
    if (count > 0) return true;
    const int error = SSL_get_error(connection.ssl.get(), count);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
  }
  const ssize_t count = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
  if (count > 0) connection.in.append(buffer_.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && is_temporary(errno));
}

void Server::take_request(Connection& connection, const Request& request) {
  connection.answering = true;
  if (request.operation.empty()) {
    take_statistics(connection);
  } else {
    const bool gzip = connection.face.gzip && request.accepts_gzip;
    service_.answer(request.operation, request.body, gzip, connection.answer);
  }
  make_output(connection);
  if (connection.face.latency > Clock::duration::zero() && !request.operation.empty()) {
    connection.not_before = Clock::now() + connection.face.latency;
    wake(connection, connection.not_before);
  }
}

void Server::take_statistics(Connection& connection) {
  Answer& answer = connection.answer;
  const Statistics& sums = service_.statistics();
  answer.small = "requests=" + std::to_string(sums.requests) + " capacity=" + std::to_string(sums.capacity) +
                 " bytes=" + std::to_string(bytes_sent_) + " connections=" + std::to_string(connections_.size()) + "\n";
  answer.pieces = {{answer.small.data(), answer.small.size()}};
  answer.size = answer.small.size();
  answer.status = 200;
  answer.gzip = false;
  answer.crc32 = 0;
}

void Server::make_output(Connection& connection) {
  const Answer& answer = connection.answer;
  const bool chunked = connection.face.chunked;
  std::array<char, 400> head;
  int length = std::snprintf(
      head.data(), head.size(),
      "HTTP/1.1 %d %s\r\nServer: page_server (no DynamoDB)\r\nContent-Type: application/x-amz-json-1.0\r\n"
      "x-amzn-RequestId: BENCH0000000000000000000000000000000000000000000000\r\nx-amz-crc32: %u\r\n%s",
      answer.status, answer.status == 200 ? "OK" : "Bad Request", answer.crc32,
      answer.gzip ? "Content-Encoding: gzip\r\n" : "");
  connection.head.assign(head.data(), static_cast<std::size_t>(length));
  connection.head += chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + std::to_string(answer.size);
  connection.head += "\r\n\r\n";
  connection.out.clear();
  connection.next = 0;
  connection.out.push_back({connection.head.data(), connection.head.size()});
  if (chunked)
    make_chunks(connection);
  else
    connection.out.insert(connection.out.end(), answer.pieces.begin(), answer.pieces.end());
}

// A deque, because what was made must stay where it is.
void Server::make_chunks(Connection& connection) {
  connection.chunk_sizes.clear();
  for (Piece piece : connection.answer.pieces) {
    while (piece.size > 0) {
      const std::size_t size = std::min(piece.size, kChunkBytes);
      std::array<char, 24> line;
      const int length = std::snprintf(line.data(), line.size(), "%zx\r\n", size);
      const std::string& kept = connection.chunk_sizes.emplace_back(line.data(), static_cast<std::size_t>(length));
      connection.out.push_back({kept.data(), kept.size()});
      connection.out.push_back({piece.data, size});
      connection.out.push_back({"\r\n", 2});
      piece = {piece.data + size, piece.size - size};
    }
  }
  connection.out.push_back({"0\r\n\r\n", 5});
}

Server::Progress Server::send(Connection& connection) {
  const double rate = connection.face.bytes_per_second;
  while (connection.next < connection.out.size()) {
    std::size_t allowed = SIZE_MAX;
    if (connection.not_before > Clock::now()) return Progress::later;
    if (rate > 0)
      allowed =
          std::max<std::size_t>(1, static_cast<std::size_t>(rate * std::chrono::duration<double>(kPacingStep).count()));
    ssize_t count = send_some(connection, allowed);
    if (count < 0) return Progress::closed;
    if (count == 0) return Progress::later;
    bytes_sent_ += static_cast<uint64_t>(count);
    if (rate > 0) {
      const auto pause = std::chrono::duration<double>(static_cast<double>(count) / rate);
      connection.not_before = std::max(connection.not_before, Clock::now() - kPacingStep) +
                              std::chrono::duration_cast<Clock::duration>(pause);
      wake(connection, connection.not_before);
    }
    while (connection.next < connection.out.size() && count > 0) {
      Piece& piece = connection.out[connection.next];
      const auto used = std::min(piece.size, static_cast<std::size_t>(count));
      piece = {piece.data + used, piece.size - used};
      count -= static_cast<ssize_t>(used);
      if (piece.size == 0) ++connection.next;
    }
  }
  return Progress::done;
}

// Bytes sent; 0 where none can be sent now, -1 where none ever will. Pieces are never empty but for an empty page's.
ssize_t Server::send_some(Connection& connection, std::size_t allowed) {
  while (connection.out[connection.next].size == 0) ++connection.next;
  if (connection.ssl != nullptr) {
    const Piece& piece = connection.out[connection.next];
    ERR_clear_error();
    std::size_t written = 0;
    const int done = SSL_write_ex(connection.ssl.get(), piece.data, std::min(piece.size, allowed), &written);
    if (done == 1) return static_cast<ssize_t>(written);
    const int error = SSL_get_error(connection.ssl.get(), done);
    return error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ ? 0 : -1;
  }
  std::array<iovec, kPiecesAtOnce> vectors;
  msghdr message{};
  message.msg_iov = vectors.data();
  for (std::size_t i = connection.next; i < connection.out.size() && message.msg_iovlen < kPiecesAtOnce && allowed > 0;
       ++i) {
    const std::size_t size = std::min(connection.out[i].size, allowed);
    vectors[message.msg_iovlen++] = {const_cast<char*>(connection.out[i].data), size};
    allowed -= size;
  }
  const ssize_t count = sendmsg(connection.fd, &message, MSG_NOSIGNAL);
  if (count > 0) return count;
  return is_temporary(errno) ? 0 : -1;
}

void Server::wake(const Connection& connection, Clock::time_point when) {
  timers_.push({when, connection.fd, connection.serial});
}

void Server::run_timers() {
  while (!timers_.empty() && timers_.top().when <= Clock::now()) {
    const Timer timer = timers_.top();
    timers_.pop();
    const auto found = connections_.find(timer.fd);
    if (found != connections_.end() && found->second->serial == timer.serial) serve(*found->second);
  }
}

// --- the command line

void set(Face& face, const std::string& setting) {
  const std::size_t equals = setting.find('=');
  const std::string name = setting.substr(0, equals);
  const double value = equals == std::string::npos ? 0 : std::stod(setting.substr(equals + 1));
  if (name == "chunked") {
    face.chunked = true;
  } else if (name == "gzip") {
    face.gzip = true;
  } else if (name == "tls") {
    face.tls = true;
  } else if (name == "latency") {
    face.latency = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double, std::milli>(value));
  } else if (name == "bandwidth") {
    face.bytes_per_second = value;
  } else {
    throw std::runtime_error("unknown setting: " + setting);
  }
}

Face parse_face(const std::string& argument) {
  Face face;
  std::size_t start = argument.find(':');
  face.name = argument.substr(0, start);
  while (start != std::string::npos) {
    const std::size_t end = argument.find(',', ++start);
    set(face, argument.substr(start, end == std::string::npos ? end : end - start));
    start = end;
  }
  return face;
}

struct Options {
  uint32_t pages = 0;
  std::string certificate;
  std::string key;
  std::vector<Face> faces;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto value = [&] {
      return ++i < argc ? std::string(argv[i]) : throw std::runtime_error(argument + " what?");
    };
    if (argument == "--pages")
      options.pages = static_cast<uint32_t>(std::stoul(value()));
    else if (argument == "--certificate")
      options.certificate = value();
    else if (argument == "--key")
      options.key = value();
    else
      options.faces.push_back(parse_face(argument));
  }
  if (options.faces.empty()) options.faces.push_back(parse_face("plain"));
  return options;
}

std::unique_ptr<SSL_CTX, TlsDeleter> make_tls(const Options& options) {
  std::unique_ptr<SSL_CTX, TlsDeleter> context(SSL_CTX_new(TLS_server_method()));
  if (options.certificate.empty()) return context;
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_use_certificate_chain_file(context.get(), options.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), options.key.c_str(), SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error("the certificate or its key cannot be read");
  return context;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  try {
    std::signal(SIGPIPE, SIG_IGN);
    bench::Options options = bench::parse_options(argc, argv);
    const auto tls = bench::make_tls(options);
    bench::Server(options.pages, options.faces, tls.get()).run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "page_server: %s\n", error.what());
    return 1;
  }
}
