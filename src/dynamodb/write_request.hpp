// Bodies of the writing requests, and of the GetItem that looks what became of one.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/error.hpp"
#include "dynamodb/item_write.hpp"

namespace dynamodb {

/// Why a write cannot be sent whatever the item in the table is like: its expressions or their values are larger than
/// the service takes (kind limit_exceeded). Costs about as much as making the request. The size of the item itself and
/// the values in it are check_item()'s.
std::optional<Error> check_write(const ItemWrite& write);

struct WriteRequest {
  const char* operation;  ///< "PutItem", "UpdateItem" or "DeleteItem"
  std::string body;
};

/// A write as a request of its own.
WriteRequest single_write_request(const ItemWrite& write);

/// Body of a BatchWriteItem. REQUIRES: 1 to kBatchWriteItems puts and removes of distinct keys, none conditional.
std::string batch_write_body(const std::vector<const ItemWrite*>& writes);

/// Body of a TransactWriteItems. `token`: the ClientRequestToken. REQUIRES: 1 to kTransactionItems writes of distinct
/// keys.
std::string transact_write_body(const std::vector<const ItemWrite*>& writes, std::string_view token);

/// Body of a strongly consistent GetItem of the whole item.
std::string look_body(const ItemWrite& write);

}  // namespace dynamodb
