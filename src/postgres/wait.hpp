// Waits for the network together with the latch, so that cancel, time-outs and termination act at once.
#pragma once

#include "dynamodb/client.hpp"
#include "errors.hpp"

namespace dynamodb_fdw {

/// Waits until the client may have something to do, the backend was woken or `until` has come, handles interrupts, then
/// lets the client advance. May ereport (cancel, termination, errors of the library).
void wait_and_advance(dynamodb::Client* client, const ErrorContext& context,
                      dynamodb::Steady::time_point until = dynamodb::Steady::time_point::max());

/// Lets the client advance without waiting.
void advance(dynamodb::Client* client, const ErrorContext& context);

/// Waits until `call` has finished, well or not.
void await_call(dynamodb::Client* client, dynamodb::Call* call, const ErrorContext& context);

/// Waits until `call` has finished; raises its error if it failed.
void finish_call(dynamodb::Client* client, dynamodb::Call* call, const ErrorContext& context);

/// Drives an object with an `advance()` that tells whether all is done, such as TableDescriber, to its end.
template <typename Worker>
void finish_worker(dynamodb::Client* client, Worker* worker, const ErrorContext& context) {
  for (;;) {
    PlainError failure;
    bool done = false;
    if (!guard(&failure, [&] { done = worker->advance(); })) report_error(failure, context);
    if (done) return;
    wait_and_advance(client, context);
  }
}

}  // namespace dynamodb_fdw
