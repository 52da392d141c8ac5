// Reads credentials out of JSON.
#include "dynamodb/credentials_json.hpp"

#include <simdjson.h>

#include <optional>

#include "dynamodb/ascii.hpp"
#include "dynamodb/iso_time.hpp"
#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxBytes = kMaxCredentialsBytes;
constexpr double kSmallestMilliseconds = 1e11;  // as seconds this would be the year 5138
constexpr double kLastSecond = 9e9;             // the year 2255, about the last that the clock's type can hold

/// The object at `path` in `json`; nothing when there is none. `parser` must outlive it.
std::optional<dom::object> find_object(dom::parser& parser, std::string_view json, const JsonPath& path) {
  dom::object object;
  if (json.size() > kMaxBytes || parser.parse(json.data(), json.size()).get(object)) return std::nullopt;
  for (const char* name : path) {
    dom::object inner;
    if (object.at_key(name).get(inner)) return std::nullopt;
    object = inner;
  }
  return object;
}

std::optional<dom::element> find_member(dom::object object, std::string name) {
  dom::element member;
  if (!object.at_key(name).get(member)) return member;
  name[0] = ascii_lower(name.substr(0, 1))[0];
  if (!object.at_key(name).get(member)) return member;
  return std::nullopt;
}

std::string text_member(dom::object object, const char* name) {
  const auto member = find_member(object, name);
  std::string_view text;
  if (!member || member->get_string().get(text)) return {};
  return std::string(text);
}

std::optional<WallTime::time_point> from_epoch(double number) noexcept {
  const double seconds = number >= kSmallestMilliseconds ? number / 1000 : number;
  if (!(seconds >= 0 && seconds < kLastSecond)) return std::nullopt;
  return WallTime::time_point(std::chrono::duration_cast<WallTime::duration>(std::chrono::duration<double>(seconds)));
}

/// False when there is something that is no time.
bool read_expiration(dom::object object, std::optional<WallTime::time_point>* expiration) {
  const auto member = find_member(object, "Expiration");
  if (!member || member->is_null()) return true;
  double number = 0;
  std::string_view text;
  if (!member->get_double().get(number)) *expiration = from_epoch(number);
  if (!member->get_string().get(text)) *expiration = parse_iso_time(text);
  return expiration->has_value();
}

Error unusable(std::string_view place, const char* reason) {
  return Error::corrupt_response("the answer of " + std::string(place) + " " + reason);
}

}  // namespace

Result<Credentials> parse_credentials(std::string_view json, const JsonPath& path, std::string_view place) {
  dom::parser parser(kMaxBytes);
  const auto object = find_object(parser, json, path);
  if (!object) return unusable(place, "is not the JSON of credentials");
  Credentials found;
  found.access_key_id = text_member(*object, "AccessKeyId");
  found.secret_access_key = text_member(*object, "SecretAccessKey");
  found.session_token = text_member(*object, "SessionToken");
  if (found.session_token.empty()) found.session_token = text_member(*object, "Token");
  if (!read_expiration(*object, &found.expiration)) return unusable(place, "has an Expiration that is no time");
  auto checked = check_credentials(std::move(found), {place, "AccessKeyId", "SecretAccessKey", "SessionToken"});
  if (!checked) return std::move(checked.error());
  if (!checked.value()) return unusable(place, "has no AccessKeyId");
  return std::move(*checked.value());
}

std::string json_text(std::string_view json, const JsonPath& path, const char* name) {
  dom::parser parser(kMaxBytes);
  const auto object = find_object(parser, json, path);
  return object ? text_member(*object, name) : std::string();
}

int64_t json_number(std::string_view json, const char* name) {
  dom::parser parser(kMaxBytes);
  const auto object = find_object(parser, json, {});
  int64_t number = -1;
  if (object && object->at_key(name).get(number)) number = -1;
  return number;
}

}  // namespace dynamodb
