// AWS credentials and the interface of the sources they come from.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/clock.hpp"
#include "dynamodb/result.hpp"

namespace dynamodb {

class AwsEnvironment;
class CredentialsHttp;

/// One set of credentials. Secret: never print, log or put into an Error.
struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;                       ///< empty for long-term keys
  std::optional<WallTime::time_point> expiration;  ///< none: does not expire
  std::string source;                              ///< for messages, such as "environment" or "profile dev"; no secret
};

/// What a source says: credentials; nothing, when it is not configured; an Error, when it is but cannot be used; or
/// that it is still finding out. REQUIRES: ok(), value() and error() only when not pending.
class [[nodiscard]] CredentialsAnswer : public Result<std::optional<Credentials>> {
 public:
  using Result::Result;
  CredentialsAnswer(Result<std::optional<Credentials>>&& result) : Result(std::move(result)) {}
  static CredentialsAnswer pending() {
    CredentialsAnswer answer{std::optional<Credentials>()};
    answer.pending_ = true;
    return answer;
  }
  bool is_pending() const noexcept { return pending_; }

 private:
  bool pending_ = false;
};

/// Where credentials come from. Implementations cache as far as their source makes sense.
class CredentialsSource {
 public:
  virtual ~CredentialsSource() = default;

  /// The credentials to use now, or nothing when this source is not configured (the chain then asks the
  /// next). An Error means: configured, but unusable (the chain stops and reports it). Never waits: a source that has
  /// to ask somebody begins that in `http` and is pending; ask again when the client was woken. `http` is the same for
  /// all of a source's life.
  virtual CredentialsAnswer get(CredentialsHttp& http) = 0;

  /// Forget what was cached: the service refused it. The next get() reads anew.
  virtual void invalidate() noexcept = 0;

  /// For messages: what was looked for, such as "environment (AWS_ACCESS_KEY_ID)".
  virtual std::string description() const = 0;
};

/// Asks its sources in order; the first that is configured answers, and is asked first from then on, until it no longer
/// is or invalidate() is called.
/// get() is an Error of kind no_credentials, listing what was looked for, when none is.
class CredentialsChain final : public CredentialsSource {
 public:
  explicit CredentialsChain(std::vector<std::unique_ptr<CredentialsSource>> sources);
  CredentialsAnswer get(CredentialsHttp& http) override;
  void invalidate() noexcept override;
  std::string description() const override;

 private:
  CredentialsAnswer ask_on(CredentialsHttp& http);

  std::vector<std::unique_ptr<CredentialsSource>> sources_;
  std::size_t asking_ = 0;  // whose turn it is
  bool answered_ = false;   // that one had credentials the last time
};

/// What sources are made of. All that is referred to must outlive them.
struct CredentialsContext {
  const AwsEnvironment& environment;
  const Clock& clock;
  std::string region;  ///< of the client; its STS is asked for roles
};

/// The server process's own credentials, from the first of the sources of docs/credentials.md that is configured.
std::unique_ptr<CredentialsSource> ambient_credentials(const CredentialsContext& context);

/// For sources: what the parts of a set of credentials are called where it was found.
struct CredentialsNames {
  std::string_view place;  ///< such as "the environment"
  std::string_view access_key_id;
  std::string_view secret_access_key;
  std::string_view session_token;
};

/// For sources: nothing when both keys are empty; an Error (bad_configuration) when only one is, or when a part cannot
/// be what it claims to be; else `found`.
Result<std::optional<Credentials>> check_credentials(Credentials found, const CredentialsNames& names);

}  // namespace dynamodb
