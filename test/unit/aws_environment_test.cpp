// Tests of aws_environment.hpp: the process's own environment.
#include "dynamodb/aws_environment.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace dynamodb {
namespace {

using State = FileContents::State;

class ProcessEnvironmentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "environment_test_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const char* name) const { return (folder_ / name).string(); }
  std::string write(const char* name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

  std::filesystem::path folder_;
};

TEST_F(ProcessEnvironmentTest, ReadsVariables) {
  ::setenv("DYNAMODB_ENVIRONMENT_TEST", "value", 1);
  EXPECT_EQ(process_environment().get_variable("DYNAMODB_ENVIRONMENT_TEST"), "value");
  ::setenv("DYNAMODB_ENVIRONMENT_TEST", "", 1);
  EXPECT_EQ(process_environment().get_variable("DYNAMODB_ENVIRONMENT_TEST"), std::nullopt);
  ::unsetenv("DYNAMODB_ENVIRONMENT_TEST");
  EXPECT_EQ(process_environment().get_variable("DYNAMODB_ENVIRONMENT_TEST"), std::nullopt);
}

TEST_F(ProcessEnvironmentTest, ReadsFiles) {
  const std::string binary = std::string("\0\xFF\r\n", 4) + std::string(100000, 'x');
  const std::string longest(AwsEnvironment::kMaxFileBytes, 'x');
  const struct {
    std::string path;
    State state;
    std::string text;
  } cases[] = {
      {write("empty", ""), State::read, ""},
      {write("binary", binary), State::read, binary},
      {write("longest", longest), State::read, longest},
      {"/dev/null", State::read, ""},
      {path("absent"), State::absent, ""},
      {path("absent/below"), State::absent, ""},
      {path("empty/below a file"), State::absent, ""},
      {"", State::absent, ""},
  };
  for (const auto& c : cases) {
    const Result<FileContents> contents = process_environment().read_file(c.path);
    ASSERT_TRUE(contents.ok()) << c.path << ": " << contents.error().message;
    EXPECT_EQ(contents.value().state, c.state) << c.path;
    EXPECT_TRUE(contents.value().text == c.text) << c.path;
  }
}

TEST_F(ProcessEnvironmentTest, RefusesFiles) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const struct {
    std::string path;
    const char* reason;
  } cases[] = {
      {folder_.string(), "it is not a regular file"},
      {path("pipe"), "it is not a regular file"},
      {"/dev/zero", "it is not a regular file"},
      {write("too long", std::string(AwsEnvironment::kMaxFileBytes + 1, 'x')), "it is longer than 1 MB"},
  };
  for (const auto& c : cases) {
    const Result<FileContents> contents = process_environment().read_file(c.path);
    ASSERT_FALSE(contents.ok()) << c.path;
    EXPECT_EQ(contents.error().kind, ErrorKind::bad_configuration);
    EXPECT_EQ(contents.error().message, "cannot read file \"" + c.path + "\": " + c.reason);
  }
}

TEST_F(ProcessEnvironmentTest, TellsAnUnreadableFileFromAnUnreachableOne) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const std::string unreadable = write("unreadable", "x");
  ASSERT_EQ(::chmod(unreadable.c_str(), 0), 0);
  EXPECT_FALSE(process_environment().read_file(unreadable).ok());

  ASSERT_EQ(::mkdir(path("locked").c_str(), 0), 0);
  const Result<FileContents> contents = process_environment().read_file(path("locked/file"));
  ::chmod(path("locked").c_str(), 0700);  // else TearDown() could not remove it
  ASSERT_TRUE(contents.ok()) << contents.error().message;
  EXPECT_EQ(contents.value().state, State::unreachable);
}

}  // namespace
}  // namespace dynamodb
