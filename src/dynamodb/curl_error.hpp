// What went wrong with an exchange, as libcurl tells it, as an Error of this library.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "dynamodb/clock.hpp"
#include "dynamodb/error.hpp"

namespace dynamodb {

/// A failed exchange: libcurl's result and what else is known of it.
struct CurlFailure {
  CURLcode code = CURLE_OK;
  std::string_view text;       ///< the contents of CURLOPT_ERRORBUFFER; may be empty
  int os_errno = 0;            ///< CURLINFO_OS_ERRNO
  bool connected = false;      ///< the request could be sent
  std::string_view host;       ///< with the port where the URL has one
  std::string_view ca_bundle;  ///< as configured; may be empty
  Milliseconds connect_timeout{};
  Milliseconds request_timeout{};
};

/// Its kind is connection, timeout, tls, response_too_large, not_dynamodb, bad_configuration or internal. The message
/// names the host; `detail` has libcurl's own words where they say more.
Error curl_error(const CurlFailure& failure);

}  // namespace dynamodb
