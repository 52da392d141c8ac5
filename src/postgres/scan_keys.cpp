// The key conditions of one execution: operands evaluated, checked and combined to the narrowest conditions.
#include "scan_keys.hpp"

#include <algorithm>
#include <cstring>

extern "C" {
#include "utils/array.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using dynamodb::KeyOperator;

namespace {

// The part of an attribute's order that is still possible; shrinks with each condition.
struct SortRange {
  std::size_t max_bytes;  // of a value of the attribute
  bool impossible;
  bool wider;  // than the conditions: something could not be said
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

void add_bound(SortRange* range, Comparator match, const KeyValue& value) {
  switch (match) {
    case Comparator::less:
      add_high(range, value, false);
      break;
    case Comparator::less_equal:
      add_high(range, value, true);
      break;
    case Comparator::greater:
      add_low(range, value, false);
      break;
    case Comparator::greater_equal:
      add_low(range, value, true);
      break;
    default:
      break;
  }
}

// Where a bound stands that no key can have. No key is empty: all are above such a bound.
Place place_of_bound(Datum bound, Oid type, const KeyValue& value) {
  if (value.type != AttributeType::N) return value.length == 0 ? Place::below_all : Place::between;
  return getBaseType(type) == NUMERICOID ? place_of_numeric(bound) : Place::between;
}

// A bound that no key can have cannot be sent. Left out, it only makes the range wider. False: it says nothing.
bool leave_out_bound(SortRange* range, Comparator match, Place place) {
  bool upper = match == Comparator::less || match == Comparator::less_equal;
  if (place == Place::between)
    range->wider = true;
  else if (upper == (place == Place::below_all))
    range->impossible = true;
  return place != Place::between;
}

// Whether a pattern is a prefix and percent signs, and nothing else.
bool is_prefix_pattern(const char* pattern, int length) {
  int end = 0;
  while (end < length && pattern[end] != '%' && pattern[end] != '_') end += pattern[end] == '\\' ? 2 : 1;
  while (end < length && pattern[end] == '%') ++end;
  return end == length && pattern[length - 1] == '%';
}

// False: it says nothing.
bool add_pattern(SortRange* range, Comparator match, Datum value, Oid type) {
  KeyValue text;
  if (!to_key_value(value, type, AttributeType::S, PG_INT32_MAX, &text)) {
    bool empty = text.length == 0;
    // Only an empty string is LIKE an empty pattern, and no key is empty. All start with an empty prefix.
    range->impossible = range->impossible || (match == Comparator::like && empty);
    range->wider = range->wider || !empty;
    return empty;
  }
  bool exact = false;
  bool prefix = match == Comparator::starts_with || is_prefix_pattern(text.bytes, text.length);
  if (match == Comparator::like) text.bytes = like_prefix(text.bytes, text.length, &text.length, &exact);
  range->wider = range->wider || !(exact || prefix);
  if (text.length == 0) {
    range->impossible = range->impossible || exact;
    return exact || prefix;
  }
  if (text.length > static_cast<int>(range->max_bytes)) {
    range->impossible = true;
  } else if (exact) {
    add_equal(range, text);
  } else {
    add_prefix(range, text);
  }
  return true;
}

// False: it says nothing, and not because it is true of all keys.
bool add_condition(SortRange* range, Comparator match, Datum value, Oid type, AttributeType key_type) {
  if (match == Comparator::like || match == Comparator::starts_with) return add_pattern(range, match, value, type);
  KeyValue key{};
  if (!to_key_value(value, type, key_type, range->max_bytes, &key))
    return leave_out_bound(range, match, place_of_bound(value, type, key));
  add_bound(range, match, key);
  return true;
}

bool is_inside(const SortRange& range, const KeyValue& value) {
  if (range.has_equal && compare_key_values(value, range.equal) != 0) return false;
  int low = range.has_low ? compare_key_values(value, range.low) : 1;
  int high = range.has_high ? compare_key_values(value, range.high) : -1;
  return (low > 0 || (low == 0 && range.low_inclusive)) && (high < 0 || (high == 0 && range.high_inclusive)) &&
         (!range.has_prefix || starts_with(value, range.prefix));
}

// The first string behind all that start with the prefix, or false when there is none: its last character becomes the
// next one, in the order of code points, which is that of UTF-8 bytes.
bool prefix_successor(const KeyValue& prefix, KeyValue* successor) {
  auto* bytes = reinterpret_cast<unsigned char*>(pnstrdup(prefix.bytes, prefix.length));
  int length = prefix.length;
  while (length > 0) {
    int start = length - 1;
    while (start > 0 && (bytes[start] & 0xC0) == 0x80) --start;
    pg_wchar next = utf8_to_unicode(bytes + start) + 1;
    if (next == 0xD800) next = 0xE000;  // surrogates are no characters
    if (next <= 0x10FFFF) {
      auto* text = static_cast<unsigned char*>(palloc(start + 4));
      memcpy(text, bytes, start);
      unicode_to_utf8(next, text + start);
      *successor = {AttributeType::S, reinterpret_cast<char*>(text), start + pg_utf_mblen(text + start)};
      return true;
    }
    length = start;
  }
  return false;
}

// A prefix beside other bounds becomes bounds itself: one comparison then says it all.
void fold_prefix(SortRange* range) {
  if (!range->has_prefix || (!range->has_low && !range->has_high)) return;
  KeyValue successor;
  add_low(range, range->prefix, true);
  if (prefix_successor(range->prefix, &successor)) add_high(range, successor, false);
  range->has_prefix = false;
}

bool is_empty(const SortRange& range) {
  if (range.impossible) return true;
  if (range.has_equal && !is_inside(range, range.equal)) return true;
  if (!range.has_low || !range.has_high) return false;
  int order = compare_key_values(range.low, range.high);
  return order > 0 || (order == 0 && !(range.low_inclusive && range.high_inclusive));
}

KeyRange single(KeyOperator op, const KeyValue& value) { return KeyRange{true, op, {value, value}}; }

// Key conditions have one comparison per attribute: the one that keeps the most away. PostgreSQL checks the rest.
KeyRange narrowest(const SortRange& range) {
  if (range.has_equal) return single(KeyOperator::equal, range.equal);
  if (range.has_low && range.has_high) return KeyRange{true, KeyOperator::between, {range.low, range.high}};
  if (range.has_prefix) return single(KeyOperator::begins_with, range.prefix);
  if (range.has_low) return single(range.low_inclusive ? KeyOperator::greater_equal : KeyOperator::greater, range.low);
  if (range.has_high) return single(range.high_inclusive ? KeyOperator::less_equal : KeyOperator::less, range.high);
  return KeyRange{};
}

// Whether what narrowest() says is true for more keys than the conditions: of two bounds, BETWEEN makes inclusive ones.
bool is_wider_when_sent(const SortRange& range) {
  bool between = !range.has_equal && range.has_low && range.has_high;
  return range.wider || (between && !(range.low_inclusive && range.high_inclusive));
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

// The values of one key attribute. Each is asked for once, however often it stands in a list.
struct Values {
  KeyValue* values;
  int count;
};

void remove_duplicates(Values* list) {
  if (list->count < 2) return;
  // Not qsort(), whose calls of a function for each comparison take most of the time that a long list takes.
  std::sort(list->values, list->values + list->count,
            [](const KeyValue& left, const KeyValue& right) { return order_of_bytes(&left, &right) < 0; });
  int kept = 1;
  for (int i = 1; i < list->count; ++i)
    if (!same_key(list->values[i], list->values[kept - 1])) list->values[kept++] = list->values[i];
  list->count = kept;
}

void add_value(Values* list, Datum value, Oid type, AttributeType key_type, std::size_t max_bytes) {
  KeyValue key;
  if (to_key_value(value, type, key_type, max_bytes, &key)) list->values[list->count++] = key;
}

void add_array(Values* list, Datum array_value, AttributeType key_type, std::size_t max_bytes) {
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
  list->values = static_cast<KeyValue*>(palloc0(sizeof(KeyValue) * Max(count, 1)));
  for (int i = 0; i < count; ++i)
    if (!nulls[i]) add_value(list, values[i], element, key_type, max_bytes);
  remove_duplicates(list);
}

Values evaluate_values(ExprContext* econtext, const KeyOperand& operand, AttributeType type, std::size_t max_bytes) {
  Values list{};
  bool is_null;
  Datum value = ExecEvalExpr(operand.state, econtext, &is_null);
  if (is_null) return list;
  if (operand.comparator == Comparator::any_of) {
    add_array(&list, value, type, max_bytes);
  } else {
    list.values = static_cast<KeyValue*>(palloc0(sizeof(KeyValue)));
    add_value(&list, value, operand.type, type, max_bytes);
  }
  return list;
}

constexpr int64 kMostKeys = 10'000'000;  // of which each costs a request, or a hundredth of one

void check_key_count(int64 count) {
  if (count > kMostKeys)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("the lists of key values in the query combine to " INT64_FORMAT " keys", count),
                    errdetail("At most " INT64_FORMAT " keys can be looked up in one scan.", kMostKeys)));
}

// All combinations of what the keys have so far with the values of one more attribute.
void multiply(ScanKeys* keys, const Values& list) {
  int columns = keys->fixed_count + 1;
  check_key_count(static_cast<int64>(keys->key_count) * list.count);
  auto* product = static_cast<KeyValue*>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(KeyValue) * columns * keys->key_count * list.count));
  KeyValue* next = product;
  for (int i = 0; i < keys->key_count; ++i)
    for (int j = 0; j < list.count; ++j) {
      for (int k = 0; k < keys->fixed_count; ++k) *next++ = keys->values[i * keys->fixed_count + k];
      *next++ = list.values[j];
    }
  keys->values = product;
  keys->key_count *= list.count;
  keys->fixed_count = columns;
}

