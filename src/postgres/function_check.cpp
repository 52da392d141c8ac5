// dynamodb_check(): whether the DynamoDB of a server can be reached and used, and what is missing for that.
#include <cstdlib>
#include <cstring>

#include "dynamodb/aws_settings.hpp"
#include "dynamodb/permission_probe.hpp"
#include "dynamodb/server_probe.hpp"
#include "dynamodb/table_describer.hpp"

// After the library's headers, which must come before postgres.h.
#include "client_factory.hpp"
#include "connections.hpp"
#include "function_arguments.hpp"
#include "function_server.hpp"
#include "option_table.hpp"
#include "result_rows.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"
}

namespace dynamodb_fdw {
namespace {

using dynamodb::Error;
using dynamodb::ErrorKind;
using dynamodb::Microseconds;
using dynamodb::Permission;
using dynamodb::PermissionSurvey;
using dynamodb::ProbeFindings;
using dynamodb::ServerProbe;
using dynamodb::TableDescriber;

constexpr const char* kOk = "ok";
constexpr const char* kWarning = "warning";  // works, but should be looked at
constexpr const char* kDenied = "denied";    // a permission that is not there
constexpr const char* kFailed = "failed";
constexpr const char* kUnknown = "unknown";

// Permissions of a table that is not named are asked for one of this name.
constexpr const char* kMadeUpTable = "dynamodb_fdw_permission_check";

// As seconds: signatures are accepted up to five minutes off, and the Date header is cut to whole seconds.
constexpr double kNoticeableSkew = 5;
constexpr double kRefusedSkew = 240;

// What the probe holds open: the transport's own descriptors, and a connection to DynamoDB and one to STS.
constexpr int kDescriptors = 8;

struct Check {
  ResultRows* rows;
  MemoryContext work;  // owns what talks to the service
  Oid serverid;
  const char* region;       // as asked for; null: the server's
  const char* region_from;  // who asked for it
  const char* table;        // DynamoDB table; null: none
  ClientSettings settings;
};

void add_check(const Check& check, const char* name, const char* status, const char* detail, const char* consequence) {
  add_text(check.rows, name);
  add_text(check.rows, status);
  add_text(check.rows, detail);
  add_text(check.rows, consequence);
  end_row(check.rows);
}

const char* error_text(const Error& error) {
  const char* message = to_server_text(error.message.c_str());
  return error.type.empty() ? message : psprintf("%s: %s", to_server_text(error.type.c_str()), message);
}

const char* plain_error_text(const PlainError& failure) {
  ErrorText text = describe_error(failure);
  return text.detail[0] == '\0' ? text.message : psprintf("%s. %s", text.message, text.detail);
}

// ---- the probe

// What the probe is made of and where its settings are from. C++ of the library, owned by a memory context.
struct ProbeSetup {
  ClientParts parts;
  dynamodb::ClientConfig config;
  std::string region_source;    // empty: the option, or nowhere
  std::string endpoint_source;  // empty: the option, or AWS's own
  std::optional<dynamodb::StsEndpoint> sts;
};

// STS is asked where somebody has said where it is, or where DynamoDB is AWS's, too: elsewhere there is none, and AWS
// has no business with the keys of a local DynamoDB.
std::optional<Error> find_sts(dynamodb::AwsSettings& aws, const ClientSettings& settings, ProbeSetup* setup) {
  auto custom = aws.endpoint_source("sts");
  if (!custom) return std::move(custom.error());
  if (custom.value().empty() && !dynamodb::is_aws_url(setup->config.endpoint.url)) return std::nullopt;
  auto endpoint = dynamodb::sts_endpoint(dynamodb::process_environment(), profile_of(settings),
                                         setup->config.endpoint.signing_region);
  if (!endpoint) return std::move(endpoint.error());
  setup->sts = std::move(endpoint.value());
  return std::nullopt;
}

// Library code.
std::optional<Error> fill_setup(const ClientSettings& settings, ProbeSetup* setup) {
  if (auto error = make_client_parts(settings, 1, &setup->parts)) return error;
  setup->config = setup->parts.config;
  dynamodb::AwsSettings aws(dynamodb::process_environment(), profile_of(settings));
  if (settings.region == nullptr) {
    auto source = aws.region_source();
    if (!source) return std::move(source.error());
    setup->region_source = std::move(source.value());
  }
  if (settings.server->endpoint == nullptr) {
    auto source = aws.endpoint_source();
    if (!source) return std::move(source.error());
    setup->endpoint_source = std::move(source.value());
  }
  return find_sts(aws, settings, setup);
}

struct DescriptorHold {
  MemoryContextCallback callback;
  int count;
};

void release_descriptors(void* argument) {
  for (auto* hold = static_cast<DescriptorHold*>(argument); hold->count > 0; --hold->count) ReleaseExternalFD();
}

void hold_descriptors(MemoryContext owner) {
  auto* hold = static_cast<DescriptorHold*>(MemoryContextAllocZero(owner, sizeof(DescriptorHold)));
  hold->callback.func = release_descriptors;
  hold->callback.arg = hold;
  MemoryContextRegisterResetCallback(owner, &hold->callback);
  for (; hold->count < kDescriptors; ++hold->count)
    if (!AcquireExternalFD())
      ereport(ERROR,
              (errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("could not connect to DynamoDB: too many open files"),
               errhint("Raise max_files_per_process on the server.")));
}

// Null: the settings do not allow a single request; a row says why.
ProbeSetup* set_up(const Check& check) {
  hold_descriptors(check.work);
  auto* setup = make_owned<ProbeSetup>(check.work, [] { return std::make_unique<ProbeSetup>(); });
  PlainError failure;
  if (guard(&failure, [&] { return fill_setup(check.settings, setup); })) return setup;
  add_check(check, "settings", kFailed, plain_error_text(failure), "No request can be sent: nothing works.");
  return nullptr;
}

void wait_for(ServerProbe* probe) {
  const int descriptor = probe->poll_descriptor();
  const int events = WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_SOCKET_READABLE | WL_EXIT_ON_PM_DEATH, descriptor, -1,
                                       PG_WAIT_EXTENSION);
  if (events & WL_LATCH_SET) ResetLatch(MyLatch);
  CHECK_FOR_INTERRUPTS();
}

const ProbeFindings& probe_server(const Check& check, ProbeSetup* setup) {
  auto* probe = make_owned<ServerProbe>(check.work, [&] {
    return std::make_unique<ServerProbe>(setup->config, std::move(setup->parts.credentials),
                                         std::move(setup->parts.transport), setup->sts, dynamodb::system_clock(),
                                         dynamodb::system_random());
  });
  for (;;) {
    PlainError failure;
    bool done = false;
    if (!guard(&failure, [&] { done = probe->advance(); })) report_error(failure, {"check", nullptr});
    if (done) return probe->findings();
    wait_for(probe);
  }
}

// ---- where to

void report_region(const Check& check, const ProbeSetup& setup) {
  const char* from = check.region_from;
  if (from == nullptr && check.settings.region != nullptr) from = "the server's option aws_region";
  if (from == nullptr && !setup.region_source.empty()) from = to_server_text(setup.region_source.c_str());
  if (from == nullptr) from = "nowhere: what an endpoint without a region is signed for";
  add_check(check, "region", kOk,
            psprintf("%s (from %s)", to_server_text(setup.config.endpoint.signing_region.c_str()), from), nullptr);
}

void report_endpoint(const Check& check, const ProbeSetup& setup) {
  const char* from = "AWS's own for the region";
  if (check.settings.server->endpoint != nullptr)
    from = "from the server's option endpoint";
  else if (!setup.endpoint_source.empty())
    from = psprintf("from %s", to_server_text(setup.endpoint_source.c_str()));
  add_check(check, "endpoint", kOk, psprintf("%s (%s)", to_server_text(setup.config.endpoint.url.c_str()), from),
            nullptr);
}

// ---- who

// The last letters tell which key it is, and no more.
const char* shown_key(const std::string& access_key_id) {
  constexpr size_t kShown = 4;
  const bool long_enough = access_key_id.size() >= 4 * kShown;
  return to_server_text(long_enough ? access_key_id.c_str() + access_key_id.size() - kShown : "");
}

void report_credentials(const Check& check, const ProbeFindings& findings) {
  if (findings.credentials_error) {
    PlainError failure;
    copy_error(&failure, *findings.credentials_error);
    add_check(check, "credentials", kFailed, plain_error_text(failure), "Requests cannot be signed: nothing works.");
    return;
  }
  StringInfoData detail;
  initStringInfo(&detail);
  appendStringInfo(
      &detail, "from %s",
      findings.credentials_source.empty() ? "the user mapping" : to_server_text(findings.credentials_source.c_str()));
  const char* key = shown_key(findings.access_key_id);
  if (key[0] != '\0') appendStringInfo(&detail, ", access key …%s", key);
  appendStringInfoString(&detail, findings.temporary ? ", temporary" : ", long-term");
  bool expired = false;
  if (findings.expiration) {
    const time_t expiration = dynamodb::WallTime::to_time_t(*findings.expiration);
    expired = expiration <= time(nullptr);
    appendStringInfo(&detail, ", until %s", timestamptz_to_str(time_t_to_timestamptz(expiration)));
  }
  add_check(check, "credentials", expired ? kFailed : kOk, detail.data,
            expired ? "They have expired: requests are refused." : nullptr);
}

void report_identity(const Check& check, const ProbeFindings& findings) {
  constexpr const char* kConsequence =
      "It is not known whose permissions apply; requests to DynamoDB may work all the same.";
  if (findings.identity) {
    add_check(check, "identity", kOk,
              psprintf("%s in account %s", to_server_text(findings.identity->arn.c_str()),
                       to_server_text(findings.identity->account.c_str())),
              nullptr);
    return;
  }
  const char* why = "STS was not asked: there are no credentials";
  if (findings.identity_error)
    why = error_text(*findings.identity_error);
  else if (!findings.credentials_error)
    why = "STS was not asked: the endpoint is not AWS's, and no endpoint of STS is configured";
  add_check(check, "identity", kUnknown, why, kConsequence);
}

// ---- how

bool are_keys_refused(const ProbeFindings& findings) {
  if (!findings.refusal) return false;
  const Error& refusal = *findings.refusal;
  return refusal.kind == ErrorKind::expired_credentials || refusal.kind == ErrorKind::clock_skew ||
         (refusal.kind == ErrorKind::access_denied && !refusal.type.starts_with("AccessDenied"));
}

void report_connection(const Check& check, const ProbeFindings& findings) {
  if (findings.failure) return add_check(check, "connection", kFailed, error_text(*findings.failure), "Nothing works.");
  if (findings.refusal && findings.refusal->kind == ErrorKind::not_dynamodb)
    return add_check(check, "connection", kFailed, error_text(*findings.refusal), "Nothing works.");
  if (are_keys_refused(findings) && !findings.credentials_error)
    return add_check(check, "connection", kFailed,
                     psprintf("reached, but the credentials are refused: %s", error_text(*findings.refusal)),
                     "Nothing works, unless it is only the clock.");
  add_check(check, "connection", kOk, "reached", nullptr);
}

void report_tls(const Check& check, const ProbeSetup& setup, const ProbeFindings& findings) {
  if (!setup.config.endpoint.url.starts_with("https:"))
    return add_check(check, "tls", kWarning, "none: the endpoint is http",
                     "Requests, answers and session tokens can be read and changed on their way.");
  if (findings.failure && findings.failure->kind == ErrorKind::tls)
    return add_check(check, "tls", kFailed, error_text(*findings.failure), "Nothing works.");
  if (findings.failure) return add_check(check, "tls", kUnknown, "no connection", nullptr);
  const char* version = findings.tls.empty() ? "version not known" : to_server_text(findings.tls.c_str());
  const char* bundle = setup.config.ca_bundle.empty()
                           ? "the system's certificates"
                           : psprintf("\"%s\"", to_server_text(setup.config.ca_bundle.c_str()));
  add_check(check, "tls", kOk, psprintf("%s, certificate verified with %s", version, bundle), nullptr);
}

double to_milliseconds(Microseconds time) { return static_cast<double>(time.count()) / 1000; }

void report_latency(const Check& check, const ProbeFindings& findings) {
  if (!findings.first) return;
  const auto& times = findings.round_trips;
  const double first = to_milliseconds(*findings.first);
  const char* detail =
      times.empty() ? psprintf("%.1f ms with connecting", first)
                    : psprintf("%.1f ms (median of %d requests, %.1f to %.1f ms); the first, with connecting, %.1f ms",
                               to_milliseconds(times[times.size() / 2]), static_cast<int>(times.size()),
                               to_milliseconds(times.front()), to_milliseconds(times.back()), first);
  add_check(check, "latency", kOk, detail, nullptr);
}

void report_clock(const Check& check, const ProbeFindings& findings) {
  if (!findings.first) return;
  if (!findings.clock_skew)
    return add_check(check, "clock", kUnknown, "the answers have no Date header",
                     "A clock that is wrong would show as refused signatures.");
  const double skew = static_cast<double>(findings.clock_skew->count()) / 1000;
  if (std::abs(skew) < kNoticeableSkew)
    return add_check(check, "clock", kOk, psprintf("agrees with DynamoDB's to %.0f s", kNoticeableSkew), nullptr);
  const char* detail = psprintf("%.0f s %s DynamoDB's", std::abs(skew), skew > 0 ? "behind" : "ahead of");
  add_check(check, "clock", kWarning, detail,
            std::abs(skew) < kRefusedSkew
                ? "Temporary credentials may be used for too long or too short a time."
                : "Signatures are refused: each connection has its first request repeated with the corrected time.");
}

// ---- permissions

// A permission of the table, and what does not work without it: docs/credentials.md, "By statement".
struct Consequence {
  const char* action;
  const char* text;
};
constexpr Consequence kConsequences[] = {
    {"ListTables", "Without it: no IMPORT FOREIGN SCHEMA without LIMIT TO, no dynamodb_tables()."},
    {"DescribeTable",
     "Without it: no IMPORT FOREIGN SCHEMA; queries are planned with guessed sizes, and use global indexes for key "
     "columns only."},
    {"DescribeTimeToLive", "Without it: dynamodb_tables() does not show the time to live."},
    {"GetItem",
     "Without it: no SELECT, UPDATE or DELETE of one item by its key, no ON CONFLICT DO NOTHING, and no finding out "
     "about writes whose answer was lost."},
    {"BatchGetItem",
     "Without it: no SELECT, UPDATE or DELETE of several items by their keys, no ON CONFLICT DO NOTHING of several "
     "rows."},
    {"Query", "Without it: no SELECT, UPDATE or DELETE by a partition key."},
    {"Scan",
     "Without it: no SELECT, UPDATE or DELETE without a key, no TRUNCATE, ANALYZE, or IMPORT with sample_items."},
    {"PutItem", "Without it: no INSERT or COPY FROM, and no UPDATE that changes a key."},
    {"UpdateItem", "Without it: no UPDATE."},
    {"DeleteItem", "Without it: no DELETE, and no UPDATE that changes a key."},
    {"BatchWriteItem", "Without it: TRUNCATE, and INSERT with insert_mode put, send the items one by one."},
    {"ConditionCheckItem",
     "Without it: no commit of a transaction that made an item and deleted it again, among other writes."},
};

const char* consequence_of(const dynamodb::PermissionQuestion& question) {
  if (!question.index.empty())
    return question.action == "Query" ? "Without it: no SELECT by the key of this index."
                                      : "Without it: no SELECT for which EXPLAIN shows a Scan of this index.";
  for (const Consequence& consequence : kConsequences)
    if (question.action == consequence.action) return consequence.text;
  return nullptr;
}

const char* status_of(Permission permission) {
  switch (permission) {
    case Permission::granted:
      return kOk;
    case Permission::denied:
      return kDenied;
    case Permission::unknown:
      break;
  }
  return kUnknown;
}

// "ok" needs no more words; what was made up should not be taken for a statement about all tables.
const char* permission_detail(const Check& check, const PermissionSurvey::Outcome& outcome) {
  const char* on =
      outcome.question.index.empty() ? "" : psprintf("index \"%s\": ", to_server_text(outcome.question.index.c_str()));
  if (outcome.permission != Permission::granted)
    return psprintf("%s%s", on, outcome.error ? error_text(*outcome.error) : "");
  const bool any_table = outcome.question.action == "ListTables";
  if (any_table) return "granted";
  return check.table != nullptr ? psprintf("%sgranted", on) : "granted on a table that does not exist";
}

// Drives a TableDescriber or PermissionSurvey to its end.
template <typename Worker>
void finish(dynamodb::Client* client, Worker* worker) {
  for (;;) {
    PlainError failure;
    bool done = false;
    if (!guard(&failure, [&] { done = worker->advance(); })) report_error(failure, {"check", nullptr});
    if (done) return;
    wait_and_advance(client, {"check", nullptr});
  }
}

// The table's description, or null, which a row explains.
const dynamodb::TableDescription* describe_table(const Check& check, dynamodb::Client* client) {
  if (check.table == nullptr) return nullptr;
  auto* describer = make_owned<TableDescriber>(
      check.work, [&] { return std::make_unique<TableDescriber>(*client, std::vector<std::string>{check.table}); });
  finish(client, describer);
  const TableDescriber::Outcome& outcome = describer->outcomes().front();
  if (outcome.error) {
    const bool missing = outcome.error->kind == ErrorKind::resource_not_found;
    add_check(check, "table", missing ? kFailed : kUnknown,
              psprintf("\"%s\": %s", check.table, error_text(*outcome.error)),
              missing ? "Statements on it fail. Check the spelling, the region and the account." : nullptr);
    return nullptr;
  }
  const char* status = to_server_text(outcome.description->status.c_str());
  const bool usable = strcmp(status, "ACTIVE") == 0 || strcmp(status, "UPDATING") == 0;
  add_check(check, "table", usable ? kOk : kWarning, psprintf("\"%s\" is %s", check.table, status),
            usable ? nullptr : "Statements on it may fail until it is ACTIVE.");
  return &*outcome.description;
}

// Library code.
std::vector<std::string> index_names(const dynamodb::TableDescription* description) {
  std::vector<std::string> names;
  if (description != nullptr)
    for (const auto& index : description->indexes) names.push_back(index.name);
  return names;
}

void report_permissions(const Check& check) {
  dynamodb::Client* client = acquire_client(check.serverid, GetUserId(), check.region, check.work);
  const dynamodb::TableDescription* description = describe_table(check, client);
  const char* table = check.table != nullptr ? check.table : kMadeUpTable;
  auto* survey = make_owned<PermissionSurvey>(check.work, [&] {
    return std::make_unique<PermissionSurvey>(*client, dynamodb::permission_questions(table, index_names(description)));
  });
  finish(client, survey);
  for (const PermissionSurvey::Outcome& outcome : survey->outcomes())
    add_check(check, psprintf("dynamodb:%s", outcome.question.action.c_str()), status_of(outcome.permission),
              permission_detail(check, outcome), consequence_of(outcome.question));
}

// Without anybody to answer, each permission would only say so again.
bool can_ask_for_permissions(const ProbeFindings& findings) {
  if (findings.failure || findings.credentials_error) return false;
  if (!findings.refusal) return true;
  if (findings.refusal->kind == ErrorKind::clock_skew) return true;  // the client may correct that
  return findings.refusal->kind != ErrorKind::not_dynamodb && !are_keys_refused(findings);
}

void run_check(const Check& check) {
  ProbeSetup* setup = set_up(check);
  if (setup == nullptr) return;
  report_region(check, *setup);
  report_endpoint(check, *setup);
  const ProbeFindings& findings = probe_server(check, setup);
  report_credentials(check, findings);
  report_identity(check, findings);
  report_connection(check, findings);
  report_tls(check, *setup, findings);
  report_latency(check, findings);
  report_clock(check, findings);
  if (can_ask_for_permissions(findings))
    report_permissions(check);
  else
    add_check(check, "permissions", kUnknown, "not asked for: see above", nullptr);
}

Datum check_server(FunctionCallInfo fcinfo, Check check) {
  check.rows = begin_rows(fcinfo);
  check.work = AllocSetContextCreate(CurrentMemoryContext, "dynamodb_fdw check", ALLOCSET_DEFAULT_SIZES);
  check.settings = collect_client_settings(check.serverid, GetUserId(), check.region);
  run_check(check);
  MemoryContextDelete(check.work);
  return static_cast<Datum>(0);
}

void check_table_name(const char* name) {
  const char* reason = nullptr;
  if (!find_option("table_name")->check(name, &reason))
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" cannot be the name of a DynamoDB table", name),
             reason != nullptr ? errdetail_internal("%s", reason) : 0));
}

