// Environment variables and files as a test sets them.
#pragma once

#include <map>
#include <set>
#include <string>

#include "dynamodb/aws_environment.hpp"

namespace dynamodb::test {

class FakeEnvironment final : public AwsEnvironment {
 public:
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;  ///< path -> contents
  std::set<std::string> unreadable;          ///< paths of files that exist but may not be read
  std::set<std::string> unreachable;         ///< paths behind a folder that may not be entered
  mutable int files_read = 0;

  std::optional<std::string> get_variable(const char* name) const override {
    const auto found = variables.find(name);
    if (found == variables.end() || found->second.empty()) return std::nullopt;
    return found->second;
  }

  Result<FileContents> read_file(const std::string& path) const override {
    ++files_read;
    if (unreadable.contains(path)) return Error::bad_configuration("cannot read file \"" + path + "\": no permission");
    if (unreachable.contains(path)) return FileContents{FileContents::State::unreachable, {}};
    const auto found = files.find(path);
    if (found == files.end()) return FileContents{FileContents::State::absent, {}};
    return FileContents{FileContents::State::read, found->second};
  }
};

}  // namespace dynamodb::test