int order_of_tuples(const void* left, const void* right, void* fixed_count) {
  const auto* a = static_cast<const KeyValue*>(left);
  const auto* b = static_cast<const KeyValue*>(right);
  for (int i = 0; i < *static_cast<int*>(fixed_count); ++i)
    if (int order = order_of_bytes(a + i, b + i)) return order;
  return 0;
}

// BatchGetItem refuses a key that stands twice in its list.
void remove_duplicate_tuples(ScanKeys* keys) {
  if (keys->key_count < 2) return;
  std::size_t size = sizeof(KeyValue) * keys->fixed_count;
  qsort_arg(keys->values, keys->key_count, size, order_of_tuples, &keys->fixed_count);
  int kept = 1;
  for (int i = 1; i < keys->key_count; ++i) {
    const KeyValue* tuple = keys->values + i * keys->fixed_count;
    if (order_of_tuples(tuple, keys->values + (kept - 1) * keys->fixed_count, &keys->fixed_count) == 0) continue;
    if (i != kept) memcpy(keys->values + kept * keys->fixed_count, tuple, size);
    ++kept;
  }
  keys->key_count = kept;
}

std::size_t max_key_bytes(int attribute, int partition_count) {
  return attribute < partition_count ? dynamodb::kMaxPartitionKeyBytes : dynamodb::kMaxSortKeyBytes;
}

