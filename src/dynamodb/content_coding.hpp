// What stands between a body on the wire and its JSON: the CRC-32 of the service, and compression.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "dynamodb/body_buffer.hpp"
#include "dynamodb/error.hpp"
#include "dynamodb/limits.hpp"

namespace dynamodb {

/// Compares the body as received, still compressed, with the header x-amz-crc32 (decimal). Nothing when they agree or
/// when `header` is empty, because the service may leave it out; else an Error of kind corrupt_response.
std::optional<Error> check_crc32(std::string_view body, std::string_view header);

/// Undoes a Content-Encoding. Keeps zlib's working memory from one body to the next.
class ContentDecoder {
 public:
  ContentDecoder() noexcept;
  ~ContentDecoder();
  ContentDecoder(const ContentDecoder&) = delete;
  ContentDecoder& operator=(const ContentDecoder&) = delete;

  /// Whether a body with this encoding has to be decoded at all ("" and "identity" do not).
  static bool needed(std::string_view encoding) noexcept { return !encoding.empty() && encoding != "identity"; }

  /// Decodes `body` (gzip or deflate) into `out`, replacing what it held. Refuses output beyond `limit` bytes
  /// (response_too_large), so that a small body cannot fill the memory; broken or truncated data is corrupt_response,
  /// another encoding not_dynamodb. After an Error the contents of `out` are unspecified.
  std::optional<Error> decode(std::string_view encoding, std::string_view body, BodyBuffer& out,
                              std::size_t limit = kMaxResponseBytes);

 private:
  struct Stream;
  std::optional<Error> inflate_all(std::string_view body, BodyBuffer& out, std::size_t limit);
  std::unique_ptr<Stream> stream_;  // made at first use: most answers of small tables are not compressed
};

}  // namespace dynamodb
