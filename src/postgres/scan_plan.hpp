// What the planner decided about one foreign scan, as Nodes for fdw_private: plans are copied and cached.
#pragma once

#include "access_path.hpp"
#include "filter_terms.hpp"
#include "pg.hpp"

extern "C" {
#include "nodes/plannodes.h"
}

namespace dynamodb_fdw {

/// A foreign scan's plan. The ForeignScan's fdw_exprs are the operands of the key's clauses, in the order of
/// clause_attributes, and behind them those of the filter.
struct ScanPlan {
  ReadOperation operation;
  bool backward;              ///< against the order of the sort key
  bool slow_start;            ///< few rows may be wanted
  bool count_only;            ///< nothing of the items is used: they are only counted, where the values of the
                              ///< conditions allow it. The conditions are then the fdw_recheck_quals, and not the qual
  bool ordered;               ///< rows have to come in the order of the sort key
  bool for_change;            ///< of UPDATE or DELETE: the scan tuple is that of modify_scan_tlist()
  bool consistent;            ///< strongly consistent reads
  int first_limit;            ///< items to ask for first; 0: a page
  const char* index_name;     ///< UTF-8; null: the table
  int partition_count;        ///< of the first key_names
  List* key_names;            ///< String: attributes of the key that is used (UTF-8); NIL for a Scan
  List* key_types;            ///< integers: AttributeType
  int tuple_count;            ///< whole keys listed: the clauses are theirs, key by key; 0: clauses hold together
  List* clause_attributes;    ///< integers: places in key_names
  List* clause_comparators;   ///< integers: Comparator
  List* clause_conditions;    ///< integers: the place in the plan's qual of the condition that each clause is from
  FilterTerm* filter;         ///< of a Scan or Query; null: none; several conditions' are joined by all_of
  List* filter_conditions;    ///< integers: the places in the plan's qual of the conditions that are joined
  List* columns;              ///< integers: attnums to read
  List* projection;           ///< String: attributes to ask for (UTF-8); NIL: all
  List* verdicts;             ///< integers: PushDown for each condition of the plan's qual, in its order
  List* indexes_left_out;     ///< String: index and reason
  List* key_attributes;       ///< String: those of the table and its indexes (UTF-8)
  const char* partition_key;  ///< the table's key (UTF-8); null where not known
  const char* sort_key;
  double estimated_capacity;  ///< capacity units
  double expected_items;      ///< items that a Scan is going to read; 0: DynamoDB has not counted them yet
};

List* serialize_scan_plan(const ScanPlan& plan);
ScanPlan deserialize_scan_plan(List* fdw_private);

}  // namespace dynamodb_fdw
