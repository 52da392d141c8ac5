// What the item in the table says of a write whose answer was lost.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstdint>

#include "dynamodb/body_buffer.hpp"
#include "dynamodb/item_write.hpp"
#include "dynamodb/result.hpp"

namespace dynamodb {

enum class LookVerdict : uint8_t {
  applied,      ///< the item is as the write would have left it
  not_applied,  ///< it is not
  unclear,      ///< a removed list element may have been followed by another
};

/// Compares an answer to look_body() with what the write would have left: a put item equals, numbers by value and sets
/// without order; of an update every SET path has its value, every REMOVE path is missing, and what the write depends
/// on and does not change is as it was; a removed item is gone. Error: corrupt_response and the like. REQUIRES: a
/// padded body; a write that is no check.
Result<LookVerdict> look_verdict(const ItemWrite& write, const BodyBuffer& answer);

/// Whether `applied` can hardly be anybody else's work: the item, the value or its absence was not there before.
bool leaves_a_trace(const ItemWrite& write) noexcept;

}  // namespace dynamodb
