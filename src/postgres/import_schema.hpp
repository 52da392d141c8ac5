// IMPORT FOREIGN SCHEMA: foreign tables for the DynamoDB tables of a region.
#pragma once

#include "pg.hpp"

namespace dynamodb_fdw {

/// The callback: CREATE FOREIGN TABLE commands (char*). Accepts any remote schema name, for there are no schemas there.
List* dynamodbImportForeignSchema(ImportForeignSchemaStmt* statement, Oid serverid);

}  // namespace dynamodb_fdw
