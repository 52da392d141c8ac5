// Asks for IAM permissions by requests that are well-formed and yet can have no effect.
#include "dynamodb/permission_probe.hpp"

#include "dynamodb/json_writer.hpp"
#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

// A denial is final; what is throttled or broken says nothing, and is not worth a long wait.
constexpr int kAttempts = 3;
constexpr Milliseconds kPatience{10000};

// No table has a key attribute of this name. What is in braces is text of requests.
#define MADE_UP_NAME "dynamodb_fdw permission check"
#define MADE_UP_KEY "{\"" MADE_UP_NAME "\":{\"S\":\"no such item\"}}"
// An attribute cannot be there and not be there.
#define NEVER                                                                      \
  "\"ConditionExpression\":\"attribute_exists(#a) AND attribute_not_exists(#a)\"," \
  "\"ExpressionAttributeNames\":{\"#a\":\"" MADE_UP_NAME "\"}"

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string on_table(std::string_view table, std::string_view index, std::string_view rest) {
  std::string body = "{\"TableName\":" + quoted(table);
  if (!index.empty()) body.append(",\"IndexName\":").append(quoted(index));
  if (!rest.empty()) body.append(",").append(rest);
  return body += '}';
}

std::string in_batch(std::string_view table, std::string_view requests) {
  return "{\"RequestItems\":{" + quoted(table) + ":" + std::string(requests) + "}}";
}

constexpr std::string_view kKeyCondition =
    "\"KeyConditionExpression\":\"#a = :v\",\"ExpressionAttributeNames\":{\"#a\":\"" MADE_UP_NAME
    "\"},\"ExpressionAttributeValues\":{\":v\":{\"S\":\"no such item\"}},\"Limit\":1";
// A start key has to be a key of the table.
constexpr std::string_view kStartKey = "\"ExclusiveStartKey\":" MADE_UP_KEY ",\"Limit\":1";

}  // namespace

std::vector<PermissionQuestion> permission_questions(std::string_view table, const std::vector<std::string>& indexes) {
  constexpr std::string_view kKey = "\"Key\":" MADE_UP_KEY;
  constexpr std::string_view kKeyNever = "\"Key\":" MADE_UP_KEY "," NEVER;
  const auto plain = [&](const char* action, std::string_view rest) {
    return PermissionQuestion{action, "", action, on_table(table, "", rest)};
  };
  std::vector<PermissionQuestion> questions = {
      {"ListTables", "", "ListTables", "{\"Limit\":1}"},
      plain("DescribeTable", ""),
      plain("DescribeTimeToLive", ""),
      plain("GetItem", kKey),
      {"BatchGetItem", "", "BatchGetItem", in_batch(table, "{\"Keys\":[" MADE_UP_KEY "]}")},
      plain("Query", kKeyCondition),
      plain("Scan", kStartKey),
  };
  for (const std::string& index : indexes) {
    questions.push_back({"Query", index, "Query", on_table(table, index, kKeyCondition)});
    questions.push_back({"Scan", index, "Scan", on_table(table, index, kStartKey)});
  }
  questions.push_back(plain("PutItem", "\"Item\":" MADE_UP_KEY "," NEVER));
  questions.push_back(plain("UpdateItem", kKeyNever));
  questions.push_back(plain("DeleteItem", kKeyNever));
  questions.push_back(
      {"BatchWriteItem", "", "BatchWriteItem", in_batch(table, "[{\"DeleteRequest\":{\"Key\":" MADE_UP_KEY "}}]")});
  questions.push_back({"ConditionCheckItem", "", "TransactWriteItems",
                       "{\"TransactItems\":[{\"ConditionCheck\":" + on_table(table, "", kKeyNever) + "}]}"});
  return questions;
}

Permission judge_permission(const Error* error) noexcept {
  if (error == nullptr) return Permission::granted;
  switch (error->kind) {
    case ErrorKind::access_denied:
      return error->type.starts_with("AccessDenied") ? Permission::denied : Permission::unknown;
    case ErrorKind::resource_not_found:
    case ErrorKind::conditional_check_failed:
    case ErrorKind::transaction_canceled:
    case ErrorKind::conflict:
      return Permission::granted;
    case ErrorKind::validation:
      return error->type == "ValidationException" ? Permission::granted : Permission::unknown;
    default:
      return Permission::unknown;
  }
}

PermissionSurvey::PermissionSurvey(Client& client, std::vector<PermissionQuestion> questions) : client_(client) {
  outcomes_.reserve(questions.size());
  for (PermissionQuestion& question : questions) outcomes_.emplace_back().question = std::move(question);
}

bool PermissionSurvey::advance() {
  collect();
  while (send_more()) {
    client_.advance();
    collect();
  }
  return next_ == outcomes_.size() && calls_.size() == 0;
}

void PermissionSurvey::collect() {
  std::size_t number;
  while (auto call = calls_.take_finished(&number)) {
    Outcome& outcome = outcomes_[number];
    outcome.permission = judge_permission(call->error());
    if (call->error() != nullptr) outcome.error = *call->error();
  }
}

bool PermissionSurvey::send_more() {
  const auto most = static_cast<std::size_t>(client_.config().max_connections);
  bool sent = false;
  for (; next_ < outcomes_.size() && calls_.size() < most; ++next_) {
    const PermissionQuestion& question = outcomes_[next_].question;
    CallOptions options;
    options.max_attempts = kAttempts;
    options.request_timeout = kPatience;
    calls_.add(next_, client_.start(question.operation, question.body, nullptr, options));
    sent = true;
  }
  return sent;
}

}  // namespace dynamodb
