// One way to read a foreign table: a Scan, or a Query or key look-up on the table or an index; and what it costs.
#pragma once

#include "costs.hpp"
#include "key_use.hpp"
#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

enum class ReadOperation : int { scan, query, get_item, batch_get_item };

/// What planning one foreign table needs to know; hangs on the RelOptInfo.
struct ModifyNeeds;

struct PlannedTable {
  TableOptions* table;
  ServerOptions* server;
  TableSize size;
  List* schemas;              ///< KeySchema*, the table's first; NIL when its key is not known
  List* conditions;           ///< Condition*, of baserestrictinfo
  List* columns;              ///< integers: attnums in use
  List* attributes;           ///< String: attributes to ask for; NIL: all
  const char* partition_key;  ///< attribute names in UTF-8, null where not known
  const char* sort_key;
  List* indexes_left_out;  ///< LeftOutIndex*
  ModifyNeeds* modify;     ///< of a table that an UPDATE or DELETE changes; else null
};

/// An index that a condition or a Scan could have used.
struct LeftOutIndex {
  const char* index_name;
  const char* reason;  ///< with what would have to be added
  bool for_scans;      ///< known to be better than a Scan only, not what it would cost
  Cost total_cost;
};

struct AccessPath {
  ReadOperation operation;
  KeyUse* use;               ///< null for a Scan
  const KeySchema* scanned;  ///< the index that a Scan reads instead of the table; null: the table
  TableSize size;            ///< of the table or index that is read
  bool backward;             ///< ScanIndexForward false
  double items;              ///< expected to be read
  double requests;           ///< separate Queries, keys or segments
  List* pathkeys;
};

/// The Scan: of the table, or of a smaller index that holds all that the query needs.
AccessPath* scan_path(const PlannedTable* planned, RelOptInfo* rel);

/// Ways to read by the keys of table and indexes, given `conditions` and values for the relations `outer`. A list of
/// AccessPath*.
List* key_paths(PlannerInfo* root, RelOptInfo* rel, PlannedTable* planned, List* conditions, Relids outer);

/// Notes the indexes that `path`, a Scan, could have read or that one more condition would have made usable.
void note_indexes_for_scan(PlannerInfo* root, RelOptInfo* rel, PlannedTable* planned, const AccessPath* path);

/// The indexes left out that would have been better than the path that was chosen: a list of String, name and reason.
List* better_indexes(const PlannedTable* planned, const AccessPath* chosen, Cost total_cost);

/// Planner costs of a path. `repeated`: it is going to run again and again, as the inner side of a nested loop does, on
/// connections that are open by then.
void cost_access_path(const PlannedTable* planned, RelOptInfo* rel, const AccessPath* path, bool repeated,
                      Cost* startup, Cost* total);

}  // namespace dynamodb_fdw
