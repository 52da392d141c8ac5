// Fuzzes the parser of document paths: any text gives steps or an error, and the steps written again give the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dynamodb/document_path.hpp"
#include "dynamodb/limits.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace dynamodb;
  auto steps = parse_document_path(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!steps.ok()) {
    if (steps.error().kind != ErrorKind::bad_configuration || steps.error().message.empty()) std::abort();
    return 0;
  }
  const std::vector<PathStep>& path = steps.value();
  if (path.empty() || path.front().is_index || path.size() > kMaxItemNesting + 1) std::abort();
  for (const PathStep& step : path)
    if (step.is_index != step.name.empty()) std::abort();
  auto again = parse_document_path(document_path_text(path));
  if (!again.ok() || again.value() != path) std::abort();
  return 0;
}
