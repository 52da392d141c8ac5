// What the page server answers to each operation: pages of prepared items, by reference.
#include "answer.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>

namespace bench {
namespace {

constexpr double kPageUnits = 128;  // 1 MB, eventually consistent
constexpr double kItemUnits = 0.5;

/// Items 0 to count - 1 as one text, separated by commas, so that any range of them is a slice.
struct Items {
  std::string text;
  std::vector<std::size_t> starts;  // of each item, and one more

  Items(const Shape& shape, uint64_t count) {
    starts.reserve(count + 1);
    for (uint64_t number = 0; number < count; ++number) {
      starts.push_back(text.size());
      shape.append(text, number);
      text += ',';
      if (number == 0) text.reserve(text.size() * count * 11 / 10);
    }
    starts.push_back(text.size());
  }
  uint64_t count() const noexcept { return starts.size() - 1; }
  Piece slice(uint64_t first, uint64_t end) const noexcept {
    if (first == end) return {text.data(), 0};
    return {text.data() + starts[first], starts[end] - 1 - starts[first]};
  }
};

uint32_t crc_of(uint32_t before, const char* bytes, std::size_t size) noexcept {
  return static_cast<uint32_t>(crc32_z(before, reinterpret_cast<const Bytef*>(bytes), size));
}

uint32_t crc_of(uint32_t before, Piece piece) noexcept { return crc_of(before, piece.data, piece.size); }

/// The number that follows `name` in the text, or `otherwise`.
uint64_t member(std::string_view body, std::string_view name, uint64_t otherwise) {
  const std::size_t found = body.find(name);
  if (found == std::string_view::npos) return otherwise;
  uint64_t number = 0;
  for (std::size_t i = found + name.size(); i < body.size() && body[i] >= '0' && body[i] <= '9'; ++i)
    number = number * 10 + static_cast<uint64_t>(body[i] - '0');
  return number;
}

std::string units_text(double units) {
  std::array<char, 32> text;
  return {text.data(), static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.1f", units))};
}

std::string consumed(const char* table, double units) {
  return std::string(R"({"TableName":")") + table + R"(","CapacityUnits":)" + units_text(units) + '}';
}

std::string gzipped(std::initializer_list<Piece> pieces) {
  z_stream stream{};
  if (deflateInit2(&stream, 4, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2 failed");
  std::size_t bound = 64;
  for (const Piece piece : pieces) bound += piece.size + piece.size / 1000;
  std::string out(bound, '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  for (const Piece& piece : pieces) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data));
    stream.avail_in = static_cast<uInt>(piece.size);
    deflate(&stream, &piece == pieces.end() - 1 ? Z_FINISH : Z_NO_FLUSH);
  }
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void refuse(Answer& answer, int status, const char* type) {
  answer.status = status;
  answer.small = std::string(R"({"__type":"com.amazonaws.dynamodb.v20120810#)") + type +
                 R"(","message":"this is the page server of a benchmark"})";
}

// For answers that are all of their own text.
void complete(Answer& answer) {
  if (!answer.pieces.empty()) return;
  answer.pieces.push_back({answer.small.data(), answer.small.size()});
  answer.size = answer.small.size();
  answer.crc32 = crc_of(0, answer.small.data(), answer.small.size());
}

}  // namespace

struct Service::Table {
  const char* name;
  const Shape& shape;
  std::shared_ptr<const Items> items;
  bool has_partition_key;

  std::string key_of(uint64_t number) const {
    std::string key = "{";
    (has_partition_key ? append_key_members : append_sort_key_member)(key, number);
    return key + '}';
  }
};

Service::Service(uint32_t pages) {
  const auto items_of = [pages](const Shape& shape) {
    return std::make_shared<const Items>(shape, uint64_t{pages > 0 ? pages : shape.pages} * shape.items_per_page);
  };
  const auto orders = items_of(kOrders);
  tables_.push_back(std::make_unique<Table>(Table{"orders", kOrders, orders, true}));
  tables_.push_back(std::make_unique<Table>(Table{"orders_by_id", kOrders, orders, false}));
  tables_.push_back(std::make_unique<Table>(Table{"wide", kWide, items_of(kWide), true}));
}

Service::~Service() = default;

// A name in quotes is a table's wherever it stands: no attribute is called so.
Service::Table* Service::find_table(std::string_view body) {
  const std::string_view start = body.substr(0, 200);
  for (const auto& table : tables_)
    if (start.find(std::string("\"") + table->name + '"') != std::string_view::npos) return table.get();
  return nullptr;
}

void Service::answer(std::string_view operation, std::string_view body, bool gzip, Answer& answer) {
  answer.status = 200;
  answer.gzip = false;
  answer.pieces.clear();
  answer.small.clear();
  ++statistics_.requests;
  const Table* table = find_table(body);
  if (table == nullptr) {
    refuse(answer, 400, "ResourceNotFoundException");
  } else if (operation == "Scan") {
    scan(*table, body, gzip, answer);
  } else if (operation == "Query") {
    query(*table, body, answer);
  } else if (operation == "GetItem") {
    get_item(*table, body, answer);
  } else if (operation == "BatchGetItem") {
    batch_get_item(*table, body, answer);
  } else if (operation == "BatchWriteItem" || operation == "TransactWriteItems") {
    batch_write_item(*table, body, answer);
  } else if (operation == "PutItem" || operation == "UpdateItem" || operation == "DeleteItem") {
    put_item(*table, body, answer);
  } else if (operation == "DescribeTable") {
    describe_table(*table, answer);
  } else {
    refuse(answer, 400, "UnknownOperationException");
  }
  complete(answer);
}

// --- pages

// Segments are whole pages, where there are as many pages as segments.
void Service::scan(const Table& table, std::string_view body, bool gzip, Answer& answer) {
  const uint64_t unit = table.shape.items_per_page;
  const uint64_t page_count = table.items->count() / unit;
  const uint64_t segments = std::max<uint64_t>(member(body, "\"TotalSegments\":", 1), 1);
  const uint64_t segment = member(body, "\"Segment\":", 0);
  const bool by_pages = segments <= page_count;
  const uint64_t total = by_pages ? page_count : table.items->count();
  const uint64_t scale = by_pages ? unit : 1;
  Range range{total * segment / segments * scale, total * (segment + 1) / segments * scale};
  const uint64_t segment_end = range.end;
  if (std::size_t position = body.find("\"ExclusiveStartKey\":"); position != std::string_view::npos)
    range.first = std::min(next_item_number(body, &position).value_or(segment_end) + 1, segment_end);
  const uint64_t limit = std::clamp<uint64_t>(member(body, "\"Limit\":", unit), 1, unit);
  range.end = std::min(range.first + limit, segment_end);
  const double units = kPageUnits * static_cast<double>(range.end - range.first) / static_cast<double>(unit);
  consume(units);

  if (body.find("\"Select\":\"COUNT\"") != std::string_view::npos) {
    const std::string count = std::to_string(range.end - range.first);
    answer.small = "{\"ConsumedCapacity\":" + consumed(table.name, units) + ",\"Count\":" + count;
    if (range.end < segment_end) answer.small += ",\"LastEvaluatedKey\":" + table.key_of(range.end - 1);
    answer.small += ",\"ScannedCount\":" + count + '}';
    return;
  }
  const Page& made = page(table, range, segment_end, gzip);
  if (gzip) {
    answer.pieces = {{made.compressed.data(), made.compressed.size()}};
  } else {
    answer.pieces = {{made.head.data(), made.head.size()},
                     table.items->slice(range.first, range.end),
                     {made.tail.data(), made.tail.size()}};
  }
  answer.gzip = gzip;
  answer.crc32 = gzip ? made.compressed_crc32 : made.crc32;
  answer.size = 0;
  for (const Piece piece : answer.pieces) answer.size += piece.size;
}

// Members in the service's order.
const Service::Page& Service::page(const Table& table, Range range, uint64_t segment_end, bool gzip) {
  const bool more = range.end < segment_end;
  Page& page = pages_[{&table, range.first, range.end, more}];
  const Piece items = table.items->slice(range.first, range.end);
  if (page.head.empty()) {
    const auto count = static_cast<double>(range.end - range.first);
    page.head = "{\"ConsumedCapacity\":" + consumed(table.name, kPageUnits * count / table.shape.items_per_page) +
                ",\"Count\":" + std::to_string(range.end - range.first) + ",\"Items\":[";
    page.tail = "]";
    if (more) page.tail += ",\"LastEvaluatedKey\":" + table.key_of(range.end - 1);
    page.tail += ",\"ScannedCount\":" + std::to_string(range.end - range.first) + '}';
    page.crc32 =
        crc_of(crc_of(crc_of(0, page.head.data(), page.head.size()), items), page.tail.data(), page.tail.size());
  }
  if (gzip && page.compressed.empty()) {
    page.compressed = gzipped({{page.head.data(), page.head.size()}, items, {page.tail.data(), page.tail.size()}});
    page.compressed_crc32 = crc_of(0, page.compressed.data(), page.compressed.size());
  }
  return page;
}

void Service::query(const Table& table, std::string_view body, Answer& answer) {
  std::size_t position = 0;
  const auto partition = next_partition_number(body, &position);
  const uint64_t first = std::min(partition.value_or(UINT32_MAX) * kItemsOfAPartition, table.items->count());
  const uint64_t end = std::min(first + kItemsOfAPartition, table.items->count());
  const std::string count = std::to_string(end - first);
  const Piece items = table.items->slice(first, end);
  answer.small = "{\"ConsumedCapacity\":" + consumed(table.name, kItemUnits) + ",\"Count\":" + count + ",\"Items\":[";
  answer.small.append(items.data, items.size).append("],\"ScannedCount\":").append(count).append("}");
  consume(kItemUnits);
}

// --- items

void Service::get_item(const Table& table, std::string_view body, Answer& answer) {
  std::size_t position = 0;
  const uint64_t number = next_item_number(body, &position).value_or(UINT64_MAX);
  answer.small = "{\"ConsumedCapacity\":" + consumed(table.name, kItemUnits);
  if (number < table.items->count()) {
    const Piece item = table.items->slice(number, number + 1);
    answer.small.append(",\"Item\":").append(item.data, item.size);
  }
  answer.small += '}';
  consume(kItemUnits);
}

void Service::batch_get_item(const Table& table, std::string_view body, Answer& answer) {
  std::size_t position = 0;
  uint64_t keys = 0;
  std::string& json = answer.small;
  json.reserve(std::size_t{100} * 512);
  json = std::string("{\"Responses\":{\"") + table.name + "\":[";
  const char* separator = "";
  for (; const auto number = next_item_number(body, &position); ++keys) {
    if (*number >= table.items->count()) continue;
    const Piece item = table.items->slice(*number, *number + 1);
    json.append(separator).append(item.data, item.size);
    separator = ",";
  }
  const double units = static_cast<double>(keys) * kItemUnits;
  json.append("]},\"UnprocessedKeys\":{},\"ConsumedCapacity\":[").append(consumed(table.name, units)).append("]}");
  consume(units);
}

void Service::put_item(const Table& table, std::string_view body, Answer& answer) {
  consume(1);
  std::size_t position = 0;
  const uint64_t number = next_item_number(body, &position).value_or(UINT64_MAX);
  if (number < table.items->count() && body.find("\"attribute_not_exists(") != std::string_view::npos)
    return refuse(answer, 400, "ConditionalCheckFailedException");
  answer.small = "{\"ConsumedCapacity\":" + consumed(table.name, 1) + '}';
}

void Service::batch_write_item(const Table& table, std::string_view body, Answer& answer) {
  std::size_t position = 0;
  double units = 0;
  while (next_item_number(body, &position)) ++units;
  consume(units);
  answer.small = "{\"ConsumedCapacity\":[" + consumed(table.name, units) + "],\"UnprocessedItems\":{}}";
}

void Service::describe_table(const Table& table, Answer& answer) {
  const std::string sort = table.has_partition_key ? R"({"AttributeName":"pk","AttributeType":"S"},)" : "";
  const std::string schema = table.has_partition_key
                                 ? R"({"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"})"
                                 : R"({"AttributeName":"sk","KeyType":"HASH"})";
  const uint64_t pages = table.items->count() / table.shape.items_per_page;
  answer.small = R"({"Table":{"AttributeDefinitions":[)" + sort + R"({"AttributeName":"sk","AttributeType":"S"}],)" +
                 R"("BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},"ItemCount":)" +
                 std::to_string(table.items->count()) + R"(,"KeySchema":[)" + schema + R"(],"TableName":")" +
                 table.name + R"(","TableSizeBytes":)" + std::to_string(pages << 20) +
                 R"(,"TableStatus":"ACTIVE","TableArn":"arn:aws:dynamodb:us-east-1:000000000000:table/)" + table.name +
                 "\"}}";
}

}  // namespace bench
