// libcurl's sockets and its timer, and the timer of the owner, gathered in one epoll descriptor.
#include "dynamodb/curl_transport.hpp"

#include <curl/curl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "dynamodb/buffer_pool.hpp"
#include "dynamodb/curl_transfer.hpp"
#include "dynamodb/user_agent.hpp"

namespace dynamodb {
namespace {

constexpr Steady::time_point kNever = Steady::time_point::max();
constexpr Steady::time_point kAtOnce = Steady::time_point::min();
constexpr int kEventsAtOnce = 64;
// How often advance() looks for more before it lets its caller have a look at the latch.
constexpr int kMaxRounds = 16;

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

/// libcurl resolves host names in a thread of its own, which inherits the signal mask: with everything blocked, no
/// handler of the process ever runs in that thread. Signals are blocked from the moment that libcurl begins to resolve
/// until its call has returned.
class SignalMask {
 public:
  SignalMask() = default;
  SignalMask(const SignalMask&) = delete;
  SignalMask& operator=(const SignalMask&) = delete;

  void watch(CURL* easy) noexcept {
    curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, &SignalMask::on_resolve);
    curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, this);
  }
  void restore() noexcept {
    if (blocked_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    blocked_ = false;
  }

 private:
  static int on_resolve(void*, void*, void* self) noexcept {
    auto* mask = static_cast<SignalMask*>(self);
    if (mask->blocked_) return 0;
    sigset_t all;
    sigfillset(&all);
    mask->blocked_ = pthread_sigmask(SIG_SETMASK, &all, &mask->before_) == 0;
    return mask->blocked_ ? 0 : 1;
  }

  sigset_t before_{};
  bool blocked_ = false;
};

struct MultiDeleter {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(int max_connections);
  ~CurlTransport() override;
  std::optional<Error> open();

  RequestId start(const HttpRequest& request) override;
  void cancel(RequestId id) noexcept override;
  void advance() override;
  bool take_finished(RequestId* id, HttpResponse* response) override;
  int poll_descriptor() noexcept override;
  void wake_at(Steady::time_point when) noexcept override { wake_ = when; }
  void recycle(BodyBuffer body) noexcept override { buffers_.give(std::move(body)); }
  BodyBuffer spare_buffer() noexcept override { return buffers_.take(); }
  void set_user_agent(std::string text) override { user_agent_ = std::move(text); }

 private:
  struct Finished {
    RequestId id = 0;
    HttpResponse response;
  };
  using TransferPointer = std::unique_ptr<CurlTransfer>;

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept;
  static int on_timer(CURLM*, long milliseconds, void* self) noexcept;

  void make_room();
  TransferPointer take_idle();
  void keep_idle(TransferPointer transfer) noexcept;
  void fail(RequestId id, Error error);
  bool drive_sockets() noexcept;
  bool drive_timers() noexcept;
  void collect();
  bool watch(int fd) noexcept;
  void arm() noexcept;
  void raise(bool wanted) noexcept;
  void set_timer(Steady::time_point when) noexcept;

  // The order matters: curl_multi_cleanup() still calls on_socket(), so the multi handle goes first.
  const int max_connections_;
  BufferPool buffers_;
  Descriptor epoll_;
  Descriptor timer_;
  Descriptor flag_;  // readable while something is to be done at once
  Steady::time_point curl_deadline_ = kNever;
  Steady::time_point wake_ = kNever;
  Steady::time_point armed_ = kNever;  // what the timer descriptor is set to
  bool raised_ = false;                // whether the flag is readable
  SignalMask signals_;
  std::unique_ptr<CURLM, MultiDeleter> multi_;
  std::string user_agent_ = user_agent({}, {});
  RequestId last_id_ = 0;
  std::unordered_map<RequestId, TransferPointer> active_;
  std::vector<TransferPointer> idle_;
  std::vector<Finished> finished_;
};

CurlTransport::CurlTransport(int max_connections)
    : max_connections_(std::max(max_connections, 1)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      flag_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      multi_(curl_multi_init()) {}

std::optional<Error> CurlTransport::open() {
  if (!watch(timer_.get()) || !watch(flag_.get())) {
    return Error::internal("could not create an epoll descriptor: " + std::generic_category().message(errno));
  }
  if (multi_ == nullptr) return Error::internal("libcurl could not be initialised");
  CURLM* multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &CurlTransport::on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &CurlTransport::on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(max_connections_));
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(max_connections_));
  return std::nullopt;
}

