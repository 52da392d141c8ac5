// Copies what the library threw or returned into plain data that survives a longjmp.
#include "guard.hpp"

#include <cstring>
#include <string_view>

namespace dynamodb_fdw {
namespace {

// Cuts at a whole UTF-8 character, so that the message stays valid text.
template <std::size_t N>
void copy_text(char (&target)[N], std::string_view text) noexcept {
  std::size_t length = text.size() < N ? text.size() : N - 1;
  if (length < text.size())
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  std::memcpy(target, text.data(), length);
  target[length] = '\0';
}

}  // namespace

void copy_error(PlainError* plain, const dynamodb::Error& error) noexcept {
  plain->kind = error.kind;
  plain->http_status = error.http_status;
  copy_text(plain->type, error.type);
  copy_text(plain->message, error.message);
  copy_text(plain->detail, error.detail);
  copy_text(plain->request_id, error.request_id);
}

void copy_exception(PlainError* plain) noexcept {
  std::memset(plain, 0, sizeof(*plain));
  plain->kind = dynamodb::ErrorKind::internal;
  try {
    throw;
  } catch (const std::bad_alloc&) {
    copy_text(plain->type, "bad_alloc");
    copy_text(plain->message, "out of memory");
  } catch (const std::exception& exception) {
    copy_text(plain->message, exception.what());
  } catch (...) {
    copy_text(plain->message, "unknown exception");
  }
}

}  // namespace dynamodb_fdw
