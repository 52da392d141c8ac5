// The clients of this backend: one per server, user and region, kept across statements.
#include "connections.hpp"

#include <cstring>

#include "application_name.hpp"
#include "client_factory.hpp"
#include "compat.hpp"
#include "handles.hpp"
#include "request_log.hpp"
#include "shared_limits.hpp"

extern "C" {
#include "storage/fd.h"
#include "utils/inval.h"
}

namespace dynamodb_fdw {
namespace {

struct Connection {
  MemoryContext context;  // owns everything below, the client included
  Oid serverid;
  Oid userid;
  const char* region;  // as asked for; "" for none
  Identity identity;
  dynamodb::Client* client;
  char* application;       // as its requests name it; null: they have no name yet
  WaitEventSet* wait_set;  // null until somebody waits
  int descriptors;         // reported to PostgreSQL
  int users;               // statements that hold it
  bool stale;              // its server or user mapping was altered
};

List* connections = NIL;  // Connection*, in TopMemoryContext
bool callbacks_registered = false;

const char* text_or_empty(const char* text) { return text != nullptr ? text : ""; }

void close_connection(Connection* connection) {
  MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
  connections = list_delete_ptr(connections, connection);
  MemoryContextSwitchTo(old);
  if (connection->wait_set != nullptr) FreeWaitEventSet(connection->wait_set);
  for (int i = 0; i < connection->descriptors; ++i) ReleaseExternalFD();
  MemoryContextDelete(connection->context);
}

void retire_all(Datum, int, uint32) {
  ListCell* cell;
  // Nothing is freed here: invalidation may come at any catalog access, with a client in the middle of its work.
  foreach (cell, connections) static_cast<Connection*>(lfirst(cell))->stale = true;
}

void register_callbacks() {
  if (callbacks_registered) return;
  CacheRegisterSyscacheCallback(FOREIGNSERVEROID, retire_all, 0);
  CacheRegisterSyscacheCallback(USERMAPPINGOID, retire_all, 0);
  callbacks_registered = true;
}

void close_unused() {
  bool again = true;
  while (again) {
    again = false;
    ListCell* cell;
    foreach (cell, connections) {
      auto* connection = static_cast<Connection*>(lfirst(cell));
      if (!connection->stale || connection->users > 0) continue;
      close_connection(connection);
      again = true;
      break;
    }
  }
}

// What a client holds besides its connections: epoll, timer, event, libcurl's own pair, and a connection for getting
// credentials.
constexpr int kOwnDescriptors = 6;

// Closes the connection that was opened first of those that nobody uses; false when there is none.
bool close_idle() {
  ListCell* cell;
  foreach (cell, connections) {
    auto* connection = static_cast<Connection*>(lfirst(cell));
    if (connection->users > 0) continue;
    close_connection(connection);
    return true;
  }
  return false;
}

// Reports the client's descriptors: its own, and one for each connection as far as PostgreSQL allows. One more is left
// free, because waiting for the network takes one.
int report_descriptors(int wanted) {
  int reported = 0;
  while (reported <= wanted + kOwnDescriptors && (AcquireExternalFD() || (close_idle() && AcquireExternalFD())))
    ++reported;
  if (reported > 0) ReleaseExternalFD();
  if (--reported > kOwnDescriptors) return reported;
  for (; reported > 0; --reported) ReleaseExternalFD();
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("could not connect to DynamoDB: too many open files"),
                  errhint("Raise max_files_per_process on the server.")));
  pg_unreachable();
}

// Makes the client; what fails leaves nothing behind.
void fill_connection(Connection* connection, const ClientSettings& settings) {
  PG_TRY();
  {
    connection->client = make_client(settings, connection->descriptors - kOwnDescriptors, connection->context);
    MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
    connections = lappend(connections, connection);
    MemoryContextSwitchTo(old);
  }
  PG_CATCH();
  {
    for (int i = 0; i < connection->descriptors; ++i) ReleaseExternalFD();
    MemoryContextDelete(connection->context);
    PG_RE_THROW();
  }
  PG_END_TRY();
}

Connection* open_connection(const ClientSettings& settings, Oid serverid, Oid userid) {
  int descriptors = report_descriptors(settings.server->max_connections);
  MemoryContext context = AllocSetContextCreate(TopMemoryContext, "dynamodb_fdw connection", ALLOCSET_SMALL_SIZES);
  auto* connection = static_cast<Connection*>(MemoryContextAllocZero(context, sizeof(Connection)));
  connection->context = context;
  connection->serverid = serverid;
  connection->userid = userid;
  connection->region = MemoryContextStrdup(context, text_or_empty(settings.region));
  connection->identity = settings.identity;
  connection->descriptors = descriptors;
  fill_connection(connection, settings);
  return connection;
}

Connection* find_connection(const ClientSettings& settings, Oid serverid, Oid userid) {
  ListCell* cell;
  foreach (cell, connections) {
    auto* connection = static_cast<Connection*>(lfirst(cell));
    if (!connection->stale && connection->serverid == serverid && connection->userid == userid &&
        connection->identity == settings.identity && strcmp(connection->region, text_or_empty(settings.region)) == 0)
      return connection;
  }
  return nullptr;
}

