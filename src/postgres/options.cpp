// Resolves the options of servers, user mappings and IMPORT statements to plain structs.
#include "option_table.hpp"

namespace dynamodb_fdw {

ServerOptions* get_server_options(Oid serverid) {
  auto* options = static_cast<ServerOptions*>(palloc0(sizeof(ServerOptions)));
  apply_option_defaults(&OptionTargets::server, options);
  apply_options(GetForeignServer(serverid)->options, &OptionTargets::server, options);
  return options;
}

UserMappingOptions* get_user_mapping_options(UserMapping* mapping) {
  auto* options = static_cast<UserMappingOptions*>(palloc0(sizeof(UserMappingOptions)));
  apply_options(mapping->options, &OptionTargets::mapping, options);
  return options;
}

// The defaults of what can be set here are all zero, and what was not given must stay so.
ImportOptions* get_import_options(List* options) {
  check_option_list(options, kOnImport);
  auto* result = static_cast<ImportOptions*>(palloc0(sizeof(ImportOptions)));
  apply_options(options, &OptionTargets::import, result);
  return result;
}

}  // namespace dynamodb_fdw
