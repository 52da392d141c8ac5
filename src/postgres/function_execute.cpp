// dynamodb_execute(): any operation of DynamoDB's API from SQL, page by page as rows are asked for.
#include "dynamodb/operation_request.hpp"

// After the library's headers, which must come before postgres.h.
#include "compat.hpp"
#include "function_arguments.hpp"
#include "function_server.hpp"

extern "C" {
#include "funcapi.h"
#include "tcop/utility.h"
#include "utils/jsonb.h"
}

namespace dynamodb_fdw {
namespace {

using dynamodb::OperationRequest;
using dynamodb::Steady;

// What the service gave back it may take a moment later.
constexpr dynamodb::Milliseconds kFirstPause{50};
constexpr dynamodb::Milliseconds kLongestPause{5000};

enum Argument { kServer, kOperation, kRequest, kPages, kRegion };

// One call of the function, from its first row to its last.
struct Execution {
  MemoryContext memory;  // owns all of it
  dynamodb::Client* client;
  OperationRequest* request;
  const char* operation;
  int32 pages_left;  // -1: all there are
  dynamodb::Milliseconds pause;
};

// ---- arguments

char* operation_argument(FunctionCallInfo fcinfo) {
  char* operation = required_text_argument(fcinfo, kOperation, "operation");
  if (!dynamodb::is_operation_name(operation))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("\"%s\" cannot be the name of a DynamoDB operation", pnstrdup(operation, 100)),
                    errhint("Names are like GetItem or DescribeTable: letters only.")));
  return operation;
}

int32 pages_argument(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(kPages)) return -1;
  int32 pages = PG_GETARG_INT32(kPages);
  if (pages < 1)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("pages must be at least 1"),
                    errhint("NULL stands for all pages.")));
  return pages;
}

// The request as it is sent: UTF-8, with numbers as they are in the jsonb.
char* request_argument(FunctionCallInfo fcinfo) {
  Jsonb* request = PG_GETARG_JSONB_P(kRequest);
  if (!JB_ROOT_IS_OBJECT(request))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the request must be a JSON object")));
  char* text = JsonbToCString(nullptr, &request->root, static_cast<int>(VARSIZE(request)));
  text = pg_server_to_any(text, static_cast<int>(strlen(text)), PG_UTF8);
  if (strlen(text) > dynamodb::kMaxRequestBytes)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("the request is longer than 16 MB")));
  return text;
}

OperationRequest* make_request(const char* operation, const char* text, MemoryContext memory) {
  auto* request = make_owned<std::optional<OperationRequest>>(
      memory, [] { return std::make_unique<std::optional<OperationRequest>>(); });
  PlainError failure;
  if (!guard(&failure, [&]() -> std::optional<dynamodb::Error> {
        auto made = OperationRequest::make(operation, text, dynamodb::system_random());
        if (!made.ok()) return std::move(made.error());
        *request = std::move(made.value());
        return std::nullopt;
      }))
    report_error(failure, {operation, nullptr});
  return &**request;
}

// A transaction that may not write must not do it here, either.
Execution* begin_execution(FunctionCallInfo fcinfo, MemoryContext memory) {
  if (PG_ARGISNULL(kRequest))
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("request must not be null")));
  MemoryContext old = MemoryContextSwitchTo(memory);
  auto* execution = static_cast<Execution*>(palloc0(sizeof(Execution)));
  execution->memory = memory;
  const char* server = required_text_argument(fcinfo, kServer, "server");
  execution->operation = operation_argument(fcinfo);
  execution->pages_left = pages_argument(fcinfo);
  execution->pause = kFirstPause;
  execution->client = open_function_server(server, text_argument(fcinfo, kRegion), memory);
  execution->request = make_request(execution->operation, request_argument(fcinfo), memory);
  if (!execution->request->only_reads()) PreventCommandIfReadOnly(execution->operation);
  MemoryContextSwitchTo(old);
  return execution;
}

// ---- one page

