// Sends the writes of a commit: as one transaction, or in batches and single requests, many in flight.
#include "dynamodb/write_stream.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "dynamodb/limits.hpp"
#include "dynamodb/write_look.hpp"
#include "dynamodb/write_outcome.hpp"
#include "dynamodb/request_pace.hpp"
#include "dynamodb/write_queue.hpp"
#include "dynamodb/write_request.hpp"
#include "dynamodb/write_response.hpp"

namespace dynamodb {
namespace {

using Outcome = WriteOutcome::Kind;

constexpr Steady::time_point kAtOnce = Steady::time_point::min();
constexpr Steady::time_point kNever = Steady::time_point::max();
constexpr std::size_t kMaxBytesWaiting = std::size_t{8} << 20;
// A look is a small read, and somebody waits for it whose write may have used up all of its time already.
constexpr int kLookAttempts = 4;
constexpr Milliseconds kLookTimeout{std::chrono::seconds(10)};
// API Reference, TransactWriteItems: a ClientRequestToken is good for ten minutes. The attempts of one call and, where
// one of them may have been carried out, further calls stay within them.
constexpr Milliseconds kTokenLifeOfCall{std::chrono::minutes(8)};
constexpr Milliseconds kTokenLifeOfRepetition{std::chrono::minutes(1)};

bool any_maybe_applied(const WriteJob& job) noexcept {
  return std::ranges::any_of(job.writes, [](const PendingWrite& write) { return write.maybe_applied; });
}

void mark_maybe_applied(WriteJob& job) noexcept {
  for (PendingWrite& write : job.writes) write.maybe_applied = true;
}

std::vector<const ItemWrite*> items_of(const WriteJob& job) {
  std::vector<const ItemWrite*> items;
  items.reserve(job.writes.size());
  for (const PendingWrite& write : job.writes) items.push_back(&write.write);
  return items;
}

Error left_unprocessed() {
  Error error;
  error.kind = ErrorKind::throttling;
  error.message = "the service left the write unprocessed each time it was sent";
  return error;
}

// A condition that failed may have met the write's own earlier attempt: that must not be told as somebody else's
// change, after which the statement might be repeated, and done twice.
Error after_vain_look(Error error, const Error& look_error) {
  if (error.kind == ErrorKind::conditional_check_failed) {
    error = look_error;
    error.detail.append(error.detail.empty() ? "" : " ")
        .append("This was a look at the item, whose write had got no answer and was refused when it was sent again.");
    return error;
  }
  error.detail.append(error.detail.empty() ? "" : " ")
      .append("The item could not be looked at either: " + look_error.message + '.');
  return error;
}

// An endpoint that is silent or gone, so that each further try takes its whole time.
bool gives_no_answer(const Error& error) noexcept {
  return error.kind == ErrorKind::connection || error.kind == ErrorKind::timeout;
}

/// What looks at the items of a transaction have found so far.
struct TransactionLook {
  Error error;  // the transaction's own
  std::vector<PendingWrite> writes;
  std::size_t open = 0;  // looks that are under way
  bool trace = false;    // something that only this transaction can have left
  bool different = false;
  bool unclear = false;
};

}  // namespace

struct WriteStream::Impl {
  Impl(Client& client, WriteStreamOptions options, RateLimiter* limiter, Clock& clock, Random& random)
      : client_(client),
        options_(options),
        limiter_(limiter),
        clock_(clock),
        random_(random),
        pace_(options.max_in_flight, client.config().patience(), clock, random) {}

  struct Flight {
    WriteJob job;
    std::unique_ptr<Call> call;
    uint64_t stamp = 0;
    double reserved = 0;  // capacity units that it was expected to cost
  };

  void add(PendingWrite write);
  void finish();
  void reopen() noexcept { finished_ = false; }
  Step advance();
  void stop(const Error& reason);
  bool wants_more() const noexcept;

  bool send_more();
  bool may_send() noexcept;
  double cost_of_a_write() const noexcept;
  double expected_cost(const WriteJob& job) const noexcept;
  void send(WriteJob job);
  std::unique_ptr<Call> start_call(const WriteJob& job);

