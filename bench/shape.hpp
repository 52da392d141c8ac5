// The items of the benchmark's tables, made from their numbers, so that server and floor programs agree on them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

/// Items of one partition: item n has the partition key of n / kItemsOfAPartition.
inline constexpr uint64_t kItemsOfAPartition = 10;

struct Shape {
  const char* name;
  uint32_t items_per_page;  ///< of 1 MB, as the service counts
  uint32_t pages;           ///< unless told otherwise
  /// Appends item n as typed JSON, `{"pk":{"S":...},...}`: the same text for the same n everywhere.
  void (*append)(std::string& json, uint64_t number);
};

/// "orders": 9 attributes, about 380 bytes on the wire: 2 keys, 2 numbers, a boolean, a string set, a map with a list
/// and 2 strings; some of the strings have escapes or are not ASCII. 200 pages of 2,500 items.
extern const Shape kOrders;
/// "wide": 30 attributes of all types, 4 nested maps and 2 lists among them, about 1,430 bytes. 100 pages of 640 items.
extern const Shape kWide;

/// `"pk":{"S":"customer#0000000"},"sk":{"S":"order#000000000000"}`, without braces.
void append_key_members(std::string& json, uint64_t number);
/// Only the sort key, which is the whole key of the table orders_by_id.
void append_sort_key_member(std::string& json, uint64_t number);

/// The number in the next sort key at or after *position, which is moved behind it; nothing where there is none.
std::optional<uint64_t> next_item_number(std::string_view text, std::size_t* position);
/// The same of partition keys.
std::optional<uint64_t> next_partition_number(std::string_view text, std::size_t* position);

}  // namespace bench
