// Looks at some items of many tables, to learn which attributes they have and of which types.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dynamodb/call_pool.hpp"
#include "dynamodb/client.hpp"
#include "dynamodb/item_reader.hpp"

namespace dynamodb {

/// What the sampled items of a table say of one top-level attribute.
struct SampledAttribute {
  uint32_t items = 0;                 ///< how many of the items have it
  std::optional<AttributeType> type;  ///< of its values other than NULL; nothing when there are none
  bool mixed = false;                 ///< the values have several types
};

/// Attribute names in byte order, so that equal tables give equal answers.
using AttributeSample = std::map<std::string, SampledAttribute, std::less<>>;

/// Scans each table, page after page, until enough items were seen; several tables at once. A page is let go as soon as
/// it was looked at. Usage as of TableDescriber.
class AttributeSampler {
 public:
  struct Outcome {
    std::string table;
    AttributeSample sample;
    std::optional<Error> error;  ///< then the sample is what came before it
  };

  /// More different names than this are not counted.
  static constexpr std::size_t kMaxNames = 10'000;

  /// `client` must outlive this object. REQUIRES: items_per_table > 0.
  AttributeSampler(Client& client, std::vector<std::string> tables, uint64_t items_per_table);

  bool advance();

  /// In the order of the tables. REQUIRES: advance() returned true.
  const std::vector<Outcome>& outcomes() const noexcept { return outcomes_; }

 private:
  struct Progress {
    uint64_t items = 0;
    std::string start_key;  // ExclusiveStartKey's JSON; empty before the first page
  };

  void collect();
  bool send_more();
  void send(std::size_t number);
  void read_page(std::size_t number, const BodyBuffer& body);
  std::optional<Error> count_items(std::size_t number, const BodyBuffer& body);

  Client& client_;
  uint64_t items_per_table_;
  std::vector<Outcome> outcomes_;
  std::vector<Progress> progress_;
  std::vector<std::size_t> resumable_;  // have more pages and nothing in flight
  std::size_t next_ = 0;                // outcomes below were begun
  CallPool calls_;
  PageReader reader_;
  Item item_;
};

}  // namespace dynamodb