bool CurlTransport::watch(int fd) noexcept {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

CurlTransport::~CurlTransport() {
  for (auto& [id, transfer] : active_) curl_multi_remove_handle(multi_.get(), transfer->handle());
}

// So that neither cancel() nor collect() has to allocate.
void CurlTransport::make_room() {
  finished_.reserve(finished_.size() + active_.size() + 1);
  idle_.reserve(idle_.size() + active_.size() + 1);
}

CurlTransport::TransferPointer CurlTransport::take_idle() {
  if (idle_.empty()) return std::make_unique<CurlTransfer>(buffers_);
  TransferPointer transfer = std::move(idle_.back());
  idle_.pop_back();
  return transfer;
}

void CurlTransport::keep_idle(TransferPointer transfer) noexcept {
  if (idle_.size() < static_cast<std::size_t>(max_connections_)) idle_.push_back(std::move(transfer));
}

RequestId CurlTransport::start(const HttpRequest& request) {
  make_room();
  const RequestId id = last_id_ + 1;
  TransferPointer transfer = take_idle();
  std::optional<Error> refused = transfer->prepare(id, request, user_agent_);
  CURL* easy = transfer->handle();
  last_id_ = id;
  if (!refused) {
    signals_.watch(easy);
    active_.emplace(id, std::move(transfer));
    const CURLMcode code = curl_multi_add_handle(multi_.get(), easy);
    if (code != CURLM_OK) {
      active_.erase(id);
      refused = Error::internal(std::string("libcurl did not take a request: ") + curl_multi_strerror(code));
    }
    signals_.restore();
  }
  if (refused) fail(id, std::move(*refused));
  return id;
}

void CurlTransport::fail(RequestId id, Error error) {
  finished_.emplace_back();
  finished_.back().id = id;
  finished_.back().response.failure = std::move(error);
  finished_.back().response.maybe_sent = false;
  wake_ = kAtOnce;
}

void CurlTransport::cancel(RequestId id) noexcept {
  std::erase_if(finished_, [id](const Finished& finished) { return finished.id == id; });
  const auto found = active_.find(id);
  if (found == active_.end()) return;
  TransferPointer transfer = std::move(found->second);
  active_.erase(found);
  curl_multi_remove_handle(multi_.get(), transfer->handle());
  transfer->abandon();
  keep_idle(std::move(transfer));
}

// Timers first: a request that was just started is one, and what it sends may be answered by the time that the sockets
// are looked at.
void CurlTransport::advance() {
  for (int round = 0; round < kMaxRounds; ++round) {
    const bool timers = drive_timers();
    const bool sockets = drive_sockets();
    collect();
    if (!finished_.empty() || !(sockets || (timers && curl_deadline_ <= Steady::now()))) break;
  }
  signals_.restore();
}

// An event may be for a socket that an earlier one of the batch has made libcurl close: it then ignores the number, or
// looks at a newer socket of the same number in vain.
bool CurlTransport::drive_sockets() noexcept {
  std::array<epoll_event, kEventsAtOnce> events;
  const int count = epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, 0);
  bool driven = false;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == flag_.get()) continue;  // arm() lowers it
    if (event.data.fd == timer_.get()) {
      uint64_t times = 0;
      if (read(timer_.get(), &times, sizeof times) > 0) armed_ = kNever;
      continue;
    }
    int what = event.events & EPOLLIN ? CURL_CSELECT_IN : 0;
    if (event.events & EPOLLOUT) what |= CURL_CSELECT_OUT;
    if (event.events & (EPOLLERR | EPOLLHUP)) what |= CURL_CSELECT_ERR;
    int running = 0;
    curl_multi_socket_action(multi_.get(), event.data.fd, what, &running);
    driven = true;
  }
  return driven;
}

