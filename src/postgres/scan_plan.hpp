// What the planner decided about one foreign scan, as Nodes for fdw_private: plans are copied and cached.
#pragma once

#include "pg.hpp"
#include "push_down.hpp"

extern "C" {
#include "nodes/plannodes.h"
}

namespace dynamodb_fdw {

enum class ReadOperation : int { scan, query };

/// A foreign scan's plan. Its expressions are the ForeignScan's fdw_exprs: the partition key's operand, then those of the sort key.
struct ScanPlan {
  ReadOperation operation;
  bool slow_start;                        ///< few rows may be wanted
  KeyMatch partition_match;               ///< query only
  dynamodb::AttributeType partition_type;
  dynamodb::AttributeType sort_type;
  List* sort_matches;                     ///< integers: KeyMatch
  List* columns;                          ///< integers: attnums to read
  List* projection;                       ///< String: attributes to ask for (UTF-8); NIL: all
  List* verdicts;                         ///< integers: PushDown for each condition of the plan's qual, in its order
  const char* partition_key;              ///< attribute names (UTF-8); null where not known
  const char* sort_key;
  double estimated_capacity;              ///< capacity units
};

List* serialize_scan_plan(const ScanPlan& plan);
ScanPlan deserialize_scan_plan(List* fdw_private);

}  // namespace dynamodb_fdw
