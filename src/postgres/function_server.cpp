// The foreign server that an SQL function is asked about, and requests to it.
#include "function_server.hpp"

#include "compat.hpp"
#include "connections.hpp"
#include "import_schema.hpp"

namespace dynamodb_fdw {

Oid find_function_server(const char* name) {
  ForeignServer* server = GetForeignServerByName(name, false);
  if (GetFdwRoutineByServerId(server->serverid)->ImportForeignSchema != dynamodbImportForeignSchema)
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("server \"%s\" is not a server of dynamodb_fdw", name)));
  AclResult allowed = check_server_usage(server->serverid, GetUserId());
  if (allowed != ACLCHECK_OK) aclcheck_error(allowed, OBJECT_FOREIGN_SERVER, name);
  return server->serverid;
}

dynamodb::Client* open_function_server(const char* name, const char* region, MemoryContext owner) {
  return acquire_client(find_function_server(name), GetUserId(), region, owner);
}

}  // namespace dynamodb_fdw
