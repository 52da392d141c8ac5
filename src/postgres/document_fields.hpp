// Which members of a document a query uses: then only those attributes are asked for.
#pragma once

#include "options.hpp"
#include "pg.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace dynamodb_fdw {

/// The names (String, UTF-8) that the query takes out of a document column by -> and ->> with constant keys. False when
/// it uses the document in any other way, or may: then all of it is needed.
bool find_document_fields(PlannerInfo* root, RelOptInfo* rel, const ColumnOptions* column, List** fields);

}  // namespace dynamodb_fdw
