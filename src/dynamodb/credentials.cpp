// The chain of credentials sources, and what all sources check.
#include "dynamodb/credentials.hpp"

#include <algorithm>
#include <utility>

#include "dynamodb/credentials_container.hpp"
#include "dynamodb/credentials_environment.hpp"
#include "dynamodb/credentials_instance.hpp"
#include "dynamodb/credentials_shared_files.hpp"
#include "dynamodb/credentials_web_identity.hpp"

namespace dynamodb {
namespace {

/// Keys and tokens go into HTTP headers: a stray newline or space is a mistake or an attack.
// They are sent in headers, of which the service takes a few kB. Session tokens have no fixed length.
constexpr std::size_t kMaxPartBytes = std::size_t{16} << 10;

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
    if (is_printable_word(*text) && text->size() <= kMaxPartBytes) continue;
    const char* problem = text->size() > kMaxPartBytes
                              ? " is too long"
                              : " contains white space or another character that it cannot have";
    return Error::bad_configuration(std::string(name) + " of " + std::string(names.place) + problem);
  }
  return std::optional<Credentials>(std::move(found));
}

CredentialsChain::CredentialsChain(std::vector<std::unique_ptr<CredentialsSource>> sources)
    : sources_(std::move(sources)) {}

// Goes on where it was: the sources before have said that they are not configured.
CredentialsAnswer CredentialsChain::ask_on(CredentialsHttp& http) {
  for (; asking_ < sources_.size(); ++asking_) {
    CredentialsAnswer answer = sources_[asking_]->get(http);
    if (answer.is_pending() || !answer.ok() || answer.value()) return answer;
  }
  return std::optional<Credentials>();
}

CredentialsAnswer CredentialsChain::get(CredentialsHttp& http) {
  CredentialsAnswer answer = ask_on(http);
  if (answer.is_pending()) return answer;
  if (!answer.ok()) {
    asking_ = 0;
    answered_ = false;
    return answer;
  }
  if (answer.value()) {
    answered_ = true;
    return answer;
  }
  asking_ = 0;
  if (std::exchange(answered_, false)) return get(http);
  Error error = Error::no_credentials("no AWS credentials were found");
  error.detail = "Looked for: " + description() + ".";
  return error;
}

void CredentialsChain::invalidate() noexcept {
  for (const auto& source : sources_) source->invalidate();
  asking_ = 0;
  answered_ = false;
}

std::string CredentialsChain::description() const {
  std::string all;
  for (const auto& source : sources_) all.append(all.empty() ? "" : "; ").append(source->description());
  return all;
}

std::unique_ptr<CredentialsSource> ambient_credentials(const CredentialsContext& context) {
  std::vector<std::unique_ptr<CredentialsSource>> sources;
  sources.push_back(std::make_unique<EnvironmentCredentials>(context.environment));
  sources.push_back(std::make_unique<WebIdentityCredentials>(context));
  sources.push_back(std::make_unique<SharedFilesCredentials>(context));
  sources.push_back(std::make_unique<ContainerCredentials>(context.environment, context.clock));
  sources.push_back(std::make_unique<InstanceCredentials>(context.environment, context.clock));
  return std::make_unique<CredentialsChain>(std::move(sources));
}

}  // namespace dynamodb
