// Writes that wait to be sent, gathered into requests.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dynamodb/clock.hpp"
#include "dynamodb/error.hpp"
#include "dynamodb/item_write.hpp"

namespace dynamodb {

struct PendingWrite {
  ItemWrite write;
  uint64_t tag = 0;
  bool maybe_applied = false;  ///< a request with it had no answer that says what became of it

  /// About as many bytes as it makes in a request.
  std::size_t bytes() const noexcept;
};

/// One request, sent once or several times.
struct WriteJob {
  enum class Kind : uint8_t {
    single,
    batch,
    transaction,
    look,  ///< GetItem of writes[0]
  };
  Kind kind = Kind::single;
  std::vector<PendingWrite> writes;
  int repetitions = 0;         ///< times in a row that nothing of it was carried out
  std::string body;            ///< of a transaction: the same each time
  std::optional<Error> error;  ///< of a look: what it is about
  std::size_t action = kNone;  ///< of a look: the position in the transaction; kNone: of a write by itself

  static constexpr std::size_t kNone = SIZE_MAX;
};

/// In: single writes. Out: requests to send, those that are to be sent again first.
class WriteQueue {
 public:
  void add(PendingWrite write);
  /// From now on no batches, because they are refused.
  void without_batches();
  /// To be taken at `when` or later.
  void add_job(WriteJob job, Steady::time_point when);
  /// To be taken with a request for each of its writes.
  void add_alone(WriteJob job);

  /// The next request that may be sent now. `finished`: an incomplete batch may go, too.
  std::optional<WriteJob> take(Steady::time_point now, bool finished);
  /// When a job is there that could not be taken yet; time_point::max(): never.
  Steady::time_point next_time() const noexcept;
  /// Whether nothing can be taken now or later unless more is added.
  bool idle(bool finished) const noexcept;
  /// Whether jobs wait to be sent again.
  bool has_jobs() const noexcept { return !jobs_.empty(); }

  /// Takes out all jobs but looks, single writes included.
  std::vector<WriteJob> take_all();

  /// Of writes that were added and not taken since.
  std::size_t size() const noexcept { return batchable_.size() + singles_.size(); }
  std::size_t bytes() const noexcept { return batchable_bytes_ + singles_bytes_; }

 private:
  bool batch_is_complete() const noexcept;
  void fill(WriteJob& batch);
  WriteJob take_single();

  std::deque<PendingWrite> batchable_;
  std::deque<PendingWrite> singles_;
  std::size_t batchable_bytes_ = 0;
  std::size_t singles_bytes_ = 0;
  bool batches_ = true;
  std::multimap<Steady::time_point, WriteJob> jobs_;
};

}  // namespace dynamodb
