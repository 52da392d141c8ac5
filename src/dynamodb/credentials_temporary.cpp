// When temporary credentials are fetched anew.
#include "dynamodb/credentials_temporary.hpp"

namespace dynamodb {

bool TemporaryCredentials::expires_within(WallTime::duration time) const noexcept {
  return kept_->expiration && *kept_->expiration - clock_.wall_now() <= time;
}

bool TemporaryCredentials::is_due() const noexcept {
  if (!kept_ || fetching_) return true;
  return expires_within(kAdvisory) && clock_.now() >= next_fetch_;
}

CredentialsAnswer TemporaryCredentials::get(CredentialsHttp& http) {
  if (!is_due()) return kept_;
  CredentialsAnswer answer = fetch(http);
  fetching_ = answer.is_pending();
  if (fetching_) return kept_ && !expires_within(kMandatory) ? CredentialsAnswer(kept_) : std::move(answer);
  next_fetch_ = clock_.now() + kPause;
  if (answer.ok() && answer.value()) {
    kept_ = answer.value();
    return answer;
  }
  if (kept_ && !expires_within(WallTime::duration(0))) return kept_;
  kept_.reset();
  return answer;
}

void TemporaryCredentials::invalidate() noexcept {
  kept_.reset();
  forget_source();
}

}  // namespace dynamodb
