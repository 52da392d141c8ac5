// Writes that wait to be sent, gathered into requests.
#include "dynamodb/write_queue.hpp"

#include <iterator>
#include <utility>

#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

// The service takes 16 MB. Less is as fast, as several are in flight, and bounds the memory that they take.
constexpr std::size_t kMaxBatchBytes = std::size_t{1} << 20;
// While so many wait because of throttling, nothing new is begun.
constexpr std::size_t kMaxJobsWaiting = 64;

bool goes_in_batch(const ItemWrite& write) noexcept {
  return !write.conditional() && (write.kind == ItemWrite::Kind::put || write.kind == ItemWrite::Kind::remove);
}

std::size_t bytes_of(const WriteJob& job) noexcept {
  std::size_t bytes = 0;
  for (const PendingWrite& write : job.writes) bytes += write.bytes();
  return bytes;
}

}  // namespace

std::size_t PendingWrite::bytes() const noexcept {
  std::size_t bytes = write.item.size() + write.key.size() + 64;
  for (const AttributeChange& change : write.changes) bytes += change.value.size() + 16 * change.path.size();
  for (const WriteCondition& condition : write.conditions) bytes += condition.value.size() + 16 * condition.path.size();
  return bytes;
}

void WriteQueue::add(PendingWrite write) {
  const bool batch = batches_ && goes_in_batch(write.write);
  (batch ? batchable_bytes_ : singles_bytes_) += write.bytes();
  (batch ? batchable_ : singles_).push_back(std::move(write));
}

void WriteQueue::without_batches() {
  batches_ = false;
  std::move(batchable_.begin(), batchable_.end(), std::back_inserter(singles_));
  batchable_.clear();
  singles_bytes_ += std::exchange(batchable_bytes_, 0);
}

void WriteQueue::add_job(WriteJob job, Steady::time_point when) { jobs_.emplace(when, std::move(job)); }

void WriteQueue::add_alone(WriteJob job) {
  singles_bytes_ += bytes_of(job);
  std::move(job.writes.begin(), job.writes.end(), std::back_inserter(singles_));
}

bool WriteQueue::batch_is_complete() const noexcept {
  return batchable_.size() >= kBatchWriteItems || batchable_bytes_ >= kMaxBatchBytes;
}

// What was left unprocessed is topped up: requests cost time, too.
void WriteQueue::fill(WriteJob& batch) {
  std::size_t bytes = bytes_of(batch);
  batch.writes.reserve(kBatchWriteItems);
  while (!batchable_.empty() && batch.writes.size() < kBatchWriteItems) {
    const std::size_t more = batchable_.front().bytes();
    if (!batch.writes.empty() && bytes + more > kMaxBatchBytes) break;
    bytes += more;
    batchable_bytes_ -= more;
    batch.writes.push_back(std::move(batchable_.front()));
    batchable_.pop_front();
  }
  batch.kind = batch.writes.size() == 1 ? WriteJob::Kind::single : WriteJob::Kind::batch;
}

WriteJob WriteQueue::take_single() {
  WriteJob job;
  singles_bytes_ -= singles_.front().bytes();
  job.writes.push_back(std::move(singles_.front()));
  singles_.pop_front();
  return job;
}

std::optional<WriteJob> WriteQueue::take(Steady::time_point now, bool finished) {
  if (!jobs_.empty() && jobs_.begin()->first <= now) {
    WriteJob job = std::move(jobs_.begin()->second);
    jobs_.erase(jobs_.begin());
    if (job.kind == WriteJob::Kind::batch) fill(job);
    return job;
  }
  if (jobs_.size() >= kMaxJobsWaiting) return std::nullopt;
  if (!singles_.empty()) return take_single();
  if (batchable_.empty() || !(finished || batch_is_complete())) return std::nullopt;
  WriteJob job;
  fill(job);
  return job;
}

Steady::time_point WriteQueue::next_time() const noexcept {
  return jobs_.empty() ? Steady::time_point::max() : jobs_.begin()->first;
}

bool WriteQueue::idle(bool finished) const noexcept {
  const bool batch = finished ? !batchable_.empty() : batch_is_complete();
  return jobs_.empty() && singles_.empty() && !batch;
}

std::vector<WriteJob> WriteQueue::take_all() {
  std::vector<WriteJob> all;
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    if (job->second.kind == WriteJob::Kind::look) {
      ++job;
      continue;
    }
    all.push_back(std::move(job->second));
    job = jobs_.erase(job);
  }
  WriteJob rest;
  std::move(singles_.begin(), singles_.end(), std::back_inserter(rest.writes));
  std::move(batchable_.begin(), batchable_.end(), std::back_inserter(rest.writes));
  singles_.clear();
  batchable_.clear();
  singles_bytes_ = batchable_bytes_ = 0;
  all.push_back(std::move(rest));
  return all;
}

}  // namespace dynamodb
