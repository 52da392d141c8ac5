// Credentials from a profile of the shared config and credentials files.
#include "dynamodb/credentials_shared_files.hpp"

#include "dynamodb/aws_environment.hpp"
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr std::size_t kMaxPathShown = 500;

std::string quoted_path(const std::string& path) {
  return path.empty() ? "(no HOME)" : "\"" + one_line(path, kMaxPathShown) + "\"";
}

Error no_such_profile(const ProfileChoice& profile, const AwsProfiles& files) {
  return Error::bad_configuration(quoted_profile(profile.name) + ", which " + profile.chosen_by +
                                  " names, is neither in " + quoted_path(files.config_path()) + " nor in " +
                                  quoted_path(files.credentials_path()));
}

}  // namespace

Result<ProfileSource> SharedFilesCredentials::read() const {
  const ProfileChoice profile = choose_profile(context_.environment, requested_profile_);
  const Result<AwsProfiles> files = AwsProfiles::read(context_.environment);
  if (!files) return files.error();
  if (!profile.chosen_by.empty() && !files.value().has(profile.name)) return no_such_profile(profile, files.value());
  return make_profile_source(context_, files.value(), profile.name);
}

CredentialsAnswer SharedFilesCredentials::get(CredentialsHttp& http) {
  if (found_.static_keys && context_.clock.now() >= kept_until_) found_ = {};
  if (found_.source == nullptr) {
    Result<ProfileSource> found = read();
    if (!found) return std::move(found.error());
    if (found.value().source == nullptr) return std::optional<Credentials>();
    found_ = std::move(found.value());
    kept_until_ = context_.clock.now() + kKeptFor;
  }
  CredentialsAnswer answer = found_.source->get(http);
  if (!answer.ok()) found_ = {};  // the files may be mended before the next try
  return answer;
}

std::string SharedFilesCredentials::description() const {
  return quoted_profile(choose_profile(context_.environment, requested_profile_).name) + " in " +
         quoted_path(credentials_file_path(context_.environment)) + " or " +
         quoted_path(config_file_path(context_.environment));
}

}  // namespace dynamodb
