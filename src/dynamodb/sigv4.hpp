// AWS Signature Version 4 of one HTTP request (AWS IAM User Guide, "Create a signed AWS API request").
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/clock.hpp"
#include "dynamodb/transport.hpp"

namespace dynamodb {

/// The two headers, "X-Amz-Date: ..." and "Authorization: ...", that sign `request` at `when` with request.signing.
/// Signed are all of request.headers, the host and the date.
///
/// Normally libcurl signs, by its own clock. It cannot sign for another time: libcurl 7.88 then sends the date twice,
/// which the service refuses. So this is used where the process's clock is wrong and was corrected.
///
/// REQUIRES: a query in request.url is in AWS's canonical form already.
std::vector<std::string> sign_request(const HttpRequest& request, WallTime::time_point when);

/// Host header for `url` as libcurl sends it: the port only when it is not the scheme's own.
std::string_view host_of_url(std::string_view url) noexcept;

}  // namespace dynamodb
