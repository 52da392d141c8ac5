// The table of all options: what each is called, where it is allowed, what it takes and where its value goes.
#pragma once

#include "options.hpp"

namespace dynamodb_fdw {

/// Where an option is allowed; a bit mask.
enum OptionContext : int { kOnServer = 1, kOnUserMapping = 2, kOnTable = 4, kOnColumn = 8, kOnImport = 16 };

enum class ValueKind : uint8_t {
  boolean,         ///< bool; the spellings of parse_bool()
  integer,         ///< int in [least, most]
  seconds,         ///< int milliseconds; written in seconds, fractions allowed, in [least, most]
  real,            ///< double in [least, most]
  choice,          ///< uint8_t enum: the index into `choices`
  text,            ///< const char*; not empty, and `check` decides
  names,           ///< List of char*: comma-separated, each not empty, `check` decides for each, none twice
  attribute_type,  ///< dynamodb::AttributeType
};

/// Byte offsets of the field that takes the value, in the struct of each context; -1: none there.
struct OptionTargets {
  int server = -1;   ///< in ServerOptions
  int mapping = -1;  ///< in UserMappingOptions
  int table = -1;    ///< in TableOptions
  int column = -1;   ///< in ColumnOptions
  int import = -1;   ///< in ImportOptions
};

struct OptionDefinition {
  const char* name = nullptr;
  int contexts = 0;  ///< of OptionContext
  ValueKind kind = ValueKind::text;
  OptionTargets targets = {};
  const char* initial = nullptr;  ///< the default, written as a user would write it; null: none
  double least = 0;
  double most = 0;
  const char* const* choices = nullptr;  ///< in the order of the enum, null at the end
  /// False: not acceptable; *reason may then say why (palloc'ed or constant).
  bool (*check)(const char* value, const char** reason) = nullptr;
  const char* accepts = nullptr;  ///< for text and names: what it takes, for messages
  bool secret = false;            ///< never show the value: it is, or may by mistake contain, a secret
  bool superuser_only = false;    ///< a boolean: only 'true' is
};

/// The option, or null. Options of one name in several contexts have one definition.
const OptionDefinition* find_option(const char* name);

/// The options in the order of the documentation; null behind the last.
const OptionDefinition* option_at(int index);

/// Raises an error when an option of the list (of DefElem) is unknown, misplaced, given twice, wrong or not permitted
/// to this user, or when two of them contradict each other.
void check_option_list(List* options, OptionContext context);

/// Which struct of OptionTargets is meant.
using OptionTarget = int OptionTargets::*;

/// Writes the defaults of all options that have a field in that struct.
void apply_option_defaults(OptionTarget target, void* base);

/// Writes the values of the listed options that have a field in that struct; ignores the others.
void apply_options(List* options, OptionTarget target, void* base);

/// The value of an option in a list of DefElem, or null.
const char* find_option_value(List* options, const char* name);

/// Whether a boolean option is in the list and true.
bool is_option_true(List* options, const char* name);

}  // namespace dynamodb_fdw
