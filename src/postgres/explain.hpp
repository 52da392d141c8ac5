// What EXPLAIN shows of a foreign scan.
#pragma once

#include "pg.hpp"

namespace dynamodb_fdw {

extern "C" {
void dynamodbExplainForeignScan(ForeignScanState* node, ExplainState* es);
}

}  // namespace dynamodb_fdw
