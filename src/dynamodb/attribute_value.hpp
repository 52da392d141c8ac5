// The ten attribute types of DynamoDB, and the rules for its numbers and base64.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dynamodb {

/// Type descriptors of the API (Amazon DynamoDB API Reference, "AttributeValue").
enum class AttributeType : uint8_t { S, N, B, BOOL, NUL, SS, NS, BS, L, M };

/// The descriptor's spelling in the API: "S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L" or "M".
const char* type_name(AttributeType type) noexcept;
/// The type for a descriptor, or nothing.
std::optional<AttributeType> parse_type_name(std::string_view name) noexcept;

/// The type of the elements of a set of this type: S, N or B; nothing where it is no set.
std::optional<AttributeType> set_element_type(AttributeType set) noexcept;

constexpr bool is_key_type(AttributeType type) noexcept {
  return type == AttributeType::S || type == AttributeType::N || type == AttributeType::B;
}

/// A value of type S, N, B or BOOL as it goes into a request: a key or an operand. Owns its bytes.
struct ScalarValue {
  AttributeType type = AttributeType::S;
  std::string bytes;  ///< S: UTF-8; N: decimal digits as canonical_number() gives them; B: the raw bytes;
                      ///< BOOL: "true" or "false"

  bool operator==(const ScalarValue&) const = default;
};

/// A number in one spelling per value, so that equal numbers are equal text: no leading or trailing zeros, plain
/// notation where the exponent is small ("150", "-0.5"), else scientific ("1E+100"). Nothing where DynamoDB could not
/// hold it: not a number, more than 38 significant digits, magnitude outside 1E-130 to 9.99…E+125 (Developer Guide,
/// "Data types", Number).
std::optional<std::string> canonical_number(std::string_view text);

/// Order of two numbers by value: negative, 0 or positive. REQUIRES: both as canonical_number() gives them.
int compare_numbers(std::string_view left, std::string_view right);

/// Length in bytes of the decoded form, or nothing when `text` cannot be base64 by its length and padding.
std::optional<std::size_t> base64_decoded_size(std::string_view text) noexcept;
/// Decodes standard base64 with padding. `out` has room for base64_decoded_size() bytes. False: not base64.
bool decode_base64(std::string_view text, unsigned char* out) noexcept;
void append_base64(std::string& out, std::string_view bytes);
/// Appends lower-case hexadecimal.
void append_hex(std::string& out, const unsigned char* bytes, std::size_t count);

}  // namespace dynamodb
