// Reads a sample of a DynamoDB table into a TableProfile, for functions.
#pragma once

#include "dynamodb/table_profile.hpp"
#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

constexpr int kMaxSampleItems = 10'000'000;

/// What to look at. Strings in the database's encoding.
struct SampleRequest {
  const char* server;
  const char* table;   ///< the DynamoDB table
  int sample_items;    ///< about so many are read
  const char* region;  ///< null: the server's
};

/// What was read.
struct TableSample {
  TableOptions* table;                            ///< of the server
  const dynamodb::TableDescription* description;  ///< null: there is no permission for DescribeTable
  const dynamodb::TableProfile* profile;          ///< finished
  bool whole;                                     ///< all items of the table
  double table_items;                             ///< about how many it has; negative: not known
  double consumed_capacity;                       ///< capacity units
};

/// Reads it. Of a small table all items, of a large one those of random segments, and never many more than
/// `sample_items`. All lives in `owner`. Respects read_capacity_limit of the server and dynamodb_fdw.max_scan_capacity;
/// with scan_policy `deny` the sample may not be the whole of a table with more than a page.
/// Errors: what is wrong with the request; no such server, no USAGE on it; those of acquire_client(); no such table; no
/// permission for Scan. A NOTICE says where there is none for DescribeTable.
const TableSample* sample_table(const SampleRequest& request, MemoryContext owner);

}  // namespace dynamodb_fdw
