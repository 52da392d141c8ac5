// AWS Security Token Service: the requests that give temporary credentials of a role, and their answers.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>
#include <string_view>

#include "dynamodb/aws_environment.hpp"
#include "dynamodb/credentials.hpp"
#include "dynamodb/transport.hpp"

namespace dynamodb {

/// Which role is wanted, and how.
struct RoleWish {
  std::string role_arn;
  std::string session_name;  ///< empty: "dynamodb_fdw"
  std::string external_id;   ///< AssumeRole only; may be empty
  int duration_seconds = 0;  ///< 0: STS's default, an hour
};

/// Where STS is asked: AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, the profile's settings for them, else AWS's own for the
/// region, FIPS and dual-stack as for DynamoDB.
struct StsEndpoint {
  std::string url;
  std::string region;
};
/// `profile`: whose settings count; empty: the default choice.
Result<StsEndpoint> sts_endpoint(const AwsEnvironment& environment, std::string_view profile,
                                 const std::string& region);

/// The body of AssumeRole, and of AssumeRoleWithWebIdentity with this token.
std::string assume_role_body(const RoleWish& wish);
std::string assume_role_with_web_identity_body(const RoleWish& wish, std::string_view token);

/// The request for either. `signer` null: not signed, as for web identity.
HttpRequest sts_request(const StsEndpoint& endpoint, const Credentials* signer);

/// Credentials out of the answer to `operation`, JSON (which the request asks for) or XML. The Error otherwise names
/// operation, role and STS's reason: kind no_credentials, with the HTTP status and AWS's type.
Result<Credentials> parse_sts_answer(const HttpResponse& response, const char* operation, const RoleWish& wish);

/// Whose credentials signed a request.
struct CallerIdentity {
  std::string account;
  std::string arn;
  std::string user_id;
};

/// The body of GetCallerIdentity, which needs no permission.
std::string get_caller_identity_body();
/// Reads its answer, JSON or XML. Error: as parse_sts_answer(); corrupt_response when there is no Arn in it.
Result<CallerIdentity> parse_caller_identity(const HttpResponse& response);

}  // namespace dynamodb
