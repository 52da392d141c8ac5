// Fuzzes the readers of credentials: answers of STS (JSON and XML), containers, instances, SSO. Any bytes give
// credentials that fit into headers, or an error.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dynamodb/credentials_json.hpp"
#include "dynamodb/iso_time.hpp"
#include "dynamodb/sts.hpp"

namespace {

void check(const dynamodb::Result<dynamodb::Credentials>& found) {
  if (!found.ok()) {
    if (found.error().message.empty()) abort();
    return;
  }
  const auto fits = [](std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
  };
  const dynamodb::Credentials& keys = found.value();
  if (keys.access_key_id.empty() || keys.secret_access_key.empty()) abort();
  if (!fits(keys.access_key_id) || !fits(keys.secret_access_key) || !fits(keys.session_token)) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dynamodb;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  check(parse_credentials(text, {}, "a place"));
  check(parse_credentials(text, {"roleCredentials"}, "a place"));
  for (int status : {200, 403}) {
    HttpResponse response;
    response.status = status;
    if (!response.body.append(text.data(), text.size())) abort();
    check(parse_sts_answer(response, "AssumeRole", {"role", {}, {}, 0}));
  }
  (void)json_text(text, {"Error"}, "Message");
  (void)parse_iso_time(text);
  return 0;
}
