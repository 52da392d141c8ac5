// Compares the keys and indexes that column options declare with those that the DynamoDB table has.
#pragma once

#include "dynamodb/table_description.hpp"
#include "options.hpp"

namespace dynamodb_fdw {

/// Text is palloc'ed.
struct KeyContradiction {
  int sqlstate;
  const char* message;
  const char* hint;  ///< or null
};

/// The first contradiction between column options and description, or null. Keys and indexes that no option mentions
/// are none. Raises no error but for lack of memory.
const KeyContradiction* find_key_contradiction(const TableOptions* table,
                                               const dynamodb::TableDescription* description);

}  // namespace dynamodb_fdw
