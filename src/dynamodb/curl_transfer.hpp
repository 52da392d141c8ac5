// One HTTP exchange on a libcurl easy handle that is used again for the next one.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <curl/curl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dynamodb/buffer_pool.hpp"
#include "dynamodb/transport.hpp"

namespace dynamodb {

/// Sets a handle up for a request and gathers what libcurl's callbacks bring. Knows nothing of sockets or waiting.
/// Stays where it is in memory while a request is under way, because libcurl holds its address.
class CurlTransfer {
 public:
  explicit CurlTransfer(BufferPool& buffers);  ///< `buffers` must outlive it
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  CURL* handle() const noexcept { return easy_.get(); }
  static CurlTransfer* of(CURL* easy) noexcept;

  /// Makes the handle ready to be added to a multi handle. `request.body` must live until finish() or abandon().
  std::optional<Error> prepare(RequestId id, const HttpRequest& request, const std::string& user_agent);

  /// The outcome. REQUIRES: libcurl reported the exchange as done, with `code`.
  HttpResponse finish(CURLcode code);

  /// Forgets a request that is not wanted any more. REQUIRES: the handle is in no multi handle.
  void abandon() noexcept;

  RequestId id() const noexcept { return id_; }

 private:
  enum class Trouble : uint8_t { none, too_large, out_of_memory };
  struct EasyDeleter {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  };
  struct ListDeleter {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  };

  static int on_send(void* self, char*, char*, int, int) noexcept;
  static int on_debug(CURL*, curl_infotype type, char* bytes, std::size_t count, void* self) noexcept;
  static std::size_t on_header(char* line, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self) noexcept;

  template <typename Value>
  void set(CURLoption option, Value value) noexcept;
  void set_what_never_changes() noexcept;
  void set_method(const HttpRequest& request) noexcept;
  void set_signature(const HttpRequest& request);
  void set_headers(const HttpRequest& request);
  void set_ca_bundle(const std::string& file) noexcept;
  void add_header(const std::string& line) noexcept;
  bool take_header(std::string_view line);
  void take_info(std::string_view line);
  void take_length(std::string_view value) noexcept;
  bool take_body(const char* bytes, std::size_t count) noexcept;
  bool was_stale(CURLcode code) const noexcept;
  Error failure(CURLcode code) const;

  BufferPool& buffers_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  std::unique_ptr<curl_slist, ListDeleter> headers_;
  CURLcode refused_ = CURLE_OK;  // the first option that libcurl would not take
  RequestId id_ = 0;
  std::string host_;
  std::string ca_bundle_;
  Milliseconds connect_timeout_{};
  Milliseconds request_timeout_{};
  std::size_t max_response_bytes_ = 0;
  HttpResponse response_;
  int sends_ = 0;  // how often libcurl began to send the request
  std::size_t header_bytes_ = 0;
  bool head_complete_ = false;
  Trouble trouble_ = Trouble::none;
  char error_text_[CURL_ERROR_SIZE] = "";
};

}  // namespace dynamodb
