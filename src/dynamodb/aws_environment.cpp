// The environment of this process.
#include "dynamodb/aws_environment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr std::size_t kMaxPathShown = 500;

class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const noexcept { return number_; }

 private:
  int number_;
};

Error cannot_read(const std::string& path, const char* reason) {
  return Error::bad_configuration("cannot read file \"" + one_line(path, kMaxPathShown) + "\": " + reason);
}

/// Why open() failed. Permission may be missing for the file or for a folder above it; only stat() tells which.
Result<FileContents> explain_open_failure(const std::string& path, int reason) {
  struct stat status;
  if (reason == ENOENT || reason == ENOTDIR) return FileContents{FileContents::State::absent, {}};
  if (reason == EACCES && ::stat(path.c_str(), &status) != 0) return FileContents{FileContents::State::unreachable, {}};
  return cannot_read(path, std::strerror(reason));
}

/// Reads to the end. More than `limit` bytes are an error whatever size the file had when it was opened.
Result<FileContents> read_all(int descriptor, const std::string& path, std::size_t limit) {
  FileContents contents{FileContents::State::read, {}};
  char chunk[8192];
  for (;;) {
    const ssize_t count = ::read(descriptor, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(path, std::strerror(errno));
    if (count == 0) return contents;
    contents.text.append(chunk, static_cast<std::size_t>(count));
    if (contents.text.size() > limit) return cannot_read(path, "it is longer than 1 MB");
  }
}

class ProcessEnvironment final : public AwsEnvironment {
 public:
  std::optional<std::string> get_variable(const char* name) const override {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  }

  Result<FileContents> read_file(const std::string& path) const override {
    // O_NONBLOCK: opening a pipe must not wait for its writer.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.number() < 0) return explain_open_failure(path, errno);
    struct stat status;
    if (::fstat(file.number(), &status) != 0) return cannot_read(path, std::strerror(errno));
    if (!S_ISREG(status.st_mode) && path != "/dev/null") return cannot_read(path, "it is not a regular file");
    return read_all(file.number(), path, kMaxFileBytes);
  }
};

}  // namespace

AwsEnvironment& process_environment() noexcept {
  // Built in static memory, so that no destructor is registered for the process's exit.
  alignas(ProcessEnvironment) static std::byte memory[sizeof(ProcessEnvironment)];
  static AwsEnvironment* const environment = ::new (memory) ProcessEnvironment;
  return *environment;
}

}  // namespace dynamodb
