// The options of servers, user mappings, tables and columns: what exists, where, and what it resolves to.
#pragma once

#include <cstdint>

#include "dynamodb/attribute_value.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

enum class ScanPolicy : uint8_t { allow, warn, deny };
enum class SparseIndexes : uint8_t { automatic, use, avoid };
enum class InsertMode : uint8_t { insert, put };
enum class CommitMode : uint8_t { automatic, atomic, batch };
enum class DocumentFormat : uint8_t { plain, dynamodb };
enum class TimeUnit : uint8_t { seconds, milliseconds, microseconds };
enum class MismatchAction : uint8_t { error, null };
enum class DocumentType : uint8_t { jsonb, json };
enum class ColumnNaming : uint8_t { preserve, snake_case };

/// Options of the server that shape the connection. Strings are null where not set. Palloc'ed in the current context.
struct ServerOptions {
  const char* aws_region;
  const char* endpoint;
  const char* ca_bundle;
  const char* application_name;  ///< with escapes
  bool use_fips;
  bool use_dualstack;
  bool ambient_credentials;
  int max_connections;
  int connect_timeout_ms;
  int request_timeout_ms;
  int max_attempts;
  double fdw_startup_cost;
  double fdw_tuple_cost;
};

/// Options of a user mapping; null where not set.
struct UserMappingOptions {
  const char* access_key_id;
  const char* secret_access_key;
  const char* session_token;
  const char* profile;
  const char* role_arn;
  const char* external_id;
  const char* role_session_name;
};

struct ColumnOptions {
  AttrNumber attnum;
  const char* column_name;
  bool dropped;   ///< a dropped column: nothing else is set
  bool row_id;    ///< the predecessor's `oid` column: JSON text of the key
  bool document;  ///< ddb_document: the whole item
  bool partition_key;
  bool sort_key;
  const char* attribute;      ///< top-level attribute; null for row_id, document and mapped_path columns
  const char* mapped_path;    ///< document path as written, or null
  List* lsi_names;            ///< char*: LSIs whose sort key this is
  List* gsi_partition_names;  ///< char*: GSIs whose partition key (or part of it) this is
  List* gsi_sort_names;       ///< char*: GSIs whose sort key (or part of it) this is
  DocumentFormat document_format;
  bool has_ddb_type;
  dynamodb::AttributeType ddb_type;  ///< only when has_ddb_type
  TimeUnit time_unit;
  bool has_time_unit;               ///< the option is given: the attribute is a number
  MismatchAction on_type_mismatch;  ///< column's, else table's, else server's
  Oid type;                         ///< the column's type
  int32 typmod;
  Oid collation;
  bool not_null;
};

/// Everything about one foreign table, server defaults applied. Palloc'ed in the current context.
struct TableOptions {
  Oid relid;
  Oid serverid;
  const char* server_name;
  const char* table_name;  ///< DynamoDB table
  const char* aws_region;  ///< table's, else server's, else null (environment decides)
  int parallel_scan_count;
  bool consistent_read;
  ScanPolicy scan_policy;
  SparseIndexes sparse_indexes;
  bool async_capable;
  bool updatable;
  bool truncatable;
  InsertMode insert_mode;
  CommitMode commit_mode;
  bool stream_writes;  ///< INSERT and COPY send before the commit
  int batch_size;
  double read_capacity_limit;  ///< capacity units a second; 0 = none
  double write_capacity_limit;
  MismatchAction on_type_mismatch;  ///< the default of the columns
  ColumnOptions* columns;           ///< columns[attnum - 1]
  int column_count;
  int partition_key;  ///< index into columns, -1: none declared
  int sort_key;       ///< index into columns, -1: none declared
};

ServerOptions* get_server_options(Oid serverid);
UserMappingOptions* get_user_mapping_options(UserMapping* mapping);
TableOptions* get_table_options(Oid relid);
/// The options of a DynamoDB table that no foreign table stands for: the server's, and no columns. `region`: null: the
/// server's.
TableOptions* get_server_table_options(Oid serverid, const char* table_name, const char* region);

/// Whether values of an attribute type can be read into a column of that type (or domain) at all: DESIGN.md, section 4.
bool column_type_fits(Oid column_type, dynamodb::AttributeType attribute);
/// The column types for an attribute type, as words for a hint.
const char* column_types_for(dynamodb::AttributeType attribute);

/// Options of IMPORT FOREIGN SCHEMA.
struct ImportOptions {
  const char* aws_region;   ///< null: the server's
  int parallel_scan_count;  ///< 0: not given
  bool oid;
  DocumentType document_type;  ///< type of the imported document column
  ColumnNaming column_naming;
  int sample_items;
};
ImportOptions* get_import_options(List* options);

}  // namespace dynamodb_fdw
