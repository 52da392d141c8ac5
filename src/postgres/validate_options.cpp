// Checks options when they are written: the validator of the foreign data wrapper, and the same rules for IMPORT.
#include <cstring>

#include "option_values.hpp"

extern "C" {
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "utils/varlena.h"
}

namespace dynamodb_fdw {
namespace {

struct ContextName {
  OptionContext context;
  const char* name;
};

constexpr ContextName kContextNames[] = {
    {kOnServer, "a server"}, {kOnUserMapping, "a user mapping"},   {kOnTable, "a foreign table"},
    {kOnColumn, "a column"}, {kOnImport, "IMPORT FOREIGN SCHEMA"},
};

const char* name_of(OptionContext context) {
  for (const ContextName& entry : kContextNames)
    if (entry.context == context) return entry.name;
  return "a foreign-data wrapper";
}

// "a server, a foreign table or a column"
const char* describe_contexts(int contexts) {
  StringInfoData text;
  initStringInfo(&text);
  for (const ContextName& entry : kContextNames) {
    if (!(contexts & entry.context)) continue;
    contexts &= ~entry.context;
    appendStringInfo(&text, "%s%s", text.len == 0 ? "" : contexts == 0 ? " or " : ", ", entry.name);
  }
  return text.data;
}

const char* list_valid_options(OptionContext context) {
  StringInfoData text;
  initStringInfo(&text);
  for (int index = 0; option_at(index) != nullptr; ++index)
    if (option_at(index)->contexts & context)
      appendStringInfo(&text, "%s%s", text.len == 0 ? "" : ", ", option_at(index)->name);
  return text.data;
}

// The valid option whose name differs least, or null where none is close; as PostgreSQL does for its own since
// version 16.
const char* nearest_option(const char* name, OptionContext context) {
  constexpr int kMostEdits = 4;
  const char* nearest = nullptr;
  int least = Min(kMostEdits, static_cast<int>(strlen(name) / 2)) + 1;
  if (strlen(name) >= NAMEDATALEN) return nullptr;
  for (int index = 0; option_at(index) != nullptr; ++index) {
    const OptionDefinition& option = *option_at(index);
    if (!(option.contexts & context)) continue;
    int edits =
        varstr_levenshtein_less_equal(name, strlen(name), option.name, strlen(option.name), 1, 1, 1, least, true);
    if (edits >= least) continue;
    least = edits;
    nearest = option.name;
  }
  return nearest;
}

[[noreturn]] void report_unknown(const char* name, OptionContext context) {
  const char* nearest = nearest_option(name, context);
  const char* valid = list_valid_options(context);
  ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME), errmsg("invalid option \"%s\"", name),
                  valid[0] == '\0'     ? errhint("A foreign-data wrapper has no options.")
                  : nearest != nullptr ? errhint("Perhaps you meant the option \"%s\". Valid options of %s: %s.",
                                                 nearest, name_of(context), valid)
                                       : errhint("Valid options of %s: %s.", name_of(context), valid)));
  pg_unreachable();
}

[[noreturn]] void report_misplaced(const OptionDefinition& option, OptionContext context) {
  ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
                  errmsg("option \"%s\" is not an option of %s", option.name, name_of(context)),
                  errhint("It belongs to %s.", describe_contexts(option.contexts))));
  pg_unreachable();
}

// Switching off what only a superuser may switch on is harmless.
void check_permission(const OptionDefinition& option, const char* value) {
  if (!option.superuser_only || superuser()) return;
  bool on = true;
  if (option.kind == ValueKind::boolean && parse_bool(value, &on) && !on) return;
  ereport(ERROR,
          (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("only a superuser may set option \"%s\"", option.name),
           errdetail("It lets other users act with what belongs to the server process.")));
}

// DDL statements cannot repeat an option; IMPORT can.
void check_not_repeated(List* options, const char* name) {
  int count = 0;
  ListCell* cell;
  foreach (cell, options)
    if (strcmp(lfirst_node(DefElem, cell)->defname, name) == 0) ++count;
  if (count > 1)
    ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT), errmsg("option \"%s\" provided more than once", name)));
}

// ---- contradictions

bool has(List* options, const char* name) { return find_option_value(options, name) != nullptr; }

void forbid_both(List* options, const char* first, const char* second) {
  if (has(options, first) && has(options, second))
    ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                    errmsg("options \"%s\" and \"%s\" exclude each other", first, second)));
}

void require_with(List* options, const char* given, const char* required) {
  if (has(options, given) && !has(options, required))
    ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                    errmsg("option \"%s\" needs option \"%s\"", given, required)));
}

void check_server(List* options) {
  if (is_option_true(options, "use_fips")) forbid_both(options, "endpoint", "use_fips");
  if (is_option_true(options, "use_dualstack")) forbid_both(options, "endpoint", "use_dualstack");
}

// A role without keys of the user's own is assumed with what belongs to the server process, which may assume others
// than the one that was meant for this user.
void check_role(List* options) {
  if (!has(options, "role_arn") || has(options, "access_key_id") || superuser()) return;
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                  errmsg("only a superuser may set option \"role_arn\" without option \"access_key_id\""),
                  errdetail("The role would be assumed with the credentials of the server process.")));
}

