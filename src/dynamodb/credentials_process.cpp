// Credentials that a program prints.
#include "dynamodb/credentials_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dynamodb/credentials_json.hpp"

namespace dynamodb {
namespace {

constexpr std::chrono::seconds kMostTime{60};
constexpr std::size_t kMostOutput = 64 * 1024;
// How often a running command is looked at: its pipe is not among the descriptors that the client waits for.
constexpr Milliseconds kLookAgain{20};

/// What posix_spawn() is told; freed at the end.
class SpawnSettings {
 public:
  explicit SpawnSettings(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
  const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

Error cannot_start(int reason) {
  return Error::bad_configuration(std::string("a program could not be started: ") + std::strerror(reason));
}

}  // namespace

std::optional<Error> ShellCommand::start(const std::string& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return cannot_start(errno);
  ::fcntl(ends[1], F_SETFL, 0);  // the program's end may block
  const SpawnSettings settings(ends[1]);
  std::string shell = "sh";
  std::string option = "-c";
  std::string text = command;
  char* const arguments[] = {shell.data(), option.data(), text.data(), nullptr};
  pid_t pid = 0;
  const int problem = ::posix_spawn(&pid, "/bin/sh", settings.actions(), settings.attributes(), arguments, environ);
  ::close(ends[1]);
  if (problem != 0) {
    ::close(ends[0]);
    return cannot_start(problem);
  }
  pid_ = pid;
  pipe_ = ends[0];
  return std::nullopt;
}

bool ShellCommand::advance(std::string* output, std::size_t limit, int* status) {
  char chunk[4096];
  while (output->size() <= limit) {
    const ssize_t count = ::read(pipe_, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) break;
    output->append(chunk, static_cast<std::size_t>(count));
  }
  // Its end may come a little after that of its output.
  if (output->size() <= limit && ::waitpid(pid_, status, WNOHANG) == 0) return false;
  if (output->size() <= limit) pid_ = 0;
  stop();
  return true;
}

void ShellCommand::stop() noexcept {
  if (pid_ > 0) {
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
  }
  pid_ = 0;
  if (pipe_ >= 0) ::close(pipe_);
  pipe_ = -1;
}

CredentialsAnswer ProcessCredentials::fetch(CredentialsHttp& http) {
  if (!running_.running()) {
    output_.clear();
    if (auto error = running_.start(command_)) return std::move(*error);
    deadline_ = clock_.now() + kMostTime;
  }
  int status = 0;
  if (!running_.advance(&output_, kMostOutput, &status)) {
    if (clock_.now() < deadline_) {
      http.wake_at(clock_.now() + kLookAgain);
      return CredentialsAnswer::pending();
    }
    running_.stop();
    return failed("did not end within a minute");
  }
  CredentialsAnswer answer = read(status);
  output_.clear();
  return answer;
}

CredentialsAnswer ProcessCredentials::read(int status) const {
  if (output_.size() > kMostOutput) return failed("printed more than 64 kB");
  if (WIFSIGNALED(status)) return failed("was ended by signal " + std::to_string(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return failed("ended with exit code " + std::to_string(WEXITSTATUS(status)));
  if (json_number(output_, "Version") != 1) return failed("did not print JSON with Version 1");
  Result<Credentials> found = parse_credentials(output_, {}, description());
  if (!found) return std::move(found.error());
  found.value().source = "credential_process";
  return std::optional<Credentials>(std::move(found.value()));
}

Error ProcessCredentials::failed(const std::string& how) const {
  return Error::no_credentials("the " + description() + " " + how);
}

}  // namespace dynamodb