  void collect();
  void settle(Flight flight);
  std::optional<Error> read_answer(Flight& flight, WriteAnswer& answer);
  void succeed(Flight flight, const WriteAnswer& answer);
  bool take_processed(WriteJob& job, const std::vector<UnprocessedWrite>& unprocessed);
  void fail(Flight flight, Error error);
  bool may_repeat(const WriteJob& job) const noexcept;
  void repeat(WriteJob job, Milliseconds at_least);
  void give_up(WriteJob job, const Error& error);
  void give_up_transaction(WriteJob job, const Error& error);
  bool token_was_good() const noexcept { return clock_.now() - first_sent_ < kTokenLifeOfCall; }

  void refuse(PendingWrite write, const Error& error);
  void look(PendingWrite write, const Error& error, std::size_t action);
  void look_at_transaction(std::vector<PendingWrite> writes, const Error& error);
  void settle_look(Flight flight);
  void end_look(WriteJob job, const Result<LookVerdict>& verdict);
  void conclude(const PendingWrite& write, const Result<LookVerdict>& verdict, const Error& error);
  void note_look(PendingWrite write, std::size_t action, const Result<LookVerdict>& verdict);
  void conclude_transaction();
  void report(const PendingWrite& write, Outcome kind, std::optional<Error> error = std::nullopt);

