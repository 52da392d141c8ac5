// What DescribeTable and ListTables say: requests, and their answers as structs.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/attribute_value.hpp"
#include "dynamodb/result.hpp"

namespace dynamodb {

struct KeyAttribute {
  std::string name;
  AttributeType type = AttributeType::S;  ///< S, N or B

  bool operator==(const KeyAttribute&) const = default;
};

/// What an index holds besides its own and the table's keys.
enum class Projection : uint8_t {
  all,
  keys_only,  ///< nothing; also where the service names a kind that this library does not know
  include,    ///< IndexDescription::non_key_attributes
};

struct IndexDescription {
  std::string name;
  bool global = false;                       ///< GSI; else LSI
  std::string status;                        ///< of a GSI: CREATING, UPDATING, DELETING, ACTIVE; empty for an LSI
  std::vector<KeyAttribute> partition_keys;  ///< one, or up to four for a GSI; an LSI's is the table's
  std::vector<KeyAttribute> sort_keys;       ///< in key order; one for an LSI, none to four for a GSI
  Projection projection = Projection::all;
  std::vector<std::string> non_key_attributes;
  uint64_t item_count = 0;  ///< as of some hours ago
  uint64_t size_bytes = 0;  ///< as of some hours ago

  /// Whether it can be queried and holds all it is going to hold: not while it is being filled or deleted.
  bool readable() const noexcept { return !global || status == "ACTIVE" || status == "UPDATING"; }

  bool operator==(const IndexDescription&) const = default;
};

struct TableDescription {
  std::string name;
  std::string arn;
  std::string status;          ///< CREATING, UPDATING, DELETING, ACTIVE ...
  std::string billing_mode;    ///< PROVISIONED or PAY_PER_REQUEST
  KeyAttribute partition_key;  ///< its name is empty only while the table is being deleted
  std::optional<KeyAttribute> sort_key;
  std::vector<IndexDescription> indexes;  ///< local ones first
  uint64_t item_count = 0;                ///< as of some hours ago: 0 does not mean empty
  uint64_t size_bytes = 0;                ///< as of some hours ago

  /// The index of that name, or null. Owned by this object.
  const IndexDescription* find_index(std::string_view index_name) const noexcept;

  bool operator==(const TableDescription&) const = default;
};

/// Names of tables in the order of the service, and where the next page begins.
struct TableNamesPage {
  std::vector<std::string> names;
  std::string last_evaluated_name;  ///< ExclusiveStartTableName of the next page; empty: this was the last
};

std::string describe_table_request(std::string_view table_name);
/// `after`: last_evaluated_name of the page before, or empty.
std::string list_tables_request(std::string_view after);

/// Reads an answer of DescribeTable. Members that are not known are ignored. `body` needs no padding. `asked`: the name
/// or ARN of the table that was asked for; empty: any.
/// Error: corrupt_response, naming the member that is missing or wrong.
Result<TableDescription> parse_describe_table_response(std::string_view body, std::string_view asked = {});

/// Reads an answer of ListTables; else as above.
Result<TableNamesPage> parse_list_tables_response(std::string_view body);

}  // namespace dynamodb
