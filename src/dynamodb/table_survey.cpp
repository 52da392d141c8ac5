// Describes many tables with their time to live, several at once.
#include "dynamodb/table_survey.hpp"

#include "dynamodb/limits.hpp"

namespace dynamodb {

TableSurvey::TableSurvey(Client& client, std::vector<std::string> names) : client_(client) {
  outcomes_.reserve(names.size());
  for (std::string& name : names) outcomes_.emplace_back().name = std::move(name);
}

bool TableSurvey::advance() {
  collect();
  while (send_more()) {
    client_.advance();
    collect();
  }
  return next_ == 2 * outcomes_.size() && calls_.size() == 0;
}

void TableSurvey::collect() {
  std::size_t number;
  while (auto call = calls_.take_finished(&number)) {
    Outcome* outcome = &outcomes_[number / 2];
    if (number % 2 == 0)
      read_description(*call, outcome);
    else
      read_time_to_live(*call, outcome);
  }
}

void TableSurvey::read_description(Call& call, Outcome* outcome) {
  if (call.error() != nullptr) {
    outcome->error = *call.error();
    return;
  }
  BodyBuffer body = call.take_body();
  auto description = parse_describe_table_response(body.view(), outcome->name);
  if (description.ok()) {
    outcome->description = std::move(description.value());
    outcome->details = parse_table_details(body.view());
    outcome->indexes = indexes_as_json(*outcome->description, outcome->details);
  } else {
    outcome->error = std::move(description.error());
  }
  client_.recycle(std::move(body));
}

void TableSurvey::read_time_to_live(Call& call, Outcome* outcome) {
  if (call.error() != nullptr) {
    outcome->time_to_live_error = *call.error();
    return;
  }
  BodyBuffer body = call.take_body();
  auto time_to_live = parse_time_to_live_response(body.view());
  if (time_to_live.ok())
    outcome->time_to_live = std::move(time_to_live.value());
  else
    outcome->time_to_live_error = std::move(time_to_live.error());
  client_.recycle(std::move(body));
}

// No more at once than the client sends. Both requests take nothing but the name of the table.
bool TableSurvey::send_more() {
  const auto most = static_cast<std::size_t>(client_.config().max_connections);
  bool sent = false;
  for (; next_ < 2 * outcomes_.size() && calls_.size() < most; ++next_) {
    const char* operation = next_ % 2 == 0 ? "DescribeTable" : "DescribeTimeToLive";
    calls_.add(next_, client_.start(operation, describe_table_request(outcomes_[next_ / 2].name), nullptr,
                                    {.max_response_bytes = kMaxDescriptionBytes}));
    sent = true;
  }
  return sent;
}

}  // namespace dynamodb
