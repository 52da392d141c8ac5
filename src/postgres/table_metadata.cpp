// What DescribeTable says of a table, cached in this backend with a bounded age.
#include <cstring>
#include <memory>

#include "connections.hpp"
#include "handles.hpp"
#include "key_contradiction.hpp"
#include "table_metadata.hpp"
#include "wait.hpp"

extern "C" {
#include "common/hashfn.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/plancache.h"
#include "utils/timestamp.h"
}

namespace dynamodb_fdw {

int metadata_max_age = 300;

namespace {

using dynamodb::TableDescription;

constexpr int kFailureMaxAge = 60;  // seconds
constexpr long kMaxEntries = 1024;
// Planning can do without: it waits for an answer this long at the most, whatever the server's limits are.
constexpr int kDescribeAttempts = 2;
constexpr dynamodb::Milliseconds kDescribeTimeout{5000};

// Shared by the cache and by those who use it, so that an entry can go while its description is in use.
using SharedDescription = std::shared_ptr<const TableDescription>;

struct Key {
  Oid serverid;
  Oid userid;
  const char* region;
  const char* table_name;
};

struct Entry {
  Key key;  // its strings are in `context`
  MemoryContext context;
  SharedDescription* description;  // owned by `context`; empty where the request failed
  TimestampTz asked;
  uint64 generation;
};

MemoryContext cache_context = nullptr;
HTAB* cache = nullptr;
// Grows with every change of a server or user mapping; entries of an older generation are stale.
uint64 current_generation = 0;

uint32 hash_key(const void* pointer, Size) {
  auto* key = static_cast<const Key*>(pointer);
  uint32 hash = hash_bytes(reinterpret_cast<const unsigned char*>(key->table_name), strlen(key->table_name));
  hash = hash_combine(hash, hash_bytes(reinterpret_cast<const unsigned char*>(key->region), strlen(key->region)));
  return hash_combine(hash_combine(hash, hash_bytes_uint32(key->serverid)), hash_bytes_uint32(key->userid));
}

int compare_keys(const void* left, const void* right, Size) {
  auto* a = static_cast<const Key*>(left);
  auto* b = static_cast<const Key*>(right);
  bool equal = a->serverid == b->serverid && a->userid == b->userid && strcmp(a->region, b->region) == 0 &&
               strcmp(a->table_name, b->table_name) == 0;
  return equal ? 0 : 1;
}

void note_catalog_change(Datum, int, uint32) { ++current_generation; }

void create_cache() {
  if (cache != nullptr) return;
  static bool callbacks_registered = false;
  if (!callbacks_registered) {
    CacheRegisterSyscacheCallback(FOREIGNSERVEROID, note_catalog_change, 0);
    CacheRegisterSyscacheCallback(USERMAPPINGOID, note_catalog_change, 0);
    callbacks_registered = true;
  }
  if (cache_context == nullptr)
    cache_context = AllocSetContextCreate(TopMemoryContext, "dynamodb_fdw table metadata", ALLOCSET_DEFAULT_SIZES);
  HASHCTL control = {};
  control.keysize = sizeof(Key);
  control.entrysize = sizeof(Entry);
  control.hash = hash_key;
  control.match = compare_keys;
  control.hcxt = cache_context;
  cache =
      hash_create("dynamodb_fdw table metadata", 64, &control, HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}

// The strings of the key live in the entry's context, so the entry is taken out before that context goes.
void remove_entry(Entry* entry) {
  MemoryContext context = entry->context;
  hash_search(cache, &entry->key, HASH_REMOVE, nullptr);
  MemoryContextDelete(context);
}

template <typename Condition>
void remove_entries(Condition condition) {
  HASH_SEQ_STATUS scan;
  hash_seq_init(&scan, cache);
  while (auto* entry = static_cast<Entry*>(hash_seq_search(&scan)))
    if (condition(*entry)) remove_entry(entry);
}

bool is_fresh(const Entry& entry) {
  int max_age = *entry.description ? metadata_max_age : Min(metadata_max_age, kFailureMaxAge);
  return entry.generation == current_generation &&
         !TimestampDifferenceExceeds(entry.asked, GetCurrentTimestamp(), max_age * 1000);
}

Entry* find_fresh(const Key& key) {
  auto* entry = static_cast<Entry*>(hash_search(cache, &key, HASH_FIND, nullptr));
  if (entry == nullptr || (metadata_max_age > 0 && is_fresh(*entry))) return entry;
  remove_entry(entry);
  return nullptr;
}

// Puts the answer into an object of `context`: an empty pointer stands for failure.
SharedDescription* read_answer(dynamodb::Client* client, dynamodb::Call* call, const char* table_name,
                               MemoryContext context) {
  return make_owned<SharedDescription>(context, [&] {
    auto description = std::make_unique<SharedDescription>();
    if (call->error() != nullptr) return description;
    dynamodb::BodyBuffer body = call->take_body();
    auto parsed = dynamodb::parse_describe_table_response(body.view(), table_name);
    client->recycle(std::move(body));
    if (parsed.ok()) *description = std::make_shared<const TableDescription>(std::move(parsed.value()));
    return description;
  });
}

// Asks DynamoDB. The description belongs to `context`; what is needed only meanwhile, to `work`.
SharedDescription* ask(const TableOptions* table, Oid userid, MemoryContext work, MemoryContext context) {
  const ErrorContext error_context = {"DescribeTable", table->table_name};
  dynamodb::Client* client = acquire_client(table->serverid, userid, table->aws_region, work);
  auto* call = make_owned<dynamodb::Call>(work, [&] {
    return client->start("DescribeTable", dynamodb::describe_table_request(table->table_name), nullptr,
                         {.max_attempts = kDescribeAttempts,
                          .request_timeout = kDescribeTimeout,
                          .max_response_bytes = dynamodb::kMaxDescriptionBytes});
  });
  advance(client, error_context);
  while (!call->finished()) wait_and_advance(client, error_context);
  return read_answer(client, call, table->table_name, context);
}

// The entry is made only once the answer is in hand: waiting for it may have changed the cache.
Entry* remember(const Key& key, SharedDescription* description, uint64 generation, MemoryContext context) {
  if (hash_get_num_entries(cache) >= kMaxEntries) remove_entries([](const Entry&) { return true; });
  if (auto* old = static_cast<Entry*>(hash_search(cache, &key, HASH_FIND, nullptr))) remove_entry(old);
  Key kept = {key.serverid, key.userid, MemoryContextStrdup(context, key.region),
              MemoryContextStrdup(context, key.table_name)};
  auto* entry = static_cast<Entry*>(hash_search(cache, &kept, HASH_ENTER, nullptr));
  entry->context = context;
  entry->description = description;
  entry->asked = GetCurrentTimestamp();
  entry->generation = generation;
  MemoryContextSetParent(context, cache_context);
  return entry;
}

Entry* ask_and_remember(const Key& key, const TableOptions* table, Oid userid) {
  uint64 generation = current_generation;
  MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "dynamodb_fdw DescribeTable", ALLOCSET_SMALL_SIZES);
  MemoryContext context = AllocSetContextCreate(work, "dynamodb_fdw table description", ALLOCSET_SMALL_SIZES);
  Entry* entry = remember(key, ask(table, userid, work, context), generation, context);
  MemoryContextDelete(work);
  return entry;
}

// A share of the description for as long as `owner` lives, or null.
const TableDescription* share(const SharedDescription& description, MemoryContext owner) {
  if (!description) return nullptr;
  return make_owned<SharedDescription>(owner, [&] { return std::make_unique<SharedDescription>(description); })->get();
}

}  // namespace

void define_metadata_settings() {
  DefineCustomIntVariable("dynamodb_fdw.metadata_max_age",
                          "Time for which the answer to DescribeTable is used before it is asked for again.",
                          "Zero asks at every planning of a query.", &metadata_max_age, 300, 0, INT_MAX / 1000,
                          PGC_USERSET, GUC_UNIT_S, nullptr, nullptr, nullptr);
}

const TableDescription* get_table_description(const TableOptions* table, Oid userid, MemoryContext owner) {
  create_cache();
  Key key = {table->serverid, userid, effective_region(table->serverid, userid, table->aws_region), table->table_name};
  Entry* entry = find_fresh(key);
  if (entry != nullptr && *entry->description && find_key_contradiction(table, entry->description->get()) != nullptr)
    entry = nullptr;
  if (entry == nullptr) entry = ask_and_remember(key, table, userid);
  return share(*entry->description, owner);
}

void forget_table_description(Oid serverid, const char* table_name) {
  // Prepared statements would go on with what was planned by it, such as an index that has been deleted.
  ResetPlanCache();
  if (cache == nullptr) return;
  remove_entries([&](const Entry& entry) {
    return entry.key.serverid == serverid && strcmp(entry.key.table_name, table_name) == 0;
  });
}

void check_against_description(const TableOptions* table, const TableDescription* description) {
  const KeyContradiction* contradiction = find_key_contradiction(table, description);
  if (contradiction == nullptr) return;
  ereport(ERROR, (errcode(contradiction->sqlstate), errmsg("%s", contradiction->message),
                  contradiction->hint != nullptr ? errhint("%s", contradiction->hint) : 0));
}

}  // namespace dynamodb_fdw
