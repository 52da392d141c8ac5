// Credentials of a role, for those of another source.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <memory>
#include <string>

#include "dynamodb/credentials_http.hpp"
#include "dynamodb/credentials_temporary.hpp"
#include "dynamodb/sts.hpp"

namespace dynamodb {

/// STS AssumeRole, signed with what `source` gives at the time. An Error when `source` is not configured.
class AssumeRoleCredentials final : public TemporaryCredentials {
 public:
  /// `profile`: whose settings name the STS endpoint; empty: the default choice.
  AssumeRoleCredentials(const CredentialsContext& context, RoleWish role, std::unique_ptr<CredentialsSource> source,
                        std::string profile = {})
      : TemporaryCredentials(context.clock),
        context_(context),
        role_(std::move(role)),
        source_(std::move(source)),
        profile_(std::move(profile)) {}
  std::string description() const override;

 protected:
  CredentialsAnswer fetch(CredentialsHttp& http) override;
  void forget_source() noexcept override { source_->invalidate(); }

 private:
  const CredentialsContext context_;
  const RoleWish role_;
  const std::unique_ptr<CredentialsSource> source_;
  const std::string profile_;
  CredentialsFetch fetch_;
};

}  // namespace dynamodb
