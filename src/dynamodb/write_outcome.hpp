// What the answers to writes mean for each write: to be sent again, refused, or not known.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <string>

#include "dynamodb/clock.hpp"
#include "dynamodb/error.hpp"

namespace dynamodb {

/// Whether a write that failed so changed nothing and may pass when it is sent again later: throttling, and conflicts
/// with somebody's transaction. Of a transaction: each of its reasons is of that kind.
bool passes_later(const Error& error) noexcept;

/// Whether a BatchWriteItem may have failed because of one of its writes only, so that the others go alone.
bool may_be_one_of_several(const Error& error) noexcept;

/// What a cancelled transaction means for its write number `index` of `count`: its own reason where it has one, else
/// that others cancelled it. Any other error is that of all writes.
Error error_of_action(const Error& cancelled, std::size_t index, std::size_t count);

/// A ClientRequestToken: a random UUID (version 4).
std::string new_request_token(Random& random);

}  // namespace dynamodb
