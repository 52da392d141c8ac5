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
  const char* path;           ///< mapped_path instead of the attribute; null: none
  const char* ddb_type;       ///< null: none
  bool mismatch_is_null;      ///< on_type_mismatch 'null'
  const char* comment;        ///< one line, for the reader of the command; null: none
  List* lsi_names;            ///< char*
  List* gsi_partition_names;  ///< char*
  List* gsi_sort_names;       ///< char*
};

/// The SQL type for attributes that are all of one type; jsonb for documents and NULL.
const char* imported_type(dynamodb::AttributeType type);

/// Most columns that a table gets: leaves room for oid and document.
extern const int kMaxImportColumns;

/// Takes the names that no column of an attribute may have.
void reserve_column_names(NameSet& names, bool oid);

/// Columns (ImportColumn*) for the keys of the table, the keys of its indexes and the attributes of the sample (null:
/// none), in this order, with names that differ from each other and from those of the columns `oid` and `document`.
/// NOTICEs tell what was renamed or left out.
List* plan_import_columns(const dynamodb::TableDescription& table, const dynamodb::AttributeSample* sample,
                          const ImportOptions& options);

}  // namespace dynamodb_fdw
