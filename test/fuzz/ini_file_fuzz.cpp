// Fuzzes the parser of AWS's config and credentials files.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dynamodb/ini_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = dynamodb::parse_ini_file(text, "/f");
  if (!file) {
    if (file.error().message.empty()) std::abort();
    return 0;
  }
  for (const auto& section : file.value().sections) {
    if (section.name.empty() && section.kind.empty()) std::abort();
    // Merged: each section is there once.
    if (file.value().find(section.kind, section.name) != &section) std::abort();
    for (const auto& [key, setting] : section.settings) {
      if (key.empty() || (!setting.value.empty() && !setting.nested.empty())) std::abort();
    }
  }
  return 0;
}