// Raises what went wrong. Where a write may have been carried out all the same, that is what its sender has to know.
[[noreturn]] void report_failure(const Execution* execution, const dynamodb::Call* call) {
  PlainError failure;
  guard(&failure, [&] { return call->error(); });
  if (execution->request->only_reads() || !call->maybe_applied())
    report_error(failure, {execution->operation, nullptr});
  ErrorText text = describe_error(failure);
  ereport(ERROR, (errcode(ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN),
                  errmsg("DynamoDB %s failed, and may have been carried out all the same: %s", execution->operation,
                         text.message),
                  text.detail[0] != '\0' ? errdetail_internal("%s", text.detail) : 0,
                  errhint("Look at what it was to change before it is sent again.")));
  pg_unreachable();
}

dynamodb::Call* ask(const Execution* execution, MemoryContext memory) {
  auto* call = make_owned<dynamodb::Call>(memory, [&] {
    return execution->client->start(execution->operation, execution->request->body(), nullptr,
                                    {.repeat_doubtful = execution->request->repeatable()});
  });
  await_call(execution->client, call, {execution->operation, nullptr});
  if (call->error() != nullptr) report_failure(execution, call);
  return call;
}

// The answer as text of the database, in the current memory context. What has been done is done, whether its answer can
// be shown or not: so the errors here say that the request succeeded.
char* take_answer(const Execution* execution, dynamodb::Call* call, MemoryContext memory) {
  auto* body = make_owned<dynamodb::BodyBuffer>(
      memory, [&] { return std::make_unique<dynamodb::BodyBuffer>(call->take_body()); });
  PlainError failure;
  if (!guard(&failure, [&] { return execution->request->take_answer(body->view()); }))
    report_error_with_detail(failure, {execution->operation, nullptr}, "The service has accepted the request.");
  if (dynamodb::has_escaped_nul(body->view()))
    ereport(ERROR, (errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
                    errmsg("the answer to DynamoDB %s has a string with U+0000, which jsonb cannot hold",
                           execution->operation),
                    errdetail("The service has accepted the request.")));
  char* text = pnstrdup(body->data(), body->size());
  return pg_any_to_server(text, static_cast<int>(strlen(text)), PG_UTF8);
}

void pause_before_unprocessed(Execution* execution) {
  if (!execution->request->left_unprocessed()) return;
  const Steady::time_point until = Steady::now() + execution->pause;
  while (Steady::now() < until) wait_and_advance(execution->client, {execution->operation, nullptr}, until);
  execution->pause = std::min(2 * execution->pause, kLongestPause);
}

Datum next_answer(Execution* execution) {
  pause_before_unprocessed(execution);
  MemoryContext memory = AllocSetContextCreate(execution->memory, "dynamodb_fdw answer", ALLOCSET_DEFAULT_SIZES);
  MemoryContext old = MemoryContextSwitchTo(memory);
  char* text = take_answer(execution, ask(execution, memory), memory);
  MemoryContextSwitchTo(old);
  Datum answer = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
  MemoryContextDelete(memory);
  if (execution->pages_left > 0) --execution->pages_left;
  return answer;
}

}  // namespace
}  // namespace dynamodb_fdw

extern "C" {
PGDLLEXPORT Datum dynamodb_execute(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(dynamodb_execute);

Datum dynamodb_execute(PG_FUNCTION_ARGS) {
  using dynamodb_fdw::Execution;
  if (SRF_IS_FIRSTCALL()) {
    FuncCallContext* first = SRF_FIRSTCALL_INIT();
    first->user_fctx = dynamodb_fdw::begin_execution(fcinfo, first->multi_call_memory_ctx);
  }
  FuncCallContext* call = SRF_PERCALL_SETUP();
  auto* execution = static_cast<Execution*>(call->user_fctx);
  if (execution->pages_left == 0 || !execution->request->has_more()) SRF_RETURN_DONE(call);
  Datum answer = dynamodb_fdw::next_answer(execution);
  SRF_RETURN_NEXT(call, answer);
}
}
