// Any operation of the API by its name, with the request of a user: what may be repeated, and what the next page is.
#include "dynamodb/operation_request.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "dynamodb/ascii.hpp"
#include "dynamodb/json_tokens.hpp"
#include "dynamodb/json_writer.hpp"

namespace dynamodb {
namespace {

constexpr std::size_t kMaxNameBytes = 64;

// The member of an answer that says where it stopped, and the one of a request that says where to begin.
// Source: API Reference, the operations' requests and responses.
struct PageRule {
  std::string_view operation;
  std::string_view answer_member;
  std::string_view request_member;
};

constexpr PageRule kPageRules[] = {
    {"Query", "LastEvaluatedKey", "ExclusiveStartKey"},
    {"Scan", "LastEvaluatedKey", "ExclusiveStartKey"},
    {"ListTables", "LastEvaluatedTableName", "ExclusiveStartTableName"},
    {"ListBackups", "LastEvaluatedBackupArn", "ExclusiveStartBackupArn"},
    {"ListGlobalTables", "LastEvaluatedGlobalTableName", "ExclusiveStartGlobalTableName"},
    {"ListContributorInsights", "NextToken", "NextToken"},
    {"ListExports", "NextToken", "NextToken"},
    {"ListImports", "NextToken", "NextToken"},
    {"ListTagsOfResource", "NextToken", "NextToken"},
    {"ExecuteStatement", "NextToken", "NextToken"},
    {"BatchGetItem", "UnprocessedKeys", "RequestItems"},
    {"BatchWriteItem", "UnprocessedItems", "RequestItems"},
};

const PageRule* page_rule(std::string_view operation) noexcept {
  const auto* rule = std::ranges::find(kPageRules, operation, &PageRule::operation);
  return rule == std::end(kPageRules) ? nullptr : rule;
}

bool gives_back_unprocessed(const PageRule& rule) noexcept { return rule.answer_member.starts_with("Unprocessed"); }

// Source: the members that AWS's models mark as idempotency tokens. With one of them the service carries a request out
// once, however often it arrives (for ten minutes in the case of transactions).
constexpr std::pair<std::string_view, std::string_view> kTokens[] = {
    {"TransactWriteItems", "ClientRequestToken"},
    {"ExecuteTransaction", "ClientRequestToken"},
    {"ExportTableToPointInTime", "ClientToken"},
    {"ImportTable", "ClientToken"},
};

// --- the members of an object, as text

// Calls use(name, first token of the value, token behind it) for each member. False: the text is no object.
template <typename Use>
bool for_each_member(JsonTokens& tokens, Use use) {
  if (tokens.count() < 2 || tokens.kind(0) != '{') return false;
  if (tokens.kind(1) == '}') return tokens.count() == 2;
  for (uint32_t at = 1; at + 2 < tokens.count();) {
    std::string_view name;
    if (tokens.string(at, &name) || tokens.kind(at + 1) != ':') return false;
    const uint32_t end = tokens.skip(at + 2);
    if (end == 0) return false;
    use(name, at + 2, end);
    if (tokens.kind(end) == '}') return end + 1 == tokens.count();
    if (tokens.kind(end) != ',') return false;
    at = end + 1;
  }
  return false;
}

std::string_view text_between(const JsonTokens& tokens, uint32_t first, uint32_t end) noexcept {
  const std::string_view last = tokens.raw(end - 1);
  const char* start = tokens.raw(first).data();
  return {start, static_cast<std::size_t>(last.data() + last.size() - start)};
}

// The text of a member; empty where it is missing or says nothing: null, "", {} or []. Nothing: the text is no object.
std::optional<std::string_view> member_text(JsonTokens& tokens, std::string_view wanted) {
  std::string_view found;
  const bool is_object = for_each_member(tokens, [&](std::string_view name, uint32_t first, uint32_t end) {
    if (name != wanted) return;
    const bool is_bracket = tokens.kind(first) == '{' || tokens.kind(first) == '[';
    const std::string_view text = text_between(tokens, first, end);
    const bool is_empty = text == "null" || text == "\"\"" || (is_bracket && end == first + 2);
    found = is_empty ? std::string_view() : text;
  });
  if (!is_object) return std::nullopt;
  return found;
}

// Text that JsonTokens may read.
class PaddedText {
 public:
  explicit PaddedText(std::string_view text) : size_(text.size()) {
    padded_.reserve(size_ + simdjson::SIMDJSON_PADDING);
    padded_.append(text).append(simdjson::SIMDJSON_PADDING, '\0');
  }
  std::string_view view() const noexcept { return {padded_.data(), size_}; }

