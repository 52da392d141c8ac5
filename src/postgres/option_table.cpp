// The table of all options: what each is called, where it is allowed, what it takes and where its value goes.
#include <cstddef>
#include <cstring>
#include <optional>

#include "dynamodb/document_path.hpp"
#include "dynamodb/endpoint.hpp"
#include "dynamodb/limits.hpp"
#include "guard.hpp"
#include "option_table.hpp"
#include "option_values.hpp"

namespace dynamodb_fdw {
namespace {

// ---- what texts are accepted

bool consists_of(const char* value, const char* more_characters) {
  for (; *value != '\0'; ++value) {
    auto byte = static_cast<unsigned char>(*value);
    bool alphanumeric = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
    if (!alphanumeric && strchr(more_characters, byte) == nullptr) return false;
  }
  return true;
}

bool has_length(const char* value, size_t least, size_t most) {
  size_t length = strlen(value);
  return length >= least && length <= most;
}

bool starts_with(const char* value, const char* prefix) { return strncmp(value, prefix, strlen(prefix)) == 0; }

bool check_any(const char*, const char**) { return true; }

// It becomes part of a host name.
bool check_region(const char* value, const char**) {
  for (const char* c = value; *c != '\0'; ++c)
    if (*c >= 'A' && *c <= 'Z') return false;
  return has_length(value, 1, 63) && consists_of(value, "-") && value[0] != '-' && value[strlen(value) - 1] != '-';
}

// Index names have the same rule (DynamoDB Developer Guide, "Naming rules").
bool check_index_name(const char* value, const char**) {
  return has_length(value, 3, 255) && consists_of(value, "_.-");
}

// arn:aws:dynamodb:REGION:ACCOUNT:table/NAME
bool check_table_arn(const char* value) {
  const char* slash = strstr(value, ":table/");
  return starts_with(value, "arn:aws") && strstr(value, ":dynamodb:") != nullptr && slash != nullptr &&
         has_length(value, 1, 1024) && consists_of(value, "_.-:/") &&
         check_index_name(slash + strlen(":table/"), nullptr);
}

bool check_table_name(const char* value, const char** reason) {
  return check_index_name(value, reason) || check_table_arn(value);
}

bool check_attribute_name(const char* value, const char**) { return has_length(value, 1, 65535); }

bool check_header_text(const char* value, const char**) {
  for (; *value != '\0'; ++value)
    if (*value <= ' ' || *value > '~') return false;
  return true;
}

bool check_role_arn(const char* value, const char**) {
  return starts_with(value, "arn:aws") && strstr(value, ":iam::") != nullptr && strstr(value, ":role/") != nullptr &&
         has_length(value, 20, 2048) && check_header_text(value, nullptr);
}

bool check_external_id(const char* value, const char**) {
  return has_length(value, 2, 1224) && consists_of(value, "_+=,.@:/-");
}

bool check_session_name(const char* value, const char**) {
  return has_length(value, 2, 64) && consists_of(value, "_+=,.@-");
}

bool check_file(const char* value, const char**) { return is_absolute_path(value); }

// Runs one of the library's parsers; its message becomes the reason.
template <typename Parse>
bool check_with(Parse parse, const char* value, const char** reason) {
  PlainError failure;
  if (guard(&failure, [&]() -> std::optional<dynamodb::Error> {
        auto parsed = parse(value);
        if (parsed.ok()) return std::nullopt;
        return parsed.error();
      }))
    return true;
  char* sentence = pstrdup(failure.message);
  sentence[0] = static_cast<char>(pg_toupper(static_cast<unsigned char>(sentence[0])));
  *reason = sentence;
  return false;
}

// What stands before an "@" may be a password, and the parser's message would show it.
bool check_endpoint(const char* value, const char** reason) {
  if (strchr(value, '@') != nullptr) {
    *reason = "It must not contain a user name or password";
    return false;
  }
  return check_with([](const char* url) { return dynamodb::parse_endpoint_url(url); }, value, reason);
}

bool check_path(const char* value, const char** reason) {
  return check_with([](const char* path) { return dynamodb::parse_document_path(path); }, value, reason);
}

// ---- the options

constexpr const char* kScanPolicies[] = {"allow", "warn", "deny", nullptr};
constexpr const char* kSparseIndexes[] = {"auto", "use", "avoid", nullptr};
constexpr const char* kInsertModes[] = {"insert", "put", nullptr};
constexpr const char* kCommitModes[] = {"auto", "atomic", "batch", nullptr};
constexpr const char* kDocumentFormats[] = {"plain", "dynamodb", nullptr};
constexpr const char* kTimeUnits[] = {"s", "ms", "us", nullptr};
constexpr const char* kMismatchActions[] = {"error", "null", nullptr};
constexpr const char* kDocumentTypes[] = {"jsonb", "json", nullptr};
constexpr const char* kColumnNamings[] = {"preserve", "snake_case", nullptr};

constexpr const char* kIndexNames =
    "names of indexes, comma-separated; each has 3 to 255 characters: letters, digits, _ . -";
constexpr const char* kPrintable = "printable ASCII characters without spaces";

constexpr double kMostSeconds = 86400;
constexpr double kMostUnits = 1e9;

#define SERVER_FIELD(field) (static_cast<int>(offsetof(ServerOptions, field)))
#define MAPPING_FIELD(field) (static_cast<int>(offsetof(UserMappingOptions, field)))
#define TABLE_FIELD(field) (static_cast<int>(offsetof(TableOptions, field)))
#define COLUMN_FIELD(field) (static_cast<int>(offsetof(ColumnOptions, field)))
#define IMPORT_FIELD(field) (static_cast<int>(offsetof(ImportOptions, field)))

const OptionDefinition kOptions[] = {
    // the connection
    {.name = "aws_region",
     .contexts = kOnServer | kOnTable | kOnImport,
     .targets = {.server = SERVER_FIELD(aws_region),
                 .table = TABLE_FIELD(aws_region),
                 .import = IMPORT_FIELD(aws_region)},
     .check = check_region,
     .accepts = "the name of a region: lower-case letters, digits and hyphens, such as us-west-2"},
    {.name = "endpoint",
     .contexts = kOnServer,
     .targets = {.server = SERVER_FIELD(endpoint)},
     .check = check_endpoint,
     .accepts = "an http or https URL of a host and optional port, such as http://localhost:8000",
     .secret = true},
    {.name = "use_fips",
     .contexts = kOnServer,
     .kind = ValueKind::boolean,
     .targets = {.server = SERVER_FIELD(use_fips)},
     .initial = "false"},
    {.name = "use_dualstack",
     .contexts = kOnServer,
     .kind = ValueKind::boolean,
     .targets = {.server = SERVER_FIELD(use_dualstack)},
     .initial = "false"},
    {.name = "ca_bundle",
     .contexts = kOnServer,
     .targets = {.server = SERVER_FIELD(ca_bundle)},
     .check = check_file,
     .accepts = "the absolute path of a file of CA certificates on the database server",
     .superuser_only = true},
    {.name = "max_connections",
     .contexts = kOnServer,
     .kind = ValueKind::integer,
     .targets = {.server = SERVER_FIELD(max_connections)},
     .initial = "32",
     .least = 1,
     .most = 1024},
    {.name = "connect_timeout",
     .contexts = kOnServer,
     .kind = ValueKind::seconds,
     .targets = {.server = SERVER_FIELD(connect_timeout_ms)},
     .initial = "5",
     .least = 0.001,
     .most = kMostSeconds},
    {.name = "request_timeout",
     .contexts = kOnServer,
     .kind = ValueKind::seconds,
     .targets = {.server = SERVER_FIELD(request_timeout_ms)},
     .initial = "60",
     .least = 0.001,
     .most = kMostSeconds},
    {.name = "max_attempts",
     .contexts = kOnServer,
     .kind = ValueKind::integer,
     .targets = {.server = SERVER_FIELD(max_attempts)},
     .initial = "10",
     .least = 1,
     .most = 100},
    {.name = "application_name",
     .contexts = kOnServer,
     .targets = {.server = SERVER_FIELD(application_name)},
     .check = check_any,
     .accepts = "any text"},
    {.name = "ambient_credentials",
     .contexts = kOnServer,
     .kind = ValueKind::boolean,
     .targets = {.server = SERVER_FIELD(ambient_credentials)},
     .initial = "false",
     .superuser_only = true},
    {.name = "fdw_startup_cost",
     .contexts = kOnServer,
     .kind = ValueKind::real,
     .targets = {.server = SERVER_FIELD(fdw_startup_cost)},
     .initial = "1",
     .least = 0,
     .most = 1e30},
    {.name = "fdw_tuple_cost",
     .contexts = kOnServer,
     .kind = ValueKind::real,
     .targets = {.server = SERVER_FIELD(fdw_tuple_cost)},
     .initial = "0.01",
     .least = 0,
     .most = 1e30},

    // credentials
    {.name = "access_key_id",
     .contexts = kOnUserMapping,
     .targets = {.mapping = MAPPING_FIELD(access_key_id)},
     .check = check_header_text,
     .accepts = kPrintable,
     .secret = true},
    {.name = "secret_access_key",
     .contexts = kOnUserMapping,
     .targets = {.mapping = MAPPING_FIELD(secret_access_key)},
     .check = check_header_text,
     .accepts = kPrintable,
     .secret = true},
    {.name = "session_token",
     .contexts = kOnUserMapping,
     .targets = {.mapping = MAPPING_FIELD(session_token)},
     .check = check_header_text,
     .accepts = kPrintable,
     .secret = true},
    {.name = "profile",
     .contexts = kOnUserMapping,
     .targets = {.mapping = MAPPING_FIELD(profile)},
     .check = check_any,
     .accepts = "the name of a profile in the AWS files of the server process",
     .superuser_only = true},
    {.name = "role_arn",
     .contexts = kOnUserMapping,
     .targets = {.mapping = MAPPING_FIELD(role_arn)},
     .check = check_role_arn,
     .accepts = "the ARN of a role, such as arn:aws:iam::123456789012:role/reader"},
    {.name = "external_id",
     .contexts = kOnUserMapping,
     .targets = {.mapping = MAPPING_FIELD(external_id)},
     .check = check_external_id,
     .accepts = "2 to 1224 characters: letters, digits, _ + = , . @ : / -",
     .secret = true},
    {.name = "role_session_name",
     .contexts = kOnUserMapping,
     .targets = {.mapping = MAPPING_FIELD(role_session_name)},
     .check = check_session_name,
     .accepts = "2 to 64 characters: letters, digits, _ + = , . @ -"},

    // tables, with defaults on the server
    {.name = "table_name",
     .contexts = kOnTable,
     .targets = {.table = TABLE_FIELD(table_name)},
     .check = check_table_name,
     .accepts = "the name of a DynamoDB table, 3 to 255 characters (letters, digits, _ . -), or its ARN"},
    {.name = "parallel_scan_count",
     .contexts = kOnServer | kOnTable | kOnImport,
     .kind = ValueKind::integer,
     .targets = {.table = TABLE_FIELD(parallel_scan_count), .import = IMPORT_FIELD(parallel_scan_count)},
     .initial = "8",
     .least = 1,
     .most = dynamodb::kMaxScanSegments},
    {.name = "consistent_read",
     .contexts = kOnServer | kOnTable,
     .kind = ValueKind::boolean,
     .targets = {.table = TABLE_FIELD(consistent_read)},
     .initial = "false"},
    {.name = "scan_policy",
     .contexts = kOnServer | kOnTable,
     .kind = ValueKind::choice,
     .targets = {.table = TABLE_FIELD(scan_policy)},
     .initial = "warn",
     .choices = kScanPolicies},
    {.name = "sparse_indexes",
     .contexts = kOnServer | kOnTable,
     .kind = ValueKind::choice,
     .targets = {.table = TABLE_FIELD(sparse_indexes)},
     .initial = "auto",
     .choices = kSparseIndexes},
    {.name = "read_capacity_limit",
     .contexts = kOnServer | kOnTable,
     .kind = ValueKind::real,
     .targets = {.table = TABLE_FIELD(read_capacity_limit)},
     .initial = "0",
     .least = 0,
     .most = kMostUnits},
    {.name = "write_capacity_limit",
     .contexts = kOnServer | kOnTable,
     .kind = ValueKind::real,
     .targets = {.table = TABLE_FIELD(write_capacity_limit)},
     .initial = "0",
     .least = 0,
     .most = kMostUnits},
    {.name = "async_capable",
     .contexts = kOnServer | kOnTable,
     .kind = ValueKind::boolean,
     .targets = {.table = TABLE_FIELD(async_capable)},
     .initial = "true"},
    {.name = "updatable",
     .contexts = kOnServer | kOnTable,
     .kind = ValueKind::boolean,
     .targets = {.table = TABLE_FIELD(updatable)},
     .initial = "true"},
    {.name = "truncatable",
     .contexts = kOnServer | kOnTable,
     .kind = ValueKind::boolean,
     .targets = {.table = TABLE_FIELD(truncatable)},
     .initial = "true"},
    {.name = "insert_mode",
     .contexts = kOnServer | kOnTable,
     .kind = ValueKind::choice,
     .targets = {.table = TABLE_FIELD(insert_mode)},
     .initial = "insert",
     .choices = kInsertModes},
    {.name = "commit_mode",
     .contexts = kOnServer | kOnTable,
     .kind = ValueKind::choice,
     .targets = {.table = TABLE_FIELD(commit_mode)},
     .initial = "auto",
     .choices = kCommitModes},
    {.name = "stream_writes",
     .contexts = kOnServer | kOnTable,
     .kind = ValueKind::boolean,
     .targets = {.table = TABLE_FIELD(stream_writes)},
     .initial = "false"},
    {.name = "batch_size",
     .contexts = kOnServer | kOnTable,
     .kind = ValueKind::integer,
     .targets = {.table = TABLE_FIELD(batch_size)},
     .initial = "100",
     .least = 1,
     .most = 65535},
    {.name = "on_type_mismatch",
     .contexts = kOnServer | kOnTable | kOnColumn,
     .kind = ValueKind::choice,
     .targets = {.table = TABLE_FIELD(on_type_mismatch), .column = COLUMN_FIELD(on_type_mismatch)},
     .initial = "error",
     .choices = kMismatchActions},

    // columns
    {.name = "mapped_attr",
     .contexts = kOnColumn,
     .targets = {.column = COLUMN_FIELD(attribute)},
     .check = check_attribute_name,
     .accepts = "the name of a top-level attribute, 1 to 65535 bytes"},
    {.name = "mapped_path",
     .contexts = kOnColumn,
     .targets = {.column = COLUMN_FIELD(mapped_path)},
     .check = check_path,
     .accepts = "a document path, such as address.city or lines[0].sku or \"a.b\".c"},
    {.name = "partition_key",
     .contexts = kOnColumn,
     .kind = ValueKind::boolean,
     .targets = {.column = COLUMN_FIELD(partition_key)},
     .initial = "false"},
    {.name = "sort_key",
     .contexts = kOnColumn,
     .kind = ValueKind::boolean,
     .targets = {.column = COLUMN_FIELD(sort_key)},
     .initial = "false"},
    {.name = "lsi_name",
     .contexts = kOnColumn,
     .kind = ValueKind::names,
     .targets = {.column = COLUMN_FIELD(lsi_names)},
     .check = check_index_name,
     .accepts = kIndexNames},
    {.name = "gsi_partition_key_gsi_name",
     .contexts = kOnColumn,
     .kind = ValueKind::names,
     .targets = {.column = COLUMN_FIELD(gsi_partition_names)},
     .check = check_index_name,
     .accepts = kIndexNames},
    {.name = "gsi_sort_key_gsi_name",
     .contexts = kOnColumn,
     .kind = ValueKind::names,
     .targets = {.column = COLUMN_FIELD(gsi_sort_names)},
     .check = check_index_name,
     .accepts = kIndexNames},
    {.name = "ddb_document",
     .contexts = kOnColumn,
     .kind = ValueKind::boolean,
     .targets = {.column = COLUMN_FIELD(document)},
     .initial = "false"},
    {.name = "document_format",
     .contexts = kOnColumn,
     .kind = ValueKind::choice,
     .targets = {.column = COLUMN_FIELD(document_format)},
     .initial = "plain",
     .choices = kDocumentFormats},
    {.name = "ddb_type",
     .contexts = kOnColumn,
     .kind = ValueKind::attribute_type,
     .targets = {.column = COLUMN_FIELD(ddb_type)}},
    {.name = "time_unit",
     .contexts = kOnColumn,
     .kind = ValueKind::choice,
     .targets = {.column = COLUMN_FIELD(time_unit)},
     .initial = "s",
     .choices = kTimeUnits},

    // IMPORT FOREIGN SCHEMA only
    {.name = "oid",
     .contexts = kOnImport,
     .kind = ValueKind::boolean,
     .targets = {.import = IMPORT_FIELD(oid)},
     .initial = "false"},
    {.name = "document_type",
     .contexts = kOnImport,
     .kind = ValueKind::choice,
     .targets = {.import = IMPORT_FIELD(document_type)},
     .initial = "jsonb",
     .choices = kDocumentTypes},
    {.name = "column_naming",
     .contexts = kOnImport,
     .kind = ValueKind::choice,
     .targets = {.import = IMPORT_FIELD(column_naming)},
     .initial = "preserve",
     .choices = kColumnNamings},
    {.name = "sample_items",
     .contexts = kOnImport,
     .kind = ValueKind::integer,
     .targets = {.import = IMPORT_FIELD(sample_items)},
     .initial = "0",
     .least = 0,
     .most = 1000000},
};

}  // namespace

const OptionDefinition* find_option(const char* name) {
  for (const OptionDefinition& option : kOptions)
    if (strcmp(option.name, name) == 0) return &option;
  return nullptr;
}

const OptionDefinition* option_at(int index) {
  return index < static_cast<int>(lengthof(kOptions)) ? &kOptions[index] : nullptr;
}

void apply_option_defaults(OptionTarget target, void* base) {
  for (const OptionDefinition& option : kOptions) {
    int offset = option.targets.*target;
    const char* reason = nullptr;
    if (offset >= 0 && option.initial != nullptr)
      parse_option_value(option, option.initial, static_cast<char*>(base) + offset, &reason);
  }
}

void apply_options(List* options, OptionTarget target, void* base) {
  ListCell* cell;
  foreach (cell, options) {
    auto* element = lfirst_node(DefElem, cell);
    const OptionDefinition* option = find_option(element->defname);
    if (option == nullptr || option->targets.*target < 0) continue;
    const char* reason = nullptr;
    // The catalogs may hold what an earlier version accepted.
    if (!parse_option_value(*option, defGetString(element), static_cast<char*>(base) + option->targets.*target,
                            &reason))
      check_option_value(*option, defGetString(element));
  }
}

const char* find_option_value(List* options, const char* name) {
  ListCell* cell;
  foreach (cell, options) {
    auto* element = lfirst_node(DefElem, cell);
    if (strcmp(element->defname, name) == 0) return defGetString(element);
  }
  return nullptr;
}

bool is_option_true(List* options, const char* name) {
  const char* value = find_option_value(options, name);
  bool result = false;
  return value != nullptr && parse_bool(value, &result) && result;
}

}  // namespace dynamodb_fdw
