// Which tables a request is about, found out from its body.
#include "dynamodb/request_tables.hpp"

#include <simdjson.h>

#include <algorithm>
#include <vector>

#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

namespace json = simdjson::dom;

constexpr std::size_t kMaxNameShown = 320;  // an ARN
constexpr std::size_t kMaxNames = 10;

using Names = std::vector<std::string_view>;

void add(Names& names, std::string_view name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

void add_table_name(Names& names, const json::object& object) {
  std::string_view name;
  if (object["TableName"].get(name) == simdjson::SUCCESS) add(names, name);
}

void add_transaction(Names& names, const json::array& actions) {
  for (json::element action : actions) {
    json::object kinds;
    if (action.get(kinds) != simdjson::SUCCESS) continue;
    for (json::key_value_pair kind : kinds) {
      json::object fields;
      if (kind.value.get(fields) == simdjson::SUCCESS) add_table_name(names, fields);
    }
  }
}

}  // namespace

std::string tables_of_request(std::string_view body) {
  json::parser parser;
  json::object request;
  if (parser.parse(body.data(), body.size()).get(request) != simdjson::SUCCESS) return {};
  Names names;
  add_table_name(names, request);
  json::object items;
  if (request["RequestItems"].get(items) == simdjson::SUCCESS)
    for (json::key_value_pair item : items) add(names, item.key);
  json::array actions;
  if (request["TransactItems"].get(actions) == simdjson::SUCCESS) add_transaction(names, actions);
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMaxNames); ++i)
    text.append(i > 0 ? ", " : "").append(one_line(names[i], kMaxNameShown));
  return names.size() > kMaxNames ? text + ", ..." : text;
}

}  // namespace dynamodb
