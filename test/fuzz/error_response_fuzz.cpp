// Fuzzes the reader of error answers: the first two bytes choose the HTTP status, the rest is the body.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dynamodb/error.hpp"

namespace {

bool is_one_line(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ') return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const int http_status = 300 + (data[0] * 256 + data[1]) % 300;
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const dynamodb::Error error = dynamodb::parse_error_response(http_status, body, body);
  if (error.message.empty() || error.http_status != http_status) std::abort();
  if (!is_one_line(error.message) || !is_one_line(error.detail) || !is_one_line(error.type)) std::abort();
  if (error.message.size() > 4000 || error.detail.size() > 20000 || error.request_id.size() > 200) std::abort();
  return 0;
}
