// What DescribeTable and ListTables say: requests, and their answers as structs.
#include "dynamodb/table_description.hpp"

#include <simdjson.h>

#include <algorithm>

#include "dynamodb/ascii.hpp"
#include "dynamodb/json_writer.hpp"
#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

namespace dom = simdjson::dom;

// A hundred names are a page of ListTables, and a hundred the attributes that all indexes of a table may name
// (Developer Guide, "Quotas"); the number of indexes can be raised. Many more would keep the planner busy.
constexpr std::size_t kMostElements = 2000;
constexpr std::size_t kMaxKeyNameBytes = 255;

// The readers below return null, or the name of the member that is not as it should be. They leave their target as it
// was where an optional member is missing.
using Complaint = const char*;

enum class Presence : uint8_t { optional, required };

// The member, or nothing where it is missing or null.
std::optional<dom::element> find_member(dom::object object, const char* name) {
  dom::element member;
  if (object.at_key(name).get(member) || member.is_null()) return std::nullopt;
  return member;
}

Complaint if_missing(Presence presence, const char* name) { return presence == Presence::required ? name : nullptr; }

Complaint read_string(dom::object object, const char* name, Presence presence, std::string* target) {
  auto member = find_member(object, name);
  if (!member) return if_missing(presence, name);
  std::string_view text;
  if (member->get_string().get(text) || (presence == Presence::required && text.empty())) return name;
  *target = text;
  return nullptr;
}

// Developer Guide, "Naming rules": tables and indexes.
bool is_object_name(std::string_view name) noexcept {
  const auto may_stand = [](char c) {
    return is_ascii_letter(c) || is_ascii_digit(c) || c == '_' || c == '-' || c == '.';
  };
  return name.size() >= 3 && name.size() <= 255 && std::ranges::all_of(name, may_stand);
}

Complaint read_object_name(dom::object object, const char* name, std::string* target) {
  Complaint complaint = read_string(object, name, Presence::required, target);
  return complaint == nullptr && !is_object_name(*target) ? name : complaint;
}

Complaint read_key_name(dom::object object, std::string* target) {
  Complaint complaint = read_string(object, "AttributeName", Presence::required, target);
  const bool possible = target->size() <= kMaxKeyNameBytes && target->find('\0') == target->npos;
  return complaint == nullptr && !possible ? "AttributeName" : complaint;
}

Complaint read_count(dom::object object, const char* name, uint64_t* target) {
  auto member = find_member(object, name);
  return member && member->get_uint64().get(*target) ? name : nullptr;
}

// Calls `use` for each element of an array of objects.
template <typename Use>
Complaint for_each_object(dom::object object, const char* name, Presence presence, Use use) {
  auto member = find_member(object, name);
  if (!member) return if_missing(presence, name);
  dom::array array;
  if (member->get_array().get(array)) return name;
  if (array.size() > kMostElements) return name;
  for (dom::element element : array) {
    dom::object entry;
    if (element.get_object().get(entry)) return name;
    if (Complaint complaint = use(entry)) return complaint;
  }
  return nullptr;
}

Complaint read_strings(dom::object object, const char* name, Presence presence, std::vector<std::string>* target) {
  auto member = find_member(object, name);
  if (!member) return if_missing(presence, name);
  dom::array array;
  if (member->get_array().get(array)) return name;
  if (array.size() > kMostElements) return name;
  for (dom::element element : array) {
    std::string_view text;
    if (element.get_string().get(text)) return name;
    target->emplace_back(text);
  }
  return nullptr;
}

// AttributeDefinitions: the types of all attributes that are keys of something. Types that cannot be keys are kept out.
Complaint read_definitions(dom::object table, std::vector<KeyAttribute>* definitions) {
  return for_each_object(table, "AttributeDefinitions", Presence::optional, [&](dom::object entry) -> Complaint {
    KeyAttribute attribute;
    std::string type;
    if (Complaint complaint = read_key_name(entry, &attribute.name)) return complaint;
    if (Complaint complaint = read_string(entry, "AttributeType", Presence::required, &type)) return complaint;
    auto parsed = parse_type_name(type);
    if (!parsed || !is_key_type(*parsed)) return nullptr;
    attribute.type = *parsed;
    definitions->push_back(std::move(attribute));
    return nullptr;
  });
}

