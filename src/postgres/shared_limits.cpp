// The rate limits that all backends keep together, in shared memory.
#include "shared_limits.hpp"

#include <new>

#include "shared_memory.hpp"

extern "C" {
#include "miscadmin.h"
}

namespace dynamodb_fdw {

using dynamodb::RateAccount;

namespace {

constexpr auto kIdle = std::chrono::hours(1);

RateAccount* enter(SharedLimits* limits, const LimitKey& key) {
  bool found;
  RateAccount* account = limits->accounts.enter(key, &found);
  if (account == nullptr) {
    const dynamodb::Steady::time_point now = dynamodb::system_clock().now();
    limits->accounts.remove_if([now](const LimitKey&, RateAccount& idle) { return now - idle.last_use() > kIdle; });
    account = limits->accounts.enter(key, &found);
  }
  if (account != nullptr && !found) new (account) RateAccount;
  return account;
}

}  // namespace

RateAccount* shared_rate_account(Oid relid, bool writes) {
  SharedMemory* shared = shared_memory();
  if (shared == nullptr) return nullptr;
  SharedLimits* limits = &shared->limits;
  const LimitKey key = {MyDatabaseId, relid, writes ? 1U : 0U};
  LWLockAcquire(&limits->lock, LW_SHARED);
  RateAccount* account = limits->accounts.find(key);
  LWLockRelease(&limits->lock);
  if (account != nullptr) return account;
  LWLockAcquire(&limits->lock, LW_EXCLUSIVE);
  account = enter(limits, key);
  LWLockRelease(&limits->lock);
  return account;
}

}  // namespace dynamodb_fdw
