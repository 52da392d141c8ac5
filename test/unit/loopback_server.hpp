// A TCP server on 127.0.0.1 that does to its clients what the test says, one thread a connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "dynamodb/ascii.hpp"

namespace dynamodb::test {

/// One request as it was received.
struct Received {
  std::string line;                                          ///< "POST / HTTP/1.1"
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;

  int count(std::string_view name) const {
    return static_cast<int>(std::ranges::count(headers, name, [](const auto& header) { return header.first; }));
  }
  std::string header(std::string_view name) const {
    for (const auto& header : headers) {
      if (header.first == name) return header.second;
    }
    return "";
  }
};

/// The server's end of a connection. Everything ends (read: nothing; send: false) when the other side or the test does.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  std::optional<Received> read() {
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      if (!receive()) return std::nullopt;
    }
    Received request = take_head();
    const std::string length = request.header("content-length");
    const std::size_t size = length.empty() ? 0 : std::stoul(length);
    while (buffer_.size() < size) {
      if (!receive()) return std::nullopt;
    }
    request.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return request;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// A complete answer with a Content-Length.
  bool answer(std::string_view body, std::string_view headers = "", int status = 200) {
    std::string text = "HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Length: ";
    text.append(std::to_string(body.size())).append("\r\n").append(headers).append("\r\n").append(body);
    return send(text);
  }

  /// Waits until the other side closes.
  void wait_for_end() {
    while (receive()) {
    }
  }

  /// Closing then sends RST.
  void reset_on_close() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

  void shut_down() { ::shutdown(fd_, SHUT_RDWR); }

 private:
  bool receive() {
    char bytes[65536];
    const ssize_t count = recv(fd_, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  Received take_head() {
    const std::string head = buffer_.substr(0, buffer_.find("\r\n\r\n"));
    buffer_.erase(0, head.size() + 4);
    Received request;
    request.line = head.substr(0, head.find("\r\n"));
    for (std::size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
      const std::string line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
      const std::size_t colon = std::min(line.find(':'), line.size());
      const std::size_t value = std::min(line.find_first_not_of(" :", colon), line.size());
      request.headers.emplace_back(ascii_lower(line.substr(0, colon)), line.substr(value));
    }
    return request;
  }

  const int fd_;
  std::string buffer_;
};

class LoopbackServer {
 public:
  using Handler = std::function<void(Connection&)>;

  explicit LoopbackServer(Handler handler) : handler_(std::move(handler)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 128);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~LoopbackServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    close_connections();
    for (std::thread& thread : threads_) thread.join();
  }

  int port() const { return port_; }
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return "http://" + host() + "/"; }
  int accepted() const { return accepted_; }

  /// Ends the connections that there are now; new ones are welcome.
  void close_connections() {
    const std::lock_guard lock(mutex_);
    for (Connection* connection : open_) connection->shut_down();
  }

 private:
  void accept_all() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++accepted_;
      const std::lock_guard lock(mutex_);
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    Connection connection(fd);
    {
      const std::lock_guard lock(mutex_);
      open_.push_back(&connection);
    }
    handler_(connection);
    const std::lock_guard lock(mutex_);
    std::erase(open_, &connection);
  }

  const Handler handler_;
  const int listener_;
  int port_ = 0;
  std::atomic<int> accepted_{0};
  std::mutex mutex_;
  std::vector<Connection*> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace dynamodb::test
