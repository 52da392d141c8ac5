// Sends the writes of a commit: as one transaction, or in batches and single requests, many in flight.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dynamodb/client.hpp"
#include "dynamodb/item_write.hpp"
#include "dynamodb/rate_limiter.hpp"

namespace dynamodb {

struct WriteStreamOptions {
  bool transaction = false;     ///< all writes as one TransactWriteItems. REQUIRES: at most kTransactionItems
  uint32_t max_in_flight = 32;  ///< requests
};

/// What became of one write. In a cancelled transaction each write has its own reason as the error's kind, and those
/// that had none have transaction_canceled.
struct WriteOutcome {
  enum class Kind : uint8_t {
    written,
    not_written,  ///< known not to be in the table: refused, or never sent
    unknown,      ///< sent, and neither the answer nor a look at the item told
  };
  uint64_t tag = 0;  ///< as given to add()
  Kind kind = Kind::written;
  std::optional<Error> error;  ///< of the other kinds: why; conditional_check_failed where a condition did not hold
};

struct WriteStreamStatistics {
  CallStatistics calls;
  uint64_t written = 0;
  double consumed_capacity = 0;  ///< write capacity units, without those of looks
};

/// Throttled and unprocessed writes are sent again until nothing at all has succeeded for the client's patience().
/// Usage: add() writes while wants_more(), then finish(); meanwhile and afterwards
///   for (;;) switch (stream.advance()) {
///     case waiting: wait for client.poll_descriptor(), wake_time() at the latest; client.advance(); break;
///     case idle: nothing is in flight or to be sent, but for an incomplete batch: add more; after finish(): done. }
/// After each advance() take_outcome() gives what was settled. Writes of one key must not be added while an earlier one
/// of it is not settled.
/// A write without conditions goes with up to 24 others as BatchWriteItem, whose UnprocessedItems are sent again with
/// backoff; one with conditions (and every update) as a request of its own. Where the outcome of such a request is not
/// known, because the connection broke or the service failed after it was sent, the item is read (strongly consistent)
/// and compared with what the write would have left. A transaction carries a ClientRequestToken, so that a repetition
/// is safe; it is repeated where it was cancelled only for conflicts or throttling. Where its outcome is not known in
/// the end, all its items are read: one that only this transaction can have left tells for all. A BatchWriteItem that
/// is refused is divided into single writes, so that only what is bad fails.
/// Throttling never fails a write while others succeed: the number in flight is halved, and grows again.
class WriteStream {
 public:
  WriteStream(Client& client, WriteStreamOptions options, RateLimiter* limiter, Clock& clock,
              Random& random = system_random());
  ~WriteStream();
  WriteStream(const WriteStream&) = delete;
  WriteStream& operator=(const WriteStream&) = delete;

  void add(ItemWrite write, uint64_t tag);
  /// Whether less is waiting than keeps all connections busy: add more only when true, to bound memory.
  bool wants_more() const noexcept;
  /// No more will be added: incomplete batches may go.
  void finish();
  /// Takes finish() back. REQUIRES: no transaction.
  void reopen() noexcept;

  enum class Step : uint8_t { waiting, idle };
  Step advance();
  /// While waiting: when to go on even if the client has nothing to do; time_point::max(): never.
  Steady::time_point wake_time() const noexcept;
  /// The next write that was settled, in the order of settling; false when there is none.
  bool take_outcome(WriteOutcome* outcome);
  /// What was added and not sent, or would be sent again, becomes not_written with `reason`; what is in flight, and
  /// looks at what became of it, are still waited for. Later writes become not_written, too.
  void stop(const Error& reason);
  const WriteStreamStatistics& statistics() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dynamodb
