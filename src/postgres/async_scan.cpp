// Foreign scans below an Append that go on at the same time: PostgreSQL's asynchronous execution.
#include "async_scan.hpp"

#include <algorithm>

#include "access_path.hpp"
#include "execute_scan.hpp"
#include "wait.hpp"

extern "C" {
#include "executor/execAsync.h"
#include "storage/latch.h"
}

namespace dynamodb_fdw {

using dynamodb::Steady;

namespace {

// Older minor releases of PostgreSQL do not wait for the latch in an Append: they notice a cancel only so often.
constexpr std::chrono::seconds kLongestWait{1};

constexpr uint64_t kMostDoublings = 20;

AppendState* append_of(const AsyncRequest* request) { return reinterpret_cast<AppendState*>(request->requestor); }

ForeignScanState* node_of(const AsyncRequest* request) {
  return reinterpret_cast<ForeignScanState*>(request->requestee);
}

ScanState* scan_of(const AsyncRequest* request) { return static_cast<ScanState*>(node_of(request)->fdw_state); }

// Others may be of another foreign data wrapper.
bool is_ours(const AsyncRequest* request) {
  return IsA(request->requestee, ForeignScanState) &&
         node_of(request)->fdwroutine->ForeignAsyncNotify == dynamodbForeignAsyncNotify;
}

// The next request to one of our scans that the Append has not pruned, behind *index; null: there is none.
AsyncRequest* next_request(const AppendState* append, int* index) {
  while ((*index = bms_next_member(append->as_valid_asyncplans, *index)) >= 0)
    if (is_ours(append->as_asyncrequests[*index])) return append->as_asyncrequests[*index];
  return nullptr;
}

bool has_row(const ScanState* state) { return state->started && !state->ended && !state->waiting; }

// Before a rescan newer minor releases of PostgreSQL finish all pending requests and drop the rows. Then, and only
// then, an Append waits although a scan has delivered a row and is not to be asked for another.
bool is_draining(const AppendState* append) {
  int index = -1;
  while (AsyncRequest* request = next_request(append, &index))
    if (has_row(scan_of(request)) && !bms_is_member(index, append->as_needrequest)) return true;
  return false;
}

// Where few rows may be wanted, the scans start one after the other: the first, then twice as many for each page that
// was not enough.
bool may_start(const AppendState* append) {
  uint64_t reading = 0;
  uint64_t pages = 0;
  int index = -1;
  while (AsyncRequest* request = next_request(append, &index)) {
    const ScanState* state = scan_of(request);
    // With changed parameters it has only not been told yet that it begins anew.
    if (!state->started || request->requestee->chgParam != nullptr) continue;
    if (!state->ended) ++reading;
    if (state->stream != nullptr) pages += state->stream->statistics().pages;
    if (has_row(state)) --pages;  // the one that it is in the midst of
  }
  return reading == 0 || reading < (uint64_t{1} << Min(pages, kMostDoublings));
}

bool has_to_wait_for_others(const AppendState* append, const ScanState* state) {
  return !state->started && state->plan.slow_start && !may_start(append);
}

// Whether a pending scan can go on now; lowers *wake to the time at which it wants to.
bool can_go_on(const AppendState* append, const ScanState* state, Steady::time_point* wake) {
  if (!state->started) return is_draining(append) || !has_to_wait_for_others(append, state);
  if (state->stream == nullptr || state->stream->ready()) return true;
  *wake = std::min(*wake, state->stream->wake_time());
  return false;
}

void produce_row(AsyncRequest* request) {
  AppendState* append = append_of(request);
  ScanState* state = scan_of(request);
  prepare_scan(node_of(request));
  if (has_to_wait_for_others(append, state)) {
    ExecAsyncRequestPending(request);
    return;
  }
  share_connections(state, append->as_nasyncremain);
  TupleTableSlot* slot = request->requestee->ExecProcNodeReal(request->requestee);
  if (!TupIsNull(slot))
    ExecAsyncRequestDone(request, slot);
  else if (state->waiting)
    ExecAsyncRequestPending(request);
  else
    ExecAsyncRequestDone(request, nullptr);
}

}  // namespace

bool dynamodbIsForeignPathAsyncCapable(ForeignPath* path) {
  RelOptInfo* rel = path->path.parent;
  return IS_SIMPLE_REL(rel) && static_cast<PlannedTable*>(rel->fdw_private)->table->async_capable;
}

void dynamodbForeignAsyncRequest(AsyncRequest* request) { produce_row(request); }

// Only looks and configures. Nothing may fail here, because PostgreSQL before 17 would not close the Append's set; and
// nothing may advance the client: what then arrived for a scan that was looked at before would not end the wait.
void dynamodbForeignAsyncConfigureWait(AsyncRequest* request) {
  AppendState* append = append_of(request);
  dynamodb::Client* client = scan_of(request)->client;
  AsyncRequest* notified = nullptr;
  Steady::time_point wake = Steady::now() + kLongestWait;
  int index = -1;
  while (AsyncRequest* other = next_request(append, &index)) {
    if (!other->callback_pending || scan_of(other)->client != client) continue;
    if (other->request_index < request->request_index) return;
    if (notified == nullptr && can_go_on(append, scan_of(other), &wake)) notified = other;
  }
  client->wake_at(notified != nullptr ? Steady::time_point::min() : wake);
  AddWaitEventToSet(append->as_eventset, WL_SOCKET_READABLE, client->poll_descriptor(), nullptr,
                    notified != nullptr ? notified : request);
}

void dynamodbForeignAsyncNotify(AsyncRequest* request) {
  const ScanState* state = scan_of(request);
  if (!state->started && is_draining(append_of(request))) {
    ExecAsyncRequestDone(request, nullptr);
    return;
  }
  advance(state->client, error_context(state));
  produce_row(request);
}

}  // namespace dynamodb_fdw
