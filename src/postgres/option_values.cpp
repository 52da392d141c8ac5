// Values of options: parsed, put where they belong, and what to say of wrong ones.
#include "option_values.hpp"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace dynamodb_fdw {
namespace {

bool parse_number(const char* value, double* number) {
  char* end;
  errno = 0;
  *number = strtod(value, &end);
  return end != value && *end == '\0' && errno == 0 && std::isfinite(*number);
}

bool parse_real(const OptionDefinition& option, const char* value, double* number) {
  return parse_number(value, number) && *number >= option.least && *number <= option.most;
}

bool parse_integer(const OptionDefinition& option, const char* value, int* number) {
  double real;
  if (value[0] == '\0' || strspn(value, "+-0123456789") != strlen(value) || !parse_real(option, value, &real))
    return false;
  *number = static_cast<int>(real);
  return true;
}

bool parse_seconds(const OptionDefinition& option, const char* value, int* milliseconds) {
  double seconds;
  if (!parse_real(option, value, &seconds)) return false;
  *milliseconds = static_cast<int>(std::lround(seconds * 1000));
  return true;
}

bool parse_choice(const OptionDefinition& option, const char* value, uint8_t* index) {
  for (*index = 0; option.choices[*index] != nullptr; ++*index)
    if (strcmp(option.choices[*index], value) == 0) return true;
  return false;
}

bool parse_attribute_type(const char* value, dynamodb::AttributeType* type) {
  auto parsed = dynamodb::parse_type_name(value);
  if (!parsed || *parsed == dynamodb::AttributeType::NUL) return false;
  *type = *parsed;
  return true;
}

char* trimmed_copy(const char* start, const char* end) {
  while (start < end && *start == ' ') ++start;
  while (end > start && end[-1] == ' ') --end;
  return pnstrdup(start, end - start);
}

bool contains_name(const List* names, const char* name) {
  ListCell* cell;
  foreach (cell, names)
    if (strcmp(static_cast<const char*>(lfirst(cell)), name) == 0) return true;
  return false;
}

bool parse_names(const OptionDefinition& option, const char* value, List** names, const char** reason) {
  *names = NIL;
  for (const char* start = value;;) {
    const char* end = start + strcspn(start, ",");
    char* name = trimmed_copy(start, end);
    if (contains_name(*names, name)) {
      *reason = psprintf("Name \"%s\" occurs twice", name);
      return false;
    }
    if (name[0] == '\0' || !option.check(name, reason)) return false;
    *names = lappend(*names, name);
    if (*end == '\0') return true;
    start = end + 1;
  }
}

// Where a value is put: the field of a struct, or nowhere when it is only checked.
template <typename Value, typename Parse>
bool store_value(void* field, Parse parse) {
  Value value{};
  if (!parse(&value)) return false;
  if (field != nullptr) memcpy(field, &value, sizeof(value));
  return true;
}

const char* describe_choices(const char* const* choices) {
  StringInfoData text;
  initStringInfo(&text);
  for (int index = 0; choices[index] != nullptr; ++index) {
    const char* separator = index == 0 ? "" : choices[index + 1] == nullptr ? " or " : ", ";
    appendStringInfo(&text, "%s%s", separator, choices[index]);
  }
  return text.data;
}

// The end of "The option takes ...".
const char* describe_accepted(const OptionDefinition& option) {
  switch (option.kind) {
    case ValueKind::boolean:
      return "a Boolean value: true or false";
    case ValueKind::integer:
      return psprintf("an integer from %.0f to %.0f", option.least, option.most);
    case ValueKind::seconds:
      return psprintf("a number of seconds from %g to %g", option.least, option.most);
    case ValueKind::real:
      return psprintf("a number from %g to %g", option.least, option.most);
    case ValueKind::choice:
      return describe_choices(option.choices);
    case ValueKind::attribute_type:
      return "S, N, B, BOOL, SS, NS, BS, L or M";
    case ValueKind::text:
    case ValueKind::names:
      return option.accepts;
  }
  return "";
}

}  // namespace

bool parse_option_value(const OptionDefinition& option, const char* value, void* field, const char** reason) {
  switch (option.kind) {
    case ValueKind::boolean:
      return store_value<bool>(field, [&](bool* result) { return parse_bool(value, result); });
    case ValueKind::integer:
      return store_value<int>(field, [&](int* result) { return parse_integer(option, value, result); });
    case ValueKind::seconds:
      return store_value<int>(field, [&](int* result) { return parse_seconds(option, value, result); });
    case ValueKind::real:
      return store_value<double>(field, [&](double* result) { return parse_real(option, value, result); });
    case ValueKind::choice:
      return store_value<uint8_t>(field, [&](uint8_t* result) { return parse_choice(option, value, result); });
    case ValueKind::attribute_type:
      return store_value<dynamodb::AttributeType>(
          field, [&](dynamodb::AttributeType* result) { return parse_attribute_type(value, result); });
    case ValueKind::names:
      return store_value<List*>(field, [&](List** result) { return parse_names(option, value, result, reason); });
    case ValueKind::text:
      return store_value<const char*>(field, [&](const char** result) {
        *result = value;
        return value[0] != '\0' && option.check(value, reason);
      });
  }
  return false;
}

void check_option_value(const OptionDefinition& option, const char* value) {
  const char* reason = nullptr;
  if (parse_option_value(option, value, nullptr, &reason)) return;
  bool show_value = !option.secret;
  ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
                  show_value ? errmsg("invalid value for option \"%s\": \"%s\"", option.name, value)
                             : errmsg("invalid value for option \"%s\"", option.name),
                  reason != nullptr ? errdetail_internal("%s.", reason) : 0,
                  errhint("The option takes %s.", describe_accepted(option))));
}

}  // namespace dynamodb_fdw
