// Parses a document path such as address.city or lines[0].sku, as DynamoDB's expressions write them.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/result.hpp"

namespace dynamodb {

/// One step from a value into it: a member of a map, or an element of a list.
struct PathStep {
  bool is_index = false;
  std::string name;    ///< not empty unless is_index
  uint32_t index = 0;  ///< counted from 0; only if is_index

  bool operator==(const PathStep&) const = default;
};

using DocumentPath = std::vector<PathStep>;

/// The steps of `path`; at least one, and the first is a name: the top-level attribute.
///
///   path  = name { "." name | "[" digits "]" }
///   name  = one or more characters except . [ ] " and space, or anything in double quotes, with "" for a quote
///
/// No spaces are allowed outside of quotes. An Error of kind bad_configuration says what is wrong at which character
/// (bytes are counted, from 1). More than kMaxItemNesting steps below the attribute lead nowhere and are an error too.
Result<std::vector<PathStep>> parse_document_path(std::string_view path);

/// The path as parse_document_path() reads it; names are quoted where they must be.
std::string document_path_text(const std::vector<PathStep>& path);
/// Appends a step to such a text: the name of a member, or the number of an element.
void append_path_name(std::string& path, std::string_view name);
void append_path_index(std::string& path, std::size_t index);

}  // namespace dynamodb
