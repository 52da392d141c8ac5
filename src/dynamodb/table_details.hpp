// What DescribeTable and DescribeTimeToLive say for operators, beyond what queries need.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/table_description.hpp"

namespace dynamodb {

/// Provisioned capacity units a second; both 0 where requests are paid for one by one.
struct Throughput {
  uint64_t read = 0;
  uint64_t write = 0;
};

/// Texts are empty, and the rest as it is here, where the service does not say.
struct TableDetails {
  Throughput throughput;
  std::vector<std::pair<std::string, Throughput>> index_throughput;  ///< of global indexes, by name
  std::string stream_view;  ///< KEYS_ONLY, NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES; empty: no stream is enabled
  std::string stream_arn;   ///< empty: no stream is enabled
  std::string table_class = "STANDARD";
  bool deletion_protection = false;
  std::optional<double> created;      ///< seconds since 1970
  std::vector<std::string> replicas;  ///< regions of the other replicas of a global table
};

/// Reads an answer of DescribeTable that parse_describe_table_response() has accepted. What is not as expected is left
/// out: there is no error.
TableDetails parse_table_details(std::string_view body);

/// Indexes as a JSON array for people: name, kind (global or local), partition_keys and sort_keys (name and type),
/// projection, non_key_attributes, status, item_count, bytes, and what throughput is provisioned.
std::string indexes_as_json(const TableDescription& description, const TableDetails& details);

struct TimeToLive {
  std::string status;     ///< ENABLING, ENABLED, DISABLING, DISABLED
  std::string attribute;  ///< empty where there is none
};

/// Reads an answer of DescribeTimeToLive. Error: corrupt_response.
Result<TimeToLive> parse_time_to_live_response(std::string_view body);

}  // namespace dynamodb
