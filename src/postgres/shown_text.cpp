// Text of DynamoDB in the results of SQL functions.
#include "shown_text.hpp"

#include "import_names.hpp"

namespace dynamodb_fdw {

const char* shown_text(const char* utf8, size_t length) {
  if (const char* converted = to_server_name(utf8, length)) return converted;
  auto* text = static_cast<char*>(palloc(length + 1));
  for (size_t i = 0; i < length; ++i) text[i] = IS_HIGHBIT_SET(utf8[i]) || utf8[i] == '\0' ? '?' : utf8[i];
  text[length] = '\0';
  return text;
}

}  // namespace dynamodb_fdw
