// The names of all DynamoDB tables of a region.
#pragma once

#include "dynamodb/client.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// The names (char*) in the order of the service, in the current memory context. `work` owns what talks to the client.
/// Errors: those of ListTables.
List* list_table_names(dynamodb::Client* client, MemoryContext work);

}  // namespace dynamodb_fdw
