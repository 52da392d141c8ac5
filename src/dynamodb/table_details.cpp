// What DescribeTable and DescribeTimeToLive say for operators, beyond what queries need.
#include "dynamodb/table_details.hpp"

#include <simdjson.h>

#include "dynamodb/json_writer.hpp"
#include "dynamodb/limits.hpp"
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxTextBytes = 2048;  // the longest are ARNs

std::string text_of(dom::element object, const char* name) {
  std::string_view text;
  return object[name].get(text) ? std::string() : one_line(text, kMaxTextBytes);
}

Throughput throughput_of(dom::element object) {
  Throughput throughput;
  uint64_t units = 0;
  const auto provisioned = object["ProvisionedThroughput"];
  if (!provisioned["ReadCapacityUnits"].get(units)) throughput.read = units;
  if (!provisioned["WriteCapacityUnits"].get(units)) throughput.write = units;
  return throughput;
}

// Calls use(element) for each element of an array that is there.
template <typename Use>
void for_each(dom::element object, const char* name, Use use) {
  dom::array array;
  if (object[name].get(array)) return;
  for (dom::element element : array) use(element);
}

// LatestStreamArn stays when the stream has been disabled.
void read_stream(dom::element table, TableDetails* details) {
  bool enabled = false;
  if (table["StreamSpecification"]["StreamEnabled"].get(enabled) || !enabled) return;
  std::string_view view;
  if (!table["StreamSpecification"]["StreamViewType"].get(view)) details->stream_view = one_line(view, kMaxTextBytes);
  details->stream_arn = text_of(table, "LatestStreamArn");
}

void read_details(dom::element table, TableDetails* details) {
  details->throughput = throughput_of(table);
  for_each(table, "GlobalSecondaryIndexes", [&](dom::element index) {
    details->index_throughput.emplace_back(text_of(index, "IndexName"), throughput_of(index));
  });
  read_stream(table, details);
  dom::element summary;
  if (!table["TableClassSummary"].get(summary)) {
    std::string table_class = text_of(summary, "TableClass");
    if (!table_class.empty()) details->table_class = std::move(table_class);
  }
  bool is_protected = false;
  if (!table["DeletionProtectionEnabled"].get(is_protected)) details->deletion_protection = is_protected;
  double seconds = 0;
  if (!table["CreationDateTime"].get(seconds)) details->created = seconds;
  for_each(table, "Replicas", [&](dom::element replica) {
    std::string region = text_of(replica, "RegionName");
    if (!region.empty()) details->replicas.push_back(std::move(region));
  });
}

// --- indexes as JSON

void append_member(std::string& out, const char* name) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
}

void append_text(std::string& out, const char* name, std::string_view text) {
  append_member(out, name);
  append_json_string(out, text);
}

void append_number(std::string& out, const char* name, uint64_t number) {
  append_member(out, name);
  out += std::to_string(number);
}

void append_keys(std::string& out, const char* name, const std::vector<KeyAttribute>& keys) {
  append_member(out, name);
  out += '[';
  for (const KeyAttribute& key : keys) {
    if (out.back() != '[') out += ',';
    out += '{';
    append_text(out, "name", key.name);
    append_text(out, "type", type_name(key.type));
    out += '}';
  }
  out += ']';
}

const char* projection_name(Projection projection) noexcept {
  switch (projection) {
    case Projection::all:
      return "ALL";
    case Projection::keys_only:
      return "KEYS_ONLY";
    case Projection::include:
      break;
  }
  return "INCLUDE";
}

void append_projection(std::string& out, const IndexDescription& index) {
  append_text(out, "projection", projection_name(index.projection));
  if (index.projection != Projection::include) return;
  append_member(out, "non_key_attributes");
  out += '[';
  for (const std::string& name : index.non_key_attributes) {
    if (out.back() != '[') out += ',';
    append_json_string(out, name);
  }
  out += ']';
}

void append_throughput(std::string& out, const std::string& index_name, const TableDetails& details) {
  for (const auto& [name, throughput] : details.index_throughput) {
    if (name != index_name || (throughput.read == 0 && throughput.write == 0)) continue;
    append_number(out, "read_capacity", throughput.read);
    append_number(out, "write_capacity", throughput.write);
  }
}

void append_index(std::string& out, const IndexDescription& index, const TableDetails& details) {
  out += '{';
  append_text(out, "name", index.name);
  append_text(out, "kind", index.global ? "global" : "local");
  append_keys(out, "partition_keys", index.partition_keys);
  append_keys(out, "sort_keys", index.sort_keys);
  append_projection(out, index);
  if (!index.status.empty()) append_text(out, "status", index.status);
  append_number(out, "item_count", index.item_count);
  append_number(out, "bytes", index.size_bytes);
  append_throughput(out, index.name, details);
  out += '}';
}

}  // namespace

TableDetails parse_table_details(std::string_view body) {
  TableDetails details;
  dom::parser parser(kMaxDescriptionBytes);
  dom::element answer;
  dom::element table;
  if (!parser.parse(body.data(), body.size()).get(answer) && !answer["Table"].get(table)) read_details(table, &details);
  return details;
}

std::string indexes_as_json(const TableDescription& description, const TableDetails& details) {
  std::string out = "[";
  for (const IndexDescription& index : description.indexes) {
    if (out.back() != '[') out += ',';
    append_index(out, index, details);
  }
  return out += ']';
}

Result<TimeToLive> parse_time_to_live_response(std::string_view body) {
  dom::parser parser(kMaxDescriptionBytes);
  dom::element answer;
  dom::element described;
  if (parser.parse(body.data(), body.size()).get(answer) || answer["TimeToLiveDescription"].get(described))
    return Error::corrupt_response("the answer to DescribeTimeToLive is not what DynamoDB sends");
  return TimeToLive{text_of(described, "TimeToLiveStatus"), text_of(described, "AttributeName")};
}

}  // namespace dynamodb
