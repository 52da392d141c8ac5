// What the planner decided about one foreign scan, as Nodes for fdw_private: plans are copied and cached.
#include "scan_plan.hpp"

extern "C" {
#include "nodes/value.h"
}

namespace dynamodb_fdw {
namespace {

// Places in the list.
enum Item {
  kNumbers,
  kKeyNames,
  kKeyTypes,
  kClauseAttributes,
  kClauseComparators,
  kClauseConditions,
  kFilter,
  kFilterConditions,
  kColumns,
  kProjection,
  kVerdicts,
  kIndexesLeftOut,
  kKeyAttributes,
  kIndexName,
  kPartitionKey,
  kSortKey,
  kCapacity,
  kExpectedItems,
  kItemCount
};
// Places in the list of numbers.
enum Number {
  kOperation,
  kBackward,
  kSlowStart,
  kFirstLimit,
  kPartitionCount,
  kTupleCount,
  kCountOnly,
  kOrdered,
  kForChange,
  kConsistent
};

Node* optional_string(const char* text) {
  return reinterpret_cast<Node*>(makeString(pstrdup(text != nullptr ? text : "")));
}

const char* read_optional_string(List* items, Item item) {
  const char* text = strVal(list_nth(items, item));
  return text[0] != '\0' ? text : nullptr;
}

List* read_list(List* items, Item item) { return static_cast<List*>(list_nth(items, item)); }

}  // namespace

List* serialize_scan_plan(const ScanPlan& plan) {
  List* numbers = list_make5_int(static_cast<int>(plan.operation), plan.backward, plan.slow_start, plan.first_limit,
                                 plan.partition_count);
  numbers = lappend_int(numbers, plan.tuple_count);
  for (int number : {static_cast<int>(plan.count_only), static_cast<int>(plan.ordered),
                     static_cast<int>(plan.for_change), static_cast<int>(plan.consistent)})
    numbers = lappend_int(numbers, number);
  List* items = list_make1(numbers);
  for (List* list : {plan.key_names, plan.key_types, plan.clause_attributes, plan.clause_comparators,
                     plan.clause_conditions, serialize_filter(plan.filter), plan.filter_conditions, plan.columns,
                     plan.projection, plan.verdicts, plan.indexes_left_out, plan.key_attributes})
    items = lappend(items, list);
  for (const char* text : {plan.index_name, plan.partition_key, plan.sort_key})
    items = lappend(items, optional_string(text));
  // On their way to a parallel worker numbers are text, and those without a point are read as integers.
  items = lappend(items, makeFloat(psprintf("%.1f", plan.estimated_capacity)));
  items = lappend(items, makeFloat(psprintf("%.1f", plan.expected_items)));
  Assert(list_length(items) == kItemCount);
  return items;
}

ScanPlan deserialize_scan_plan(List* items) {
  ScanPlan plan{};
  List* numbers = read_list(items, kNumbers);
  plan.operation = static_cast<ReadOperation>(list_nth_int(numbers, kOperation));
  plan.backward = list_nth_int(numbers, kBackward) != 0;
  plan.slow_start = list_nth_int(numbers, kSlowStart) != 0;
  plan.first_limit = list_nth_int(numbers, kFirstLimit);
  plan.partition_count = list_nth_int(numbers, kPartitionCount);
  plan.count_only = list_nth_int(numbers, kCountOnly) != 0;
  plan.ordered = list_nth_int(numbers, kOrdered) != 0;
  plan.for_change = list_nth_int(numbers, kForChange) != 0;
  plan.consistent = list_nth_int(numbers, kConsistent) != 0;
  plan.tuple_count = list_nth_int(numbers, kTupleCount);
  plan.key_names = read_list(items, kKeyNames);
  plan.key_types = read_list(items, kKeyTypes);
  plan.clause_attributes = read_list(items, kClauseAttributes);
  plan.clause_comparators = read_list(items, kClauseComparators);
  plan.clause_conditions = read_list(items, kClauseConditions);
  plan.filter_conditions = read_list(items, kFilterConditions);
  plan.filter = deserialize_filter(read_list(items, kFilter));
  plan.columns = read_list(items, kColumns);
  plan.projection = read_list(items, kProjection);
  plan.verdicts = read_list(items, kVerdicts);
  plan.indexes_left_out = read_list(items, kIndexesLeftOut);
  plan.key_attributes = read_list(items, kKeyAttributes);
  plan.index_name = read_optional_string(items, kIndexName);
  plan.partition_key = read_optional_string(items, kPartitionKey);
  plan.sort_key = read_optional_string(items, kSortKey);
  plan.estimated_capacity = floatVal(list_nth(items, kCapacity));
  plan.expected_items = floatVal(list_nth(items, kExpectedItems));
  return plan;
}

}  // namespace dynamodb_fdw
