// Answers of the writing requests.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <memory>
#include <string>
#include <vector>

#include "dynamodb/body_buffer.hpp"
#include "dynamodb/item_write.hpp"
#include "dynamodb/result.hpp"

namespace dynamodb {

/// A request of a BatchWriteItem that was not carried out.
struct UnprocessedWrite {
  std::string table;
  Value key;  ///< the item of a put, the key of a remove
};

struct WriteAnswer {
  double consumed_capacity = 0;  ///< write capacity units of all tables; 0 where the service does not say
  std::vector<UnprocessedWrite> unprocessed;
};

/// Reads one answer after the other. Holds the parser's memory, which is reused.
class WriteAnswerReader {
 public:
  WriteAnswerReader();
  ~WriteAnswerReader();
  WriteAnswerReader(const WriteAnswerReader&) = delete;
  WriteAnswerReader& operator=(const WriteAnswerReader&) = delete;

  /// An answer of PutItem, UpdateItem, DeleteItem, BatchWriteItem or TransactWriteItems. `body` must be padded.
  /// Error: corrupt_response.
  Result<WriteAnswer> read(const BodyBuffer& body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether `unprocessed` is that write: its table, and the attributes of its key.
bool is_of(const UnprocessedWrite& unprocessed, const ItemWrite& write);

}  // namespace dynamodb
