// What a string or number looks like beyond its DynamoDB type: a UUID, a date, a point in time, an integer.
#include "dynamodb/value_form.hpp"

#include <charconv>

namespace dynamodb {
namespace {

constexpr int64_t kFirstSecond = 946'684'800;  // 2000-01-01
constexpr int64_t kEndSecond = 4'102'444'800;  // 2100-01-01
constexpr std::size_t kDateLength = 10;
constexpr std::size_t kTimeLength = 19;  // to the second
constexpr std::size_t kMaxFraction = 6;  // digits that PostgreSQL keeps
constexpr int kMaxOffsetHours = 15;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Whether `text` has the form of `picture`, in which 9 stands for a digit and x for a lower-case hexadecimal one.
bool matches(std::string_view text, std::string_view picture) noexcept {
  if (text.size() != picture.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool fits = picture[i] == '9'   ? is_digit(c)
                      : picture[i] == 'x' ? is_digit(c) || (c >= 'a' && c <= 'f')
                                          : c == picture[i];
    if (!fits) return false;
  }
  return true;
}

// REQUIRES: two or four digits at `at`.
int number_at(std::string_view text, std::size_t at, std::size_t digits) noexcept {
  int number = 0;
  std::from_chars(text.data() + at, text.data() + at + digits, number);
  return number;
}

int days_of_month(int year, int month) noexcept {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

bool is_date(std::string_view text) noexcept {
  if (!matches(text, "9999-99-99")) return false;
  const int year = number_at(text, 0, 4);
  const int month = number_at(text, 5, 2);
  const int day = number_at(text, 8, 2);
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days_of_month(year, month);
}

bool is_zone(std::string_view text) noexcept {
  if (text == "Z") return true;
  if (!matches(text, "+99:99") && !matches(text, "-99:99")) return false;
  return number_at(text, 1, 2) <= kMaxOffsetHours && number_at(text, 4, 2) <= 59;
}

bool is_timestamp(std::string_view text) noexcept {
  if (text.size() <= kTimeLength || !is_date(text.substr(0, kDateLength))) return false;
  if (!matches(text.substr(kDateLength, kTimeLength - kDateLength), "T99:99:99")) return false;
  if (number_at(text, 11, 2) > 23 || number_at(text, 14, 2) > 59 || number_at(text, 17, 2) > 59) return false;
  std::string_view rest = text.substr(kTimeLength);
  if (rest.front() == '.') {
    std::size_t digits = 0;
    while (1 + digits < rest.size() && is_digit(rest[1 + digits])) ++digits;
    if (digits == 0 || digits > kMaxFraction) return false;
    rest.remove_prefix(1 + digits);
  }
  return is_zone(rest);
}

}  // namespace

ValueForm form_of_string(std::string_view text) noexcept {
  if (text.find('\0') != std::string_view::npos) return ValueForm::null_character;
  if (matches(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")) return ValueForm::uuid;
  if (is_date(text)) return ValueForm::date;
  return is_timestamp(text) ? ValueForm::timestamp : ValueForm::none;
}

ValueForm form_of_number(std::string_view number) noexcept {
  int64_t value = 0;
  auto [end, outcome] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (outcome != std::errc{} || end != number.data() + number.size()) return ValueForm::none;
  if (value >= kFirstSecond && value < kEndSecond) return ValueForm::epoch_seconds;
  if (value >= kFirstSecond * 1000 && value < kEndSecond * 1000) return ValueForm::epoch_milliseconds;
  return ValueForm::integer;
}

}  // namespace dynamodb
