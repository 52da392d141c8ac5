// The memory that all backends share: set up in one place, used by several parts.
#pragma once

#include "activity.hpp"
#include "cost_statistics.hpp"
#include "pg.hpp"
#include "shared_limits.hpp"

namespace dynamodb_fdw {

/// Everything in it is without pointers. All zero, with its locks initialised, it is empty.
struct SharedMemory {
  int tranche;
  SharedLimits limits;
  SharedCosts costs;
  SharedActivities activities;
};

/// To be called when the library is loaded.
void prepare_shared_memory();

/// Null: there is none, because the library was not preloaded (PostgreSQL 16 and older). May ereport; so not to be
/// called for the first time while something is being cleaned up.
SharedMemory* shared_memory();

/// The same, raising an error that says what to do (55000).
SharedMemory* require_shared_memory();

}  // namespace dynamodb_fdw
