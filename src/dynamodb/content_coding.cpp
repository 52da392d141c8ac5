// CRC-32 and decompression by zlib.
#include "dynamodb/content_coding.hpp"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace dynamodb {
namespace {

// zlib counts in 32 bits; a body is shorter, but the caller's limit is not known here.
uint32_t crc32_of(std::string_view data) noexcept {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

// gzip ends with the length of what was compressed (RFC 1952, ISIZE). It only tells how much to reserve: a wrong or
// hostile one costs at most 4 MB, and deflate cannot expand by more than 1032.
std::size_t expected_size(std::string_view body, std::size_t limit) noexcept {
  constexpr std::size_t kMost = std::size_t{4} << 20;
  if (body.size() < 18) return 4096;
  uint32_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    size |= uint32_t{static_cast<uint8_t>(body[body.size() - 4 + i])} << (8 * i);
  }
  return std::min({std::size_t{size}, kMost, body.size() * 1032, limit}) + 1;
}

Error too_large(std::size_t limit) {
  return Error::response_too_large("answer is longer than " + std::to_string(limit >> 20) + " MB when decompressed");
}

Error broken(const char* reason) {
  Error error = Error::corrupt_response("compressed answer cannot be decompressed");
  if (reason != nullptr) error.detail = "zlib: " + std::string(reason) + ".";
  return error;
}

}  // namespace

std::optional<Error> check_crc32(std::string_view body, std::string_view header) {
  if (header.empty()) return std::nullopt;
  uint32_t sent = 0;
  const char* end = header.data() + header.size();
  const auto [stop, problem] = std::from_chars(header.data(), end, sent);
  if (problem == std::errc{} && stop == end && sent == crc32_of(body)) return std::nullopt;
  return Error::corrupt_response("answer was damaged on its way: its CRC-32 differs from the one sent with it");
}

struct ContentDecoder::Stream {
  z_stream z{};
  bool ready = false;
  ~Stream() {
    if (ready) inflateEnd(&z);
  }
  // 32 + 15: gzip or zlib, by the header, with the largest window.
  bool restart() noexcept {
    if (ready) return inflateReset(&z) == Z_OK;
    ready = inflateInit2(&z, 32 + 15) == Z_OK;
    return ready;
  }
};

ContentDecoder::ContentDecoder() noexcept = default;
ContentDecoder::~ContentDecoder() = default;

std::optional<Error> ContentDecoder::decode(std::string_view encoding, std::string_view body, BodyBuffer& out,
                                            std::size_t limit) {
  if (encoding != "gzip" && encoding != "x-gzip" && encoding != "deflate") {
    return Error::not_dynamodb("answer has the unknown content encoding \"" + std::string(encoding) + "\"");
  }
  if (stream_ == nullptr) stream_ = std::make_unique<Stream>();
  if (!stream_->restart()) return Error::internal("out of memory while decompressing an answer");
  out.clear();
  if (!out.reserve(expected_size(body, limit))) return Error::internal("out of memory while decompressing an answer");
  return inflate_all(body, out, limit);
}

std::optional<Error> ContentDecoder::inflate_all(std::string_view body, BodyBuffer& out, std::size_t limit) {
  z_stream& z = stream_->z;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  z.avail_in = static_cast<uInt>(body.size());
  while (true) {
    if (out.size() > limit) return too_large(limit);
    if (out.size() == out.capacity() && !out.reserve(std::min(out.capacity() * 2, limit + 1))) {
      return Error::internal("out of memory while decompressing an answer");
    }
    z.next_out = reinterpret_cast<Bytef*>(out.data() + out.size());
    z.avail_out = static_cast<uInt>(out.capacity() - out.size());
    const int status = inflate(&z, Z_NO_FLUSH);
    out.set_size(out.capacity() - z.avail_out);
    if (status == Z_STREAM_END) break;
    if (status != Z_OK || (z.avail_in == 0 && z.avail_out != 0)) return broken(z.msg);
  }
  if (out.size() > limit) return too_large(limit);
  if (z.avail_in != 0) return broken("something follows its end");
  return std::nullopt;
}

}  // namespace dynamodb
