// The wall between C++ exceptions and PostgreSQL's longjmp: every call into src/dynamodb goes through guard().
#pragma once

#include <exception>
#include <new>
#include <optional>
#include <type_traits>

#include "dynamodb/error.hpp"
#include "dynamodb/result.hpp"

namespace dynamodb_fdw {

/// An Error as plain data: may live on the stack of code that ereports. Text is cut where it is too long.
struct PlainError {
  dynamodb::ErrorKind kind;
  int http_status;
  char type[64];
  char message[1024];
  char detail[512];
  char request_id[80];
};

void copy_error(PlainError* plain, const dynamodb::Error& error) noexcept;
void copy_exception(PlainError* plain) noexcept;  ///< REQUIRES: called within a catch block

inline bool store_outcome(PlainError* plain, const dynamodb::Error* error) noexcept {
  if (error == nullptr) return true;
  copy_error(plain, *error);
  return false;
}
inline bool store_outcome(PlainError* plain, const std::optional<dynamodb::Error>& error) noexcept {
  return store_outcome(plain, error ? &*error : nullptr);
}

/// Runs library code. `work` returns nothing, or what went wrong as `const Error*` or `std::optional<Error>`. False: it
/// failed, and *failure says how; then the caller, with no C++ object alive, calls report_error(). `work` must not call
/// PostgreSQL: nothing in it may ereport.
template <typename Work>
bool guard(PlainError* failure, Work&& work) noexcept {
  try {
    if constexpr (std::is_void_v<decltype(work())>) {
      work();
      return true;
    } else {
      return store_outcome(failure, work());
    }
  } catch (...) {
    copy_exception(failure);
    return false;
  }
}

}  // namespace dynamodb_fdw
