// Credentials that a program prints: the credential_process of a profile.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <sys/types.h>

#include <string>

#include "dynamodb/credentials_http.hpp"
#include "dynamodb/credentials_temporary.hpp"

namespace dynamodb {

/// A shell command running in the background, its standard output collected. It has no input, its standard error is
/// thrown away (it may hold secrets), and it inherits no other descriptor.
class ShellCommand {
 public:
  ShellCommand() = default;
  ~ShellCommand() { stop(); }
  ShellCommand(const ShellCommand&) = delete;
  ShellCommand& operator=(const ShellCommand&) = delete;

  /// Null when it runs.
  std::optional<Error> start(const std::string& command);
  bool running() const noexcept { return pid_ > 0; }
  /// Reads what is there. True when the command has ended; its status is then as waitpid() gives it.
  bool advance(std::string* output, std::size_t limit, int* status);
  /// Kills it with all that it has started.
  void stop() noexcept;

 private:
  pid_t pid_ = 0;
  int pipe_ = -1;
};

/// Runs the command by /bin/sh and reads JSON: Version 1, AccessKeyId, SecretAccessKey, SessionToken, Expiration.
/// Without an Expiration the credentials do not expire. A command may take a minute and print 64 kB. Source: AWS SDKs
/// and Tools Reference Guide, "Process credential provider".
class ProcessCredentials final : public TemporaryCredentials {
 public:
  /// `place`: whose command it is, such as `profile "x"`.
  ProcessCredentials(const CredentialsContext& context, std::string command, std::string place)
      : TemporaryCredentials(context.clock),
        clock_(context.clock),
        command_(std::move(command)),
        place_(std::move(place)) {}
  std::string description() const override { return "credential_process of " + place_; }

 protected:
  CredentialsAnswer fetch(CredentialsHttp& http) override;

 private:
  CredentialsAnswer read(int status) const;
  Error failed(const std::string& how) const;

  const Clock& clock_;
  const std::string command_;
  const std::string place_;
  ShellCommand running_;
  std::string output_;
  Steady::time_point deadline_{};
};

}  // namespace dynamodb
