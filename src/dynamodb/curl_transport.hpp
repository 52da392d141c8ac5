// The real Transport: HTTP/1.1 and TLS by libcurl, everything behind one pollable descriptor.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <memory>

#include "dynamodb/result.hpp"
#include "dynamodb/transport.hpp"

namespace dynamodb {

/// A transport that keeps connections alive between requests, `max_connections` at most; requests beyond wait for one.
/// Its descriptors: three of its own, libcurl's few, and one for each connection (two while one is being made).
/// Fails with kind internal when the process has no descriptor or memory left.
/// libcurl is initialised at the first call in a process, and never cleaned up.
/// Proxies: as libcurl reads them from the environment (https_proxy, HTTPS_PROXY, http_proxy, no_proxy, NO_PROXY).
Result<std::unique_ptr<Transport>> make_curl_transport(int max_connections);

}  // namespace dynamodb
