// The floors of the benchmark: the same requests by libcurl alone, and with simdjson walking over every attribute.
//
//   floor ENDPOINT [--ca FILE] [--gzip]
//
// Reads commands from standard input, a line each, and answers each with a line "seconds=... requests=... bytes=...
// values=...". Connections are kept from command to command, as a backend keeps them.
//   scan TABLE SEGMENTS [walk]       all pages, one request in flight for each segment; walk: simdjson looks at each
//                                    attribute and reads its value (text unescaped, numbers not converted)
//   limit TABLE SEGMENTS ITEMS       one request of a Scan, for the first ITEMS of the first of SEGMENTS
//   get COUNT ITEMS                  GetItem of COUNT items of ITEMS, one after the other
//   batch-get COUNT ITEMS IN_FLIGHT  BatchGetItem of 100 keys each, of orders_by_id
//   batch-write COUNT IN_FLIGHT      BatchWriteItem of 25 new items each; bodies made before the clock starts
//   put COUNT IN_FLIGHT              PutItem of COUNT new items with a condition; the same
#include <simdjson.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "fetch.hpp"
#include "shape.hpp"

namespace bench {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr uint64_t kKeysOfABatch = 100;
constexpr uint64_t kItemsOfABatch = 25;
constexpr uint64_t kFirstNewItem = 100'000'000;
constexpr std::string_view kStartOfNext = "\"LastEvaluatedKey\":";

struct Sums {
  uint64_t requests = 0;
  uint64_t bytes = 0;
  uint64_t values = 0;
  uint64_t weight = 0;  // of what was read, so that reading it is not optimised away
};

/// Looks at every value of a page. Errors of simdjson become exceptions.
class Walker {
 public:
  explicit Walker(Sums& sums) : sums_(sums) {}
  void walk_page(const Buffer& page) {
    ondemand::document document = parser_.iterate(page.data(), page.size(), page.capacity());
    for (ondemand::object item : document["Items"].get_array()) walk_attributes(item);
  }

 private:
  void walk_attributes(ondemand::object attributes) {
    for (auto field : attributes) {
      const std::string_view name = field.unescaped_key();
      sums_.weight += name.size();
      walk_value(field.value());
    }
  }
  void walk_strings(ondemand::array strings) {
    for (const std::string_view text : strings) sums_.weight += text.size();
  }
  // {"S":"text"}: the name tells the type, the second letter that it is a set.
  void walk_value(ondemand::object value) {
    ++sums_.values;
    for (auto field : value) {
      const ondemand::raw_json_string type = field.key();
      const char first = type.raw()[0];
      const bool set = type.raw()[1] == 'S';
      if (first == 'M') {
        walk_attributes(field.value());
      } else if (first == 'L') {
        for (ondemand::object element : field.value().get_array()) walk_value(element);
      } else if (set) {
        walk_strings(field.value());
      } else if (first == 'S' || (first == 'N' && type.raw()[1] == '"') || (first == 'B' && type.raw()[1] == '"')) {
        sums_.weight += std::string_view(field.value()).size();
      } else {
        sums_.weight += bool(field.value()) ? 1 : 0;
      }
    }
  }

  ondemand::parser parser_;
  Sums& sums_;
};

std::string table_member(std::string_view table) {
  return "{\"TableName\":\"" + std::string(table) + "\",\"ReturnConsumedCapacity\":\"TOTAL\"";
}

// Behind the items: the end of a page is searched, not all of it.
std::string_view next_key(std::string_view page) {
  const std::string_view tail = page.substr(page.size() - std::min<std::size_t>(page.size(), 400));
  const std::size_t found = tail.find(kStartOfNext);
  if (found == std::string_view::npos) return {};
  const std::size_t start = found + kStartOfNext.size();
  return tail.substr(start, tail.find("}}", start) + 2 - start);
}

class Floor {
 public:
  explicit Floor(Fetcher& fetcher) : fetcher_(fetcher) {}
  Sums run(const std::string& command);
  double seconds() const noexcept { return seconds_; }

