// Waits for the network together with the latch, so that cancel, time-outs and termination act at once.
#include "wait.hpp"

#include <algorithm>

#include "activity.hpp"
#include "connections.hpp"
#include "request_log.hpp"

extern "C" {
#include "storage/latch.h"
#include "utils/wait_event.h"
}

namespace dynamodb_fdw {
namespace {

// -1: no limit. Rounded up, so that at the end of the wait the time has really come.
long milliseconds_until(dynamodb::Steady::time_point until) {
  using dynamodb::Steady;
  if (until == Steady::time_point::max()) return -1;
  const Steady::time_point now = Steady::now();
  if (until <= now) return 0;
  auto left = std::chrono::ceil<dynamodb::Milliseconds>(until - now).count();
  return static_cast<long>(std::min<decltype(left)>(left, 60 * 60 * 1000));
}

}  // namespace

void advance(dynamodb::Client* client, const ErrorContext& context) {
  PlainError failure;
  bool done = guard(&failure, [&] {
    client->keep_slow_calls(log_min_duration());
    client->advance();
  });
  log_slow_requests(client);
  if (!done) report_error(failure, context);
}

void wait_and_advance(dynamodb::Client* client, const ErrorContext& context, dynamodb::Steady::time_point until) {
  WaitEventSet* set = wait_set(client);
  client->poll_descriptor();  // has it told what to wait for
  publish_activity(context.activity);
  const dynamodb::Steady::time_point began = dynamodb::Steady::now();
  WaitEvent event;
  if (WaitEventSetWait(set, milliseconds_until(until), &event, 1, PG_WAIT_EXTENSION) > 0 && event.events & WL_LATCH_SET)
    ResetLatch(MyLatch);
  add_waiting(context.activity,
              static_cast<uint64>(
                  std::chrono::duration_cast<std::chrono::microseconds>(dynamodb::Steady::now() - began).count()));
  CHECK_FOR_INTERRUPTS();
  advance(client, context);
}

void await_call(dynamodb::Client* client, dynamodb::Call* call, const ErrorContext& context) {
  CHECK_FOR_INTERRUPTS();
  advance(client, context);
  while (!call->finished()) wait_and_advance(client, context);
}

void finish_call(dynamodb::Client* client, dynamodb::Call* call, const ErrorContext& context) {
  await_call(client, call, context);
  PlainError failure;
  if (!guard(&failure, [&] { return call->error(); })) report_error(failure, context);
}

}  // namespace dynamodb_fdw
