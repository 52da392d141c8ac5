// Describes many tables, several at once.
#include "dynamodb/table_describer.hpp"

#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

void read_outcome(Client& client, Call& call, TableDescriber::Outcome* outcome) {
  if (call.error() != nullptr) {
    outcome->error = *call.error();
    return;
  }
  BodyBuffer body = call.take_body();
  auto description = parse_describe_table_response(body.view(), outcome->name);
  client.recycle(std::move(body));
  if (description.ok())
    outcome->description = std::move(description.value());
  else
    outcome->error = std::move(description.error());
}

}  // namespace

TableDescriber::TableDescriber(Client& client, std::vector<std::string> names) : client_(client) {
  outcomes_.reserve(names.size());
  for (std::string& name : names) outcomes_.push_back({std::move(name), std::nullopt, std::nullopt});
}

bool TableDescriber::advance() {
  collect();
  while (send_more()) {
    client_.advance();
    collect();
  }
  return next_ == outcomes_.size() && calls_.size() == 0;
}

void TableDescriber::collect() {
  std::size_t number;
  while (auto call = calls_.take_finished(&number)) read_outcome(client_, *call, &outcomes_[number]);
}

// No more at once than the client sends: what waits there would only take memory.
bool TableDescriber::send_more() {
  auto most = static_cast<std::size_t>(client_.config().max_connections);
  bool sent = false;
  while (next_ < outcomes_.size() && calls_.size() < most) {
    calls_.add(next_, client_.start("DescribeTable", describe_table_request(outcomes_[next_].name), nullptr,
                                    {.max_response_bytes = kMaxDescriptionBytes}));
    ++next_;
    sent = true;
  }
  return sent;
}

}  // namespace dynamodb
