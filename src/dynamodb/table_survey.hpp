// Describes many tables with their time to live, several at once.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>
#include <string>
#include <vector>

#include "dynamodb/call_pool.hpp"
#include "dynamodb/client.hpp"
#include "dynamodb/table_details.hpp"

namespace dynamodb {

/// Usage:  while (!survey.advance()) { wait until client.poll_descriptor() is readable; client.advance(); }
class TableSurvey {
 public:
  struct Outcome {
    std::string name;                             ///< as asked for
    std::optional<TableDescription> description;  ///< or `error`
    TableDetails details;
    std::string indexes;                     ///< see indexes_as_json()
    std::optional<TimeToLive> time_to_live;  ///< or `time_to_live_error`
    std::optional<Error> error;
    std::optional<Error> time_to_live_error;
  };

  /// `client` must outlive this object.
  TableSurvey(Client& client, std::vector<std::string> names);

  /// Takes in what has arrived and sends what may be sent. True when all is done. Never waits.
  bool advance();

  /// In the order of the names. REQUIRES: advance() returned true.
  const std::vector<Outcome>& outcomes() const noexcept { return outcomes_; }

 private:
  void collect();
  bool send_more();
  void read_description(Call& call, Outcome* outcome);
  void read_time_to_live(Call& call, Outcome* outcome);

  Client& client_;
  std::vector<Outcome> outcomes_;
  std::size_t next_ = 0;  // questions below were asked: two for each table
  CallPool calls_;
};

}  // namespace dynamodb
