// The CREATE FOREIGN TABLE command for planned columns.
#pragma once

#include "import_columns.hpp"
#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// What the command says besides its columns. Strings in the database's encoding; null where not given.
struct TableDefinition {
  const char* name;  ///< of the foreign table; SQL, ready to use
  bool oid;          ///< with a row-id column
  DocumentType document_type;
  const char* document_comment;  ///< one line
  const char* server_name;
  const char* table_name;  ///< of the DynamoDB table
  const char* aws_region;
  int parallel_scan_count;  ///< 0: not given
};

/// The command, without a semicolon; palloc'ed. `columns`: ImportColumn*; the document column comes behind them.
char* create_table_command(const TableDefinition& table, List* columns);

}  // namespace dynamodb_fdw