 private:
  std::string padded_;
  std::size_t size_;
};

// The text of an object with this member set, whatever it was before; the others stay as they are, letter by letter:
// numbers have digits that no number type keeps. Empty: the text is no object.
std::string with_member(std::string_view object, std::string_view name, std::string_view value) {
  const PaddedText padded(object);
  JsonTokens tokens;
  if (tokens.index(padded.view())) return {};
  std::string result = "{";
  append_json_string(result, name);
  result.append(":").append(value);
  const bool is_object = for_each_member(tokens, [&](std::string_view other, uint32_t first, uint32_t end) {
    if (other == name) return;
    result += ',';
    append_json_string(result, other);
    result.append(":").append(text_between(tokens, first, end));
  });
  if (!is_object) return {};
  return result += '}';
}

// --- what only reads

bool is_select(const simdjson::dom::element& statement) {
  std::string_view text;
  if (statement["Statement"].get(text)) return false;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return false;
  const std::string_view word = text.substr(first, text.find_first_of(" \t\r\n(*'\"", first) - first);
  return ascii_equal_ignoring_case(word, "select");
}

bool all_are_selects(const simdjson::dom::element& request, const char* list) {
  simdjson::dom::array statements;
  if (request[list].get(statements)) return false;
  return std::ranges::all_of(statements, is_select);
}

// PartiQL has one statement in a text, and SELECT is the only kind that changes nothing.
bool partiql_only_reads(std::string_view operation, std::string_view request) {
  simdjson::dom::parser parser;
  simdjson::dom::element parsed;
  if (parser.parse(request.data(), request.size()).get(parsed)) return false;
  if (operation == "ExecuteStatement") return is_select(parsed);
  if (operation == "BatchExecuteStatement") return all_are_selects(parsed, "Statements");
  return operation == "ExecuteTransaction" && all_are_selects(parsed, "TransactStatements");
}

bool reads(std::string_view operation, std::string_view request) {
  for (std::string_view prefix : {"Get", "Describe", "List"})
    if (operation.starts_with(prefix)) return true;
  for (std::string_view name : {"Query", "Scan", "BatchGetItem", "TransactGetItems"})
    if (operation == name) return true;
  const bool is_partiql = operation.starts_with("Execute") || operation == "BatchExecuteStatement";
  return is_partiql && partiql_only_reads(operation, request);
}

Error corrupt(const std::string& operation, const char* problem) {
  return Error::corrupt_response("the answer to " + operation + " " + problem);
}

}  // namespace

bool is_operation_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kMaxNameBytes && std::ranges::all_of(name, is_ascii_letter);
}

bool has_escaped_nul(std::string_view json) noexcept {
  constexpr std::string_view kNul = "\\u0000";
  for (std::size_t at = json.find('\\'); at != json.npos; at = json.find('\\', at)) {
    if (json.substr(at, kNul.size()) == kNul) return true;
    at += 2;  // an escape; its second letter may be another backslash
  }
  return false;
}

Result<OperationRequest> OperationRequest::make(std::string_view operation, std::string_view request, Random& random) {
  OperationRequest made(operation, request);
  const PaddedText padded(request);
  JsonTokens tokens;
  if (tokens.index(padded.view()) || !for_each_member(tokens, [](std::string_view, uint32_t, uint32_t) {}))
    return Error::invalid_value("the request is not an object of JSON");
  made.only_reads_ = reads(operation, request);
  made.give_token(random);
  return made;
}

void OperationRequest::give_token(Random& random) {
  for (const auto& [operation, member] : kTokens) {
    if (operation_ != operation) continue;
    has_token_ = true;
    const PaddedText padded(body_);
    JsonTokens tokens;
    if (tokens.index(padded.view()) || !member_text(tokens, member).value_or("").empty()) return;
    char token[33];
    std::snprintf(token, sizeof(token), "%016llx%016llx", static_cast<unsigned long long>(random.bits()),
                  static_cast<unsigned long long>(random.bits()));
    body_ = with_member(body_, member, '"' + std::string(token) + '"');
  }
}

std::optional<Error> OperationRequest::take_answer(std::string_view answer) {
  has_more_ = left_unprocessed_ = false;
  JsonTokens tokens;
  if (tokens.index(answer)) return corrupt(operation_, "is not JSON");
  const PageRule* rule = page_rule(operation_);
  const auto next = member_text(tokens, rule != nullptr ? rule->answer_member : "");
  if (!next) return corrupt(operation_, "is not an object of JSON");
  if (next->empty()) return std::nullopt;
  std::string next_body = with_member(body_, rule->request_member, *next);
  left_unprocessed_ = gives_back_unprocessed(*rule);
  if (next_body == body_ && !left_unprocessed_) return corrupt(operation_, "says to go on where it began");
  body_ = std::move(next_body);
  has_more_ = true;
  return std::nullopt;
}

}  // namespace dynamodb
