// C++ objects owned by memory contexts: destroyed when the context is reset, whatever way the statement ends.
#pragma once

#include <memory>

#include "errors.hpp"
#include "guard.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// The link between a context and an object; lives in the context.
template <typename T>
struct OwnedSlot {
  MemoryContextCallback callback;
  T* object;
};

template <typename T>
void destroy_owned(void* slot) noexcept {
  auto* owned = static_cast<OwnedSlot<T>*>(slot);
  delete owned->object;
  owned->object = nullptr;
}

/// Makes an object that `context` owns. `make` returns std::unique_ptr<T> and is library code: it runs guarded and must
/// not call PostgreSQL. Objects of one context are destroyed in reverse order of their making.
/// The slot is registered before the object exists, so that nothing can leak in between.
template <typename T, typename Make>
T* make_owned(MemoryContext context, Make&& make) {
  auto* slot = static_cast<OwnedSlot<T>*>(MemoryContextAllocZero(context, sizeof(OwnedSlot<T>)));
  slot->callback.func = destroy_owned<T>;
  slot->callback.arg = slot;
  MemoryContextRegisterResetCallback(context, &slot->callback);

  PlainError failure;
  if (!guard(&failure, [&] { slot->object = make().release(); })) report_error(failure, {});
  return slot->object;
}

}  // namespace dynamodb_fdw
