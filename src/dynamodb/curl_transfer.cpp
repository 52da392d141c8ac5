// Sets up easy handles and receives headers and bodies. The callbacks record and return; they never throw.
#include "dynamodb/curl_transfer.hpp"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "dynamodb/ascii.hpp"
#include "dynamodb/curl_error.hpp"
#include "dynamodb/limits.hpp"
#include "dynamodb/printable.hpp"
#include "dynamodb/sigv4.hpp"

namespace dynamodb {
namespace {

constexpr long kReceiveBufferBytes = 256 * 1024;
// A Content-Length is a promise: so much memory is taken for it in advance, the rest as the bytes come.
constexpr std::size_t kMaxReservedAhead = std::size_t{4} << 20;
constexpr std::size_t kMaxHeaderBytes = 64 * 1024;
constexpr std::size_t kMaxHeaderValue = 256;

// Programs started by this process (credential_process) shall not inherit the connections.
int close_on_exec(void*, curl_socket_t socket, curlsocktype) noexcept {
  fcntl(socket, F_SETFD, FD_CLOEXEC);
  return CURL_SOCKOPT_OK;
}

std::string_view without_spaces(std::string_view text) noexcept {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

}  // namespace

CurlTransfer::CurlTransfer(BufferPool& buffers) : buffers_(buffers), easy_(curl_easy_init()) {
  if (easy_ != nullptr) set_what_never_changes();
}

CurlTransfer* CurlTransfer::of(CURL* easy) noexcept {
  CurlTransfer* transfer = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
  return transfer;
}

template <typename Value>
void CurlTransfer::set(CURLoption option, Value value) noexcept {
  const CURLcode code = curl_easy_setopt(easy_.get(), option, value);
  if (refused_ == CURLE_OK) refused_ = code;
}

void CurlTransfer::set_what_never_changes() noexcept {
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, error_text_);
  set(CURLOPT_PREREQFUNCTION, &CurlTransfer::on_send);
  set(CURLOPT_PREREQDATA, this);
  set(CURLOPT_DEBUGFUNCTION, &CurlTransfer::on_debug);
  set(CURLOPT_DEBUGDATA, this);
  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_SOCKOPTFUNCTION, &close_on_exec);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROGRESS, 1L);
  // Without this, dropping a request whose host name is being resolved waits for the resolver.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_HTTP_CONTENT_DECODING, 0L);  // the CRC-32 is that of the compressed body
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // libcurl announces bodies over 1 MB with "Expect: 100-continue". It can be told not to by an empty header, which
  // libcurl 7.88 however signs and does not send. So it may announce, but does not wait for the reply.
  set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  set(CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_TCP_KEEPIDLE, 30L);
  set(CURLOPT_TCP_KEEPINTVL, 15L);
}

std::optional<Error> CurlTransfer::prepare(RequestId id, const HttpRequest& request, const std::string& user_agent) {
  if (easy_ == nullptr) return Error::internal("out of memory while preparing a request");
  id_ = id;
  host_ = host_of_url(request.url);
  connect_timeout_ = request.connect_timeout;
  request_timeout_ = request.request_timeout;
  max_response_bytes_ = request.max_response_bytes;
  response_ = HttpResponse{};
  sends_ = 0;
  header_bytes_ = 0;
  head_complete_ = false;
  trouble_ = Trouble::none;
  error_text_[0] = '\0';
  if (ca_bundle_ != request.ca_bundle) set_ca_bundle(request.ca_bundle);
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_USERAGENT, user_agent.c_str());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.request_timeout.count()));
  set(CURLOPT_NOPROXY, request.use_proxy ? static_cast<const char*>(nullptr) : "*");
  set(CURLOPT_VERBOSE, request.report_tls ? 1L : 0L);
  set(CURLOPT_FRESH_CONNECT, request.fresh_connection ? 1L : 0L);
  // As an option, not a header of ours: proxies may change it, so it must not be signed.
  set(CURLOPT_ACCEPT_ENCODING, request.accept_gzip ? "gzip" : static_cast<const char*>(nullptr));
  set_method(request);
  set_signature(request);
  set_headers(request);
  const CURLcode refused = std::exchange(refused_, CURLE_OK);
  if (refused == CURLE_OK) return std::nullopt;
  return Error::internal(std::string("libcurl refused a request: ") + curl_easy_strerror(refused));
}

