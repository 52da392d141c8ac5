// Signed requests to DynamoDB by libcurl and epoll, and nothing else: how fast it could go.
#include "fetch.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t kPadding = 64;
constexpr std::size_t kFirstCapacity = std::size_t{2} << 20;
constexpr long kReceiveBytes = 512 * 1024;  // the most that libcurl takes

std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* answer) noexcept {
  return static_cast<Buffer*>(answer)->append(bytes, size * count) ? size * count : 0;
}

void check(CURL* easy, CURLcode code) {
  if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) throw std::runtime_error("status " + std::to_string(status));
}

}  // namespace

bool Buffer::append(const char* bytes, std::size_t count) noexcept {
  if (size_ + count + kPadding > capacity_) {
    const std::size_t larger = std::max({kFirstCapacity, capacity_ * 2, size_ + count + kPadding});
    auto* moved = static_cast<char*>(std::realloc(data_, larger));
    if (moved == nullptr) return false;
    data_ = moved;
    capacity_ = larger;
  }
  std::memcpy(data_ + size_, bytes, count);
  size_ += count;
  return true;
}

Fetcher::Fetcher(std::string endpoint, std::string ca_file, bool gzip)
    : endpoint_(std::move(endpoint)),
      ca_file_(std::move(ca_file)),
      gzip_(gzip),
      multi_(curl_multi_init()),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Fetcher::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Fetcher::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 64L);
}

Fetcher::~Fetcher() {
  curl_multi_cleanup(multi_);
  close(epoll_);
}

std::unique_ptr<Exchange> Fetcher::make_exchange() {
  auto exchange = std::make_unique<Exchange>();
  CURL* easy = exchange->easy.get();
  curl_easy_setopt(easy, CURLOPT_URL, endpoint_.c_str());
  curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange.get());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange->answer);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBytes);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, "aws:amz:us-east-1:dynamodb");
  curl_easy_setopt(easy, CURLOPT_USERPWD, "bench:bench");
  if (gzip_) curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  if (!ca_file_.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file_.c_str());
  return exchange;
}

const curl_slist* Fetcher::headers(const char* operation) {
  const std::string target = std::string("X-Amz-Target: DynamoDB_20120810.") + operation;
  curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/x-amz-json-1.0");
  headers_.emplace_back(curl_slist_append(list, target.c_str()));
  return headers_.back().get();
}

void Fetcher::set_body(Exchange& exchange, const curl_slist* headers, std::string_view body) {
  CURL* easy = exchange.easy.get();
  exchange.answer.clear();
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
}

void Fetcher::start(Exchange& exchange, const curl_slist* headers, std::string_view body) {
  set_body(exchange, headers, body);
  curl_multi_add_handle(multi_, exchange.easy.get());
}

void Fetcher::perform(Exchange& exchange, const curl_slist* headers, std::string_view body) {
  set_body(exchange, headers, body);
  check(exchange.easy.get(), curl_easy_perform(exchange.easy.get()));
}

Exchange& Fetcher::wait() {
  for (;;) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result;
      curl_multi_remove_handle(multi_, easy);
      check(easy, code);
      Exchange* exchange = nullptr;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
      return *exchange;
    }
    drive();
  }
}

void Fetcher::drive() {
  std::array<epoll_event, 64> events;
  int running = 0;
  const int count = epoll_wait(epoll_, events.data(), events.size(), static_cast<int>(timeout_));
  if (count == 0 || timeout_ == 0) {
    timeout_ = -1;
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    int what = event.events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_IN : 0;
    if (event.events & EPOLLOUT) what |= CURL_CSELECT_OUT;
    curl_multi_socket_action(multi_, event.data.fd, what, &running);
  }
}

int Fetcher::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
  const int epoll = static_cast<Fetcher*>(self)->epoll_;
  if (what == CURL_POLL_REMOVE) return epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nullptr), 0;
  epoll_event event{};
  event.data.fd = socket;
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) != 0) epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
  return 0;
}

int Fetcher::on_timer(CURLM*, long milliseconds, void* self) noexcept {
  static_cast<Fetcher*>(self)->timeout_ = milliseconds;
  return 0;
}

}  // namespace bench
