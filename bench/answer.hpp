// What the page server answers to each operation: pages of prepared items, by reference.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "shape.hpp"

namespace bench {

struct Piece {
  const char* data;
  std::size_t size;
};

/// A body in pieces, each of which lives as long as the Service, or is part of `small`, which is the answer's own.
struct Answer {
  int status = 200;
  bool gzip = false;
  uint32_t crc32 = 0;  ///< of the body as sent
  std::size_t size = 0;
  std::vector<Piece> pieces;
  std::string small;
};

struct Statistics {
  uint64_t requests = 0;
  double capacity = 0;
};

/// Answers from memory. It is no DynamoDB: it finds what it needs in requests by searching their text, evaluates no
/// expressions, projections or sort key conditions, and stores nothing. Items 0 to items - 1 of each table exist.
///   Scan            Segment, TotalSegments, ExclusiveStartKey, Limit, Select=COUNT
///   Query           the items of the partition key, all of them
///   GetItem, BatchGetItem   by the sort key
///   PutItem, UpdateItem, DeleteItem, BatchWriteItem, TransactWriteItems   success, except that
///                   attribute_not_exists() in a PutItem fails where the item exists
///   DescribeTable   orders and wide (keys pk and sk), orders_by_id (key sk, else as orders)
class Service {
 public:
  /// Makes the items; `pages` 0: as many as the shape has.
  explicit Service(uint32_t pages = 0);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// `gzip`: whole pages are answered compressed.
  void answer(std::string_view operation, std::string_view body, bool gzip, Answer& answer);
  const Statistics& statistics() const noexcept { return statistics_; }

 private:
  struct Table;
  /// The parts of a page that are made for it, and its checksum. Kept: who measures asks for the same pages again.
  struct Page {
    std::string head;
    std::string tail;
    std::string compressed;
    uint32_t crc32 = 0;
    uint32_t compressed_crc32 = 0;
  };
  struct Range {
    uint64_t first;
    uint64_t end;
  };

  Table* find_table(std::string_view body);
  void scan(const Table& table, std::string_view body, bool gzip, Answer& answer);
  void query(const Table& table, std::string_view body, Answer& answer);
  void get_item(const Table& table, std::string_view body, Answer& answer);
  void batch_get_item(const Table& table, std::string_view body, Answer& answer);
  void put_item(const Table& table, std::string_view body, Answer& answer);
  void batch_write_item(const Table& table, std::string_view body, Answer& answer);
  void describe_table(const Table& table, Answer& answer);
  const Page& page(const Table& table, Range range, uint64_t segment_end, bool gzip);
  void consume(double units) noexcept { statistics_.capacity += units; }

  std::vector<std::unique_ptr<Table>> tables_;
  std::map<std::tuple<const Table*, uint64_t, uint64_t, bool>, Page> pages_;
  Statistics statistics_;
};

}  // namespace bench
