// ANALYZE: a sample of the table's items from random segments.
#pragma once

#include "pg.hpp"

extern "C" {
#include "commands/vacuum.h"
}

namespace dynamodb_fdw {

extern "C" {
bool dynamodbAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc* function, BlockNumber* total_pages);
}

}  // namespace dynamodb_fdw
