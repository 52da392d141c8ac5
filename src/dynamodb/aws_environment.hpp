// What AWS settings are read from, environment variables and files, as an interface, so that tests can fake both.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <optional>
#include <string>

#include "dynamodb/result.hpp"

namespace dynamodb {

/// A file as it was found.
struct FileContents {
  enum class State {
    read,
    absent,       ///< there is no such file
    unreachable,  ///< a folder on the way may not be entered: nobody can tell whether there is one
  };
  State state = State::absent;
  std::string text;  ///< only when read
};

/// The surroundings of the process. Nothing is cached.
class AwsEnvironment {
 public:
  /// Settings are small; a longer file is an error rather than a memory problem.
  static constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

  virtual ~AwsEnvironment() = default;

  /// An environment variable; one that is set to nothing counts as not set, as AWS's tools have it.
  virtual std::optional<std::string> get_variable(const char* name) const = 0;

  /// A whole file. An Error (bad_configuration, naming the path) when it exists but cannot be read, is longer than
  /// kMaxFileBytes, or is no regular file: a pipe could block for ever. /dev/null is an empty file.
  virtual Result<FileContents> read_file(const std::string& path) const = 0;
};

/// The environment of this process. Lives for the whole process and holds no resources.
AwsEnvironment& process_environment() noexcept;

}  // namespace dynamodb
