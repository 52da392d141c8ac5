// Reads credentials out of the JSON that AWS's services and programs give.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/credentials.hpp"

namespace dynamodb {

/// Where in a JSON text credentials are: the members that lead to the object with them; empty: the text itself.
using JsonPath = std::vector<const char*>;

/// Reads AccessKeyId, SecretAccessKey, SessionToken or Token, and Expiration (ISO 8601, or a number of seconds or
/// milliseconds since 1970), each also with a small first letter. `place` is for messages, such as "the ECS container
/// endpoint". Errors (corrupt_response): not JSON, or not such credentials. Never quotes the text.
Result<Credentials> parse_credentials(std::string_view json, const JsonPath& path, std::string_view place);

/// A string member of the object at `path`, its first letter small or not; empty when there is none. For error answers
/// and token files.
std::string json_text(std::string_view json, const JsonPath& path, const char* name);

/// A whole number among the members of the object; -1 when there is none.
int64_t json_number(std::string_view json, const char* name);

}  // namespace dynamodb
