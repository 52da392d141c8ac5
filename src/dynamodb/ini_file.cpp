// The syntax of AWS's config and credentials files.
#include "dynamodb/ini_file.hpp"

#include <algorithm>
#include <optional>

#include "dynamodb/ascii.hpp"
#include "dynamodb/printable.hpp"

namespace dynamodb {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kKinds[] = {"profile", "services", "sso-session"};
constexpr std::size_t kMaxPathShown = 500;

std::string_view trim(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool starts_comment(char c) noexcept { return c == '#' || c == ';'; }

/// What stands before a comment character that follows white space; all of it when there is none.
std::string_view without_comment(std::string_view text) noexcept {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (starts_comment(text[i]) && kBlanks.find(text[i - 1]) != kBlanks.npos) return text.substr(0, i);
  }
  return text;
}

std::string_view without_quotes(std::string_view text) noexcept {
  const bool quoted = text.size() >= 2 && text.front() == text.back() && (text.front() == '"' || text.front() == '\'');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

/// One line "key = value"; nothing when there is no '=' or no key.
struct Assignment {
  std::string key;
  std::string value;
};

std::optional<Assignment> split_assignment(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == line.npos) return std::nullopt;
  const std::string_view key = trim(line.substr(0, equals));
  if (key.empty()) return std::nullopt;
  return Assignment{ascii_lower(key), std::string(trim(without_comment(line.substr(equals + 1))))};
}

class Parser {
 public:
  /// False when the line is not understood; `problem` then says why.
  bool take(std::string_view line) {
    const std::string_view text = trim(line);
    if (text.empty() || starts_comment(text.front())) return true;
    if (text.front() == '[') return take_header(text);
    const std::size_t indent = line.find_first_not_of(kBlanks);
    if (setting_ != nullptr && indent > setting_indent_) return take_continuation(text);
    setting_indent_ = indent;
    return take_setting(text);
  }

  const char* problem() const noexcept { return problem_; }
  IniFile& file() noexcept { return file_; }

 private:
  bool fail(const char* problem) noexcept {
    problem_ = problem;
    return false;
  }

  bool take_header(std::string_view text) {
    const auto end = text.find(']');
    if (end == text.npos) return fail("a section's header has no closing bracket");
    const std::string_view rest = trim(text.substr(end + 1));
    if (!rest.empty() && !starts_comment(rest.front())) return fail("something follows a section's closing bracket");
    const std::string_view header = trim(text.substr(1, end - 1));
    if (header.empty()) return fail("a section has no name");
    open_section(header);
    return true;
  }

  /// Goes on with the section of that name, or begins it.
  void open_section(std::string_view header) {
    std::string_view kind;
    std::string_view name = header;
    const auto blank = header.find_first_of(kBlanks);
    if (blank != header.npos && std::ranges::find(kKinds, header.substr(0, blank)) != std::end(kKinds)) {
      kind = header.substr(0, blank);
      name = without_quotes(trim(header.substr(blank)));
    }
    setting_ = nullptr;
    const auto [entry, is_new] = known_.try_emplace({std::string(kind), std::string(name)}, file_.sections.size());
    section_ = entry->second;
    if (is_new) file_.sections.push_back({std::string(kind), std::string(name), {}});
  }

  bool take_setting(std::string_view text) {
    if (file_.sections.empty()) return fail("a setting stands before the first section");
    std::optional<Assignment> assignment = split_assignment(text);
    if (!assignment) return fail("expected a setting, \"name = value\"");
    setting_ = &file_.sections[section_].settings[assignment->key];
    *setting_ = IniSetting{std::move(assignment->value), {}};
    return true;
  }

  bool take_continuation(std::string_view text) {
    if (!setting_->value.empty()) {
      setting_->value.append("\n").append(text);
      return true;
    }
    std::optional<Assignment> assignment = split_assignment(text);
    if (!assignment) return fail("expected a nested setting, \"name = value\"");
    setting_->nested[assignment->key] = std::move(assignment->value);
    return true;
  }

  IniFile file_;
  std::map<std::pair<std::string, std::string>, std::size_t> known_;  // (kind, name) -> index in sections
  std::size_t section_ = 0;
  IniSetting* setting_ = nullptr;  // in a map, which does not move its values
  std::size_t setting_indent_ = 0;
  const char* problem_ = "";
};

Error bad_line(std::string_view path, std::size_t number, const char* problem) {
  return Error::bad_configuration("file \"" + one_line(path, kMaxPathShown) + "\", line " + std::to_string(number) +
                                  ": " + problem);
}

}  // namespace

const std::string* IniSection::find(std::string_view key) const {
  const auto found = settings.find(key);
  return found == settings.end() || found->second.value.empty() ? nullptr : &found->second.value;
}

const std::string* IniSection::find_nested(std::string_view key, std::string_view nested_key) const {
  const auto outer = settings.find(key);
  if (outer == settings.end()) return nullptr;
  const auto inner = outer->second.nested.find(nested_key);
  return inner == outer->second.nested.end() || inner->second.empty() ? nullptr : &inner->second;
}

const IniSection* IniFile::find(std::string_view kind, std::string_view name) const {
  const auto found =
      std::ranges::find_if(sections, [&](const IniSection& s) { return s.kind == kind && s.name == name; });
  return found == sections.end() ? nullptr : &*found;
}

Result<IniFile> parse_ini_file(std::string_view text, std::string_view path) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Parser parser;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!parser.take(line)) return bad_line(path, number, parser.problem());
  }
  return std::move(parser.file());
}

}  // namespace dynamodb
