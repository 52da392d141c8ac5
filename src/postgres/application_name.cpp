// How this backend's requests name the application they are made for.
#include "dynamodb/user_agent.hpp"
#include "application_name.hpp"
#include "errors.hpp"
#include "guard.hpp"

extern "C" {
#include "commands/dbcommands.h"
#include "utils/guc.h"
}

namespace dynamodb_fdw {
namespace {

char* application_name_setting = nullptr;

void append_text(StringInfo text, const char* more) { appendStringInfoString(text, more != nullptr ? more : ""); }

void append_escape(StringInfo text, char escape) {
  switch (escape) {
    case 'a':
      append_text(text, application_name);
      break;
    case 'c':
      appendStringInfo(text, "%lx.%x", static_cast<long>(MyStartTime), MyProcPid);
      break;
    case 'C':
      append_text(text, cluster_name);
      break;
    case 'd':
      append_text(text, get_database_name(MyDatabaseId));
      break;
    case 'p':
      appendStringInfo(text, "%d", MyProcPid);
      break;
    case 'u':
      append_text(text, GetUserNameFromId(GetAuthenticatedUserId(), true));
      break;
    case '%':
      appendStringInfoChar(text, '%');
      break;
    default:  // as in postgres_fdw, what is not known is left out
      break;
  }
}

// The escapes are postgres_fdw's.
const char* expand(const char* format) {
  if (format == nullptr || format[0] == '\0') return "";
  StringInfoData text;
  initStringInfo(&text);
  for (const char* c = format; *c != '\0'; ++c) {
    if (*c != '%')
      appendStringInfoChar(&text, *c);
    else if (*++c != '\0')
      append_escape(&text, *c);
    else
      break;
  }
  return text.data;
}

const char* host_product() {
  const int version = atoi(GetConfigOption("server_version_num", false, false));
  return psprintf("PostgreSQL/%d.%d", version / 10000, version % 10000);
}

}  // namespace

void define_application_settings() {
  DefineCustomStringVariable("dynamodb_fdw.application_name",
                             "Name of the application in requests to DynamoDB; overrides the servers' option.", nullptr,
                             &application_name_setting, "", PGC_USERSET, 0, nullptr, nullptr, nullptr);
}

const char* requested_application_name(const ServerOptions* server) {
  const char* name = expand(application_name_setting);
  return name[0] != '\0' ? name : expand(server->application_name);
}

void name_requests(dynamodb::Client* client, const char* name) {
  const char* host = host_product();
  PlainError failure;
  bool done = guard(&failure, [&] {
    const std::string id = dynamodb::application_id(name[0] != '\0' ? name : client->config().application.c_str());
    client->set_user_agent(dynamodb::user_agent(host, id));
  });
  if (!done) report_error(failure, {"set-up", nullptr});
}

}  // namespace dynamodb_fdw