// Fills one key; false when no item can have it.
bool evaluate_tuple(ExprContext* econtext, const KeyOperand* operands, int count, List* types, int partition_count,
                    KeyValue* key) {
  for (int i = 0; i < count; ++i) {
    bool is_null;
    Datum value = ExecEvalExpr(operands[i].state, econtext, &is_null);
    auto type = static_cast<AttributeType>(list_nth_int(types, i));
    if (is_null || !to_key_value(value, operands[i].type, type, max_key_bytes(i, partition_count), &key[i]))
      return false;
  }
  return true;
}

// --- the conditions on one attribute

struct AttributeConditions {
  bool fixed;       // there is a list of values, or a single one
  Values values;    // those in every list
  SortRange range;  // of all other conditions
};

// Lists are sorted: by remove_duplicates(), or because they have one value.
bool is_listed(const Values& list, const KeyValue& value) {
  return bsearch(&value, list.values, list.count, sizeof(KeyValue), order_of_bytes) != nullptr;
}

void intersect(Values* list, const Values& other) {
  int kept = 0;
  for (int i = 0; i < list->count; ++i)
    if (is_listed(other, list->values[i])) list->values[kept++] = list->values[i];
  list->count = kept;
}

void keep_inside(Values* list, const SortRange& range) {
  int kept = 0;
  for (int i = 0; i < list->count; ++i)
    if (is_inside(range, list->values[i])) list->values[kept++] = list->values[i];
  list->count = range.impossible ? 0 : kept;
}

void add_values(AttributeConditions* conditions, const Values& values) {
  if (conditions->fixed)
    intersect(&conditions->values, values);
  else
    conditions->values = values;
  conditions->fixed = true;
}

// False: it says nothing, as above.
bool add_range(ExprContext* econtext, SortRange* range, const KeyOperand& operand, AttributeType type) {
  bool is_null;
  Datum value = ExecEvalExpr(operand.state, econtext, &is_null);
  if (!is_null) return add_condition(range, operand.comparator, value, operand.type, type);
  range->impossible = true;
  return true;
}

