// Tests of attribute_value.
#include "dynamodb/attribute_value.hpp"

#include <gtest/gtest.h>

#include <random>

namespace dynamodb {
namespace {

TEST(AttributeType, HasTheNamesOfTheApi) {
  struct {
    AttributeType type;
    const char* name;
    bool key;
  } cases[] = {
      {AttributeType::S, "S", true},        {AttributeType::N, "N", true},       {AttributeType::B, "B", true},
      {AttributeType::BOOL, "BOOL", false}, {AttributeType::NUL, "NULL", false}, {AttributeType::SS, "SS", false},
      {AttributeType::NS, "NS", false},     {AttributeType::BS, "BS", false},    {AttributeType::L, "L", false},
      {AttributeType::M, "M", false},
  };
  for (const auto& test : cases) {
    EXPECT_STREQ(type_name(test.type), test.name);
    EXPECT_EQ(parse_type_name(test.name), test.type) << test.name;
    EXPECT_EQ(is_key_type(test.type), test.key) << test.name;
  }
  for (const char* name : {"", "s", "NUL", "null", "Bool", "X", "SSS", "S ", "LS"})
    EXPECT_EQ(parse_type_name(name), std::nullopt) << name;
}

TEST(CanonicalNumber, GivesOneSpellingPerValue) {
  struct {
    const char* text;
    const char* canonical;
  } cases[] = {
      {"0", "0"},
      {"-0", "0"},
      {"+0.000", "0"},
      {"0e5", "0"},
      {"0E-500", "0"},
      {"0e126", "0"},
      {"00000", "0"},
      {".0", "0"},
      {"150", "150"},
      {"1.5e2", "150"},
      {"15E+1", "150"},
      {"150.00", "150"},
      {"000150", "150"},
      {"+150", "150"},
      {"0.15e3", "150"},
      {"1500e-1", "150"},
      {"42", "42"},
      {"-5", "-5"},
      {"-.5", "-0.5"},
      {".5", "0.5"},
      {"5.", "5"},
      {"0.50", "0.5"},
      {"5e-1", "0.5"},
      {"0.001", "0.001"},
      {"1E-3", "0.001"},
      {"123.456", "123.456"},
      {"-123456e-3", "-123.456"},
      {"1e+010", "10000000000"},
      // 38 digits
      {"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
      {"-0.12345678901234567890123456789012345678", "-0.12345678901234567890123456789012345678"},
      {"1234567890123456789.0123456789012345678", "1234567890123456789.0123456789012345678"},
      {"12345678901234567890123456789012345678000", "12345678901234567890123456789012345678000"},
      {"00012345678901234567890123456789012345678.000", "12345678901234567890123456789012345678"},
      // where plain notation ends
      {"1e40", "10000000000000000000000000000000000000000"},
      {"1e41", "1E+41"},
      {"1e-20", "0.00000000000000000001"},
      {"1e-21", "1E-21"},
      {"12.5e-22", "1.25E-21"},
      {"-12.5e99", "-1.25E+100"},
      // the limits of the service
      {"1E-130", "1E-130"},
      {"-1E-130", "-1E-130"},
      {"0.1E-129", "1E-130"},
      {"9.9999999999999999999999999999999999999E125", "9.9999999999999999999999999999999999999E+125"},
      {"-9.9999999999999999999999999999999999999e+125", "-9.9999999999999999999999999999999999999E+125"},
      {"99.999999999999999999999999999999999999E124", "9.9999999999999999999999999999999999999E+125"},
  };
  for (const auto& test : cases) {
    auto canonical = canonical_number(test.text);
    ASSERT_TRUE(canonical) << test.text;
    EXPECT_EQ(*canonical, test.canonical) << test.text;
    EXPECT_EQ(canonical_number(*canonical), canonical) << "again";
  }
}

// What is left as it is, without being taken apart, is what taking it apart gives.
TEST(CanonicalNumber, IsTheSameHoweverItIsWritten) {
  constexpr char kCharacters[] = "0012345.-";
  std::mt19937 random(5);
  for (int i = 0; i < 100000; ++i) {
    std::string text;
    for (uint32_t length = random() % (i % 10 == 0 ? 44 : 8); length > 0; --length) text += kCharacters[random() % 9];
    ASSERT_EQ(canonical_number(text), canonical_number(text + "e0")) << text;
  }
}

TEST(CanonicalNumber, ReadsLongTexts) {
  EXPECT_EQ(canonical_number(std::string(100000, '0') + "7"), "7");
  EXPECT_EQ(canonical_number("7." + std::string(100000, '0')), "7");
  EXPECT_EQ(canonical_number("0." + std::string(129, '0') + "1"), "1E-130");
  EXPECT_EQ(canonical_number("1" + std::string(125, '0')), "1E+125");
  EXPECT_EQ(canonical_number("0." + std::string(100000, '0') + "1e99999"), "0.01");
}

TEST(CanonicalNumber, RefusesWhatDynamodbCannotHold) {
  const std::string cases[] = {
      // not numbers
      "",
      " ",
      "-",
      "+",
      ".",
      "-.",
      "e5",
      ".e5",
      "1e",
      "1e+",
      "1e-",
      "1e+-5",
      "1e--5",
      "1e1.5",
      "1.2.3",
      "--1",
      "+-1",
      "1 ",
      " 1",
      "1_000",
      "1,5",
      "0x10",
      "NaN",
      "Infinity",
      "-inf",
      "1f",
      "one",
      std::string("1\0", 2),
      "\xd9\xa1",
      // 39 digits
      "123456789012345678901234567890123456789",
      "1.23456789012345678901234567890123456789",
      "-0.00123456789012345678901234567890123456789e50",
      "100000000000000000000000000000000000001",
      // magnitude
      "1E126",
      "-1E126",
      "10E125",
      "9.99E126",
      "1" + std::string(126, '0'),
      "1E-131",
      "-1E-131",
      "0.1E-130",
      "9.99E-131",
      "0." + std::string(130, '0') + "1",
      "1e2147483647",
      "1e-2147483648",
      "1e99999999999999999999",
      "1e-99999999999999999999",
  };
  for (const std::string& text : cases) EXPECT_EQ(canonical_number(text), std::nullopt) << text;
}

TEST(CompareNumbers, OrdersByValue) {
  const std::string nines(38, '9');
  // Ascending, each with all its spellings.
  const std::vector<std::vector<std::string>> ascending = {
      {"-9.9999999999999999999999999999999999999E+125"},
      {"-1E+100", "-10e99"},
      {"-" + nines},
      {"-" + nines.substr(1) + "8", "-" + nines.substr(1) + ".8e1"},
      {"-150", "-1.5e2", "-150.0"},
      {"-15"},
      {"-10"},
      {"-9"},
      {"-1.5", "-15E-1"},
      {"-1"},
      {"-0.5", "-.5", "-5e-1"},
      {"-0.05"},
      {"-1E-130"},
      {"0", "-0", "0e5", "0.000"},
      {"1E-130", "0.1e-129"},
      {"1E-21"},
      {"0.00000000000000000001", "1e-20"},
      {"0.05", "5e-2"},
      {"0.5", "+.5"},
      {"0.51"},
      {"1", "1.0", "10e-1", "0001"},
      {"1.00000000000000000000000000000000000001"},
      {"1.5"},
      {"9"},
      {"10", "1e1", "1E+1"},
      {"15"},
      {"100", "1e2", "0.1e3"},
      {"101"},
      {"12345678901234567890123456789012345678"},
      {nines.substr(1) + "8"},
      {nines},
      {"1" + std::string(38, '0'), "1e38"},
      {"10000000000000000000000000000000000000000", "1e40"},
      {"1E+41", "10E+40"},
      {"9.9999999999999999999999999999999999999E+125"},
  };
  for (std::size_t i = 0; i < ascending.size(); ++i)
    for (std::size_t j = 0; j < ascending.size(); ++j)
      for (const std::string& left : ascending[i])
        for (const std::string& right : ascending[j]) {
          const int order = compare_numbers(left, right);
          EXPECT_EQ((order > 0) - (order < 0), (i > j) - (i < j)) << left << " and " << right;
        }
}

std::string decoded(std::string_view text) {
  auto size = base64_decoded_size(text);
  if (!size) return "not base64";
  std::string bytes(*size, '\0');
  return decode_base64(text, reinterpret_cast<unsigned char*>(bytes.data())) ? bytes : "not base64";
}

TEST(Base64, ReadsAndWritesTheSame) {
  struct {
    std::string bytes;
    const char* text;
  } cases[] = {
      // RFC 4648, section 10
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {std::string("\0", 1), "AA=="},
      {std::string("\0\0\0", 3), "AAAA"},
      {"\xff\xff\xff", "////"},
      {"\xfb\xef\xbe", "++++"},
      {"\xff", "/w=="},
  };
  for (const auto& test : cases) {
    std::string text;
    append_base64(text, test.bytes);
    EXPECT_EQ(text, test.text);
    EXPECT_EQ(decoded(test.text), test.bytes) << test.text;
  }
}

TEST(Base64, KeepsAllBytesAtAllLengths) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    std::string text;
    append_base64(text, bytes);
    ASSERT_EQ(decoded(text), bytes) << i;
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64, RefusesWhatItIsNot) {
  for (const char* text : {"A", "AA", "AAA", "AAAAA", "=", "==", "===", "====", "A===", "AA=A", "=AAA", "AA==AAAA",
                           "AAA=AAAA", "A A=", "AA-_", "AA\n=", "AAA\xc3", "AAA*"})
    EXPECT_EQ(decoded(text), "not base64") << text;
  EXPECT_EQ(decoded(std::string_view("AAA\0", 4)), "not base64");
}

TEST(Hex, IsLowerCase) {
  const unsigned char bytes[] = {0x00, 0x01, 0x7f, 0x80, 0xab, 0xff};
  std::string text = "x";
  append_hex(text, bytes, 6);
  append_hex(text, bytes, 0);
  EXPECT_EQ(text, "x00017f80abff");
}

}  // namespace
}  // namespace dynamodb