void check_user_mapping(List* options) {
  check_role(options);
  require_with(options, "access_key_id", "secret_access_key");
  require_with(options, "secret_access_key", "access_key_id");
  require_with(options, "session_token", "access_key_id");
  require_with(options, "external_id", "role_arn");
  require_with(options, "role_session_name", "role_arn");
  forbid_both(options, "profile", "access_key_id");
}

// Options that say which one attribute a column is, in whatever form.
constexpr const char* kAttributeOptions[] = {
    "mapped_attr",           "mapped_path", "lsi_name", "gsi_partition_key_gsi_name",
    "gsi_sort_key_gsi_name", "ddb_type",    "time_unit"};
constexpr const char* kIndexOptions[] = {"lsi_name", "gsi_partition_key_gsi_name", "gsi_sort_key_gsi_name"};
constexpr const char* kKeyOptions[] = {"partition_key", "sort_key"};

// The option by which the column is a key of the table or of an index, or null.
const char* key_option(List* options) {
  for (const char* name : kKeyOptions)
    if (is_option_true(options, name)) return name;
  for (const char* name : kIndexOptions)
    if (has(options, name)) return name;
  return nullptr;
}

void check_key_column(List* options, const char* key) {
  constexpr size_t kMostKeyNameBytes = 255;
  const char* type = find_option_value(options, "ddb_type");
  if (type != nullptr && strcmp(type, "S") != 0 && strcmp(type, "N") != 0 && strcmp(type, "B") != 0)
    ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                    errmsg("invalid value for option \"ddb_type\": \"%s\"", type),
                    errhint("A column with option \"%s\" is a key, and a key is S, N or B.", key)));
  const char* attribute = find_option_value(options, "mapped_attr");
  if (attribute != nullptr && strlen(attribute) > kMostKeyNameBytes)
    ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                    errmsg("the attribute name of a key is longer than %zu bytes", kMostKeyNameBytes)));
  forbid_both(options, "mapped_path", key);
}

// An attribute is either partition key or sort key of one and the same index.
void check_index_roles(List* options) {
  ColumnOptions column = {};
  apply_options(options, &OptionTargets::column, &column);
  ListCell* cell;
  foreach (cell, column.gsi_partition_names) {
    auto* name = static_cast<const char*>(lfirst(cell));
    ListCell* other;
    foreach (other, column.gsi_sort_names)
      if (strcmp(name, static_cast<const char*>(lfirst(other))) == 0)
        ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                        errmsg("index \"%s\" is named both in \"gsi_partition_key_gsi_name\" and in "
                               "\"gsi_sort_key_gsi_name\" of one column",
                               name)));
  }
}

void check_document_column(List* options) {
  for (const char* name : kAttributeOptions) forbid_both(options, "ddb_document", name);
  for (const char* name : kKeyOptions)
    if (is_option_true(options, name)) forbid_both(options, "ddb_document", name);
}

void check_column(List* options) {
  forbid_both(options, "mapped_attr", "mapped_path");
  if (is_option_true(options, "partition_key") && is_option_true(options, "sort_key"))
    forbid_both(options, "partition_key", "sort_key");
  if (is_option_true(options, "ddb_document")) check_document_column(options);
  if (const char* key = key_option(options)) check_key_column(options, key);
  check_index_roles(options);

  const char* type = find_option_value(options, "ddb_type");
  if (type != nullptr && strcmp(type, "N") != 0 && has(options, "time_unit"))
    ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                    errmsg("option \"time_unit\" is for numbers, but option \"ddb_type\" is \"%s\"", type)));
}

void check_contradictions(List* options, OptionContext context) {
  switch (context) {
    case kOnServer:
      return check_server(options);
    case kOnUserMapping:
      return check_user_mapping(options);
    case kOnColumn:
      return check_column(options);
    case kOnTable:
    case kOnImport:
      return;
  }
}

// Zero: the catalog takes no options.
OptionContext context_of_catalog(Oid catalog) {
  switch (catalog) {
    case ForeignServerRelationId:
      return kOnServer;
    case UserMappingRelationId:
      return kOnUserMapping;
    case ForeignTableRelationId:
      return kOnTable;
    case AttributeRelationId:
      return kOnColumn;
    default:
      return static_cast<OptionContext>(0);
  }
}

}  // namespace

void check_option_list(List* options, OptionContext context) {
  ListCell* cell;
  foreach (cell, options) {
    auto* element = lfirst_node(DefElem, cell);
    const OptionDefinition* option = find_option(element->defname);
    if (option == nullptr) report_unknown(element->defname, context);
    if (!(option->contexts & context)) report_misplaced(*option, context);
    check_not_repeated(options, element->defname);
    check_option_value(*option, defGetString(element));
    check_permission(*option, defGetString(element));
  }
  check_contradictions(options, context);
}

}  // namespace dynamodb_fdw

extern "C" {
#pragma GCC visibility push(default)
PG_FUNCTION_INFO_V1(dynamodb_fdw_validator);
#pragma GCC visibility pop

Datum dynamodb_fdw_validator(PG_FUNCTION_ARGS) {
  using namespace dynamodb_fdw;
  check_option_list(untransformRelOptions(PG_GETARG_DATUM(0)), context_of_catalog(PG_GETARG_OID(1)));
  PG_RETURN_VOID();
}
}