// The name may change with each statement; that it does is rare.
void keep_application_name(Connection* connection, const ServerOptions* server) {
  const char* name = requested_application_name(server);
  if (connection->application != nullptr && strcmp(connection->application, name) == 0) return;
  name_requests(connection->client, name);
  char* old = connection->application;
  connection->application = MemoryContextStrdup(connection->context, name);
  if (old != nullptr) pfree(old);
}

// One statement's hold on a connection; lives in the statement's memory.
struct Hold {
  MemoryContextCallback callback;
  Connection* connection;
};

void let_go(void* argument) {
  Connection* connection = static_cast<Hold*>(argument)->connection;
  --connection->users;
  if (connection->stale && connection->users == 0) close_connection(connection);
}

struct LimiterEntry {
  Oid relid;
  bool writes;
  double rate;
  dynamodb::RateAccount* shared;  // null: of this backend alone
  dynamodb::RateLimiter* limiter;
};

List* limiters = NIL;  // LimiterEntry*, in TopMemoryContext

dynamodb::RateLimiter* rate_limiter(Oid relid, bool writes, double units_per_second) {
  if (units_per_second <= 0) return nullptr;
  dynamodb::RateAccount* shared = shared_rate_account(relid, writes);
  ListCell* cell;
  foreach (cell, limiters) {
    auto* entry = static_cast<LimiterEntry*>(lfirst(cell));
    if (entry->relid == relid && entry->writes == writes && entry->rate == units_per_second && entry->shared == shared)
      return entry->limiter;
  }
  MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
  auto* entry = static_cast<LimiterEntry*>(palloc(sizeof(LimiterEntry)));
  entry->relid = relid;
  entry->writes = writes;
  entry->rate = units_per_second;
  entry->shared = shared;
  entry->limiter = make_owned<dynamodb::RateLimiter>(TopMemoryContext, [&] {
    return std::make_unique<dynamodb::RateLimiter>(units_per_second, dynamodb::system_clock(), shared);
  });
  limiters = lappend(limiters, entry);
  MemoryContextSwitchTo(old);
  return entry->limiter;
}

Connection* connection_of(const dynamodb::Client* client) {
  ListCell* cell;
  foreach (cell, connections)
    if (static_cast<Connection*>(lfirst(cell))->client == client) return static_cast<Connection*>(lfirst(cell));
  elog(ERROR, "a client that is in use has been closed");
  pg_unreachable();
}

}  // namespace

WaitEventSet* wait_set(dynamodb::Client* client) {
  Connection* connection = connection_of(client);
  if (connection->wait_set != nullptr) return connection->wait_set;
  WaitEventSet* set = create_wait_set(connection->context, 3);
  AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, nullptr);
  AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, nullptr, nullptr);
  AddWaitEventToSet(set, WL_SOCKET_READABLE, client->poll_descriptor(), nullptr, nullptr);
  connection->wait_set = set;
  return set;
}

void hold_client(dynamodb::Client* client, MemoryContext owner) {
  auto* hold = static_cast<Hold*>(MemoryContextAllocZero(owner, sizeof(Hold)));
  hold->connection = connection_of(client);
  ++hold->connection->users;
  hold->callback.func = let_go;
  hold->callback.arg = hold;
  MemoryContextRegisterResetCallback(owner, &hold->callback);
}

dynamodb::Client* acquire_client(Oid serverid, Oid userid, const char* region, MemoryContext owner) {
  register_callbacks();
  close_unused();
  ClientSettings settings = collect_client_settings(serverid, userid, region);
  auto* hold = static_cast<Hold*>(MemoryContextAllocZero(owner, sizeof(Hold)));
  hold->connection = find_connection(settings, serverid, userid);
  if (hold->connection == nullptr) hold->connection = open_connection(settings, serverid, userid);
  ++hold->connection->users;
  hold->callback.func = let_go;
  hold->callback.arg = hold;
  MemoryContextRegisterResetCallback(owner, &hold->callback);
  keep_application_name(hold->connection, settings.server);
  return hold->connection->client;
}

void log_all_slow_requests() {
  ListCell* cell;
  foreach (cell, connections) log_slow_requests(static_cast<Connection*>(lfirst(cell))->client);
}

const char* effective_region(Oid serverid, Oid userid, const char* region) {
  ClientSettings settings = collect_client_settings(serverid, userid, region);
  if (Connection* connection = find_connection(settings, serverid, userid))
    return pstrdup(connection->client->config().endpoint.signing_region.c_str());
  return resolve_signing_region(settings);
}

dynamodb::RateLimiter* read_rate_limiter(Oid relid, double units_per_second) {
  return rate_limiter(relid, false, units_per_second);
}

dynamodb::RateLimiter* write_rate_limiter(Oid relid, double units_per_second) {
  return rate_limiter(relid, true, units_per_second);
}

}  // namespace dynamodb_fdw
