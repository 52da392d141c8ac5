// LIKE, ^@ and starts_with -> begins_with and contains, as far as they say it.
#include "filter_values.hpp"
#include "scan_keys.hpp"

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using Kind = dynamodb::Filter::Kind;

namespace {

struct Pattern {
  bool understood;  // text with one % in front, behind, or both, or none
  bool open_start, open_end;
  const char* text;
  int length;
  const char* prefix;  // of any pattern: what it starts with
  int prefix_length;
};

Pattern parse_pattern(const KeyValue& like) {
  Pattern pattern{};
  bool exact;
  int prefix_length;
  pattern.prefix = like_prefix(like.bytes, like.length, &prefix_length, &exact);
  pattern.prefix_length = prefix_length;
  int start = 0;
  while (start < like.length && like.bytes[start] == '%') ++start;
  pattern.open_start = start > 0;
  int length;
  pattern.text = like_prefix(like.bytes + start, like.length - start, &length, &exact);
  pattern.length = length;
  // Behind the text there may be percent signs only; find where it ended.
  int end = like.length;
  int escapes = 0;
  while (end > start && like.bytes[end - 1] == '%') --end;
  for (int i = end - 1; i >= start && like.bytes[i] == '\\'; --i) ++escapes;
  if (escapes % 2 == 1 && end < like.length) ++end;  // the first of them is escaped
  pattern.open_end = end < like.length;
  int middle_length;
  bool middle_exact;
  like_prefix(like.bytes + start, end - start, &middle_length, &middle_exact);
  pattern.understood = middle_exact && middle_length == length;
  return pattern;
}

PlainFilter* negatable(const FilterTerm* term, PlainFilter* test) {
  return both(has_type(term->path, AttributeType::S), term->negated ? negation(test) : test);
}

PlainFilter* match_pattern(const FilterTerm* term, const Pattern& pattern) {
  if (pattern.length == 0) {
    // '%' matches every string, '' the empty one.
    if (pattern.open_start || pattern.open_end)
      return term->negated ? constant(false) : has_type(term->path, AttributeType::S);
    return both(has_type(term->path, AttributeType::S),
                new_filter(term->negated ? Kind::is_not_empty : Kind::is_empty, term->path));
  }
  KeyValue text = text_value(pattern.text, pattern.length);
  if (pattern.open_start && pattern.open_end) return negatable(term, with_value(Kind::contains, term->path, text));
  if (pattern.open_end) return negatable(term, with_value(Kind::begins_with, term->path, text));
  if (!pattern.open_start) return negatable(term, with_value(Kind::equal, term->path, text));
  // '%end': contained, at least.
  if (term->negated) return widened(has_type(term->path, AttributeType::S));
  return widened(negatable(term, with_value(Kind::contains, term->path, text)));
}

}  // namespace

PlainFilter* like_term(const FilterTerm* term, const KeyValue& operand) {
  Pattern pattern{};
  if (term->comparator == Comparator::starts_with)
    pattern = {true, false, true, operand.bytes, operand.length, operand.bytes, operand.length};
  else
    pattern = parse_pattern(operand);
  if (pattern.understood) return match_pattern(term, pattern);
  if (term->negated || pattern.prefix_length == 0) return widened(has_type(term->path, AttributeType::S));
  return widened(with_value(Kind::begins_with, term->path, text_value(pattern.prefix, pattern.prefix_length)));
}

}  // namespace dynamodb_fdw
