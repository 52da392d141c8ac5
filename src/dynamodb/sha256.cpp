// SHA-256 and HMAC-SHA-256 by nettle.
#include "dynamodb/sha256.hpp"

#include <nettle/hmac.h>
#include <nettle/sha2.h>

#include "dynamodb/attribute_value.hpp"

namespace dynamodb {
namespace {

const uint8_t* bytes_of(std::string_view data) noexcept { return reinterpret_cast<const uint8_t*>(data.data()); }

}  // namespace

Sha256Digest sha256(std::string_view data) {
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, data.size(), bytes_of(data));
  Sha256Digest digest;
  sha256_digest(&context, digest.size(), digest.data());
  return digest;
}

Sha256Digest hmac_sha256(std::string_view key, std::string_view data) {
  hmac_sha256_ctx context;
  hmac_sha256_set_key(&context, key.size(), bytes_of(key));
  hmac_sha256_update(&context, data.size(), bytes_of(data));
  Sha256Digest digest;
  hmac_sha256_digest(&context, digest.size(), digest.data());
  return digest;
}

std::string to_hex(const Sha256Digest& digest) {
  std::string hex;
  append_hex(hex, digest.data(), digest.size());
  return hex;
}

}  // namespace dynamodb
