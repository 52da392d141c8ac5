// Reads one JSON text of a user with simdjson: opening it, tokens, and where in it an error is.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "dynamodb/document_path.hpp"
#include "dynamodb/error.hpp"
#include "dynamodb/printable.hpp"
#include "dynamodb/value.hpp"

namespace dynamodb {

/// The base of readers of JSON. Only what includes simdjson.h may include this. A derived class reads values
/// recursively and must limit its depth; it calls place_name() or place_index() around what it descends into.
class JsonInput {
 protected:
  using JsonValue = simdjson::ondemand::value;

  /// Calls read(JsonValue&) -> std::optional<Error> with the one value of `text`; afterwards nothing may follow it.
  /// `read` must look at all of the value: simdjson checks only that.
  template <typename Read>
  std::optional<Error> read_text(std::string_view text, Read read) {
    // A value alone is read in other ways than one within others, so none is alone here. This copy has padding, too.
    padded_.clear();
    padded_.reserve(text.size() + 2 + simdjson::SIMDJSON_PADDING);
    padded_.append("[").append(text) += ']';
    simdjson::ondemand::array array;
    auto failure = parser_.iterate(padded_).get(document_);
    if (!failure) failure = document_.get_array().get(array);
    if (failure) return not_json(failure);
    int count = 0;
    for (auto entry : array) {
      if (entry.error()) return not_json(entry.error());
      if (++count > 1) return not_json(simdjson::TRAILING_CONTENT);
      if (auto error = read(entry.value_unsafe())) return error;
    }
    if (count == 0) return not_json(simdjson::EMPTY);
    if (document_.current_location().error() != simdjson::OUT_OF_BOUNDS) return not_json(simdjson::TRAILING_CONTENT);
    return std::nullopt;
  }

  /// The text of a scalar as it is written, or the rest of the text from a container on. Never empty.
  static std::string_view token(JsonValue& value) {
    std::string_view token = value.raw_json_token();
    while (token.size() > 1 && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
    return token;
  }

  std::optional<Error> not_json(simdjson::error_code failure) const {
    return fail(std::string("this is not JSON: ") + simdjson::error_message(failure));
  }

  /// An error at the current place.
  std::optional<Error> fail(std::string message) const {
    if (place_.empty()) return Error::invalid_value(std::move(message));
    return Error::invalid_value("attribute " + one_line(place_, 100) + ": " + message);
  }

  /// Descends; the result is for leave().
  std::size_t place_name(std::string_view name) {
    std::size_t before = place_.size();
    append_path_name(place_, name);
    return before;
  }
  std::size_t place_index(std::size_t index) {
    std::size_t before = place_.size();
    append_path_index(place_, index);
    return before;
  }
  void leave(std::size_t before) { place_.resize(before); }

  /// Reads an object as a map, each member by read(JsonValue&, Value&) -> std::optional<Error>.
  template <typename Read>
  std::optional<Error> read_members(JsonValue& source, Value& value, Read read) {
    simdjson::ondemand::object object;
    if (auto failure = source.get_object().get(object)) return not_json(failure);
    std::vector<std::pair<std::string, Value>> members;
    for (auto entry : object) {
      if (entry.error()) return not_json(entry.error());
      auto& field = entry.value_unsafe();
      std::string_view name;
      if (auto failure = field.unescaped_key().get(name)) return not_json(failure);
      std::size_t place = place_name(name);
      members.emplace_back(name, Value());
      if (auto error = read(field.value(), members.back().second)) return error;
      leave(place);
    }
    value = Value::map_of(std::move(members));
    return std::nullopt;
  }

 private:
  std::string padded_;
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  std::string place_;  // as a document path
};

}  // namespace dynamodb
