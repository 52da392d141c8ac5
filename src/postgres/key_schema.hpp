// The tables and indexes that a foreign table's options name, with their keys, as things that can be queried.
#pragma once

#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// Developer Guide: a GSI has up to four partition key and four sort key attributes; everything else one of each.
inline constexpr int kMaxKeyAttributes = 4;

struct KeyAttribute {
  const char* name;  ///< UTF-8
  dynamodb::AttributeType type;
  const ColumnOptions* column;  ///< the column that reads it; null: none
};

/// A table or an index. Plain memory of the planner.
struct KeySchema {
  const char* index_name;  ///< null: the table itself
  bool global;             ///< GSI
  KeyAttribute partition[kMaxKeyAttributes];
  int partition_count;
  KeyAttribute sort[kMaxKeyAttributes];
  int sort_count;
  bool described;    ///< DescribeTable has confirmed it: what follows is known
  bool holds_all;    ///< every attribute; always so for the table
  List* attributes;  ///< String: what it holds, its own and the table's keys included; NIL when holds_all
  double items;      ///< 0: not known
  double bytes;
  bool readable;  ///< not being built or deleted
};

/// The table (first) and the indexes that column options name. Keys, projection and counts come from `description`;
/// where that is null, keys come from the options and the columns' types. NIL when the table's partition key is not
/// declared.
List* find_key_schemas(const TableOptions* table, const dynamodb::TableDescription* description);

/// The names of the key attributes of one schema, in its order, or of all of a list: a list of String.
List* key_names(const KeySchema* schema);
List* all_key_names(List* schemas);

/// Whether the schema holds all attributes (String) of `needed`; NIL stands for every attribute.
bool holds_attributes(const KeySchema* schema, List* needed);

}  // namespace dynamodb_fdw
