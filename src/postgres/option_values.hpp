// Values of options: parsed, put where they belong, and what to say of wrong ones.
#pragma once

#include "option_table.hpp"

namespace dynamodb_fdw {

/// Parses a value and writes it to `field`, which is of the type that the option's kind says; null: it is only checked.
/// False: it is not acceptable; *reason may then say why (palloc'ed or constant).
bool parse_option_value(const OptionDefinition& option, const char* value, void* field, const char** reason);

/// Raises an error unless `value` is acceptable.
void check_option_value(const OptionDefinition& option, const char* value);

}  // namespace dynamodb_fdw
