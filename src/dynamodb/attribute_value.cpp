// The ten attribute types of DynamoDB, and the rules for its numbers and base64.
#include "dynamodb/attribute_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

constexpr std::array<const char*, 10> kTypeNames = {"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"};

// A decimal number taken apart: value = 0.d1d2d3... * 10^point, no leading or trailing zero digits.
struct Decimal {
  bool negative = false;
  std::string digits;
  long point = 0;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads the digits around the decimal point; false when there is none.
bool read_mantissa(std::string_view& text, Decimal& number) {
  bool any = false;
  bool after_point = false;
  while (!text.empty() && (is_digit(text.front()) || (text.front() == '.' && !after_point))) {
    if (text.front() == '.') {
      after_point = true;
    } else {
      any = true;
      if (text.front() != '0' || !number.digits.empty()) {
        number.digits += text.front();
        if (!after_point) ++number.point;
      } else if (after_point) {
        --number.point;
      }
    }
    text.remove_prefix(1);
  }
  return any;
}

bool read_exponent(std::string_view text, Decimal& number) {
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return false;
  }
  int exponent = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (failure != std::errc() || end != text.data() + text.size()) return false;
  number.point += exponent;
  return true;
}

bool parse_decimal(std::string_view text, Decimal& number) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    number.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (!read_mantissa(text, number) || !read_exponent(text, number)) return false;
  while (!number.digits.empty() && number.digits.back() == '0') number.digits.pop_back();
  return true;
}

std::size_t count_digits(std::string_view text) { return std::min(text.find_first_not_of("0123456789"), text.size()); }

// Whether canonical_number() would leave the text as it is, for most of those of which that is so: integers, and
// fractions that begin with no zeros. They come often, and need not be taken apart.
bool is_plainly_canonical(std::string_view text) {
  if (text == "0") return true;
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const std::size_t whole = count_digits(text);
  if (whole == 0 || whole > kMaxNumberDigits) return false;
  const bool below_one = text.front() == '0';
  if (below_one && whole > 1) return false;
  if (whole == text.size()) return !below_one;
  if (text[whole] != '.') return false;
  const std::string_view fraction = text.substr(whole + 1);
  if (fraction.empty() || count_digits(fraction) < fraction.size() || fraction.back() == '0') return false;
  return whole + fraction.size() <= kMaxNumberDigits && !(below_one && fraction.front() == '0');
}

std::string plain_notation(const Decimal& number) {
  long count = static_cast<long>(number.digits.size());
  std::string out = number.negative ? "-" : "";
  if (number.point <= 0) return out + "0." + std::string(-number.point, '0') + number.digits;
  if (number.point >= count) return out + number.digits + std::string(number.point - count, '0');
  return out + number.digits.substr(0, number.point) + "." + number.digits.substr(number.point);
}

std::string scientific_notation(const Decimal& number) {
  std::string out = number.negative ? "-" : "";
  out += number.digits[0];
  if (number.digits.size() > 1) out.append(".").append(number.digits, 1);
  long exponent = number.point - 1;
  out += exponent < 0 ? "E-" : "E+";
  return out + std::to_string(exponent < 0 ? -exponent : exponent);
}

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<signed char, 256> make_base64_values() {
  std::array<signed char, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 64; ++i) values[static_cast<unsigned char>(kBase64[i])] = static_cast<signed char>(i);
  return values;
}
constexpr auto kBase64Values = make_base64_values();

std::size_t base64_padding(std::string_view text) {
  if (text.size() >= 2 && text[text.size() - 2] == '=' && text.back() == '=') return 2;
  return !text.empty() && text.back() == '=' ? 1 : 0;
}

}  // namespace

const char* type_name(AttributeType type) noexcept { return kTypeNames[static_cast<std::size_t>(type)]; }

std::optional<AttributeType> parse_type_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kTypeNames.size(); ++i)
    if (name == kTypeNames[i]) return static_cast<AttributeType>(i);
  return std::nullopt;
}

std::optional<AttributeType> set_element_type(AttributeType set) noexcept {
  switch (set) {
    case AttributeType::SS:
      return AttributeType::S;
    case AttributeType::NS:
      return AttributeType::N;
    case AttributeType::BS:
      return AttributeType::B;
    default:
      return std::nullopt;
  }
}

std::optional<std::string> canonical_number(std::string_view text) {
  if (is_plainly_canonical(text)) return std::string(text);
  Decimal number;
  if (!parse_decimal(text, number)) return std::nullopt;
  if (number.digits.empty()) return "0";
  long exponent = number.point - 1;
  if (number.digits.size() > kMaxNumberDigits || exponent < kMinNumberExponent || exponent > kMaxNumberExponent)
    return std::nullopt;
  bool plain = exponent >= -20 && exponent <= 40;
  return plain ? plain_notation(number) : scientific_notation(number);
}

int compare_numbers(std::string_view left, std::string_view right) {
  Decimal a;
  Decimal b;
  if (!parse_decimal(left, a) || !parse_decimal(right, b)) return left.compare(right);
  const int sign_a = a.digits.empty() ? 0 : a.negative ? -1 : 1;
  const int sign_b = b.digits.empty() ? 0 : b.negative ? -1 : 1;
  if (sign_a != sign_b) return sign_a - sign_b;
  if (sign_a == 0) return 0;
  if (a.point != b.point) return a.point < b.point ? -sign_a : sign_a;
  return sign_a * a.digits.compare(b.digits);
}

std::optional<std::size_t> base64_decoded_size(std::string_view text) noexcept {
  if (text.size() % 4 != 0) return std::nullopt;
  return text.size() / 4 * 3 - base64_padding(text);
}

bool decode_base64(std::string_view text, unsigned char* out) noexcept {
  if (text.size() % 4 != 0) return false;
  std::size_t padding = base64_padding(text);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    bool last = i + 4 == text.size();
    std::size_t missing = last ? padding : 0;
    uint32_t bits = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      int value = j >= 4 - missing ? 0 : kBase64Values[static_cast<unsigned char>(text[i + j])];
      if (value < 0) return false;
      bits = bits << 6 | static_cast<uint32_t>(value);
    }
    for (std::size_t j = 0; j < 3 - missing; ++j) *out++ = static_cast<unsigned char>(bits >> (16 - 8 * j));
  }
  return true;
}

void append_base64(std::string& out, std::string_view bytes) {
  std::size_t i = 0;
  for (; i < bytes.size(); i += 3) {
    std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) bits = bits << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j) out += j <= count ? kBase64[bits >> (18 - 6 * j) & 63] : '=';
  }
}

void append_hex(std::string& out, const unsigned char* bytes, std::size_t count) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (std::size_t i = 0; i < count; ++i) {
    out += kHex[bytes[i] >> 4];
    out += kHex[bytes[i] & 15];
  }
}

}  // namespace dynamodb
