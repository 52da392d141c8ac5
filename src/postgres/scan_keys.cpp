// The key conditions of one execution: operands evaluated, checked and combined to the narrowest condition.
#include "scan_keys.hpp"

#include <cstring>

extern "C" {
#include "utils/array.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using dynamodb::KeyOperator;

namespace {

// The part of the sort key's order that is still possible; shrinks with each condition.
struct SortRange {
  bool impossible;
  bool has_equal, has_low, has_high, has_prefix;
  bool low_inclusive, high_inclusive;
  KeyValue equal, low, high, prefix;
};

void add_equal(SortRange* range, const KeyValue& value) {
  if (range->has_equal && compare_key_values(range->equal, value) != 0) range->impossible = true;
  range->has_equal = true;
  range->equal = value;
}

void add_low(SortRange* range, const KeyValue& value, bool inclusive) {
  int order = range->has_low ? compare_key_values(value, range->low) : 1;
  if (order < 0 || (order == 0 && inclusive)) return;
  range->has_low = true;
  range->low = value;
  range->low_inclusive = inclusive;
}

void add_high(SortRange* range, const KeyValue& value, bool inclusive) {
  int order = range->has_high ? compare_key_values(value, range->high) : -1;
  if (order > 0 || (order == 0 && inclusive)) return;
  range->has_high = true;
  range->high = value;
  range->high_inclusive = inclusive;
}

bool starts_with(const KeyValue& value, const KeyValue& prefix) {
  return value.length >= prefix.length && std::memcmp(value.bytes, prefix.bytes, prefix.length) == 0;
}

void add_prefix(SortRange* range, const KeyValue& prefix) {
  if (range->has_prefix) {
    const KeyValue& longer = prefix.length > range->prefix.length ? prefix : range->prefix;
    const KeyValue& shorter = prefix.length > range->prefix.length ? range->prefix : prefix;
    if (!starts_with(longer, shorter)) range->impossible = true;
    range->prefix = longer;
    return;
  }
  range->has_prefix = true;
  range->prefix = prefix;
}

// A bound that no key can have cannot be sent. Left out, it only makes the range wider.
void add_bound(SortRange* range, KeyMatch match, const KeyValue& value) {
  switch (match) {
    case KeyMatch::less: add_high(range, value, false); break;
    case KeyMatch::less_equal: add_high(range, value, true); break;
    case KeyMatch::greater: add_low(range, value, false); break;
    case KeyMatch::greater_equal: add_low(range, value, true); break;
    default: break;
  }
}

void add_pattern(SortRange* range, KeyMatch match, Datum value, Oid type) {
  KeyValue text;
  // An empty pattern is none that a key value could be.
  if (!to_key_value(value, type, AttributeType::S, PG_INT32_MAX, &text)) return;
  bool exact = false;
  if (match == KeyMatch::like) text.bytes = like_prefix(text.bytes, text.length, &text.length, &exact);
  if (text.length == 0) {
    range->impossible = range->impossible || exact;
  } else if (text.length > static_cast<int>(dynamodb::kMaxSortKeyBytes)) {
    range->impossible = true;
  } else if (exact) {
    add_equal(range, text);
  } else {
    add_prefix(range, text);
  }
}

void add_condition(SortRange* range, KeyMatch match, Datum value, Oid type, AttributeType key_type) {
  if (match == KeyMatch::like || match == KeyMatch::starts_with) {
    add_pattern(range, match, value, type);
    return;
  }
  KeyValue key;
  bool possible = to_key_value(value, type, key_type, dynamodb::kMaxSortKeyBytes, &key);
  if (match == KeyMatch::equal) {
    if (possible)
      add_equal(range, key);
    else
      range->impossible = true;
  } else if (possible) {
    add_bound(range, match, key);
  }
}

bool is_empty(const SortRange& range) {
  if (range.impossible) return true;
  if (!range.has_low || !range.has_high) return false;
  int order = compare_key_values(range.low, range.high);
  return order > 0 || (order == 0 && !(range.low_inclusive && range.high_inclusive));
}

SortCondition single(KeyOperator op, const KeyValue& value) { return SortCondition{true, op, {value, value}}; }

// Key conditions have one comparison per attribute: the one that keeps the most away. PostgreSQL checks the rest.
SortCondition narrowest(const SortRange& range) {
  if (range.has_equal) return single(KeyOperator::equal, range.equal);
  if (range.has_low && range.has_high) return SortCondition{true, KeyOperator::between, {range.low, range.high}};
  if (range.has_prefix) return single(KeyOperator::begins_with, range.prefix);
  if (range.has_low)
    return single(range.low_inclusive ? KeyOperator::greater_equal : KeyOperator::greater, range.low);
  if (range.has_high) return single(range.high_inclusive ? KeyOperator::less_equal : KeyOperator::less, range.high);
  return SortCondition{};
}

bool same_key(const KeyValue& left, const KeyValue& right) {
  return left.length == right.length && std::memcmp(left.bytes, right.bytes, left.length) == 0;
}

int order_of_bytes(const void* left, const void* right) {
  const auto& a = *static_cast<const KeyValue*>(left);
  const auto& b = *static_cast<const KeyValue*>(right);
  int order = std::memcmp(a.bytes, b.bytes, Min(a.length, b.length));
  return order != 0 ? order : a.length - b.length;
}

// Each value is asked for once, however often it stands in the list: canonical text is equal for equal values.
void remove_duplicates(ScanKeys* keys) {
  if (keys->partition_count < 2) return;
  qsort(keys->partitions, keys->partition_count, sizeof(KeyValue), order_of_bytes);
  int kept = 1;
  for (int i = 1; i < keys->partition_count; ++i)
    if (!same_key(keys->partitions[i], keys->partitions[kept - 1])) keys->partitions[kept++] = keys->partitions[i];
  keys->partition_count = kept;
}

void add_partition(ScanKeys* keys, Datum value, Oid type, AttributeType key_type) {
  KeyValue key;
  if (to_key_value(value, type, key_type, dynamodb::kMaxPartitionKeyBytes, &key))
    keys->partitions[keys->partition_count++] = key;
}

void add_array(ScanKeys* keys, Datum array_value, AttributeType key_type) {
  ArrayType* array = DatumGetArrayTypeP(array_value);
  Oid element = ARR_ELEMTYPE(array);
  int16 length;
  bool by_value;
  char alignment;
  get_typlenbyvalalign(element, &length, &by_value, &alignment);
  Datum* values;
  bool* nulls;
  int count;
  deconstruct_array(array, element, length, by_value, alignment, &values, &nulls, &count);
  keys->partitions = static_cast<KeyValue*>(palloc0(sizeof(KeyValue) * Max(count, 1)));
  for (int i = 0; i < count; ++i)
    if (!nulls[i]) add_partition(keys, values[i], element, key_type);
}

void evaluate_partition(ScanKeys* keys, ExprContext* econtext, const KeyOperand& operand, AttributeType type) {
  bool is_null;
  Datum value = ExecEvalExpr(operand.state, econtext, &is_null);
  if (!is_null && operand.match == KeyMatch::any_of) {
    add_array(keys, value, type);
    remove_duplicates(keys);
  } else if (!is_null) {
    keys->partitions = static_cast<KeyValue*>(palloc0(sizeof(KeyValue)));
    add_partition(keys, value, operand.type, type);
  }
  keys->impossible = keys->partition_count == 0;
}

}  // namespace

char* like_prefix(const char* pattern, int pattern_length, int* length, bool* exact) {
  auto* prefix = static_cast<char*>(palloc(pattern_length + 1));
  int count = 0;
  int i = 0;
  for (; i < pattern_length && pattern[i] != '%' && pattern[i] != '_'; ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern_length) ++i;
    prefix[count++] = pattern[i];
  }
  prefix[count] = '\0';
  *length = count;
  *exact = i == pattern_length;
  return prefix;
}

ScanKeys evaluate_keys(ExprContext* econtext, const KeyOperand& partition, AttributeType partition_type,
                       const KeyOperand* sorts, int sort_count, AttributeType sort_type) {
  ScanKeys keys{};
  evaluate_partition(&keys, econtext, partition, partition_type);
  SortRange range{};
  for (int i = 0; i < sort_count && !keys.impossible; ++i) {
    bool is_null;
    Datum value = ExecEvalExpr(sorts[i].state, econtext, &is_null);
    if (is_null)
      keys.impossible = true;
    else
      add_condition(&range, sorts[i].match, value, sorts[i].type, sort_type);
  }
  keys.impossible = keys.impossible || is_empty(range);
  keys.sort = narrowest(range);
  return keys;
}

}  // namespace dynamodb_fdw