void CurlTransfer::set_method(const HttpRequest& request) noexcept {
  set(CURLOPT_CUSTOMREQUEST, static_cast<const char*>(nullptr));
  if (request.method == "GET") {
    set(CURLOPT_HTTPGET, 1L);
    return;
  }
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
  if (request.method != "POST") set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

// libcurl signs, unless the signature is to be for another time than the clock's.
void CurlTransfer::set_signature(const HttpRequest& request) {
  const SigningKey& key = request.signing;
  const bool by_libcurl = !key.access_key_id.empty() && !request.signing_time;
  const std::string provider = "aws:amz:" + key.region + ':' + key.service;
  set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
  set(CURLOPT_AWS_SIGV4, by_libcurl ? provider.c_str() : nullptr);
  set(CURLOPT_USERNAME, by_libcurl ? key.access_key_id.c_str() : nullptr);
  set(CURLOPT_PASSWORD, by_libcurl ? key.secret_access_key.c_str() : nullptr);
}

void CurlTransfer::set_headers(const HttpRequest& request) {
  headers_.reset();
  set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
  for (const std::string& line : request.headers) add_header(line);
  const SigningKey& key = request.signing;
  const std::string token = "X-Amz-Security-Token: " + key.session_token;
  if (!key.session_token.empty()) add_header(token);
  if (!key.access_key_id.empty() && request.signing_time) {
    HttpRequest complete = request;
    if (!key.session_token.empty()) complete.headers.push_back(token);
    for (const std::string& line : sign_request(complete, *request.signing_time)) add_header(line);
  }
  set(CURLOPT_HTTPHEADER, headers_.get());
}

void CurlTransfer::add_header(const std::string& line) noexcept {
  curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) {
    refused_ = CURLE_OUT_OF_MEMORY;
    return;
  }
  (void)headers_.release();
  headers_.reset(longer);
}

// A handle whose CA file was set cannot be told to use the system's again, so it starts anew.
void CurlTransfer::set_ca_bundle(const std::string& file) noexcept {
  curl_easy_reset(easy_.get());
  set_what_never_changes();
  if (!file.empty()) {
    for (CURLoption option : {CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO}) set(option, file.c_str());
    for (CURLoption option : {CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH}) set(option, static_cast<const char*>(nullptr));
  }
  ca_bundle_ = file;
}

// Where a connection that was kept dies before it brings a byte, libcurl sends the request again on another. A write
// must not be sent twice without its sender's knowledge: the first time may have been carried out.
int CurlTransfer::on_send(void* self, char*, char*, int, int) noexcept {
  return ++static_cast<CurlTransfer*>(self)->sends_ == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

// What libcurl tells in words; headers and bodies, which it also brings here, are none of our business.
int CurlTransfer::on_debug(CURL*, curl_infotype type, char* bytes, std::size_t count, void* self) noexcept {
  auto* transfer = static_cast<CurlTransfer*>(self);
  try {
    if (type == CURLINFO_TEXT) transfer->take_info({bytes, count});
  } catch (...) {
    transfer->trouble_ = Trouble::out_of_memory;
  }
  return 0;
}

// "SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384": the only way to know it that does not depend on the TLS
// library that libcurl was built with.
void CurlTransfer::take_info(std::string_view line) {
  constexpr std::string_view kTls = "SSL connection using ";
  if (line.starts_with(kTls)) response_.tls = printable_ascii(line.substr(kTls.size()), kMaxHeaderValue);
}

std::size_t CurlTransfer::on_header(char* line, std::size_t size, std::size_t count, void* self) noexcept {
  auto* transfer = static_cast<CurlTransfer*>(self);
  try {
    return transfer->take_header({line, size * count}) ? size * count : 0;
  } catch (...) {
    transfer->trouble_ = Trouble::out_of_memory;
    return 0;
  }
}

bool CurlTransfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) trouble_ = Trouble::too_large;
  if (line.starts_with("HTTP/")) head_complete_ = false;
  if (line == "\r\n" || line == "\n") head_complete_ = true;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return trouble_ == Trouble::none;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = without_spaces(line.substr(colon + 1)).substr(0, kMaxHeaderValue);
  const auto is = [name](std::string_view wanted) { return ascii_equal_ignoring_case(name, wanted); };
  if (is("content-length")) take_length(value);
  if (is("content-encoding")) response_.content_encoding = ascii_lower(printable_ascii(value, kMaxHeaderValue));
  if (is("x-amz-crc32")) response_.crc32 = value;
  if (is("x-amzn-requestid")) response_.request_id = printable_ascii(value, kMaxHeaderValue);
  if (is("date")) response_.date = value;
  if (is("x-amz-retry-after")) response_.retry_after = value;
  return trouble_ == Trouble::none;
}