// The server first, because the options of other wrappers' tables are none of ours.
Check check_of_table(Oid relid) {
  if (get_rel_relkind(relid) != RELKIND_FOREIGN_TABLE)
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("this is not a foreign table")));
  Check check = {};
  check.serverid = find_function_server(GetForeignServer(GetForeignServerIdByRelId(relid))->servername);
  const TableOptions* options = get_table_options(relid);
  check.table = options->table_name;
  check.region = options->aws_region;
  const char* of_server = get_server_options(check.serverid)->aws_region;
  if (check.region != nullptr && (of_server == nullptr || strcmp(check.region, of_server) != 0))
    check.region_from = "the foreign table's option aws_region";
  return check;
}

}  // namespace
}  // namespace dynamodb_fdw

extern "C" {
PGDLLEXPORT Datum dynamodb_check(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum dynamodb_check_table(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(dynamodb_check);
PG_FUNCTION_INFO_V1(dynamodb_check_table);

Datum dynamodb_check(PG_FUNCTION_ARGS) {
  using namespace dynamodb_fdw;
  enum { kServer, kTableName, kRegion };
  Check check = {};
  check.table = text_argument(fcinfo, kTableName);
  check.region = text_argument(fcinfo, kRegion);
  if (check.region != nullptr) check.region_from = "the function's argument";
  check.serverid = find_function_server(required_text_argument(fcinfo, kServer, "server"));
  if (check.table != nullptr) check_table_name(check.table);
  return check_server(fcinfo, check);
}

Datum dynamodb_check_table(PG_FUNCTION_ARGS) {
  using namespace dynamodb_fdw;
  if (PG_ARGISNULL(0))
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("foreign_table must not be null")));
  return check_server(fcinfo, check_of_table(PG_GETARG_OID(0)));
}
}
