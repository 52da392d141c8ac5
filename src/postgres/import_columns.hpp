// The columns that an imported table gets.
#pragma once

#include "dynamodb/attribute_sampler.hpp"
#include "dynamodb/table_description.hpp"
#include "import_names.hpp"
#include "options.hpp"

namespace dynamodb_fdw {

/// A column for one attribute; all palloc'ed.
struct ImportColumn {
  const char* attribute;  ///< in the database's encoding
  const char* name;       ///< of the column
  const char* type;       ///< SQL, ready to use
  bool text_key;          ///< a key of type S: compared by bytes
  bool partition_key;
  bool sort_key;
  List* lsi_names;            ///< char*
  List* gsi_partition_names;  ///< char*
  List* gsi_sort_names;       ///< char*
};

/// Columns (ImportColumn*) for the keys of the table, the keys of its indexes and the attributes of the sample (null:
/// none), in this order, with names that differ from each other and from those of the columns `oid` and `document`.
/// NOTICEs tell what was renamed or left out.
List* plan_import_columns(const dynamodb::TableDescription& table, const dynamodb::AttributeSample* sample,
                          const ImportOptions& options);

}  // namespace dynamodb_fdw