bool CurlTransport::drive_timers() noexcept {
  const Steady::time_point now = Steady::now();
  if (now >= wake_) wake_ = kNever;
  if (now < curl_deadline_) return false;
  curl_deadline_ = kNever;
  int running = 0;
  curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
  if (curl_deadline_ != kNever) return true;
  // libcurl does not announce again a time that it has announced, even where it was a little too early for it.
  long milliseconds = -1;
  curl_multi_timeout(multi_.get(), &milliseconds);
  on_timer(multi_.get(), milliseconds, this);
  return true;
}

void CurlTransport::collect() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;  // gone with the removal
    CurlTransfer* done = CurlTransfer::of(message->easy_handle);
    const auto found = active_.find(done->id());
    TransferPointer transfer = std::move(found->second);
    active_.erase(found);
    curl_multi_remove_handle(multi_.get(), transfer->handle());
    finished_.emplace_back();
    finished_.back().id = transfer->id();
    finished_.back().response = transfer->finish(code);
    keep_idle(std::move(transfer));
  }
}

bool CurlTransport::take_finished(RequestId* id, HttpResponse* response) {
  if (finished_.empty()) return false;
  *id = finished_.front().id;
  *response = std::move(finished_.front().response);
  finished_.erase(finished_.begin());
  return true;
}

int CurlTransport::poll_descriptor() noexcept {
  arm();
  return epoll_.get();
}

// Setting a timer is dear where it means a call of the hypervisor, and deadlines move with every request. So a timer
// that is set too early stays as it is: advance() is then called once for nothing.
void CurlTransport::arm() noexcept {
  const Steady::time_point next = std::min(curl_deadline_, wake_);
  const bool due = next <= Steady::now();
  raise(due);
  if (!due && next < armed_) set_timer(next);
}

void CurlTransport::raise(bool wanted) noexcept {
  if (wanted == raised_) return;
  uint64_t count = 1;
  const ssize_t done = wanted ? write(flag_.get(), &count, sizeof count) : read(flag_.get(), &count, sizeof count);
  if (done == sizeof count) raised_ = wanted;
}

void CurlTransport::set_timer(Steady::time_point when) noexcept {
  const auto since_boot = when.time_since_epoch();
  itimerspec spec{};
  spec.it_value.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(since_boot).count();
  spec.it_value.tv_nsec = (since_boot % std::chrono::seconds(1)).count();
  if (timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr) == 0) armed_ = when;
}

// `watched` is not null for a socket that is being watched, as curl_multi_assign() has said.
int CurlTransport::on_socket(CURL*, curl_socket_t socket, int what, void* self, void* watched) noexcept {
  auto* transport = static_cast<CurlTransport*>(self);
  const int epoll = transport->epoll_.get();
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{};
  event.data.fd = socket;
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  if (watched == nullptr) curl_multi_assign(transport->multi_.get(), socket, transport);
  if (epoll_ctl(epoll, watched == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event) == 0) return 0;
  // libcurl may have closed a socket and got another of the same number.
  if (errno == EEXIST) return epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event);
  return errno == ENOENT ? epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) : -1;
}

int CurlTransport::on_timer(CURLM*, long milliseconds, void* self) noexcept {
  auto* transport = static_cast<CurlTransport*>(self);
  transport->curl_deadline_ = milliseconds < 0 ? kNever : Steady::now() + Milliseconds(milliseconds);
  return 0;
}

// The result of the one call in a process's life; a static of trivial type, so nothing happens at exit.
bool curl_is_ready() noexcept {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

}  // namespace

Result<std::unique_ptr<Transport>> make_curl_transport(int max_connections) {
  if (!curl_is_ready()) return Error::internal("libcurl could not be initialised");
  auto transport = std::make_unique<CurlTransport>(max_connections);
  if (std::optional<Error> error = transport->open()) return std::move(*error);
  return std::unique_ptr<Transport>(std::move(transport));
}

}  // namespace dynamodb