void CurlTransfer::take_length(std::string_view value) noexcept {
  std::size_t length = 0;
  const auto [stop, problem] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (problem != std::errc{}) return;
  if (length > max_response_bytes_) {
    trouble_ = Trouble::too_large;
    return;
  }
  if (response_.body.data() == nullptr) response_.body = buffers_.take();
  if (!response_.body.reserve(std::min(length, kMaxReservedAhead))) trouble_ = Trouble::out_of_memory;
}

std::size_t CurlTransfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) noexcept {
  return static_cast<CurlTransfer*>(self)->take_body(bytes, size * count) ? size * count : 0;
}

bool CurlTransfer::take_body(const char* bytes, std::size_t count) noexcept {
  if (response_.body.data() == nullptr) response_.body = buffers_.take();
  if (response_.body.size() + count > max_response_bytes_) {
    trouble_ = Trouble::too_large;
  } else if (!response_.body.append(bytes, count)) {
    trouble_ = Trouble::out_of_memory;
  }
  return trouble_ == Trouble::none;
}

HttpResponse CurlTransfer::finish(CURLcode code) {
  HttpResponse response = std::move(response_);
  response_ = HttpResponse{};
  response.bytes_received = response.body.size();
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  // libcurl 7.88 is content with a head that just stops.
  if (code == CURLE_OK && !head_complete_) code = CURLE_PARTIAL_FILE;
  response.stale_connection = was_stale(code);
  if (code != CURLE_OK || trouble_ != Trouble::none) response.failure = failure(code);
  if (response.failure) response.failure->request_id = response.request_id;
  response.maybe_sent = sends_ > 0;
  return response;
}

// libcurl counts how often a handle has begun to repeat something, from request to request, and once in a while reports
// the broken connection instead.
bool CurlTransfer::was_stale(CURLcode code) const noexcept {
  long connects = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &connects);
  return sends_ > 1 || (code == CURLE_SEND_ERROR && sends_ == 1 && connects == 0 && header_bytes_ == 0);
}

Error CurlTransfer::failure(CURLcode code) const {
  if (trouble_ == Trouble::out_of_memory) return Error::internal("out of memory while receiving an answer");
  // A line longer than 100 KB is lack of memory to libcurl before 8.6, which has a code of its own for it.
  constexpr int kTooLarge = 100;  // CURLE_TOO_LARGE, which older headers do not have
  const bool line_too_long =
      (code == CURLE_OUT_OF_MEMORY || static_cast<int>(code) == kTooLarge) && sends_ > 0 && !head_complete_;
  if (line_too_long || (trouble_ == Trouble::too_large && header_bytes_ > kMaxHeaderBytes)) {
    return Error::response_too_large("the header of the answer from " + host_ + " is longer than " +
                                     std::to_string(kMaxHeaderBytes >> 10) + " KB");
  }
  if (trouble_ == Trouble::too_large) {
    return Error::response_too_large("answer from " + host_ + " is longer than " +
                                     std::to_string(max_response_bytes_ >> 20) + " MB");
  }
  if (was_stale(code)) return Error::connection("connection to " + host_ + " was closed before an answer");
  CurlFailure facts{code, error_text_, 0, false, host_, ca_bundle_, connect_timeout_, request_timeout_};
  long os_errno = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_errno);
  facts.os_errno = static_cast<int>(os_errno);
  facts.connected = sends_ > 0;  // times say it no more since libcurl 8.22
  return curl_error(facts);
}

void CurlTransfer::abandon() noexcept {
  buffers_.give(std::move(response_.body));
  response_.body = BodyBuffer();
}

}  // namespace dynamodb
