// Tests of ini_file.hpp.
#include "dynamodb/ini_file.hpp"

#include <gtest/gtest.h>

namespace dynamodb {
namespace {

/// The whole file on one line: "[kind|name] key=value key={nested=value}".
std::string show(const IniFile& file) {
  std::string text;
  for (const IniSection& section : file.sections) {
    text += "[" + section.kind + "|" + section.name + "]";
    for (const auto& [key, setting] : section.settings) {
      text += " " + key + "=" + setting.value;
      if (setting.nested.empty()) continue;
      text += "{";
      for (const auto& [nested_key, value] : setting.nested) text += nested_key + "=" + value + ",";
      text += "}";
    }
  }
  return text;
}

TEST(IniFile, Parses) {
  const struct {
    const char* what;
    std::string_view text;
    const char* expected;
  } cases[] = {
      {"empty", "", ""},
      {"only comments", "# a\n; b\n\n   # c\n", ""},
      {"section without settings", "[default]", "[|default]"},
      {"kinds", "[profile dev]\n[services s]\n[sso-session x]\n[plain]\n[odd name]",
       "[profile|dev][services|s][sso-session|x][|plain][|odd name]"},
      {"blanks in headers", "[ \tprofile\t dev ]", "[profile|dev]"},
      {"indented header", "[a]\nk = v\n  [b]\nx = y", "[|a] k=v[|b] x=y"},
      {"quoted name", "[profile \"my dev\"]\n[profile 'x']", "[profile|my dev][profile|x]"},
      {"kind alone is a name", "[profile]", "[|profile]"},
      {"comment after a header", "[a] # x\n[b];y\n[c]\t;z", "[|a][|b][|c]"},
      {"blanks around settings", "[a]\n k  =\t v w \t\n", "[|a] k=v w"},
      {"keys in lower case", "[a]\nAWS_Access_Key_ID = X\n", "[|a] aws_access_key_id=X"},
      {"value with an equals sign", "[a]\nk = a=b==\n", "[|a] k=a=b=="},
      {"comment after a value", "[a]\nk = v # c\nl = v\t; c\nm = v#no\nn = v;no\no = # c\np =#no",
       "[|a] k=v l=v m=v#no n=v;no o= p=#no"},
      {"no final newline", "[a]\nk = v", "[|a] k=v"},
      {"CR LF", "[a]\r\nk = v\r\n\r\nl = w\r\n", "[|a] k=v l=w"},
      {"byte order mark", "\xEF\xBB\xBF[a]\nk = v", "[|a] k=v"},
      {"later setting wins", "[a]\nk = v\nk = w", "[|a] k=w"},
      {"sections are merged", "[a]\nk = v\nl = v\n[b]\n[a]\nk = w", "[|a] k=w l=v[|b]"},
      {"merged in spite of spelling", "[profile  a]\nk = v\n[profile \"a\"]\nl = w", "[profile|a] k=v l=w"},
      {"nested", "[services s]\ndynamodb =\n  Endpoint_URL = http://x:1 # c\n  # c\n\n  b=c\nk = v",
       "[services|s] dynamodb={b=c,endpoint_url=http://x:1,} k=v"},
      {"nested, value only a comment", "[a]\ns3 = # c\n x = y", "[|a] s3={x=y,}"},
      {"nested replaced by a value", "[a]\nk =\n x = y\nk = v", "[|a] k=v"},
      {"all lines indented", "[a]\n  k = v\n  l = w\n\tm = x\n", "[|a] k=v l=w m=x"},
      {"nested in indented lines", "[a]\n  k =\n    x = y\n  l = w\n", "[|a] k={x=y,} l=w"},
      {"continued value", "[a]\nk = v\n  w # x\n  y = z\nl = m", "[|a] k=v\nw # x\ny = z l=m"},
      {"indent does not reach into the next section", "[a]\nk = v\n[b]\n  l = w", "[|a] k=v[|b] l=w"},
      {"empty value", "[a]\nk =\nl=v", "[|a] k= l=v"},
      {"any bytes in a value", "[a]\nk = \xFF\x01", "[|a] k=\xFF\x01"},
  };
  for (const auto& c : cases) {
    const Result<IniFile> file = parse_ini_file(c.text, "/f");
    ASSERT_TRUE(file.ok()) << c.what << ": " << file.error().message;
    EXPECT_EQ(show(file.value()), c.expected) << c.what;
  }
}

TEST(IniFile, NamesTheLineButNotWhatIsOnIt) {
  const struct {
    std::string_view text;
    const char* message;
  } cases[] = {
      {"k = SECRET", "line 1: a setting stands before the first section"},
      {"\n\n[a]\nSECRET\n", "line 4: expected a setting, \"name = value\""},
      {"[a]\r\n = SECRET", "line 2: expected a setting, \"name = value\""},
      {"[a]\nk =\n SECRET", "line 3: expected a nested setting, \"name = value\""},
      {"[SECRET", "line 1: a section's header has no closing bracket"},
      {"[a]SECRET", "line 1: something follows a section's closing bracket"},
      {"[ \t]", "line 1: a section has no name"},
  };
  for (const auto& c : cases) {
    const Result<IniFile> file = parse_ini_file(c.text, "/home/me/.aws/config");
    ASSERT_FALSE(file.ok()) << c.text;
    EXPECT_EQ(file.error().kind, ErrorKind::bad_configuration);
    EXPECT_EQ(file.error().message, std::string("file \"/home/me/.aws/config\", ") + c.message);
  }
}

TEST(IniFile, Finds) {
  const Result<IniFile> file = parse_ini_file("[profile a]\nk = v\nempty =\nn =\n x = y\n z =\n[a]\nk = w\n", "/f");
  ASSERT_TRUE(file.ok());
  const IniSection* section = file.value().find("profile", "a");
  ASSERT_NE(section, nullptr);
  EXPECT_EQ(*section->find("k"), "v");
  EXPECT_EQ(section->find("empty"), nullptr);
  EXPECT_EQ(section->find("n"), nullptr);
  EXPECT_EQ(section->find("missing"), nullptr);
  EXPECT_EQ(*section->find_nested("n", "x"), "y");
  EXPECT_EQ(section->find_nested("n", "z"), nullptr);
  EXPECT_EQ(section->find_nested("n", "missing"), nullptr);
  EXPECT_EQ(section->find_nested("missing", "x"), nullptr);
  EXPECT_EQ(*file.value().find("", "a")->find("k"), "w");
  EXPECT_EQ(file.value().find("profile", "A"), nullptr);
}

// A file of the largest size that is read must not take long, whatever is in it.
TEST(IniFile, ManySections) {
  std::string text;
  for (int i = 0; i < 60000; ++i) text += "[profile p" + std::to_string(i) + "]\n";
  const Result<IniFile> file = parse_ini_file(text, "/f");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file.value().sections.size(), 60000u);
}

}  // namespace
}  // namespace dynamodb
