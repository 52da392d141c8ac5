// The memory that all backends share.
#include "shared_memory.hpp"

#include <cstring>

#include "compat.hpp"

extern "C" {
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
}

namespace dynamodb_fdw {
namespace {

constexpr char kName[] = "dynamodb_fdw";

SharedMemory* memory = nullptr;

#if PG_VERSION_NUM >= 150000
shmem_request_hook_type previous_request_hook = nullptr;
#endif
shmem_startup_hook_type previous_startup_hook = nullptr;

void request_memory() { RequestAddinShmemSpace(MAXALIGN(sizeof(SharedMemory))); }

#if PG_VERSION_NUM >= 150000
void on_request() {
  if (previous_request_hook != nullptr) previous_request_hook();
  request_memory();
}
#endif

void initialise(void* place) {
  memset(place, 0, sizeof(SharedMemory));
  auto* fresh = static_cast<SharedMemory*>(place);
  fresh->tranche = new_lock_tranche(kName);
  LWLockInitialize(&fresh->limits.lock, fresh->tranche);
  LWLockInitialize(&fresh->costs.lock, fresh->tranche);
  fresh->costs.since = GetCurrentTimestamp();
}

// After a crash the postmaster sets up all shared memory anew, and calls this again.
void on_startup() {
  if (previous_startup_hook != nullptr) previous_startup_hook();
  bool found;
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  memory = static_cast<SharedMemory*>(ShmemInitStruct(kName, sizeof(SharedMemory), &found));
  if (!found) initialise(memory);
  LWLockRelease(AddinShmemInitLock);
  name_lock_tranche(memory->tranche, kName);
}

}  // namespace

void prepare_shared_memory() {
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

SharedMemory* shared_memory() {
  if (memory == nullptr) {
    memory = static_cast<SharedMemory*>(named_shared_segment(kName, sizeof(SharedMemory), initialise));
    if (memory != nullptr) name_lock_tranche(memory->tranche, kName);
  }
  return memory;
}

SharedMemory* require_shared_memory() {
  SharedMemory* shared = shared_memory();
  if (shared == nullptr)
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("dynamodb_fdw must be loaded via shared_preload_libraries"),
             errdetail("Before PostgreSQL 17 only libraries that are loaded when the server starts can share memory."),
             errhint("Add dynamodb_fdw to shared_preload_libraries and restart the server.")));
  return shared;
}

}  // namespace dynamodb_fdw
