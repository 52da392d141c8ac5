// Lines in the server's log for requests that took long.
#include "request_log.hpp"

#include "guard.hpp"
#include "item_keys.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace dynamodb_fdw {
namespace {

int min_duration = -1;

// A SlowCall as plain data; text is cut where it is too long.
struct PlainSlowCall {
  char operation[64];
  char tables[1024];
  char request_id[128];
  char error[512];
  double milliseconds;
  uint32 attempts;
  int http_status;
};

// Library code.
void copy_text(char* target, std::size_t room, const std::string& text) { target[text.copy(target, room - 1)] = '\0'; }

bool take(dynamodb::Client* client, PlainSlowCall* plain) {
  bool taken = false;
  PlainError failure;
  guard(&failure, [&] {
    dynamodb::SlowCall slow;
    if (!client->take_slow_call(&slow)) return;
    taken = true;
    copy_text(plain->operation, sizeof(plain->operation), slow.operation);
    copy_text(plain->tables, sizeof(plain->tables), slow.tables);
    copy_text(plain->request_id, sizeof(plain->request_id), slow.request_id);
    copy_text(plain->error, sizeof(plain->error), slow.error);
    plain->milliseconds = static_cast<double>(slow.duration.count()) / 1000;
    plain->attempts = slow.attempts;
    plain->http_status = slow.http_status;
  });
  return taken;
}

void log_one(const PlainSlowCall& slow) {
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfo(&text, "duration: %.3f ms  DynamoDB request: %s", slow.milliseconds, message_text(slow.operation));
  if (slow.tables[0] != '\0') appendStringInfo(&text, " of table %s", message_text(slow.tables));
  appendStringInfo(&text, ", %u %s", slow.attempts, slow.attempts == 1 ? "attempt" : "attempts");
  if (slow.http_status != 0) appendStringInfo(&text, ", HTTP status %d", slow.http_status);
  if (slow.error[0] != '\0') appendStringInfo(&text, ", %s", message_text(slow.error));
  if (slow.request_id[0] != '\0') appendStringInfo(&text, ", request ID %s", message_text(slow.request_id));
  ereport(LOG, (errmsg_internal("%s", text.data)));
  pfree(text.data);
}

}  // namespace

void define_log_settings() {
  DefineCustomIntVariable("dynamodb_fdw.log_min_duration",
                          "Requests to DynamoDB that take at least so long are logged; -1 turns that off, 0 logs all.",
                          nullptr, &min_duration, -1, -1, INT_MAX, PGC_SUSET, GUC_UNIT_MS, nullptr, nullptr, nullptr);
}

dynamodb::Milliseconds log_min_duration() { return dynamodb::Milliseconds(min_duration); }

void log_slow_requests(dynamodb::Client* client) {
  if (min_duration < 0) return;
  PlainSlowCall slow;
  while (take(client, &slow)) log_one(slow);
}

}  // namespace dynamodb_fdw