struct KeySchema {
  std::vector<KeyAttribute> partition_keys;
  std::vector<KeyAttribute> sort_keys;
};

Complaint read_key_schema(dom::object object, const std::vector<KeyAttribute>& definitions, KeySchema* schema) {
  return for_each_object(object, "KeySchema", Presence::required, [&](dom::object entry) -> Complaint {
    std::string name;
    std::string role;
    if (Complaint complaint = read_string(entry, "AttributeName", Presence::required, &name)) return complaint;
    if (Complaint complaint = read_string(entry, "KeyType", Presence::required, &role)) return complaint;
    if (role != "HASH" && role != "RANGE") return "KeyType";
    for (const KeyAttribute& definition : definitions) {
      if (definition.name != name) continue;
      (role == "HASH" ? schema->partition_keys : schema->sort_keys).push_back(definition);
      return nullptr;
    }
    return "AttributeDefinitions";
  });
}

Complaint read_projection(dom::object object, IndexDescription* index) {
  auto member = find_member(object, "Projection");
  dom::object projection;
  if (!member || member->get_object().get(projection)) return "Projection";
  std::string type;
  if (Complaint complaint = read_string(projection, "ProjectionType", Presence::required, &type)) return complaint;
  index->projection = type == "ALL" ? Projection::all : type == "INCLUDE" ? Projection::include : Projection::keys_only;
  if (index->projection != Projection::include) return nullptr;
  return read_strings(projection, "NonKeyAttributes", Presence::optional, &index->non_key_attributes);
}

Complaint read_index_keys(dom::object object, const std::vector<KeyAttribute>& definitions, IndexDescription* index) {
  KeySchema schema;
  if (Complaint complaint = read_key_schema(object, definitions, &schema)) return complaint;
  bool complete = !schema.partition_keys.empty() &&
                  (index->global || (schema.partition_keys.size() == 1 && schema.sort_keys.size() == 1));
  index->partition_keys = std::move(schema.partition_keys);
  index->sort_keys = std::move(schema.sort_keys);
  return complete ? nullptr : "KeySchema";
}

Complaint read_indexes(dom::object table, const char* name, bool global, const std::vector<KeyAttribute>& definitions,
                       std::vector<IndexDescription>* indexes) {
  return for_each_object(table, name, Presence::optional, [&](dom::object entry) -> Complaint {
    IndexDescription index;
    index.global = global;
    if (Complaint complaint = read_object_name(entry, "IndexName", &index.name)) return complaint;
    if (Complaint complaint = read_string(entry, "IndexStatus", Presence::optional, &index.status)) return complaint;
    if (Complaint complaint = read_index_keys(entry, definitions, &index)) return complaint;
    if (Complaint complaint = read_projection(entry, &index)) return complaint;
    if (Complaint complaint = read_count(entry, "ItemCount", &index.item_count)) return complaint;
    if (Complaint complaint = read_count(entry, "IndexSizeBytes", &index.size_bytes)) return complaint;
    indexes->push_back(std::move(index));
    return nullptr;
  });
}

Complaint read_billing_mode(dom::object table, std::string* mode) {
  *mode = "PROVISIONED";
  auto member = find_member(table, "BillingModeSummary");
  if (!member) return nullptr;
  dom::object summary;
  if (member->get_object().get(summary)) return "BillingModeSummary";
  return read_string(summary, "BillingMode", Presence::optional, mode);
}

// A table that is being deleted may have lost its key schema already.
Complaint read_table_keys(dom::object table, const std::vector<KeyAttribute>& definitions,
                          TableDescription* description) {
  if (description->status == "DELETING" && !find_member(table, "KeySchema")) return nullptr;
  KeySchema schema;
  if (Complaint complaint = read_key_schema(table, definitions, &schema)) return complaint;
  if (schema.partition_keys.size() != 1 || schema.sort_keys.size() > 1) return "KeySchema";
  description->partition_key = std::move(schema.partition_keys[0]);
  if (!schema.sort_keys.empty()) description->sort_key = std::move(schema.sort_keys[0]);
  return nullptr;
}

