// Text within URLs and forms.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>
#include <string_view>

#include "dynamodb/ascii.hpp"

namespace dynamodb {

/// Every byte that is not a letter, a digit or one of - _ . ~ as %XX (RFC 3986, unreserved characters).
inline std::string percent_encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_ascii_letter(c) || is_ascii_digit(c) || std::string_view("-_.~").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return encoded;
}

}  // namespace dynamodb
