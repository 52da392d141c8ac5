// Estimates: items and bytes read, capacity units consumed, and planner costs from them.
#pragma once

#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// Size of a table as far as it is known.
struct TableSize {
  double items;
  double bytes_per_item;
};

/// From DescribeTable, else from ANALYZE's count (negative: none), else a guess. A count of 0 does not mean empty: the
/// service refreshes its counts every six hours or so.
TableSize estimate_table_size(const dynamodb::TableDescription* description, double analyzed_tuples);

/// Capacity units to read `items` in `requests` separate Queries or segments. Developer Guide, "DynamoDB read
/// consistency": a unit is 4 KB strongly consistent or 8 KB eventually consistent; a request costs half a unit at
/// least.
double estimate_read_capacity(const TableSize& size, double items, double requests, bool consistent);

/// Planner cost beyond fdw_startup_cost of reading `items` and handing them over as rows: mostly the capacity consumed,
/// so that the plan chosen is the one that costs the user least.
double estimate_read_cost(const TableSize& size, double items, double requests, double parallel, bool consistent,
                          double fdw_tuple_cost);

}  // namespace dynamodb_fdw