Complaint read_table(dom::object table, TableDescription* description) {
  std::vector<KeyAttribute> definitions;
  if (Complaint complaint = read_object_name(table, "TableName", &description->name)) return complaint;
  if (Complaint complaint = read_string(table, "TableArn", Presence::optional, &description->arn)) return complaint;
  if (Complaint complaint = read_string(table, "TableStatus", Presence::required, &description->status))
    return complaint;
  if (Complaint complaint = read_billing_mode(table, &description->billing_mode)) return complaint;
  if (Complaint complaint = read_count(table, "ItemCount", &description->item_count)) return complaint;
  if (Complaint complaint = read_count(table, "TableSizeBytes", &description->size_bytes)) return complaint;
  if (Complaint complaint = read_definitions(table, &definitions)) return complaint;
  if (Complaint complaint = read_table_keys(table, definitions, description)) return complaint;
  if (Complaint complaint = read_indexes(table, "LocalSecondaryIndexes", false, definitions, &description->indexes))
    return complaint;
  return read_indexes(table, "GlobalSecondaryIndexes", true, definitions, &description->indexes);
}

// arn:aws:dynamodb:REGION:ACCOUNT:table/NAME
bool is_meant_by(const std::string& name, std::string_view asked) {
  return asked.empty() || asked == name || asked.ends_with("/" + name);
}

Error malformed(const char* operation, const std::string& what) {
  return Error::corrupt_response(std::string("the answer to ") + operation + " is not what DynamoDB sends: " + what);
}

// Parses `body` and has `read` look at the object in it.
template <typename Target, typename Read>
Result<Target> read_response(const char* operation, std::string_view body, Read read) {
  dom::parser parser(kMaxDescriptionBytes);
  dom::object object;
  simdjson::error_code failure = parser.parse(body.data(), body.size()).get(object);
  if (failure) return malformed(operation, simdjson::error_message(failure));
  Target target;
  if (Complaint complaint = read(object, &target))
    return malformed(operation, std::string(complaint) + " is missing or wrong");
  return target;
}

}  // namespace

const IndexDescription* TableDescription::find_index(std::string_view index_name) const noexcept {
  for (const IndexDescription& index : indexes)
    if (index.name == index_name) return &index;
  return nullptr;
}

std::string describe_table_request(std::string_view table_name) {
  std::string body = "{\"TableName\":";
  append_json_string(body, table_name);
  body += '}';
  return body;
}

std::string list_tables_request(std::string_view after) {
  std::string body = "{\"Limit\":" + std::to_string(kListTablesPage);
  if (!after.empty()) {
    body += ",\"ExclusiveStartTableName\":";
    append_json_string(body, after);
  }
  body += '}';
  return body;
}

Result<TableDescription> parse_describe_table_response(std::string_view body, std::string_view asked) {
  return read_response<TableDescription>("DescribeTable", body, [&](dom::object object, TableDescription* description) {
    auto member = find_member(object, "Table");
    dom::object table;
    if (!member || member->get_object().get(table)) return "Table";
    if (Complaint complaint = read_table(table, description)) return complaint;
    return is_meant_by(description->name, asked) ? nullptr : "TableName";
  });
}

Result<TableNamesPage> parse_list_tables_response(std::string_view body) {
  return read_response<TableNamesPage>("ListTables", body, [](dom::object object, TableNamesPage* page) {
    if (Complaint complaint = read_strings(object, "TableNames", Presence::required, &page->names)) return complaint;
    if (!std::ranges::all_of(page->names, is_object_name)) return "TableNames";
    return read_string(object, "LastEvaluatedTableName", Presence::optional, &page->last_evaluated_name);
  });
}

}  // namespace dynamodb
