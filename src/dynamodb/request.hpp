// Bodies of the reading requests: Query and Scan.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>
#include <vector>

#include "dynamodb/expression.hpp"

namespace dynamodb {

/// What a Query or Scan asks for, before it is spread over segments or key values.
struct ReadRequest {
  std::string table;
  std::vector<std::string> projection;   ///< top-level attributes; empty: all of them
  bool consistent_read = false;
};

// The heads are JSON objects without their closing brace: the page stream adds what changes from page to page
// (ExclusiveStartKey, Limit) and closes them.

/// Head of a Query. REQUIRES: `conditions` start with the partition key's equality.
std::string query_head(const ReadRequest& request, const std::vector<KeyCondition>& conditions);

/// Head of a Scan without its segment.
std::string scan_head(const ReadRequest& request);

/// What makes a Scan's head that of one segment.
std::string segment_members(uint32_t segment, uint32_t total_segments);

}  // namespace dynamodb
