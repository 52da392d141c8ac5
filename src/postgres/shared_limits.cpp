// The rate limits that all backends keep together, in shared memory.
#include "shared_limits.hpp"

#include <new>

extern "C" {
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/hsearch.h"
}

namespace dynamodb_fdw {
namespace {

struct LimitKey {
  Oid database;
  Oid relid;
  uint32 writes;  // no padding: the key is hashed by its bytes
};

struct SharedLimit {
  LimitKey key;
  dynamodb::RateAccount account;
};

constexpr char kTrancheName[] = "dynamodb_fdw";
constexpr auto kIdle = std::chrono::hours(1);

HTAB* limits = nullptr;
LWLock* limits_lock = nullptr;

#if PG_VERSION_NUM >= 150000
shmem_request_hook_type previous_request_hook = nullptr;
#endif
shmem_startup_hook_type previous_startup_hook = nullptr;

void request_memory() {
  RequestAddinShmemSpace(hash_estimate_size(kMaxSharedLimits, sizeof(SharedLimit)));
  RequestNamedLWLockTranche(kTrancheName, 1);
}

#if PG_VERSION_NUM >= 150000
void on_request() {
  if (previous_request_hook != nullptr) previous_request_hook();
  request_memory();
}
#endif

void on_startup() {
  if (previous_startup_hook != nullptr) previous_startup_hook();
  HASHCTL control = {};
  control.keysize = sizeof(LimitKey);
  control.entrysize = sizeof(SharedLimit);
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  limits_lock = &GetNamedLWLockTranche(kTrancheName)->lock;
  limits = ShmemInitHash("dynamodb_fdw limits", kMaxSharedLimits, kMaxSharedLimits, &control,
                         HASH_ELEM | HASH_BLOBS | HASH_FIXED_SIZE);
  LWLockRelease(AddinShmemInitLock);
}

void forget_idle() {
  const dynamodb::Steady::time_point now = dynamodb::system_clock().now();
  HASH_SEQ_STATUS scan;
  hash_seq_init(&scan, limits);
  while (auto* limit = static_cast<SharedLimit*>(hash_seq_search(&scan)))
    if (now - limit->account.last_use() > kIdle) hash_search(limits, &limit->key, HASH_REMOVE, nullptr);
}

SharedLimit* enter(const LimitKey& key) {
  bool found;
  auto* limit = static_cast<SharedLimit*>(hash_search(limits, &key, HASH_ENTER_NULL, &found));
  if (limit == nullptr) {
    forget_idle();
    limit = static_cast<SharedLimit*>(hash_search(limits, &key, HASH_ENTER_NULL, &found));
  }
  if (limit != nullptr && !found) new (&limit->account) dynamodb::RateAccount;
  return limit;
}

}  // namespace

void prepare_shared_limits() {
  if (!process_shared_preload_libraries_in_progress) return;
#if PG_VERSION_NUM >= 150000
  previous_request_hook = shmem_request_hook;
  shmem_request_hook = on_request;
#else
  request_memory();
#endif
  previous_startup_hook = shmem_startup_hook;
  shmem_startup_hook = on_startup;
}

dynamodb::RateAccount* shared_rate_account(Oid relid, bool writes) {
  if (limits == nullptr) return nullptr;
  const LimitKey key = {MyDatabaseId, relid, writes ? 1U : 0U};
  LWLockAcquire(limits_lock, LW_SHARED);
  auto* limit = static_cast<SharedLimit*>(hash_search(limits, &key, HASH_FIND, nullptr));
  LWLockRelease(limits_lock);
  if (limit == nullptr) {
    LWLockAcquire(limits_lock, LW_EXCLUSIVE);
    limit = enter(key);
    LWLockRelease(limits_lock);
  }
  return limit != nullptr ? &limit->account : nullptr;
}

}  // namespace dynamodb_fdw
