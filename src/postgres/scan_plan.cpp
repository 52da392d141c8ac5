// What the planner decided about one foreign scan, as Nodes for fdw_private: plans are copied and cached.
#include "scan_plan.hpp"

#include <cstdlib>

extern "C" {
#include "nodes/value.h"
}

namespace dynamodb_fdw {
namespace {

// Places in the list.
enum Item { kNumbers, kSortMatches, kColumns, kProjection, kVerdicts, kPartitionKey, kSortKey, kCapacity, kItemCount };
// Places in the list of numbers.
enum Number { kOperation, kSlowStart, kPartitionMatch, kPartitionType, kSortType };

Node* optional_string(const char* text) {
  return reinterpret_cast<Node*>(makeString(pstrdup(text != nullptr ? text : "")));
}

const char* read_optional_string(List* items, Item item) {
  const char* text = strVal(list_nth(items, item));
  return text[0] != '\0' ? text : nullptr;
}

}  // namespace

List* serialize_scan_plan(const ScanPlan& plan) {
  List* numbers = list_make5_int(static_cast<int>(plan.operation), plan.slow_start,
                                 static_cast<int>(plan.partition_match), static_cast<int>(plan.partition_type),
                                 static_cast<int>(plan.sort_type));
  List* items = list_make5(numbers, plan.sort_matches, plan.columns, plan.projection, plan.verdicts);
  items = lappend(items, optional_string(plan.partition_key));
  items = lappend(items, optional_string(plan.sort_key));
  items = lappend(items, makeFloat(psprintf("%.1f", plan.estimated_capacity)));
  Assert(list_length(items) == kItemCount);
  return items;
}

ScanPlan deserialize_scan_plan(List* items) {
  ScanPlan plan{};
  auto* numbers = static_cast<List*>(list_nth(items, kNumbers));
  plan.operation = static_cast<ReadOperation>(list_nth_int(numbers, kOperation));
  plan.slow_start = list_nth_int(numbers, kSlowStart) != 0;
  plan.partition_match = static_cast<KeyMatch>(list_nth_int(numbers, kPartitionMatch));
  plan.partition_type = static_cast<dynamodb::AttributeType>(list_nth_int(numbers, kPartitionType));
  plan.sort_type = static_cast<dynamodb::AttributeType>(list_nth_int(numbers, kSortType));
  plan.sort_matches = static_cast<List*>(list_nth(items, kSortMatches));
  plan.columns = static_cast<List*>(list_nth(items, kColumns));
  plan.projection = static_cast<List*>(list_nth(items, kProjection));
  plan.verdicts = static_cast<List*>(list_nth(items, kVerdicts));
  plan.partition_key = read_optional_string(items, kPartitionKey);
  plan.sort_key = read_optional_string(items, kSortKey);
  plan.estimated_capacity = floatVal(list_nth(items, kCapacity));
  return plan;
}

}  // namespace dynamodb_fdw
