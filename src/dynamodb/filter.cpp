// Filter expressions: a tree of conditions on attributes, and its text within the service's limits.
#include "dynamodb/filter.hpp"

#include <algorithm>
#include <iterator>

namespace dynamodb {
namespace {

using Kind = Filter::Kind;

Filter connect(Kind kind, std::vector<Filter> children) {
  Filter filter;
  filter.kind = kind;
  filter.children = std::move(children);
  return filter;
}

// all: true is neutral and false decides; any: the other way round.
Filter simplify_connection(Filter filter) {
  bool neutral = filter.kind == Kind::all;
  std::vector<Filter> kept;
  for (Filter& child : filter.children) {
    Filter simple = simplify(std::move(child));
    if (simple.kind == Kind::constant) {
      if (simple.truth != neutral) return simple;
    } else if (simple.kind == filter.kind) {
      std::move(simple.children.begin(), simple.children.end(), std::back_inserter(kept));
    } else {
      kept.push_back(std::move(simple));
    }
  }
  if (kept.empty()) return Filter::constant(neutral);
  if (kept.size() == 1) return std::move(kept.front());
  return connect(filter.kind, std::move(kept));
}

Filter simplify_negation(Filter filter) {
  Filter child = simplify(std::move(filter.children.front()));
  if (child.kind == Kind::constant) return Filter::constant(!child.truth);
  if (child.kind == Kind::negation) return std::move(child.children.front());
  return Filter::negation(std::move(child));
}

Filter split_list(Filter filter) {
  if (filter.values.empty()) return Filter::constant(false);
  constexpr std::size_t kMaxValues = kMaxInOperands - 1;
  if (filter.values.size() <= kMaxValues) return filter;
  std::vector<Filter> parts;
  for (std::size_t i = 0; i < filter.values.size(); i += kMaxValues) {
    std::size_t end = std::min(i + kMaxValues, filter.values.size());
    Filter part;
    part.kind = Kind::in;
    part.path = filter.path;
    part.values.assign(filter.values.begin() + static_cast<std::ptrdiff_t>(i),
                       filter.values.begin() + static_cast<std::ptrdiff_t>(end));
    parts.push_back(std::move(part));
  }
  return connect(Kind::any, std::move(parts));
}

int operator_count(const Filter& filter) {
  int count = 1;
  if (filter.kind == Kind::all || filter.kind == Kind::any) count = static_cast<int>(filter.children.size()) - 1;
  if (filter.kind == Kind::is_empty || filter.kind == Kind::is_not_empty) count = 2;
  for (const Filter& child : filter.children) count += operator_count(child);
  return count;
}

std::size_t value_bytes(const Filter& filter) {
  std::size_t bytes = 0;
  for (const ScalarValue& value : filter.values) bytes += value.bytes.size() + 1;
  for (const Filter& child : filter.children) bytes += value_bytes(child);
  return bytes;
}

class ExpressionWriter {
 public:
  ExpressionWriter(std::string& out, ExpressionPlaceholders& placeholders) : out_(out), placeholders_(placeholders) {}

  void write(const Filter& filter) {
    switch (filter.kind) {
      case Kind::equal:
        comparison(filter, " = ");
        break;
      case Kind::not_equal:
        comparison(filter, " <> ");
        break;
      case Kind::less:
        comparison(filter, " < ");
        break;
      case Kind::less_equal:
        comparison(filter, " <= ");
        break;
      case Kind::greater:
        comparison(filter, " > ");
        break;
      case Kind::greater_equal:
        comparison(filter, " >= ");
        break;
      case Kind::in:
        in(filter);
        break;
      case Kind::begins_with:
        function(filter, "begins_with(", filter.values[0]);
        break;
      case Kind::contains:
        function(filter, "contains(", filter.values[0]);
        break;
      case Kind::exists:
        test(filter, "attribute_exists(");
        break;
      case Kind::not_exists:
        test(filter, "attribute_not_exists(");
        break;
      case Kind::has_type:
        function(filter, "attribute_type(", {AttributeType::S, type_name(filter.type)});
        break;
      case Kind::is_empty:
        size(filter, " = ");
        break;
      case Kind::is_not_empty:
        size(filter, " > ");
        break;
      case Kind::all:
        connection(filter, " AND ");
        break;
      case Kind::any:
        connection(filter, " OR ");
        break;
      case Kind::negation:
        negation(filter.children.front());
        break;
      case Kind::constant:
        break;  // simplify() leaves none
    }
  }

