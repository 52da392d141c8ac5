// The syntax of AWS's config and credentials files: sections, settings and settings inside a setting.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/result.hpp"

namespace dynamodb {

/// One setting. `endpoint_url = x` has a value; `dynamodb =` followed by deeper indented `key = value` lines has nested
/// settings and an empty value. Deeper lines after a value that is not empty continue it, joined by newlines.
struct IniSetting {
  std::string value;
  std::map<std::string, std::string, std::less<>> nested;
};

/// One section, all its occurrences merged. `[profile dev]` has kind "profile" and name "dev"; kinds are profile,
/// services and sso-session; any other header, such as `[default]`, is a name without kind.
struct IniSection {
  std::string kind;
  std::string name;
  std::map<std::string, IniSetting, std::less<>> settings;  ///< keys in lower case, of nested ones, too

  /// The value of a setting; null when it is missing or empty. Valid as long as the section is not changed.
  const std::string* find(std::string_view key) const;
  const std::string* find_nested(std::string_view key, std::string_view nested_key) const;
};

struct IniFile {
  std::vector<IniSection> sections;

  /// Null when there is none. Names are case-sensitive.
  const IniSection* find(std::string_view kind, std::string_view name) const;
};

/// Parses a whole file. A later setting of the same name replaces an earlier one. Comments are lines that begin with
/// '#' or ';', and what follows either of them after white space. Lines may end in CR LF; a UTF-8 byte order mark is
/// skipped. As in botocore, a line belongs to the setting above it when it is indented deeper than that one, so a
/// section whose lines are all indented reads as if they were not. Errors (bad_configuration) name `path` and the line,
/// never what is on it: it may be a secret. Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials
/// files".
Result<IniFile> parse_ini_file(std::string_view text, std::string_view path);

}  // namespace dynamodb
