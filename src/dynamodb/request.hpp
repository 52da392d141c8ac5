// Bodies of the reading requests: Query, Scan, GetItem and BatchGetItem.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/expression.hpp"
#include "dynamodb/filter.hpp"

namespace dynamodb {

/// What a Query or Scan asks for, before it is spread over segments or key values.
struct ReadRequest {
  std::string table;
  std::string index;                    ///< empty: the table itself; Query and Scan only
  bool backward = false;                ///< ScanIndexForward false; Query only
  std::vector<std::string> projection;  ///< top-level attributes; empty: all of them
  const Filter* filter = nullptr;       ///< simplified, no constant; null: none. Query and Scan only
  bool count_only = false;              ///< Select=COUNT: no items; Query and Scan only
  bool consistent_read = false;
};

// The heads are JSON objects without their closing brace: the page stream adds what changes from page to page
// (ExclusiveStartKey, Limit) and closes them.

/// Head of a Query. REQUIRES: `conditions` start with the partition key's equality.
std::string query_head(const ReadRequest& request, const std::vector<KeyCondition>& conditions);

/// Head of a Scan without its segment.
std::string scan_head(const ReadRequest& request);

/// A key as its attributes' names and values.
using Key = std::vector<std::pair<std::string, ScalarValue>>;

/// Body of a GetItem, without its closing brace like the others.
std::string get_item_head(const ReadRequest& request, const Key& key);

/// Bodies of BatchGetItems for any number of distinct keys, kBatchGetItemKeys a request; heads likewise.
std::vector<std::string> batch_get_item_heads(const ReadRequest& request, const std::vector<Key>& keys);

/// Head of the BatchGetItem that asks again for `unprocessed_keys`, a response's JSON object.
std::string batch_get_item_again(const std::string& unprocessed_keys);

/// The same keys in two halves, each as `unprocessed_keys` of batch_get_item_again(), when the answer to all of them is
/// too large. `head` is one of batch_get_item_heads() or batch_get_item_again(). Empty for a single key.
std::vector<std::string> halved_keys(std::string_view head);

/// What makes a Scan's head that of one segment.
std::string segment_members(uint32_t segment, uint32_t total_segments);

}  // namespace dynamodb