  Client& client_;
  const WriteStreamOptions options_;
  RateLimiter* const limiter_;
  Clock& clock_;
  Random& random_;
  RequestPace pace_;
  WriteQueue queue_;
  WriteJob transaction_;             // in the making, until finish()
  Steady::time_point first_sent_{};  // of the transaction
  std::optional<TransactionLook> transaction_look_;
  std::optional<Error> unseen_;  // why the last look got no answer; the others that wait would get none either
  WriteAnswerReader reader_;
  std::vector<Flight> in_flight_;
  bool finished_ = false;
  std::optional<Error> stopped_;
  std::deque<WriteOutcome> outcomes_;
  Steady::time_point wake_time_ = kNever;
  WriteStreamStatistics statistics_;
};

// --- what comes in

void WriteStream::Impl::add(PendingWrite write) {
  if (stopped_) return report(write, Outcome::not_written, stopped_);
  if (options_.transaction)
    transaction_.writes.push_back(std::move(write));
  else
    queue_.add(std::move(write));
}

void WriteStream::Impl::finish() {
  finished_ = true;
  if (transaction_.writes.empty()) return;
  transaction_.kind = WriteJob::Kind::transaction;
  transaction_.body = transact_write_body(items_of(transaction_), new_request_token(random_));
  queue_.add_job(std::exchange(transaction_, WriteJob()), kAtOnce);
}

bool WriteStream::Impl::wants_more() const noexcept {
  if (finished_ || stopped_) return false;
  if (options_.transaction) return transaction_.writes.size() < kTransactionItems;
  return queue_.size() < std::size_t{kBatchWriteItems} * options_.max_in_flight && queue_.bytes() < kMaxBytesWaiting;
}

void WriteStream::Impl::stop(const Error& reason) {
  if (stopped_) return;
  stopped_ = reason;
  finished_ = true;
  for (WriteJob& job : queue_.take_all()) give_up(std::move(job), reason);
  for (PendingWrite& write : transaction_.writes) report(write, Outcome::not_written, reason);
  transaction_.writes.clear();
}

WriteStream::Step WriteStream::Impl::advance() {
  collect();
  // Twice at most, so that a fast server with a long queue does not keep the caller in here.
  bool sent = false;
  for (int round = 0; round < 2 && (sent = send_more()); ++round) {
    client_.advance();
    collect();
  }
  // With everything answered already, no answer would wake the caller for what is still to be sent.
  if (sent && in_flight_.empty()) wake_time_ = clock_.now();
  return in_flight_.empty() && queue_.idle(finished_) ? Step::idle : Step::waiting;
}

// --- sending

bool WriteStream::Impl::may_send() noexcept {
  if (!pace_.has_room(in_flight_.size())) return false;
  if (limiter_ == nullptr) return true;
  if (limiter_->try_reserve(cost_of_a_write())) return true;
  wake_time_ = limiter_->ready_at();
  return false;
}

bool WriteStream::Impl::send_more() {
  wake_time_ = kNever;
  bool sent = false;
  while (!queue_.idle(finished_) && may_send()) {
    std::optional<WriteJob> job = queue_.take(clock_.now(), finished_);
    if (!job) {
      if (limiter_ != nullptr) limiter_->settle(cost_of_a_write(), 0);
      wake_time_ = std::min(wake_time_, queue_.next_time());
      break;
    }
    if (job->kind == WriteJob::Kind::look && unseen_) {
      end_look(std::move(*job), *unseen_);
      continue;
    }
    send(std::move(*job));
    sent = true;
  }
  return sent;
}

// About as much as the writes so far.
double WriteStream::Impl::cost_of_a_write() const noexcept {
  const double known = statistics_.consumed_capacity / static_cast<double>(std::max<uint64_t>(statistics_.written, 1));
  return std::max(known, 1.0);
}

// A look reads.
double WriteStream::Impl::expected_cost(const WriteJob& job) const noexcept {
  if (job.kind == WriteJob::Kind::look) return 0;
  return cost_of_a_write() * static_cast<double>(job.writes.size());
}

void WriteStream::Impl::send(WriteJob job) {
  const bool alone = in_flight_.empty() && !queue_.has_jobs() && job.repetitions == 0;
  if (job.kind == WriteJob::Kind::transaction && job.repetitions == 0) first_sent_ = clock_.now();
  std::unique_ptr<Call> call = start_call(job);
  const double expected = expected_cost(job);
  if (limiter_ != nullptr) limiter_->settle(cost_of_a_write(), expected);  // may_send() took that of one write
  in_flight_.push_back({std::move(job), std::move(call), pace_.sent(alone), expected});
}

std::unique_ptr<Call> WriteStream::Impl::start_call(const WriteJob& job) {
  CallOptions options;
  options.retry_throttling = false;
  options.max_response_bytes = kMaxWriteAnswerBytes;
  const auto start = [&](const char* operation, std::string body) {
    return client_.start(operation, std::move(body), &statistics_.calls, options);
  };
  switch (job.kind) {
    case WriteJob::Kind::batch:
      return start("BatchWriteItem", batch_write_body(items_of(job)));
    case WriteJob::Kind::transaction: {
      const auto in_time = kTokenLifeOfCall / std::max(client_.config().request_timeout, Milliseconds(1));
      options.max_attempts = static_cast<int>(std::clamp<int64_t>(in_time, 1, client_.config().max_attempts));
      return start("TransactWriteItems", job.body);
    }
    case WriteJob::Kind::look:
      options.retry_throttling = true;
      options.max_attempts = std::min(client_.config().max_attempts, kLookAttempts);
      options.request_timeout = kLookTimeout;
      return start("GetItem", look_body(job.writes.front().write));
    case WriteJob::Kind::single:
      break;
  }
  WriteRequest request = single_write_request(job.writes.front().write);
  return start(request.operation, std::move(request.body));
}

// --- answers

void WriteStream::Impl::collect() {
  for (std::size_t i = 0; i < in_flight_.size();) {
    if (!in_flight_[i].call->finished()) {
      ++i;
      continue;
    }
    Flight flight = std::move(in_flight_[i]);
    if (i + 1 < in_flight_.size()) in_flight_[i] = std::move(in_flight_.back());
    in_flight_.pop_back();
    settle(std::move(flight));
  }
}

void WriteStream::Impl::settle(Flight flight) {
  if (flight.job.kind == WriteJob::Kind::look) return settle_look(std::move(flight));
  if (flight.call->maybe_applied()) mark_maybe_applied(flight.job);
  WriteAnswer answer;
  std::optional<Error> error = read_answer(flight, answer);
  // What may have been carried out may have cost what was expected.
  if (limiter_ != nullptr && (!error || !flight.call->maybe_applied()))
    limiter_->settle(flight.reserved, answer.consumed_capacity);
  if (error) return fail(std::move(flight), std::move(*error));
  statistics_.consumed_capacity += answer.consumed_capacity;
  succeed(std::move(flight), answer);
}

// An answer that cannot be read says at least that there was one.
std::optional<Error> WriteStream::Impl::read_answer(Flight& flight, WriteAnswer& answer) {
  if (const Error* error = flight.call->error()) return *error;
  BodyBuffer body = flight.call->take_body();
  Result<WriteAnswer> read = reader_.read(body);
  client_.recycle(std::move(body));
  if (!read.ok()) {
    mark_maybe_applied(flight.job);
    return std::move(read.error());
  }
  answer = std::move(read.value());
  return std::nullopt;
}

void WriteStream::Impl::succeed(Flight flight, const WriteAnswer& answer) {
  WriteJob& job = flight.job;
  if (take_processed(job, answer.unprocessed)) {
    pace_.progressed();
    job.repetitions = 0;
  }
  if (job.writes.empty()) return pace_.succeeded();
  pace_.throttled(flight.stamp);
  if (may_repeat(job)) return repeat(std::move(job), Milliseconds(0));
  give_up(std::move(job), stopped_ ? *stopped_ : left_unprocessed());
}

// Leaves what was not processed in the job. False: that is all of it.
bool WriteStream::Impl::take_processed(WriteJob& job, const std::vector<UnprocessedWrite>& unprocessed) {
  if (unprocessed.empty()) {
    for (const PendingWrite& write : job.writes) report(write, Outcome::written);
    job.writes.clear();
    return true;
  }
  std::vector<PendingWrite> left;
  std::vector<bool> is_left(job.writes.size());
  for (const UnprocessedWrite& one : unprocessed) {
    const auto found = std::ranges::find_if(job.writes, [&](const PendingWrite& w) { return is_of(one, w.write); });
    if (found == job.writes.end()) return false;  // nobody knows what that is: everything is sent again
    is_left[static_cast<std::size_t>(found - job.writes.begin())] = true;
  }
  for (std::size_t i = 0; i < job.writes.size(); ++i) {
    if (is_left[i])
      left.push_back(std::move(job.writes[i]));
    else
      report(job.writes[i], Outcome::written);
  }
  const bool progress = left.size() < job.writes.size();
  job.writes = std::move(left);
  return progress;
}

void WriteStream::Impl::fail(Flight flight, Error error) {
  WriteJob& job = flight.job;
  if (passes_later(error)) {
    if (error.kind == ErrorKind::throttling) pace_.throttled(flight.stamp);
    if (error.type == "TransactionInProgressException") mark_maybe_applied(job);
    if (may_repeat(job)) return repeat(std::move(job), flight.call->retry_after());
  } else if (job.kind == WriteJob::Kind::batch && !stopped_ && may_be_one_of_several(error)) {
    if (error.kind == ErrorKind::access_denied) queue_.without_batches();
    return queue_.add_alone(std::move(job));
  }
  give_up(std::move(job), error);
}

bool WriteStream::Impl::may_repeat(const WriteJob& job) const noexcept {
  if (stopped_ || !pace_.patient()) return false;
  const bool by_token = job.kind == WriteJob::Kind::transaction && any_maybe_applied(job);
  return !by_token || clock_.now() - first_sent_ < kTokenLifeOfRepetition;
}

void WriteStream::Impl::repeat(WriteJob job, Milliseconds at_least) {
  ++job.repetitions;
  const Steady::time_point when = pace_.again_at(job.repetitions, at_least);
  queue_.add_job(std::move(job), when);
}

void WriteStream::Impl::give_up(WriteJob job, const Error& error) {
  if (job.kind == WriteJob::Kind::transaction) return give_up_transaction(std::move(job), error);
  for (PendingWrite& write : job.writes) refuse(std::move(write), error);
}

// A cancellation says also of the attempts before it that they were not carried out: thanks to the token they would
// have been answered as done.
void WriteStream::Impl::give_up_transaction(WriteJob job, const Error& error) {
  const bool definite = error.kind == ErrorKind::transaction_canceled && token_was_good();
  if (any_maybe_applied(job) && !definite) return look_at_transaction(std::move(job.writes), error);
  for (std::size_t i = 0; i < job.writes.size(); ++i)
    report(job.writes[i], Outcome::not_written, error_of_action(error, i, job.writes.size()));
}

// A check changes nothing, so nothing can be seen of it.
void WriteStream::Impl::refuse(PendingWrite write, const Error& error) {
  if (write.maybe_applied && write.write.kind != ItemWrite::Kind::check)
    return look(std::move(write), error, WriteJob::kNone);
  report(write, Outcome::not_written, error);
}

// --- looking

void WriteStream::Impl::look(PendingWrite write, const Error& error, std::size_t action) {
  WriteJob job;
  job.kind = WriteJob::Kind::look;
  job.writes.push_back(std::move(write));
  job.error = error;
  job.action = action;
  queue_.add_job(std::move(job), kAtOnce);
}

// Where one look got no answer, none of those that wait would: otherwise each of hundreds of items would be asked for
// until its time is over.
void WriteStream::Impl::settle_look(Flight flight) {
  if (const Error* error = flight.call->error()) {
    if (gives_no_answer(*error)) unseen_ = *error;
    return end_look(std::move(flight.job), *error);
  }
  unseen_.reset();
  BodyBuffer body = flight.call->take_body();
  const Result<LookVerdict> verdict = look_verdict(flight.job.writes.front().write, body);
  client_.recycle(std::move(body));
  end_look(std::move(flight.job), verdict);
}

void WriteStream::Impl::end_look(WriteJob job, const Result<LookVerdict>& verdict) {
  PendingWrite& write = job.writes.front();
  if (job.action == WriteJob::kNone) return conclude(write, verdict, *job.error);
  note_look(std::move(write), job.action, verdict);
}

void WriteStream::Impl::conclude(const PendingWrite& write, const Result<LookVerdict>& verdict, const Error& error) {
  if (!verdict.ok()) return report(write, Outcome::unknown, after_vain_look(error, verdict.error()));
  switch (verdict.value()) {
    case LookVerdict::applied:
      return report(write, Outcome::written);
    case LookVerdict::not_applied:
      return report(write, Outcome::not_written, error);
    case LookVerdict::unclear:
      return report(write, Outcome::unknown, error);
  }
}

void WriteStream::Impl::look_at_transaction(std::vector<PendingWrite> writes, const Error& error) {
  TransactionLook& whole = transaction_look_.emplace();
  whole.error = error;
  whole.writes.resize(writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (writes[i].write.kind == ItemWrite::Kind::check) {
      whole.writes[i] = std::move(writes[i]);
      continue;
    }
    ++whole.open;
    look(std::move(writes[i]), error, i);
  }
  if (whole.open > 0) return;
  whole.different = true;  // checks only: there was nothing to write
  conclude_transaction();
}

void WriteStream::Impl::note_look(PendingWrite write, std::size_t action, const Result<LookVerdict>& verdict) {
  TransactionLook& whole = *transaction_look_;
  if (!verdict.ok()) {
    if (!std::exchange(whole.unclear, true)) whole.error = after_vain_look(std::move(whole.error), verdict.error());
  } else if (verdict.value() == LookVerdict::applied) {
    whole.trace = whole.trace || leaves_a_trace(write.write);
  } else if (verdict.value() == LookVerdict::not_applied) {
    whole.different = true;
  } else {
    whole.unclear = true;
  }
  whole.writes[action] = std::move(write);
  if (--whole.open == 0) conclude_transaction();
}

// All or nothing: one item that tells, tells of all. A different item may have been changed since by somebody else.
void WriteStream::Impl::conclude_transaction() {
  const TransactionLook whole = std::move(*transaction_look_);
  transaction_look_.reset();
  Outcome kind = Outcome::written;
  if (!whole.trace && whole.unclear) kind = Outcome::unknown;
  if (!whole.trace && whole.different) kind = Outcome::not_written;
  for (std::size_t i = 0; i < whole.writes.size(); ++i) {
    if (kind == Outcome::written)
      report(whole.writes[i], kind);
    else
      report(whole.writes[i], kind, error_of_action(whole.error, i, whole.writes.size()));
  }
}

void WriteStream::Impl::report(const PendingWrite& write, Outcome kind, std::optional<Error> error) {
  if (kind == Outcome::written) ++statistics_.written;
  outcomes_.push_back({write.tag, kind, std::move(error)});
}

// --- the public face

WriteStream::WriteStream(Client& client, WriteStreamOptions options, RateLimiter* limiter, Clock& clock, Random& random)
    : impl_(std::make_unique<Impl>(client, options, limiter, clock, random)) {}

WriteStream::~WriteStream() = default;

void WriteStream::add(ItemWrite write, uint64_t tag) { impl_->add({std::move(write), tag}); }
bool WriteStream::wants_more() const noexcept { return impl_->wants_more(); }
void WriteStream::finish() { impl_->finish(); }

void WriteStream::reopen() noexcept { impl_->reopen(); }
WriteStream::Step WriteStream::advance() { return impl_->advance(); }
Steady::time_point WriteStream::wake_time() const noexcept { return impl_->wake_time_; }
void WriteStream::stop(const Error& reason) { impl_->stop(reason); }
const WriteStreamStatistics& WriteStream::statistics() const noexcept { return impl_->statistics_; }

bool WriteStream::take_outcome(WriteOutcome* outcome) {
  if (impl_->outcomes_.empty()) return false;
  *outcome = std::move(impl_->outcomes_.front());
  impl_->outcomes_.pop_front();
  return true;
}

}  // namespace dynamodb
