// Writes numbers as PostgreSQL stores a numeric, without the way through its input function.
//
// The stored form is the "short" one of numeric.c: a header of 16 bits (1 0, sign, 6 bits of display scale, sign and 6
// bits of weight), then digits in base 10000 with none that is zero at either end. It is as stable as the files of a
// database: pg_upgrade keeps it as it is.
#include "numeric_form.hpp"

#include <cstring>

namespace dynamodb_fdw {
namespace {

constexpr std::size_t kGroup = 4;  // decimal digits in one of numeric's
constexpr std::size_t kMaxDigits = 18;
constexpr uint16 kShort = 0x8000;
constexpr uint16 kShortNegative = 0x2000;
constexpr int kScaleShift = 7;
constexpr uint16 kWeightMask = 0x007F;  // with its sign

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t count_digits(const char* text, const char* end) {
  const char* start = text;
  while (text < end && is_digit(*text)) ++text;
  return static_cast<std::size_t>(text - start);
}

int16 group_value(const char* digits, std::size_t count) {
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value * 10 + (digits[i] - '0');
  return static_cast<int16>(value);
}

// The groups before the point start where the last of them is whole; those behind it end in zeros.
int whole_groups(const char* digits, std::size_t count, int16* groups) {
  int16* next = groups;
  std::size_t first = count % kGroup;
  if (first != 0) *next++ = group_value(digits, first);
  for (std::size_t i = first; i < count; i += kGroup) *next++ = group_value(digits + i, kGroup);
  return static_cast<int>(next - groups);
}

int fraction_groups(const char* digits, std::size_t count, int16* groups) {
  constexpr int16 kPowers[kGroup] = {1, 1000, 100, 10};
  int16* next = groups;
  std::size_t last = count % kGroup;
  for (std::size_t i = 0; i + last < count; i += kGroup) *next++ = group_value(digits + i, kGroup);
  if (last != 0) *next++ = static_cast<int16>(group_value(digits + count - last, last) * kPowers[last]);
  return static_cast<int>(next - groups);
}

std::size_t store(bool negative, std::size_t scale, int weight, const int16* groups, int count, char* out) {
  while (count > 0 && groups[count - 1] == 0) --count;
  for (; count > 0 && *groups == 0; --count, ++groups) --weight;
  if (count == 0) {
    negative = false;
    weight = 0;
  }
  auto header = static_cast<uint16>(kShort | (negative ? kShortNegative : 0) | scale << kScaleShift |
                                    (static_cast<unsigned>(weight) & kWeightMask));
  std::size_t size = VARHDRSZ + sizeof header + static_cast<std::size_t>(count) * sizeof(int16);
  SET_VARSIZE(out, size);
  std::memcpy(out + VARHDRSZ, &header, sizeof header);
  std::memcpy(out + VARHDRSZ + sizeof header, groups, static_cast<std::size_t>(count) * sizeof(int16));
  return size;
}

}  // namespace

std::size_t write_plain_numeric(std::string_view text, char* out) {
  const char* whole = text.data();
  const char* end = whole + text.size();
  bool negative = whole < end && *whole == '-';
  if (negative) ++whole;
  std::size_t before = count_digits(whole, end);
  const char* fraction = whole + before;
  std::size_t behind = 0;
  if (before == 0) return 0;
  if (fraction < end) {
    if (*fraction++ != '.') return 0;
    behind = count_digits(fraction, end);
    if (behind == 0 || fraction + behind < end) return 0;
  }
  if (before + behind > kMaxDigits) return 0;
  int16 groups[kMaxDigits / kGroup + 2];
  int count = whole_groups(whole, before, groups);
  int weight = count - 1;
  count += fraction_groups(fraction, behind, groups + count);
  return store(negative, behind, weight, groups, count, out);
}

}  // namespace dynamodb_fdw