 private:
  void path(const Filter& filter) { out_ += placeholders_.path(filter.path); }

  void comparison(const Filter& filter, const char* comparator) {
    path(filter);
    out_ += comparator;
    out_ += placeholders_.value(filter.values[0]);
  }

  void in(const Filter& filter) {
    path(filter);
    const char* separator = " IN (";
    for (const ScalarValue& value : filter.values) {
      out_ += separator;
      separator = ",";
      out_ += placeholders_.value(value);
    }
    out_ += ')';
  }

  void test(const Filter& filter, const char* name) {
    out_ += name;
    path(filter);
    out_ += ')';
  }

  void function(const Filter& filter, const char* name, const ScalarValue& operand) {
    out_ += name;
    path(filter);
    out_ += ", " + placeholders_.value(operand) + ')';
  }

  void size(const Filter& filter, const char* comparator) {
    out_ += "size(";
    path(filter);
    out_ += ')';
    out_ += comparator;
    out_ += placeholders_.value({AttributeType::N, "0"});
  }

  // Parentheses only where they change something: the service refuses redundant ones.
  void connection(const Filter& filter, const char* word) {
    const char* separator = "";
    for (const Filter& child : filter.children) {
      out_ += separator;
      separator = word;
      bool grouped = child.kind == Kind::all || child.kind == Kind::any;
      if (grouped) out_ += '(';
      write(child);
      if (grouped) out_ += ')';
    }
  }

  void negation(const Filter& child) {
    bool function = child.kind == Kind::has_type || child.kind == Kind::begins_with || child.kind == Kind::contains;
    out_ += function ? "NOT " : "NOT (";
    write(child);
    if (!function) out_ += ')';
  }

  std::string& out_;
  ExpressionPlaceholders& placeholders_;
};

// What has been used of the limits so far.
struct Budget {
  ExpressionPlaceholders placeholders;
  int operators = 0;
  std::size_t bytes = 0;
  std::size_t values = 0;
};

// Developer Guide, "Global secondary indexes": four partition and four sort key attributes; a range has two values.
constexpr int kMostKeyNames = 8;
constexpr int kMostKeyValues = 9;

// A key condition may have taken as many placeholders: those of the filter are no shorter than counted then.
Budget beside_key_condition() {
  Budget budget;
  for (int i = 0; i < kMostKeyNames; ++i) budget.placeholders.name(std::string(1, static_cast<char>(i)));
  for (int i = 0; i < kMostKeyValues; ++i) budget.placeholders.value({});
  return budget;
}

// Takes one more condition, with the word and the parentheses that join it to the others, if it fits.
bool take(const Filter& filter, Budget& budget) {
  constexpr std::size_t kJoinBytes = 7;  // " AND ()"
  Budget next{budget.placeholders, budget.operators + operator_count(filter) + 1, budget.bytes + kJoinBytes,
              budget.values + value_bytes(filter)};
  if (next.operators > kMaxOperators || next.values > kMaxValueBytes / 2) return false;
  std::string text;
  ExpressionWriter(text, next.placeholders).write(filter);
  next.bytes += text.size();
  if (next.bytes > kMaxExpressionBytes) return false;
  budget = std::move(next);
  return true;
}

}  // namespace

Filter Filter::constant(bool truth) {
  Filter filter;
  filter.truth = truth;
  return filter;
}

Filter Filter::all(std::vector<Filter> children) { return connect(Kind::all, std::move(children)); }
Filter Filter::any(std::vector<Filter> children) { return connect(Kind::any, std::move(children)); }

Filter Filter::negation(Filter child) {
  std::vector<Filter> children;
  children.push_back(std::move(child));
  return connect(Kind::negation, std::move(children));
}

Filter simplify(Filter filter) {
  switch (filter.kind) {
    case Kind::all:
    case Kind::any:
      return simplify_connection(std::move(filter));
    case Kind::negation:
      return simplify_negation(std::move(filter));
    case Kind::in:
      return split_list(std::move(filter));
    default:
      return filter;
  }
}

std::vector<bool> fitting_conditions(const std::vector<Filter>& conditions) {
  Budget budget = beside_key_condition();
  std::vector<bool> fitting;
  for (const Filter& condition : conditions) fitting.push_back(take(condition, budget));
  return fitting;
}

std::string filter_expression(const Filter& filter, ExpressionPlaceholders& placeholders) {
  std::string text;
  ExpressionWriter(text, placeholders).write(filter);
  return text;
}

}  // namespace dynamodb
