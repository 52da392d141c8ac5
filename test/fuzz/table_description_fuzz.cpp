// Fuzzes the readers of DescribeTable's and ListTables' answers: any bytes give a value or an error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dynamodb/table_description.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dynamodb;
  std::string_view body(reinterpret_cast<const char*>(data), size);

  auto table = parse_describe_table_response(body);
  if (table.ok()) {
    const TableDescription& description = table.value();
    if (description.partition_key.name.empty() && description.status != "DELETING") abort();
    for (const IndexDescription& index : description.indexes)
      if (index.partition_keys.empty() || description.find_index(index.name) == nullptr) abort();
  } else if (table.error().message.empty()) {
    abort();
  }

  auto page = parse_list_tables_response(body);
  if (page.ok()) {
    auto request = list_tables_request(page.value().last_evaluated_name);
    if (request.front() != '{' || request.back() != '}') abort();
  }
  return 0;
}
