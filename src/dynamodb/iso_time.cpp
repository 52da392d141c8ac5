// Reads points in time as AWS's JSON has them.
#include "dynamodb/iso_time.hpp"

#include <algorithm>

#include "dynamodb/ascii.hpp"

namespace dynamodb {
namespace {

/// WallTime is from 1677 to 2262. What is later, such as 9999, is just as far away; what is earlier, just as long ago.
constexpr int kFirstYear = 1900;
constexpr int kLastYear = 2248;

/// Takes `digits` digits and, behind them, `then` (unless 0) off the text; -1 when they are not there.
int take_number(std::string_view* text, std::size_t digits, char then) noexcept {
  const std::size_t length = digits + (then == '\0' ? 0 : 1);
  if (text->size() < length || (then != '\0' && (*text)[digits] != then)) return -1;
  int number = 0;
  for (const char c : text->substr(0, digits)) {
    if (!is_ascii_digit(c)) return -1;
    number = number * 10 + (c - '0');
  }
  text->remove_prefix(length);
  return number;
}

std::optional<std::chrono::minutes> parse_zone(std::string_view zone) noexcept {
  if (zone.empty() || zone == "Z" || zone == "z" || zone == "UTC") return std::chrono::minutes(0);
  const int sign = zone.front() == '+' ? 1 : zone.front() == '-' ? -1 : 0;
  if (sign == 0) return std::nullopt;
  zone.remove_prefix(1);
  const bool colon = zone.size() == 5;
  const int hours = take_number(&zone, 2, colon ? ':' : '\0');
  const int minutes = hours < 0 ? -1 : take_number(&zone, 2, '\0');
  if (minutes < 0 || !zone.empty() || hours > 23 || minutes > 59) return std::nullopt;
  return sign * std::chrono::minutes(hours * 60 + minutes);
}

}  // namespace

std::optional<WallTime::time_point> parse_iso_time(std::string_view text) noexcept {
  const int year = take_number(&text, 4, '-');
  const int month = year < 0 ? -1 : take_number(&text, 2, '-');
  const int day = month < 0 ? -1 : take_number(&text, 2, '\0');
  if (day < 0 || text.empty() || (text.front() != 'T' && text.front() != ' ')) return std::nullopt;
  text.remove_prefix(1);
  const int hour = take_number(&text, 2, ':');
  const int minute = hour < 0 ? -1 : take_number(&text, 2, ':');
  const int second = minute < 0 ? -1 : take_number(&text, 2, '\0');
  const std::chrono::year_month_day date{std::chrono::year(std::clamp(year, kFirstYear, kLastYear)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (second < 0 || second > 60 || hour > 23 || minute > 59 || !date.ok()) return std::nullopt;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    while (!text.empty() && is_ascii_digit(text.front())) text.remove_prefix(1);
  }
  const auto zone = parse_zone(text);
  if (!zone) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) - *zone;
}

}  // namespace dynamodb
