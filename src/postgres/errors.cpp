// Turns an error of the library into an ereport: one place, one SQLSTATE table.
#include "errors.hpp"

#include <cstring>

namespace dynamodb_fdw {

using dynamodb::ErrorKind;

namespace {

struct KindEntry {
  ErrorKind kind;
  int sqlstate;
  const char* hint;  // null: none
};

constexpr KindEntry kKinds[] = {
    {ErrorKind::throttling, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
     "The table or an index has too little throughput for this statement; try later, read less, or raise "
     "max_attempts."},
    {ErrorKind::transient, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY, nullptr},
    {ErrorKind::expired_credentials, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
     "The access key is unknown or no longer valid; check the user mapping or the credentials of the server process."},
    {ErrorKind::clock_skew, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
     "Check the secret access key and the clock of the database server."},
    {ErrorKind::access_denied, ERRCODE_INSUFFICIENT_PRIVILEGE,
     "The credentials need an IAM permission for this action on this table."},
    {ErrorKind::resource_not_found, ERRCODE_FDW_TABLE_NOT_FOUND,
     "Check table_name (names are case-sensitive), aws_region, endpoint and the account of the credentials."},
    {ErrorKind::validation, ERRCODE_FDW_ERROR, nullptr},
    {ErrorKind::conditional_check_failed, ERRCODE_T_R_SERIALIZATION_FAILURE, nullptr},
    {ErrorKind::transaction_canceled, ERRCODE_T_R_SERIALIZATION_FAILURE, nullptr},
    {ErrorKind::conflict, ERRCODE_T_R_SERIALIZATION_FAILURE, nullptr},
    {ErrorKind::service, ERRCODE_FDW_ERROR, nullptr},
    {ErrorKind::connection, ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION,
     "Check the server's endpoint or aws_region, and the network from the database server to it."},
    {ErrorKind::timeout, ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION,
     "The time limits are the server's options connect_timeout and request_timeout."},
    {ErrorKind::tls, ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION,
     "The server's option ca_bundle names a file of trusted certificates."},
    {ErrorKind::corrupt_response, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY, nullptr},
    {ErrorKind::not_dynamodb, ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION,
     "Check that the endpoint is that of DynamoDB."},
    {ErrorKind::response_too_large, ERRCODE_PROGRAM_LIMIT_EXCEEDED, nullptr},
    {ErrorKind::no_credentials, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
     "Create a user mapping with the options access_key_id and secret_access_key, or give the server process "
     "credentials of its own."},
    {ErrorKind::bad_configuration, ERRCODE_FDW_ERROR,
     "Check the server's options aws_region and endpoint, and the AWS settings of the server process."},
    {ErrorKind::invalid_value, ERRCODE_FDW_INVALID_DATA_TYPE, nullptr},
    {ErrorKind::limit_exceeded, ERRCODE_PROGRAM_LIMIT_EXCEEDED, nullptr},
    {ErrorKind::internal, ERRCODE_INTERNAL_ERROR, nullptr},
};

const KindEntry& entry_of(ErrorKind kind) {
  for (const KindEntry& entry : kKinds)
    if (entry.kind == kind) return entry;
  return kKinds[lengthof(kKinds) - 1];
}

// What a support case needs: the library's own detail (whole sentences), AWS's type, the HTTP status, the request id.
char* describe_answer(const PlainError& failure) {
  StringInfoData answer;
  initStringInfo(&answer);
  if (failure.type[0] != '\0') appendStringInfo(&answer, "AWS error %s", failure.type);
  if (failure.http_status != 0)
    appendStringInfo(&answer, "%sHTTP status %d", answer.len > 0 ? ", " : "", failure.http_status);
  if (failure.request_id[0] != '\0')
    appendStringInfo(&answer, "%srequest id %s", answer.len > 0 ? ", " : "", failure.request_id);
  if (answer.len > 0) appendStringInfoChar(&answer, '.');
  return psprintf("%s%s%s", failure.detail, failure.detail[0] != '\0' && answer.len > 0 ? " " : "", answer.data);
}

}  // namespace

char* to_server_text(const char* text) {
  int length = static_cast<int>(strlen(text));
  if (!pg_verify_mbstr(PG_UTF8, text, length, true)) return pstrdup("(message is not valid UTF-8)");
  if (GetDatabaseEncoding() == PG_UTF8) return pstrdup(text);
  for (const char* byte = text; *byte != '\0'; ++byte)
    if (IS_HIGHBIT_SET(*byte)) return pstrdup("(message cannot be shown in this database's encoding)");
  return pstrdup(text);
}

int sqlstate_of(const PlainError& failure) {
  if (strcmp(failure.type, "bad_alloc") == 0) return ERRCODE_OUT_OF_MEMORY;
  // A table that is being built or deleted: trying the transaction again at once does not help.
  if (strcmp(failure.type, "ResourceInUseException") == 0) return ERRCODE_OBJECT_IN_USE;
  return entry_of(failure.kind).sqlstate;
}

ErrorText describe_error(const PlainError& failure) {
  return {to_server_text(failure.message), to_server_text(describe_answer(failure))};
}

void report_error(const PlainError& failure, const ErrorContext& context) {
  report_error_with_detail(failure, context, "");
}

void report_error_with_detail(const PlainError& failure, const ErrorContext& context, const char* first_detail) {
  ErrorText text = describe_error(failure);
  const char* space = first_detail[0] != '\0' && text.detail[0] != '\0' ? " " : "";
  const char* detail = psprintf("%s%s%s", first_detail, space, text.detail);
  const char* hint = entry_of(failure.kind).hint;
  const char* operation = context.operation != nullptr ? context.operation : "request";
  ereport(ERROR, (errcode(sqlstate_of(failure)),
                  context.table != nullptr
                      ? errmsg("DynamoDB %s on table \"%s\" failed: %s", operation, context.table, text.message)
                      : errmsg("DynamoDB %s failed: %s", operation, text.message),
                  detail[0] != '\0' ? errdetail_internal("%s", detail) : 0, hint != nullptr ? errhint("%s", hint) : 0));
  pg_unreachable();
}

}  // namespace dynamodb_fdw