// The conditions of the operands from `first` on, up to one for another attribute; `*first` is then that one.
AttributeConditions evaluate_attribute(ExprContext* econtext, const KeyOperand* operands, int operand_count,
                                       List* types, int partition_count, int* first, Bitmapset** unsaid) {
  AttributeConditions conditions{};
  int attribute = operands[*first].attribute;
  auto type = static_cast<AttributeType>(list_nth_int(types, attribute));
  conditions.range.max_bytes = max_key_bytes(attribute, partition_count);
  for (; *first < operand_count && operands[*first].attribute == attribute; ++*first) {
    const KeyOperand& operand = operands[*first];
    if (is_equality(operand.comparator))
      add_values(&conditions, evaluate_values(econtext, operand, type, conditions.range.max_bytes));
    else if (!add_range(econtext, &conditions.range, operand, type))
      *unsaid = bms_add_member(*unsaid, *first);
  }
  if (conditions.fixed) keep_inside(&conditions.values, conditions.range);
  return conditions;
}

// The keys whose attribute meets the conditions.
void keep_tuples(ScanKeys* keys, int attribute, const AttributeConditions& conditions) {
  int kept = 0;
  for (int i = 0; i < keys->key_count; ++i) {
    const KeyValue* tuple = keys->values + i * keys->fixed_count;
    bool meets = conditions.fixed ? is_listed(conditions.values, tuple[attribute])
                                  : !conditions.range.impossible && is_inside(conditions.range, tuple[attribute]);
    if (!meets) continue;
    if (i != kept) memcpy(keys->values + kept * keys->fixed_count, tuple, sizeof(KeyValue) * keys->fixed_count);
    ++kept;
  }
  keys->key_count = kept;
}

}  // namespace

char* like_prefix(const char* pattern, int pattern_length, int* length, bool* exact) {
  auto* prefix = static_cast<char*>(palloc(pattern_length + 1));
  int count = 0;
  int i = 0;
  for (; i < pattern_length && pattern[i] != '%' && pattern[i] != '_'; ++i) {
    // With nothing behind it the escape character is an error, which PostgreSQL raises where it gets that far.
    if (pattern[i] == '\\' && i + 1 == pattern_length) break;
    if (pattern[i] == '\\') ++i;
    prefix[count++] = pattern[i];
  }
  prefix[count] = '\0';
  *length = count;
  *exact = i == pattern_length;
  return prefix;
}

ScanKeys evaluate_keys(ExprContext* econtext, const KeyOperand* operands, int operand_count, List* types,
                       int partition_count) {
  ScanKeys keys{};
  keys.key_count = 1;
  keys.exact = true;
  for (int i = 0; i < operand_count && !keys.impossible;) {
    AttributeConditions conditions =
        evaluate_attribute(econtext, operands, operand_count, types, partition_count, &i, &keys.unsaid);
    if (conditions.fixed) {
      multiply(&keys, conditions.values);
      keys.exact = keys.exact && !conditions.range.wider;
    } else {
      fold_prefix(&conditions.range);
      keys.range = narrowest(conditions.range);
      keys.impossible = is_empty(conditions.range);
      keys.exact = keys.exact && !is_wider_when_sent(conditions.range);
    }
    keys.impossible = keys.impossible || keys.key_count == 0;
  }
  return keys;
}

ScanKeys evaluate_tuples(ExprContext* econtext, const KeyOperand* operands, int operand_count, int tuple_count,
                         List* types, int partition_count) {
  ScanKeys keys{};
  keys.exact = true;
  keys.fixed_count = list_length(types);
  keys.values = static_cast<KeyValue*>(palloc(sizeof(KeyValue) * keys.fixed_count * tuple_count));
  for (int i = 0; i < tuple_count; ++i)
    if (evaluate_tuple(econtext, operands + i * keys.fixed_count, keys.fixed_count, types, partition_count,
                       keys.values + keys.key_count * keys.fixed_count))
      ++keys.key_count;
  remove_duplicate_tuples(&keys);
  for (int i = tuple_count * keys.fixed_count; i < operand_count;) {
    int attribute = operands[i].attribute;
    AttributeConditions conditions =
        evaluate_attribute(econtext, operands, operand_count, types, partition_count, &i, &keys.unsaid);
    keep_tuples(&keys, attribute, conditions);
    keys.exact = keys.exact && !conditions.range.wider;
  }
  keys.impossible = keys.key_count == 0;
  return keys;
}

}  // namespace dynamodb_fdw
