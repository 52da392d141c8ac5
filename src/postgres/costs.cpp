// Estimates: items and bytes read, capacity units consumed, and planner costs from them.
#include "costs.hpp"

#include <algorithm>
#include <cmath>

extern "C" {
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
}

namespace dynamodb_fdw {
namespace {

constexpr double kGuessedItems = 1000;  // as little as a table may hold whose count is not known yet
constexpr double kGuessedItemBytes = 400;
constexpr double kRequestCost = 10;       // a round trip, in units of a sequential page read
constexpr double kCapacityUnitCost = 25;  // what users pay for: it outweighs the time

}  // namespace

TableSize estimate_table_size(const dynamodb::TableDescription* description, double analyzed_tuples) {
  TableSize size{kGuessedItems, kGuessedItemBytes};
  if (description != nullptr && description->item_count > 0) {
    size.items = static_cast<double>(description->item_count);
    if (description->size_bytes > 0) size.bytes_per_item = static_cast<double>(description->size_bytes) / size.items;
  } else if (analyzed_tuples > 0) {
    size.items = analyzed_tuples;
  }
  return size;
}

double estimate_read_capacity(const TableSize& size, double items, double requests, bool consistent) {
  double unit = consistent ? 4096 : 8192;
  double least = consistent ? 1 : 0.5;
  return std::max(std::ceil(items * size.bytes_per_item / unit * 2) / 2, requests * least);
}

double estimate_read_cost(const TableSize& size, double items, double requests, double parallel, bool consistent,
                          double fdw_tuple_cost) {
  double pages = std::max(items * size.bytes_per_item / dynamodb::kMaxPageBytes, requests);
  return pages * kRequestCost / std::max(parallel, 1.0) +
         estimate_read_capacity(size, items, requests, consistent) * kCapacityUnitCost +
         items * (fdw_tuple_cost + cpu_tuple_cost);
}

}  // namespace dynamodb_fdw
