// Makes a client from the options of server and user mapping: whose credentials it may use, endpoint, limits.
#include <cstring>

#include "dynamodb/aws_settings.hpp"
#include "dynamodb/credentials_assume_role.hpp"
#include "dynamodb/credentials_shared_files.hpp"
#include "dynamodb/credentials_static.hpp"
#include "dynamodb/curl_transport.hpp"

// After the library's headers, which must come before postgres.h.
#include "client_factory.hpp"
#include "handles.hpp"

namespace dynamodb_fdw {
namespace {

const char* text_or_empty(const char* text) { return text != nullptr ? text : ""; }

UserMappingOptions* find_mapping_options(Oid userid, Oid serverid) {
  for (Oid user : {userid, Oid{InvalidOid}})
    if (SearchSysCacheExists2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(user), ObjectIdGetDatum(serverid)))
      return get_user_mapping_options(GetUserMapping(userid, serverid));
  return nullptr;
}

[[noreturn]] void refuse_ambient(Oid userid, Oid serverid) {
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
           errmsg("user \"%s\" has no AWS credentials for server \"%s\"", GetUserNameFromId(userid, false),
                  GetForeignServer(serverid)->servername),
           errdetail("Only superusers may use the credentials of the server process itself."),
           errhint("Set access_key_id and secret_access_key in a user mapping, or have a superuser set the server's "
                   "option ambient_credentials.")));
  pg_unreachable();
}

// What belongs to the server process goes only to endpoints that a superuser has chosen: the owner of a server may name
// any. (A server with ambient_credentials is one that only a superuser can alter.)
void check_server_owner(const ClientSettings& settings, Oid serverid) {
  ForeignServer* server = GetForeignServer(serverid);
  if (settings.server->ambient_credentials || superuser_arg(server->owner)) return;
  ereport(ERROR, (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
                  errmsg("the server process's AWS credentials are not used for server \"%s\"", server->servername),
                  errdetail("The server is owned by a user who is no superuser, and who may name any endpoint for it."),
                  errhint("Set access_key_id and secret_access_key in a user mapping, or have a superuser own the "
                          "server or set its option ambient_credentials.")));
}

Identity choose_identity(const ClientSettings& settings, Oid userid, Oid serverid) {
  const UserMappingOptions* mapping = settings.mapping;
  if (mapping != nullptr && mapping->access_key_id != nullptr) return Identity::user_mapping_keys;
  bool profile = mapping != nullptr && mapping->profile != nullptr;
  if (!profile && !superuser_arg(userid) && !settings.server->ambient_credentials) refuse_ambient(userid, serverid);
  check_server_owner(settings, serverid);
  return profile ? Identity::user_mapping_profile : Identity::server_process;
}

// --- From here to the next such line: library code, which runs guarded and calls no PostgreSQL

dynamodb::Result<dynamodb::Endpoint> resolve(const ClientSettings& settings, dynamodb::AwsSettings& aws) {
  const ServerOptions* server = settings.server;
  dynamodb::EndpointWishes wishes;
  wishes.region = text_or_empty(settings.region);
  wishes.custom_url = text_or_empty(server->endpoint);
  // Who brings keys and an endpoint of their own needs no file of the server process: that one is broken is no matter.
  bool all_own = settings.identity == Identity::user_mapping_keys && server->endpoint != nullptr;
  if (server->use_fips || all_own) wishes.use_fips = server->use_fips;
  if (server->use_dualstack || all_own) wishes.use_dualstack = server->use_dualstack;
  return dynamodb::resolve_endpoint(wishes, aws);
}

std::unique_ptr<dynamodb::CredentialsSource> make_own_credentials(const ClientSettings& settings,
                                                                  const dynamodb::CredentialsContext& context) {
  std::vector<std::unique_ptr<dynamodb::CredentialsSource>> sources;
  switch (settings.identity) {
    case Identity::user_mapping_keys:
      return std::make_unique<dynamodb::StaticCredentials>(settings.mapping->access_key_id,
                                                           settings.mapping->secret_access_key,
                                                           text_or_empty(settings.mapping->session_token));
    case Identity::user_mapping_profile:
      sources.push_back(std::make_unique<dynamodb::SharedFilesCredentials>(context, settings.mapping->profile));
      return std::make_unique<dynamodb::CredentialsChain>(std::move(sources));
    case Identity::server_process:
      break;
  }
  return dynamodb::ambient_credentials(context);
}

// The role of the user mapping, if there is one, assumed with what there would be without it.
std::unique_ptr<dynamodb::CredentialsSource> make_credentials(const ClientSettings& settings,
                                                              const dynamodb::CredentialsContext& context) {
  auto own = make_own_credentials(settings, context);
  const UserMappingOptions* mapping = settings.mapping;
  if (mapping == nullptr || mapping->role_arn == nullptr) return own;
  dynamodb::RoleWish role{mapping->role_arn, text_or_empty(mapping->role_session_name),
                          text_or_empty(mapping->external_id), 0};
  return std::make_unique<dynamodb::AssumeRoleCredentials>(context, std::move(role), std::move(own),
                                                           profile_of(settings));
}

