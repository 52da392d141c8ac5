// Whether a full Scan may start: the scan_policy option and the setting dynamodb_fdw.max_scan_capacity.
#pragma once

#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// The setting dynamodb_fdw.max_scan_capacity: capacity units; 0: no limit.
extern double max_scan_capacity;

/// Warns or refuses, as the table's scan_policy says; refuses what is expected to cost more than max_scan_capacity.
/// `indexes_left_out`: String, name and reason, for the hint.
void apply_scan_policy(const TableOptions* table, double estimated_capacity, List* indexes_left_out);

}  // namespace dynamodb_fdw
