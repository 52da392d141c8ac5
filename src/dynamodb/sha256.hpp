// SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104), for the few signatures that libcurl cannot make.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace dynamodb {

using Sha256Digest = std::array<uint8_t, 32>;

Sha256Digest sha256(std::string_view data);
Sha256Digest hmac_sha256(std::string_view key, std::string_view data);

inline std::string_view as_view(const Sha256Digest& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// Lower-case hexadecimal.
std::string to_hex(const Sha256Digest& digest);

}  // namespace dynamodb