 private:
  using Clock = std::chrono::steady_clock;
  void scan(const std::string& table, uint64_t segments, bool walk);
  void limit(const std::string& table, uint64_t segments, uint64_t items);
  void get(uint64_t count, uint64_t items);
  void send_all(const char* operation, const std::vector<std::string>& bodies, uint64_t in_flight);
  Exchange& exchange(std::size_t index);
  void start_clock() noexcept { start_ = Clock::now(); }
  void stop_clock() noexcept { seconds_ = std::chrono::duration<double>(Clock::now() - start_).count(); }
  void count(const Exchange& answered) noexcept {
    ++sums_.requests;
    sums_.bytes += answered.answer.size();
  }

  Fetcher& fetcher_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  Sums sums_;
  Walker walker_{sums_};
  Clock::time_point start_;
  double seconds_ = 0;
};

Exchange& Floor::exchange(std::size_t index) {
  while (exchanges_.size() <= index) exchanges_.push_back(fetcher_.make_exchange());
  exchanges_[index]->source = index;
  return *exchanges_[index];
}

void Floor::scan(const std::string& table, uint64_t segments, bool walk) {
  const curl_slist* headers = fetcher_.headers("Scan");
  const std::string start = table_member(table);
  std::vector<std::string> heads(segments, start);
  std::vector<std::string> bodies(segments);
  start_clock();
  for (std::size_t i = 0; i < segments; ++i) {
    heads[i] += ",\"Segment\":" + std::to_string(i) + ",\"TotalSegments\":" + std::to_string(segments);
    bodies[i] = heads[i] + '}';
    fetcher_.start(exchange(i), headers, bodies[i]);
  }
  for (uint64_t open = segments; open > 0;) {
    Exchange& answered = fetcher_.wait();
    count(answered);
    if (walk) walker_.walk_page(answered.answer);
    const std::string_view next = next_key(answered.answer.view());
    if (next.empty()) {
      --open;
      continue;
    }
    std::string& body = bodies[answered.source];
    body = heads[answered.source];
    body.append(",\"ExclusiveStartKey\":").append(next).append("}");
    fetcher_.start(answered, headers, body);
  }
  stop_clock();
}

void Floor::limit(const std::string& table, uint64_t segments, uint64_t items) {
  const std::string body = table_member(table) + ",\"Segment\":0,\"TotalSegments\":" + std::to_string(segments) +
                           ",\"Limit\":" + std::to_string(items) + '}';
  send_all("Scan", {body}, 1);
  walker_.walk_page(exchange(0).answer);
  stop_clock();
}

std::string braced_keys(uint64_t number, bool whole) {
  std::string key = "{";
  (whole ? append_key_members : append_sort_key_member)(key, number);
  return key + '}';
}

// Numbers all over the table, the same each time.
uint64_t scattered(uint64_t index, uint64_t items) noexcept { return index * 7919 % items; }

void Floor::get(uint64_t count_of_keys, uint64_t items) {
  std::vector<std::string> bodies;
  for (uint64_t i = 0; i < count_of_keys; ++i)
    bodies.push_back(table_member("orders") + ",\"Key\":" + braced_keys(scattered(i, items), true) + '}');
  const curl_slist* headers = fetcher_.headers("GetItem");
  Exchange& only = exchange(0);
  start_clock();
  for (const std::string& body : bodies) {
    fetcher_.perform(only, headers, body);
    count(only);
  }
  stop_clock();
}

void Floor::send_all(const char* operation, const std::vector<std::string>& bodies, uint64_t in_flight) {
  const curl_slist* headers = fetcher_.headers(operation);
  std::size_t next = 0;
  start_clock();
  while (next < bodies.size() && next < in_flight) {
    fetcher_.start(exchange(next), headers, bodies[next]);
    ++next;
  }
  for (std::size_t answers = 0; answers < bodies.size(); ++answers) {
    Exchange& answered = fetcher_.wait();
    count(answered);
    if (next < bodies.size()) fetcher_.start(answered, headers, bodies[next++]);
  }
  stop_clock();
}

std::vector<std::string> batch_get_bodies(uint64_t count, uint64_t items) {
  std::vector<std::string> bodies;
  for (uint64_t i = 0; i < count; ++i) {
    if (i % kKeysOfABatch == 0)
      bodies.emplace_back(R"({"ReturnConsumedCapacity":"TOTAL","RequestItems":{"orders_by_id":{"Keys":[)");
    else
      bodies.back() += ',';
    bodies.back() += braced_keys(scattered(i, items), false);
    if (i % kKeysOfABatch == kKeysOfABatch - 1 || i == count - 1) bodies.back() += "]}}}";
  }
  return bodies;
}

std::vector<std::string> batch_write_bodies(uint64_t count) {
  std::vector<std::string> bodies;
  for (uint64_t i = 0; i < count; ++i) {
    if (i % kItemsOfABatch == 0)
      bodies.emplace_back(R"({"ReturnConsumedCapacity":"TOTAL","RequestItems":{"orders":[)");
    else
      bodies.back() += ',';
    bodies.back() += R"({"PutRequest":{"Item":)";
    kOrders.append(bodies.back(), kFirstNewItem + i);
    bodies.back() += "}}";
    if (i % kItemsOfABatch == kItemsOfABatch - 1 || i == count - 1) bodies.back() += "]}}";
  }
  return bodies;
}

std::vector<std::string> put_bodies(uint64_t count) {
  std::vector<std::string> bodies;
  for (uint64_t i = 0; i < count; ++i) {
    bodies.emplace_back(R"({"TableName":"orders","Item":)");
    kOrders.append(bodies.back(), kFirstNewItem + i);
    bodies.back() +=
        R"end(,"ConditionExpression":"attribute_not_exists(#0)","ExpressionAttributeNames":{"#0":"pk"},)end"
        R"("ReturnConsumedCapacity":"TOTAL"})";
  }
  return bodies;
}

template <typename Value>
Value word(std::istringstream& words) {
  Value value;
  if (!(words >> value)) throw std::runtime_error("the command is too short");
  return value;
}

Sums Floor::run(const std::string& command) {
  std::istringstream words(command);
  const auto name = word<std::string>(words);
  sums_ = Sums();
  if (name == "scan" || name == "limit") {
    const auto table = word<std::string>(words);
    const auto segments = word<uint64_t>(words);
    std::string walk;
    if (name == "limit")
      limit(table, segments, word<uint64_t>(words));
    else
      scan(table, segments, static_cast<bool>(words >> walk));
    return sums_;
  }
  const auto number = word<uint64_t>(words);
  if (name == "get") {
    get(number, word<uint64_t>(words));
  } else if (name == "batch-get") {
    const auto items = word<uint64_t>(words);
    send_all("BatchGetItem", batch_get_bodies(number, items), word<uint64_t>(words));
  } else if (name == "batch-write") {
    send_all("BatchWriteItem", batch_write_bodies(number), word<uint64_t>(words));
  } else if (name == "put") {
    send_all("PutItem", put_bodies(number), word<uint64_t>(words));
  } else {
    throw std::runtime_error("unknown command: " + name);
  }
  return sums_;
}

int serve(int argc, char** argv) {
  if (argc < 2) throw std::runtime_error("usage: floor ENDPOINT [--ca FILE] [--gzip]");
  std::string ca_file;
  bool gzip = false;
  for (int i = 2; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--gzip") gzip = true;
    if (std::string_view(argv[i]) == "--ca" && i + 1 < argc) ca_file = argv[++i];
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  Fetcher fetcher(argv[1], ca_file, gzip);
  Floor floor(fetcher);
  for (std::string command; std::getline(std::cin, command);) {
    const Sums sums = floor.run(command);
    std::printf("seconds=%.6f requests=%llu bytes=%llu values=%llu weight=%llu\n", floor.seconds(),
                static_cast<unsigned long long>(sums.requests), static_cast<unsigned long long>(sums.bytes),
                static_cast<unsigned long long>(sums.values), static_cast<unsigned long long>(sums.weight));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::serve(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "floor: %s\n", error.what());
    return 1;
  }
}
