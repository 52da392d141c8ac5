// Whether a full Scan may start: the scan_policy option and the setting dynamodb_fdw.max_scan_capacity.
#include "scan_policy.hpp"

namespace dynamodb_fdw {

double max_scan_capacity = 0;

namespace {

// "id" (partition key), "pkey2" (partition key of index gsi1)
char* usable_keys(const TableOptions* table) {
  StringInfoData text;
  initStringInfo(&text);
  for (int i = 0; i < table->column_count; ++i) {
    const ColumnOptions& column = table->columns[i];
    if (column.dropped) continue;
    if (column.partition_key)
      appendStringInfo(&text, "%s\"%s\" (partition key)", text.len > 0 ? ", " : "", column.column_name);
    ListCell* cell;
    foreach (cell, column.gsi_partition_names)
      appendStringInfo(&text, "%s\"%s\" (partition key of index %s)", text.len > 0 ? ", " : "", column.column_name,
                       static_cast<char*>(lfirst(cell)));
  }
  return text.data;
}

// An index that lacks one more condition comes first: its key may have the equality already.
int hint(const TableOptions* table, List* indexes_left_out) {
  StringInfoData text;
  initStringInfo(&text);
  ListCell* cell;
  foreach (cell, indexes_left_out) appendStringInfo(&text, "Index left out: %s. ", strVal(lfirst(cell)));
  const char* keys = usable_keys(table);
  if (keys[0] != '\0') appendStringInfo(&text, "Add an equality condition on a key column: %s.", keys);
  return text.len > 0 ? errhint("%s", text.data) : 0;
}

}  // namespace

void apply_scan_policy(const TableOptions* table, double estimated_capacity, List* indexes_left_out) {
  if (table->scan_policy == ScanPolicy::deny)
    ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                    errmsg("Scan of DynamoDB table \"%s\" is denied by scan_policy", table->table_name),
                    hint(table, indexes_left_out)));
  if (max_scan_capacity > 0 && estimated_capacity > max_scan_capacity)
    ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                    errmsg("Scan of DynamoDB table \"%s\" would consume about %.1f capacity units, more than "
                           "dynamodb_fdw.max_scan_capacity (%.1f)",
                           table->table_name, estimated_capacity, max_scan_capacity),
                    hint(table, indexes_left_out)));
  if (table->scan_policy == ScanPolicy::warn)
    ereport(WARNING, (errmsg("DynamoDB FDW SCAN operation; this can be costly and time-consuming; use partition_key "
                             "if possible")));
}

}  // namespace dynamodb_fdw
