// Answers of the writing requests.
#include "dynamodb/write_response.hpp"

#include <simdjson.h>

namespace dynamodb {
namespace {

namespace json = simdjson::dom;

Error corrupt(const char* what) {
  return Error::corrupt_response(std::string("the response is not what DynamoDB sends: ") + what);
}

double units_of(const json::element& consumed) noexcept {
  double units = 0;
  if (consumed["CapacityUnits"].get(units) != simdjson::SUCCESS) return 0;
  return units;
}

// One object, or one for each table.
double consumed_capacity(const json::object& answer) noexcept {
  json::element consumed;
  if (answer["ConsumedCapacity"].get(consumed) != simdjson::SUCCESS) return 0;
  json::array tables;
  if (consumed.get(tables) != simdjson::SUCCESS) return units_of(consumed);
  double units = 0;
  for (const json::element table : tables) units += units_of(table);
  return units;
}

std::optional<Error> read_unprocessed(std::string_view table, const json::element& request, WriteAnswer& answer) {
  json::element key;
  if (request["PutRequest"]["Item"].get(key) != simdjson::SUCCESS &&
      request["DeleteRequest"]["Key"].get(key) != simdjson::SUCCESS) {
    return corrupt("UnprocessedItems has a request of an unknown kind");
  }
  Result<Value> value = parse_typed_item(simdjson::minify(key));
  if (!value.ok()) return corrupt("UnprocessedItems has an item that is none");
  answer.unprocessed.push_back({std::string(table), std::move(value.value())});
  return std::nullopt;
}

std::optional<Error> read_all_unprocessed(const json::object& fields, WriteAnswer& answer) {
  json::object tables;
  if (fields["UnprocessedItems"].get(tables) != simdjson::SUCCESS) return std::nullopt;
  for (const auto& [name, value] : tables) {
    json::array requests;
    if (value.get(requests) != simdjson::SUCCESS) return corrupt("UnprocessedItems has a table without a list");
    for (const json::element request : requests)
      if (auto error = read_unprocessed(name, request, answer)) return error;
  }
  return std::nullopt;
}

}  // namespace

struct WriteAnswerReader::Impl {
  json::parser parser;
};

WriteAnswerReader::WriteAnswerReader() : impl_(std::make_unique<Impl>()) {}
WriteAnswerReader::~WriteAnswerReader() = default;

Result<WriteAnswer> WriteAnswerReader::read(const BodyBuffer& body) {
  json::object fields;
  if (impl_->parser.parse(body.data(), body.size(), false).get(fields) != simdjson::SUCCESS)
    return corrupt("it is no JSON object");
  WriteAnswer answer;
  answer.consumed_capacity = consumed_capacity(fields);
  if (auto error = read_all_unprocessed(fields, answer)) return std::move(*error);
  return answer;
}

bool is_of(const UnprocessedWrite& unprocessed, const ItemWrite& write) {
  if (unprocessed.table != write.table) return false;
  const Result<Value> key = parse_typed_item(write.key);
  if (!key.ok()) return false;
  for (std::size_t i = 0; i < key.value().names.size(); ++i) {
    const Value* part = unprocessed.key.find(key.value().names[i]);
    if (part == nullptr || !same_value(*part, key.value().elements[i])) return false;
  }
  return true;
}

}  // namespace dynamodb
