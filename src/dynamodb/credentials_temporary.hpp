// When temporary credentials are fetched anew: what all sources of them share.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>

#include "dynamodb/credentials.hpp"

namespace dynamodb {

/// The base of sources that have to ask somebody. Keeps what was fetched, and fetches anew from 15 minutes before its
/// expiry: until 10 minutes before, the old ones are in use meanwhile; then requests wait for the new ones. Where these
/// cannot be had, the old ones are used until they expire. Between two fetches is at least half a minute, so that
/// credentials of short life are not fetched for every request. (The limits are those of botocore.)
class TemporaryCredentials : public CredentialsSource {
 public:
  static constexpr std::chrono::minutes kAdvisory{15};
  static constexpr std::chrono::minutes kMandatory{10};
  static constexpr std::chrono::seconds kPause{30};

  /// `clock` must outlive this object.
  explicit TemporaryCredentials(const Clock& clock) noexcept : clock_(clock) {}
  CredentialsAnswer get(CredentialsHttp& http) final;
  void invalidate() noexcept final;

 protected:
  /// Begins to ask, or goes on with it, until an answer is there: as CredentialsSource::get(), but keeping nothing.
  virtual CredentialsAnswer fetch(CredentialsHttp& http) = 0;
  /// Forgets what fetch() builds on.
  virtual void forget_source() noexcept {}

 private:
  bool expires_within(WallTime::duration time) const noexcept;
  bool is_due() const noexcept;

  const Clock& clock_;
  std::optional<Credentials> kept_;
  bool fetching_ = false;
  Steady::time_point next_fetch_{};
};

}  // namespace dynamodb
