// Describes many tables, several at once.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>
#include <string>
#include <vector>

#include "dynamodb/call_pool.hpp"
#include "dynamodb/client.hpp"
#include "dynamodb/table_description.hpp"

namespace dynamodb {

/// Usage:  while (!describer.advance()) { wait until client.poll_descriptor() is readable; client.advance(); }
class TableDescriber {
 public:
  struct Outcome {
    std::string name;                             ///< as asked for
    std::optional<TableDescription> description;  ///< or
    std::optional<Error> error;
  };

  /// `client` must outlive this object.
  TableDescriber(Client& client, std::vector<std::string> names);

  /// Takes in what has arrived and sends what may be sent. True when all is done. Never waits.
  bool advance();

  /// In the order of the names. REQUIRES: advance() returned true.
  const std::vector<Outcome>& outcomes() const noexcept { return outcomes_; }

 private:
  void collect();
  bool send_more();

  Client& client_;
  std::vector<Outcome> outcomes_;
  std::size_t next_ = 0;  // outcomes below were asked for
  CallPool calls_;
};

}  // namespace dynamodb
