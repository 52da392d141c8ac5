// Signed requests to DynamoDB by libcurl and epoll, and nothing else: how fast it could go.
#pragma once

#include <curl/curl.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Memory for an answer, with the padding that simdjson wants behind it; kept from request to request.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { std::free(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  char* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::string_view view() const noexcept { return {data_, size_}; }
  void clear() noexcept { size_ = 0; }
  bool append(const char* bytes, std::size_t count) noexcept;

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

struct EasyDeleter {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};

/// One request after the other, with one handle.
struct Exchange {
  std::unique_ptr<CURL, EasyDeleter> easy{curl_easy_init()};
  Buffer answer;
  std::size_t source = 0;  ///< the caller's
};

/// Exchanges in flight together. Throws std::runtime_error where a request fails or is answered by another status
/// than 200.
class Fetcher {
 public:
  /// `ca_file` for https; `gzip`: asks for compressed answers, which libcurl decompresses.
  Fetcher(std::string endpoint, std::string ca_file, bool gzip);
  ~Fetcher();
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  std::unique_ptr<Exchange> make_exchange();
  /// Sends `body`, which must live until the answer is there.
  void start(Exchange& exchange, const curl_slist* headers, std::string_view body);
  /// Waits for the next answer.
  Exchange& wait();
  /// The same for one exchange alone, by curl_easy_perform().
  void perform(Exchange& exchange, const curl_slist* headers, std::string_view body);
  /// The headers of an operation, kept as long as the Fetcher.
  const curl_slist* headers(const char* operation);

 private:
  struct SlistDeleter {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  };
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void*) noexcept;
  static int on_timer(CURLM* multi, long milliseconds, void* self) noexcept;
  void set_body(Exchange& exchange, const curl_slist* headers, std::string_view body);
  void drive();

  const std::string endpoint_;
  const std::string ca_file_;
  const bool gzip_;
  CURLM* multi_;
  int epoll_;
  long timeout_ = -1;
  std::vector<std::unique_ptr<curl_slist, SlistDeleter>> headers_;
};

}  // namespace bench
