// The chain of credentials sources, and what all sources check.
#include "dynamodb/credentials.hpp"

#include <algorithm>

#include "dynamodb/credentials_environment.hpp"
#include "dynamodb/credentials_shared_files.hpp"

namespace dynamodb {
namespace {

/// Keys and tokens go into HTTP headers: a stray newline or space is a mistake or an attack.
bool is_printable_word(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

Error missing(const CredentialsNames& names, std::string_view present, std::string_view absent) {
  std::string message(names.place);
  return Error::bad_configuration(message.append(" has ").append(present).append(" but no ").append(absent));
}

}  // namespace

Result<std::optional<Credentials>> check_credentials(Credentials found, const CredentialsNames& names) {
  if (found.access_key_id.empty() && found.secret_access_key.empty()) return std::optional<Credentials>();
  if (found.secret_access_key.empty()) return missing(names, names.access_key_id, names.secret_access_key);
  if (found.access_key_id.empty()) return missing(names, names.secret_access_key, names.access_key_id);
  const std::pair<const std::string*, std::string_view> parts[] = {
      {&found.access_key_id, names.access_key_id},
      {&found.secret_access_key, names.secret_access_key},
      {&found.session_token, names.session_token},
  };
  for (const auto& [text, name] : parts) {
    if (is_printable_word(*text)) continue;
    return Error::bad_configuration(std::string(name) + " of " + std::string(names.place) +
                                    " contains white space or another character that it cannot have");
  }
  return std::optional<Credentials>(std::move(found));
}

CredentialsChain::CredentialsChain(std::vector<std::unique_ptr<CredentialsSource>> sources)
    : sources_(std::move(sources)) {}

Result<std::optional<Credentials>> CredentialsChain::get() {
  for (const auto& source : sources_) {
    Result<std::optional<Credentials>> found = source->get();
    if (!found.ok() || found.value()) return found;
  }
  Error error = Error::no_credentials("no AWS credentials were found");
  error.detail = "Looked for: " + description() + ".";
  return error;
}

void CredentialsChain::invalidate() noexcept {
  for (const auto& source : sources_) source->invalidate();
}

std::string CredentialsChain::description() const {
  std::string all;
  for (const auto& source : sources_) all.append(all.empty() ? "" : "; ").append(source->description());
  return all;
}

std::unique_ptr<CredentialsSource> ambient_credentials(const AwsEnvironment& environment, const Clock& clock) {
  std::vector<std::unique_ptr<CredentialsSource>> sources;
  sources.push_back(std::make_unique<EnvironmentCredentials>(environment));
  sources.push_back(std::make_unique<SharedFilesCredentials>(environment, clock));
  return std::make_unique<CredentialsChain>(std::move(sources));
}

}  // namespace dynamodb