std::optional<dynamodb::Error> make_config(const ClientSettings& settings, int max_connections,
                                           dynamodb::ClientConfig* config) {
  dynamodb::AwsSettings aws(dynamodb::process_environment(), profile_of(settings));
  auto endpoint = resolve(settings, aws);
  if (!endpoint.ok()) return endpoint.error();
  const ServerOptions* server = settings.server;
  config->endpoint = std::move(endpoint.value());
  config->max_connections = max_connections;
  config->connect_timeout = dynamodb::Milliseconds(server->connect_timeout_ms);
  config->request_timeout = dynamodb::Milliseconds(server->request_timeout_ms);
  config->max_attempts = server->max_attempts;
  auto application = aws.application_id();
  if (application.ok()) config->application = std::move(application.value());  // else it matters to nobody
  config->ca_bundle = text_or_empty(server->ca_bundle);
  if (!config->ca_bundle.empty()) return std::nullopt;
  auto bundle = aws.ca_bundle();
  if (!bundle.ok()) return bundle.error();
  config->ca_bundle = std::move(bundle.value());
  return std::nullopt;
}

}  // namespace

std::optional<dynamodb::Error> make_client_parts(const ClientSettings& settings, int max_connections,
                                                 ClientParts* parts) {
  if (auto failure = make_config(settings, max_connections, &parts->config)) return failure;
  parts->credentials = make_credentials(
      settings, {dynamodb::process_environment(), dynamodb::system_clock(), parts->config.endpoint.signing_region});
  // One more for credentials, which must not wait until a scan has a connection to spare: they may have a second only.
  auto transport = dynamodb::make_curl_transport(max_connections + 1);
  if (!transport.ok()) return transport.error();
  parts->transport = std::move(transport.value());
  return std::nullopt;
}

// --- the end of library code

const char* profile_of(const ClientSettings& settings) {
  return settings.identity == Identity::user_mapping_profile ? settings.mapping->profile : "";
}

ClientSettings collect_client_settings(Oid serverid, Oid userid, const char* region) {
  ClientSettings settings{};
  settings.server = get_server_options(serverid);
  settings.mapping = find_mapping_options(userid, serverid);
  settings.region = region != nullptr ? region : settings.server->aws_region;
  settings.identity = choose_identity(settings, userid, serverid);
  return settings;
}

bool have_same_credentials(Oid serverid, Oid left_user, Oid right_user) {
  if (left_user == right_user) return true;
  ClientSettings left = collect_client_settings(serverid, left_user, nullptr);
  ClientSettings right = collect_client_settings(serverid, right_user, nullptr);
  if (left.identity != right.identity) return false;
  constexpr const char* UserMappingOptions::*kFields[] = {
      &UserMappingOptions::access_key_id,    &UserMappingOptions::secret_access_key, &UserMappingOptions::session_token,
      &UserMappingOptions::profile,          &UserMappingOptions::role_arn,          &UserMappingOptions::external_id,
      &UserMappingOptions::role_session_name};
  const UserMappingOptions none{};
  for (auto field : kFields) {
    const char* left_text = text_or_empty((left.mapping != nullptr ? *left.mapping : none).*field);
    const char* right_text = text_or_empty((right.mapping != nullptr ? *right.mapping : none).*field);
    if (strcmp(left_text, right_text) != 0) return false;
  }
  return true;
}

dynamodb::Client* make_client(const ClientSettings& settings, int max_connections, MemoryContext context) {
  auto* parts = make_owned<ClientParts>(context, [] { return std::make_unique<ClientParts>(); });
  PlainError failure;
  if (!guard(&failure, [&] { return make_client_parts(settings, max_connections, parts); }))
    report_error(failure, {"set-up", nullptr});
  return make_owned<dynamodb::Client>(context, [&] {
    return std::make_unique<dynamodb::Client>(std::move(parts->config), std::move(parts->credentials),
                                              std::move(parts->transport), dynamodb::system_clock(),
                                              dynamodb::system_random());
  });
}

const char* resolve_signing_region(const ClientSettings& settings) {
  char region[128] = "";
  PlainError failure;
  bool resolved = guard(&failure, [&]() -> std::optional<dynamodb::Error> {
    dynamodb::AwsSettings aws(dynamodb::process_environment(), profile_of(settings));
    auto endpoint = resolve(settings, aws);
    if (!endpoint.ok()) return endpoint.error();
    endpoint.value().signing_region.copy(region, sizeof(region) - 1);
    return std::nullopt;
  });
  if (!resolved) report_error(failure, {"set-up", nullptr});
  return pstrdup(region);
}

}  // namespace dynamodb_fdw
