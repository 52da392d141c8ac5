// One write of one item, complete with its conditions: what a commit sends.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/item_edit.hpp"

namespace dynamodb {

/// That the value at a path is still what was read.
struct WriteCondition {
  enum class Kind : uint8_t {
    equals,   ///< `value`
    missing,  ///< there is none
    exists,   ///< there is one, whatever it is
  };
  DocumentPath path;
  Kind kind = Kind::equals;
  std::string value;  ///< typed JSON, of `equals`

  bool operator==(const WriteCondition&) const = default;
};

enum class Existence : uint8_t { any, must_exist, must_not_exist };

/// The texts are views: whoever makes a write keeps what they refer to as long as there is the write, or what sends it.
/// What has nobody else to keep it belongs to `owner`.
struct ItemWrite {
  enum class Kind : uint8_t {
    put,     ///< PutItem: `item` replaces whatever has the key
    update,  ///< UpdateItem: `changes`
    remove,  ///< DeleteItem
    check,   ///< nothing is written, only the conditions must hold (ConditionCheck of TransactWriteItems; alone: a
             ///< DeleteItem of an item that must not exist, or an UpdateItem without changes of one that must).
             ///< REQUIRES: conditional; existence other than any, or a condition that implies that the item exists
  };
  Kind kind = Kind::put;
  std::string_view table;
  std::string_view key;                  ///< typed JSON of the key's attributes: {"pk": {"S": "..."}, ...}
  std::string_view partition_key;        ///< the partition key's name, for conditions on existence
  std::string_view item;                 ///< typed JSON, of put; the key's attributes included
  std::vector<AttributeChange> changes;  ///< of update; at least one
  Existence existence = Existence::any;
  std::vector<WriteCondition> conditions;
  std::shared_ptr<const void> owner;  ///< null: not needed

  bool conditional() const noexcept { return existence != Existence::any || !conditions.empty(); }
};

}  // namespace dynamodb
