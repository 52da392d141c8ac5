// Tests of value_form.
#include "dynamodb/value_form.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dynamodb {
namespace {

TEST(ValueForm, OfStrings) {
  const struct {
    std::string text;
    ValueForm form;
  } cases[] = {
      {"", ValueForm::none},
      {"text", ValueForm::none},
      {std::string("a\0b", 3), ValueForm::null_character},
      {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", ValueForm::uuid},
      {"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", ValueForm::none},
      {"a0eebc999c0b4ef8bb6d6bb9bd380a11", ValueForm::none},
      {"2026-01-31", ValueForm::date},
      {"2024-02-29", ValueForm::date},
      {"2023-02-29", ValueForm::none},
      {"2026-04-31", ValueForm::none},
      {"2026-13-01", ValueForm::none},
      {"0000-01-01", ValueForm::none},
      {"2026-1-31", ValueForm::none},
      {"2026-01-31T23:59:59Z", ValueForm::timestamp},
      {"2026-01-31T23:59:59.123456Z", ValueForm::timestamp},
      {"2026-01-31T23:59:59.5+02:00", ValueForm::timestamp},
      {"2026-01-31T23:59:59-15:59", ValueForm::timestamp},
      {"2026-01-31T23:59:59", ValueForm::none},  // in which time zone?
      {"2026-01-31T23:59:59.1234567Z", ValueForm::none},
      {"2026-01-31T23:59:59.Z", ValueForm::none},
      {"2026-01-31T24:00:00Z", ValueForm::none},
      {"2026-01-31T23:59:60Z", ValueForm::none},
      {"2026-01-31 23:59:59Z", ValueForm::none},
      {"2026-01-31T23:59:59+16:00", ValueForm::none},
      {"2026-01-31T23:59:59Zulu", ValueForm::none},
  };
  for (const auto& c : cases) EXPECT_EQ(form_of_string(c.text), c.form) << c.text;
}

TEST(ValueForm, OfNumbers) {
  const struct {
    const char* number;
    ValueForm form;
  } cases[] = {
      {"0", ValueForm::integer},
      {"-5", ValueForm::integer},
      {"9223372036854775807", ValueForm::integer},
      {"-9223372036854775808", ValueForm::integer},
      {"9223372036854775808", ValueForm::none},
      {"1.5", ValueForm::none},
      {"1E+100", ValueForm::none},
      {"946684799", ValueForm::integer},
      {"946684800", ValueForm::epoch_seconds},
      {"4102444799", ValueForm::epoch_seconds},
      {"4102444800", ValueForm::integer},
      {"1767323045678", ValueForm::epoch_milliseconds},
      {"1767323045678901", ValueForm::integer},
  };
  for (const auto& c : cases) EXPECT_EQ(form_of_number(c.number), c.form) << c.number;
}

}  // namespace
}  // namespace dynamodb
