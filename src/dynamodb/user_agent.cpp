// How requests name their sender: the User-Agent header.
#include "dynamodb/user_agent.hpp"

#include <curl/curl.h>

#include <algorithm>

#ifndef DYNAMODB_FDW_VERSION
#error "DYNAMODB_FDW_VERSION is to be defined by the Makefile, which takes it from META.json"
#endif

namespace dynamodb {
namespace {

bool is_allowed(char byte) noexcept {
  const bool alphanumeric =
      (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return alphanumeric || kOthers.find(byte) != std::string_view::npos;
}

}  // namespace

std::string user_agent(std::string_view host, std::string_view application) {
  std::string text = "dynamodb_fdw/" DYNAMODB_FDW_VERSION;
  if (!host.empty()) text.append(" ").append(host);
  text.append(" libcurl/").append(curl_version_info(CURLVERSION_NOW)->version);
  if (!application.empty()) text.append(" app/").append(application);
  return text;
}

std::string application_id(std::string_view text) {
  std::string id(text.substr(0, kMaxApplicationId));
  std::replace_if(
      id.begin(), id.end(), [](char byte) { return !is_allowed(byte); }, '-');
  return id;
}

}  // namespace dynamodb
