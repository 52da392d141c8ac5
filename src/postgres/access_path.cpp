// One way to read a foreign table: a Scan, or a Query or key look-up on the table or an index; and what it costs.
#include "access_path.hpp"

#include "collations.hpp"
#include "compat.hpp"
#include "from_datum.hpp"

extern "C" {
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
}

namespace dynamodb_fdw {
namespace {

// --- may an index be used?

bool is_base_key(const KeySchema* base, const KeyAttribute& key) {
  for (int i = 0; i < base->partition_count; ++i)
    if (strcmp(base->partition[i].name, key.name) == 0) return true;
  for (int i = 0; i < base->sort_count; ++i)
    if (strcmp(base->sort[i].name, key.name) == 0) return true;
  return false;
}

// Whether every row that the conditions let through has this attribute, with a value that an index can hold.
bool is_proven_present(RelOptInfo* rel, const TableOptions* table, const KeyAttribute& key, List* conditions) {
  if (key.column == nullptr || !is_exact_key_type(key.column->type, -1, key.type)) return false;
  if (key.column->not_null) return true;
  ListCell* cell;
  foreach (cell, conditions)
    if (match_not_null(rel, table, static_cast<Condition*>(lfirst(cell))->restriction->clause) == key.column)
      return true;
  return false;
}

// The first key attribute that an item may lack, or null when all items that are asked for are in the index.
const KeyAttribute* unproven_attribute(RelOptInfo* rel, const PlannedTable* planned, const KeySchema* schema,
                                       List* conditions) {
  const auto* base = static_cast<const KeySchema*>(linitial(planned->schemas));
  for (int i = 0; i < schema->partition_count + schema->sort_count; ++i) {
    const KeyAttribute& key =
        i < schema->partition_count ? schema->partition[i] : schema->sort[i - schema->partition_count];
    if (!is_base_key(base, key) && !is_proven_present(rel, planned->table, key, conditions)) return &key;
  }
  return nullptr;
}

bool may_be_sparse(const PlannedTable* planned, const KeySchema* schema) {
  const auto* base = static_cast<const KeySchema*>(linitial(planned->schemas));
  switch (planned->table->sparse_indexes) {
    case SparseIndexes::use:
      return false;
    case SparseIndexes::avoid:
      return true;
    case SparseIndexes::automatic:
      break;
  }
  return !(schema->described && schema->items > 0 && schema->items == base->items);
}

// Why an index cannot be used, or null.
const char* reason_against(RelOptInfo* rel, const PlannedTable* planned, const KeySchema* schema, List* conditions) {
  if (schema->index_name == nullptr) return nullptr;
  if (!schema->readable) return "it is being built or deleted";
  if (schema->global && planned->table->consistent_read) return "it cannot be read consistently";
  if (schema->global && !holds_attributes(schema, planned->attributes))
    return schema->described ? "it does not hold all attributes that the query uses"
                             : "whether it holds all attributes is not known without DescribeTable";
  const KeyAttribute* key = unproven_attribute(rel, planned, schema, conditions);
  if (key == nullptr || !may_be_sparse(planned, schema)) return nullptr;
  const char* missing = psprintf("items without attribute \"%s\" are not in it", key->name);
  if (key->column == nullptr) return psprintf("%s; declare a column for it, and add that it IS NOT NULL", missing);
  return psprintf("%s; add %s IS NOT NULL", missing, quote_identifier(key->column->column_name));
}

// --- order

bool has_member(PathKey* pathkey, RelOptInfo* rel, const TableOptions* table, const ColumnOptions* column) {
  ListCell* cell;
  foreach (cell, pathkey->pk_eclass->ec_members) {
    auto* member = static_cast<EquivalenceMember*>(lfirst(cell));
    if (bms_equal(member->em_relids, rel->relids) &&
        match_column(rel, table, reinterpret_cast<Node*>(member->em_expr)) == column)
      return true;
  }
  return false;
}

// The first sort attribute that has no equality; a Query returns its items in that attribute's order.
const KeyAttribute* order_attribute(const KeyUse* use) {
  int fixed = 0;
  ListCell* cell;
  foreach (cell, use->clauses) {
    auto* clause = static_cast<KeyClause*>(lfirst(cell));
    if (clause->comparator == Comparator::equal && !clause->check) ++fixed;
  }
  int place = fixed - use->schema->partition_count;
  return place < use->schema->sort_count ? &use->schema->sort[place] : nullptr;
}

// Whether the attribute's order is the column's. Where what does not fit the column reads as NULL, only types that all
// values fit keep it.
bool keeps_order(const KeyAttribute* key) {
  const ColumnOptions* column = key->column;
  bool all_fit = column->type == NUMERICOID || column->type == BYTEAOID;
  return is_exact_key_type(column->type, column->typmod, key->type) &&
         (all_fit || column->on_type_mismatch == MismatchAction::error);
}

void add_order(PlannerInfo* root, RelOptInfo* rel, const PlannedTable* planned, AccessPath* path) {
  if (root->query_pathkeys == NIL || path->use->lists > 0 || path->use->whole_key) return;
  const KeyAttribute* key = order_attribute(path->use);
  auto* pathkey = linitial_node(PathKey, root->query_pathkeys);
  if (key == nullptr || key->column == nullptr || !keeps_order(key) || pathkey->pk_eclass->ec_has_volatile ||
      !is_shared_family(pathkey->pk_opfamily) || !sorts_by_bytes(pathkey->pk_eclass->ec_collation) ||
      !has_member(pathkey, rel, planned->table, key->column))
    return;
  path->backward = is_descending(pathkey);
  path->pathkeys = list_make1(pathkey);
}

// --- how much is read

double list_lengths(PlannerInfo* root, const KeyUse* use) {
  if (use->tuples != NIL) return list_length(use->tuples);
  double product = 1;
  ListCell* cell;
  foreach (cell, use->clauses) {
    auto* clause = static_cast<KeyClause*>(lfirst(cell));
    if (clause->comparator == Comparator::any_of && !clause->check)
      product *= Max(expected_array_length(root, reinterpret_cast<Node*>(clause->operand)), 1);
  }
  return product;
}

double selected_items(PlannerInfo* root, RelOptInfo* rel, const KeyUse* use) {
  List* clauses = NIL;
  ListCell* cell;
  foreach (cell, use->clauses) clauses = lappend(clauses, static_cast<KeyClause*>(lfirst(cell))->restriction);
  return clamp_row_est(rel->tuples * clauselist_selectivity(root, clauses, rel->relid, JOIN_INNER, nullptr));
}

ReadOperation operation_for(const KeyUse* use) {
  if (!use->whole_key || use->schema->index_name != nullptr) return ReadOperation::query;
  return use->lists > 0 ? ReadOperation::batch_get_item : ReadOperation::get_item;
}

// An index worth scanning, as far as what it holds is concerned: all attributes that the query uses.
bool covers(const PlannedTable* planned, const KeySchema* schema) {
  if (schema->index_name == nullptr || !schema->described || schema->items <= 0 || planned->attributes == NIL)
    return false;
  // An LSI would fetch what it lacks from the table, item by item.
  return holds_attributes(schema, planned->attributes);
}

const KeySchema* smallest_covering_index(RelOptInfo* rel, const PlannedTable* planned) {
  const KeySchema* smallest = nullptr;
  double bytes = planned->size.items * planned->size.bytes_per_item;
  ListCell* cell;
  foreach (cell, planned->schemas) {
    auto* schema = static_cast<const KeySchema*>(lfirst(cell));
    if (!covers(planned, schema) || schema->bytes >= bytes ||
        reason_against(rel, planned, schema, planned->conditions) != nullptr)
      continue;
    smallest = schema;
    bytes = schema->bytes;
  }
  return smallest;
}

AccessPath* key_path(PlannerInfo* root, RelOptInfo* rel, const PlannedTable* planned, KeyUse* use) {
  auto* path = static_cast<AccessPath*>(palloc0(sizeof(AccessPath)));
  path->use = use;
  path->size = planned->size;
  path->operation = operation_for(use);
  path->requests = list_lengths(root, use);
  bool unique = use->whole_key && use->schema->index_name == nullptr;
  path->items = unique ? path->requests : selected_items(root, rel, use);
  add_order(root, rel, planned, path);
  return path;
}

// Reading a whole partition may beat reading many single items of it; how large the partition is, the planner only
// guesses, so that a few items are always read by themselves.
constexpr double kManyItems = 20;  // of one partition

bool costs_more_than_scan(const PlannedTable* planned, RelOptInfo* rel, const AccessPath* path) {
  Cost startup, total, scan_total;
  cost_access_path(planned, rel, path, false, &startup, &total);
  cost_access_path(planned, rel, scan_path(planned, rel), false, &startup, &scan_total);
  return total > scan_total;
}

KeyUse* partitions_instead(PlannerInfo* root, RelOptInfo* rel, const PlannedTable* planned, List* conditions,
                           Relids outer, const AccessPath* whole_keys) {
  if (whole_keys->use->lists == 0) return nullptr;
  KeyUse* partitions = find_key_use(root, whole_keys->use->schema, conditions, outer, SortLists::ignore);
  if (partitions == nullptr || partitions->whole_key) return nullptr;
  bool many = whole_keys->requests >= kManyItems * list_lengths(root, partitions);
  // Rather than look so many items up, a small table would be scanned; that is never better than some of its
  // partitions.
  return many || costs_more_than_scan(planned, rel, whole_keys) ? partitions : nullptr;
}

// --- indexes that were left out

// A Scan of a smaller index asks for another condition, and so for fewer items: said only where it saves much.
constexpr double kWorthNaming = 2;  // times fewer bytes

void note_left_out(PlannedTable* planned, const KeySchema* schema, const char* reason, Cost total_cost) {
  auto* index = static_cast<LeftOutIndex*>(palloc(sizeof(LeftOutIndex)));
  *index = {schema->index_name, reason, total_cost <= 0, total_cost};
  planned->indexes_left_out = lappend(planned->indexes_left_out, index);
}

// What the conditions lack to fix a partition key of several attributes of which they fix some; else null.
const char* lacking_equality(PlannerInfo* root, const KeySchema* schema, List* conditions) {
  const char* lacking = nullptr;
  bool some = false;
  for (int i = 0; i < schema->partition_count; ++i) {
    const KeyAttribute& key = schema->partition[i];
    bool fixed = has_equality(root, key, conditions);
    some = some || fixed;
    if (fixed || lacking != nullptr) continue;
    lacking = key.column != nullptr ? quote_identifier(key.column->column_name) : key.name;
  }
  return some && lacking != nullptr ? psprintf("add an equality on %s, which is part of its partition key", lacking)
                                    : nullptr;
}

}  // namespace

void note_indexes_for_scan(PlannerInfo* root, RelOptInfo* rel, PlannedTable* planned, const AccessPath* path) {
  double bytes = path->size.items * path->size.bytes_per_item;
  ListCell* cell;
  foreach (cell, planned->schemas) {
    auto* schema = static_cast<const KeySchema*>(lfirst(cell));
    if (schema->index_name == nullptr) continue;
    const char* reason = lacking_equality(root, schema, planned->conditions);
    // Where Scans are denied, that of an index is, too.
    if (reason == nullptr && planned->table->scan_policy != ScanPolicy::deny && covers(planned, schema) &&
        schema->bytes < bytes / kWorthNaming)
      reason = reason_against(rel, planned, schema, planned->conditions);
    if (reason != nullptr) note_left_out(planned, schema, reason, 0);
  }
}

List* better_indexes(const PlannedTable* planned, const AccessPath* chosen, Cost total_cost) {
  List* names = NIL;
  ListCell* cell;
  // Where whole keys are looked up, no index would have done better.
  if (chosen->use != nullptr && chosen->use->whole_key && chosen->use->schema->index_name == nullptr) return NIL;
  foreach (cell, planned->indexes_left_out) {
    auto* index = static_cast<LeftOutIndex*>(lfirst(cell));
    bool better = index->for_scans ? chosen->operation == ReadOperation::scan : index->total_cost < total_cost;
    Node* line = reinterpret_cast<Node*>(makeString(psprintf("%s: %s", index->index_name, index->reason)));
    // An index that a Query could have used and a Scan could have read is named once.
    if (better && !list_member(names, line)) names = lappend(names, line);
  }
  return names;
}

AccessPath* scan_path(const PlannedTable* planned, RelOptInfo* rel) {
  auto* path = static_cast<AccessPath*>(palloc0(sizeof(AccessPath)));
  path->operation = ReadOperation::scan;
  path->size = planned->size;
  path->scanned = smallest_covering_index(rel, planned);
  if (path->scanned != nullptr) path->size = {path->scanned->items, path->scanned->bytes / path->scanned->items};
  path->items = path->size.items;
  path->requests = planned->table->parallel_scan_count;
  return path;
}

List* key_paths(PlannerInfo* root, RelOptInfo* rel, PlannedTable* planned, List* conditions, Relids outer) {
  List* paths = NIL;
  ListCell* cell;
  foreach (cell, planned->schemas) {
    auto* schema = static_cast<KeySchema*>(lfirst(cell));
    KeyUse* use = find_key_use(root, schema, conditions, outer, SortLists::use);
    if (use == nullptr) continue;
    const char* reason = reason_against(rel, planned, schema, conditions);
    if (reason == nullptr) {
      AccessPath* path = key_path(root, rel, planned, use);
      paths = lappend(paths, path);
      if (KeyUse* other = partitions_instead(root, rel, planned, conditions, outer, path))
        paths = lappend(paths, key_path(root, rel, planned, other));
    } else if (bms_is_empty(outer)) {
      Cost startup, total;
      cost_access_path(planned, rel, key_path(root, rel, planned, use), false, &startup, &total);
      note_left_out(planned, schema, reason, total);
    }
  }
  return paths;
}

void cost_access_path(const PlannedTable* planned, RelOptInfo* rel, const AccessPath* path, bool repeated,
                      Cost* startup, Cost* total) {
  const ServerOptions* server = planned->server;
  *startup = rel->baserestrictcost.startup;
  if (!repeated) *startup += server->fdw_startup_cost;
  // A Scan that would be refused is only for queries that have no other way.
  if (path->operation == ReadOperation::scan && planned->table->scan_policy == ScanPolicy::deny)
    *startup += disable_cost;
  // A BatchGetItem asks for 100 keys at once, but each costs what a GetItem does.
  bool batch = path->operation == ReadOperation::batch_get_item;
  double round_trips = batch ? path->requests / dynamodb::kBatchGetItemKeys : path->requests;
  double parallel = Min(round_trips, server->max_connections) * (batch ? dynamodb::kBatchGetItemKeys : 1);
  *total = *startup +
           estimate_read_cost(path->size, path->items, path->requests, parallel, planned->table->consistent_read,
                              server->fdw_tuple_cost) +
           rel->baserestrictcost.per_tuple * path->items;
}

}  // namespace dynamodb_fdw
