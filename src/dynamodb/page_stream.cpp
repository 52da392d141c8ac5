// Reads the pages of many segments or queries, several in flight, and hands out their items one by one.
#include "dynamodb/page_stream.hpp"

#include <algorithm>

#include "dynamodb/limits.hpp"
#include "dynamodb/request.hpp"

namespace dynamodb {

namespace {

constexpr uint32_t kLimitGrowth = 4;
// Of read_capacity_limit. The limiter saves up as much again: together within 5 % of any ten seconds.
constexpr double kSecondsOfAPage = 0.2;
constexpr double kDearestPage = 256;       // 1 MB, read consistently, in units of 4 KB
constexpr double kSupposedItemCost = 0.5;  // capacity units, before anything is known
constexpr double kMostItemsOfAPage = 1e6;
constexpr uint32_t kLargestLimit = 4096;  // beyond it a page is asked for whole

constexpr std::size_t kMostAddedToKeys = 1024;  // members that were left out of the request, with their defaults

Error left_unprocessed() {
  Error error;
  error.kind = ErrorKind::throttling;
  error.message = "the service left the keys unprocessed each time they were asked for";
  return error;
}

Error tried(Error error, int times) {
  error.detail.append(error.detail.empty() ? "" : " ").append("Tried " + std::to_string(times) + " times.");
  return error;
}

}  // namespace

PageStream::PageStream(Client& client, RequestSet requests, PageStreamOptions options, RateLimiter* limiter,
                       Clock& clock, Random& random)
    : client_(client),
      requests_(std::move(requests)),
      options_(options),
      limiter_(limiter),
      clock_(clock),
      by_key_(requests_.operation == "GetItem" || requests_.operation == "BatchGetItem"),
      pace_(options.max_in_flight, client.config().patience(), clock, random),
      limit_(options.slow_start && !by_key_ ? options.first_limit : 0) {
  source_count_ = requests_.segments > 1 ? requests_.segments : requests_.heads.size();
  window_ = options_.slow_start ? 1 : std::max<uint32_t>(options_.max_in_flight, 1);
}

PageStream::~PageStream() = default;

std::string PageStream::body(const Source& source) const {
  bool segmented = requests_.segments > 1;
  if (requests_.operation == "BatchGetItem" && !source.start_key.empty())
    return batch_get_item_again(source.start_key) + "}";
  std::string json = requests_.heads[segmented ? 0 : source.index];
  if (segmented) json += segment_members(static_cast<uint32_t>(source.index), requests_.segments);
  if (!source.start_key.empty()) {
    json += ",\"ExclusiveStartKey\":";
    json += source.start_key;
  }
  if (const uint32_t limit = items_to_ask_for(); limit > 0) json += ",\"Limit\":" + std::to_string(limit);
  json += '}';
  return json;
}

uint32_t PageStream::items_to_ask_for() const noexcept {
  const uint32_t items = affordable_items();
  if (options_.page_limit == 0 || by_key_) return items;
  return items > 0 ? std::min(items, options_.page_limit) : options_.page_limit;
}

// A whole page may cost more than a rate limit allows for seconds, so it is asked for in smaller ones.
uint32_t PageStream::affordable_items() const noexcept {
  if (limiter_ == nullptr || by_key_) return limit_;
  const double affordable = limiter_->units_per_second() * kSecondsOfAPage;
  if (affordable >= kDearestPage) return limit_;
  const double item_cost = statistics_.items_scanned > 0 && statistics_.consumed_capacity > 0
                               ? statistics_.consumed_capacity / static_cast<double>(statistics_.items_scanned)
                               : kSupposedItemCost;
  const double items = std::clamp(affordable / item_cost, 1.0, kMostItemsOfAPage);
  return limit_ > 0 ? std::min(limit_, static_cast<uint32_t>(items)) : static_cast<uint32_t>(items);
}

// As much as the pages so far. Of the first page it is supposed: what others may send at the same time depends on it
// where the rate is shared.
double PageStream::next_cost() const noexcept {
  if (limiter_ == nullptr) return 0;
  if (statistics_.pages > 0) return expected_cost_;
  if (by_key_) return kSupposedItemCost;
  const uint32_t items = items_to_ask_for();
  return items > 0 ? std::min(items * kSupposedItemCost, kDearestPage) : kDearestPage / 2;
}

bool PageStream::ready() const noexcept {
  return wake_time_ <= clock_.now() || std::any_of(in_flight_.begin(), in_flight_.end(),
                                                   [](const Flight& flight) { return flight.call->finished(); });
}

// A window that may be larger now grows with the pages that are used up.
void PageStream::set_max_in_flight(uint32_t most) noexcept {
  options_.max_in_flight = std::max<uint32_t>(most, 1);
  window_ = std::min(window_, options_.max_in_flight);
  pace_.set_max_in_flight(options_.max_in_flight);
}

// A source that is under way comes before a new one: LIMIT and memory of the service's caches both like it. Those that
// have to wait let others go first.
bool PageStream::pick_source(Source* source) {
  if (options_.breadth_first && begin_source(source)) return true;
  Steady::time_point now = clock_.now();
  auto ready = std::find_if(resumable_.begin(), resumable_.end(),
                            [now](const Source& candidate) { return candidate.not_before <= now; });
  if (ready != resumable_.end()) {
    *source = std::move(*ready);
    resumable_.erase(ready);
    return true;
  }
  if (begin_source(source)) return true;
  for (const Source& waiting : resumable_) wake_time_ = std::min(wake_time_, waiting.not_before);
  return false;
}

bool PageStream::begin_source(Source* source) noexcept {
  if (next_source_ < source_count_ && options_.shared_next != nullptr)
    next_source_ = std::min(options_.shared_next->fetch_add(1), source_count_);
  if (next_source_ == source_count_) return false;
  *source = Source{next_source_++, {}};
  return true;
}

bool PageStream::may_send() noexcept {
  if (in_flight_.size() >= window_ || !pace_.has_room(in_flight_.size())) return false;
  if (pause_until_ > clock_.now()) {
    wake_time_ = pause_until_;
    return false;
  }
  if (limiter_ == nullptr) return true;
  // The first page tells what one costs.
  if (statistics_.pages == 0 && !in_flight_.empty()) return false;
  if (limiter_->try_reserve(next_cost())) return true;
  wake_time_ = limiter_->ready_at();
  return false;
}

void PageStream::send_more() {
  wake_time_ = Steady::time_point::max();
  // Without a page ahead of the reader, nothing is sent while it still has items.
  if (options_.slow_start && page_open_ && window_ == 1) return;
  bool sent = false;
  while ((!resumable_.empty() || next_source_ < source_count_) && may_send()) {
    Source source;
    if (!pick_source(&source)) {
      if (limiter_ != nullptr) limiter_->settle(next_cost(), 0);
      break;
    }
    send(std::move(source));
    sent = true;
  }
  if (sent) client_.advance();
}

void PageStream::send(Source source) {
  CallOptions options;
  options.retry_throttling = false;
  if (source.throttled) ++statistics_.calls.retries;
  auto call = client_.start(requests_.operation, body(source), &statistics_.calls, options);
  const bool alone = in_flight_.empty() && resumable_.empty() && source.repetitions == 0;
  in_flight_.push_back({std::move(source), std::move(call), pace_.sent(alone), next_cost()});
}

// Opens the first finished page; false when none has arrived.
bool PageStream::collect() {
  auto finished =
      std::find_if(in_flight_.begin(), in_flight_.end(), [](const Flight& flight) { return flight.call->finished(); });
  if (finished == in_flight_.end()) return false;
  Flight flight = std::move(*finished);
  in_flight_.erase(finished);
  return open_page(std::move(flight));
}

// The items that a BatchGetItem may return are 16 MB, in JSON some seven times that, where there are many control
// characters or small values.
bool PageStream::ask_for_less(const Flight& flight, const Error& failure) {
  if (failure.kind != ErrorKind::response_too_large || requests_.operation != "BatchGetItem") return false;
  std::vector<std::string> halves =
      halved_keys(flight.source.start_key.empty() ? requests_.heads[flight.source.index]
                                                  : batch_get_item_again(flight.source.start_key));
  for (std::string& half : halves) resumable_.push_back({flight.source.index, std::move(half)});
  return !halves.empty();
}

void PageStream::fail(Flight flight, const Error& failure) {
  if (limiter_ != nullptr) limiter_->settle(flight.reserved, 0);
  if (failure.kind == ErrorKind::throttling) return back_off(std::move(flight), failure);
  if (!ask_for_less(flight, failure)) error_ = failure;
}

bool PageStream::worth_repeating(int repetitions) const noexcept {
  return pace_.patient() || repetitions < client_.config().max_attempts;
}

// Where only one request is in flight already, the next ones wait, too: otherwise each of many segments would be tried
// at once and in vain.
void PageStream::back_off(Flight flight, const Error& failure) {
  Source& source = flight.source;
  ++source.repetitions;
  source.throttled = true;
  if (!worth_repeating(source.repetitions)) {
    error_ = tried(failure, source.repetitions);
    return;
  }
  const Milliseconds at_least = flight.call->retry_after();
  if (!failure.hot_partition && pace_.throttled(flight.stamp)) {
    ++throttled_rounds_;
    if (pace_.window() <= 1) pause_until_ = pace_.again_at(throttled_rounds_, at_least);
  }
  // A table that is too busy for all is so until a page comes, whosever that is.
  const int in_a_row = failure.hot_partition ? source.repetitions : std::max(throttled_rounds_, 1);
  source.not_before = pace_.again_at(in_a_row, at_least);
  resumable_.push_back(std::move(source));
}

bool PageStream::open_page(Flight flight) {
  if (const Error* failure = flight.call->error()) {
    const Error copy = *failure;
    fail(std::move(flight), copy);
    return true;
  }
  page_ = flight.call->take_body();
  if (auto failure = reader_.open(page_, by_key_)) {
    error_ = std::move(failure);
    return true;
  }
  const PageSummary& summary = reader_.summary();
  if (!options_.count_only && !by_key_ && !summary.has_items) {
    error_ = Error::corrupt_response("the response is not what DynamoDB sends: it has a Count, but no Items");
    return true;
  }
  if (requests_.keys) requests_.keys->turn_to(flight.source.index);
  page_had_items_ = false;
  // Who does not know Select=COUNT sends the items.
  counted_ = options_.count_only && !summary.has_items ? summary.count : 0;
  page_open_ = true;
  ++statistics_.pages;
  statistics_.items += summary.count;
  statistics_.items_scanned += summary.scanned_count;
  statistics_.consumed_capacity += summary.consumed_capacity;
  if (limiter_ != nullptr) limiter_->settle(flight.reserved, summary.consumed_capacity);
  // Quick to rise, slow to fall: the last page of a segment is a short one.
  expected_cost_ = std::max(summary.consumed_capacity, (expected_cost_ + summary.consumed_capacity) / 2);
  resume(flight, summary);
  return true;
}

// An empty page is no end: only a missing LastEvaluatedKey is, or that no keys were left unprocessed.
void PageStream::resume(const Flight& flight, const PageSummary& summary) {
  if (!summary.has_last_evaluated_key && !summary.unprocessed_keys.empty()) return ask_for_unprocessed(flight, summary);
  pace_.succeeded();
  throttled_rounds_ = 0;
  if (summary.has_last_evaluated_key)
    resumable_.push_back({flight.source.index, summary.last_evaluated_key});
  else
    ++statistics_.finished_sources;
}

// Developer Guide, "Error handling with DynamoDB", Batch operations: what was left unprocessed is to be sent again
// after exponential backoff. The wait grows as long as nothing of what was asked for again is processed; that may also
// be because the answer was long enough.
void PageStream::ask_for_unprocessed(const Flight& flight, const PageSummary& summary) {
  // More than was asked for would be sent back, and might grow each time.
  const std::size_t asked = requests_.heads[flight.source.index].size();
  if (summary.unprocessed_keys.size() > kMostBytesOfEscape * asked + kMostAddedToKeys) {
    error_ = Error::corrupt_response(
        "the response is not what DynamoDB sends: more keys are left unprocessed than were asked for");
    return;
  }
  const bool progress = summary.unprocessed_keys.size() != flight.source.start_key.size();
  Source again{flight.source.index, summary.unprocessed_keys, progress ? 1 : flight.source.repetitions + 1};
  if (progress)
    pace_.progressed();
  else
    pace_.throttled(flight.stamp);
  again.not_before = pace_.again_at(again.repetitions, Milliseconds(0));
  if (worth_repeating(again.repetitions))
    resumable_.push_back(std::move(again));
  else
    error_ = tried(left_unprocessed(), again.repetitions);
}

// Answers to look-ups do not say how many items they hold.
void PageStream::count_item() noexcept {
  ++statistics_.items;
  ++statistics_.items_scanned;
}

// A service that answers with what it was not asked for would else put wrong rows into the result of a caller who
// relies on the keys.
bool PageStream::hands_out(const Item& item) {
  if (!requests_.keys || requests_.keys->contains(item)) return true;
  wake_time_ = clock_.now();
  return false;
}

void PageStream::finish_page() {
  reader_.close();
  client_.recycle(std::move(page_));
  page_ = BodyBuffer();
  page_open_ = false;
  if (page_had_items_) pace_.progressed();  // their reader may have taken its time
  limit_ = limit_ * kLimitGrowth > kLargestLimit ? 0 : limit_ * kLimitGrowth;
  if (window_ < options_.max_in_flight) window_ = std::min(window_ * 2, options_.max_in_flight);
}

PageStream::Step PageStream::next(const AttributeSelection& selection, Item& item) {
  while (!error_) {
    if (page_open_) {
      if (counted_ > 0) {
        --counted_;
        page_had_items_ = true;
        return Step::item;
      }
      PageReader::Step step = reader_.next(selection, item);
      if (step == PageReader::Step::item) {
        if (by_key_) count_item();
        page_had_items_ = true;
        return hands_out(item) ? Step::item : Step::waiting;
      }
      if (step == PageReader::Step::failed) {
        error_ = reader_.error();
        break;
      }
      finish_page();
      if (!page_had_items_) {
        wake_time_ = clock_.now();
        return Step::waiting;
      }
    }
    if (!collect()) {
      send_more();
      if (in_flight_.empty() && resumable_.empty() && next_source_ == source_count_) return Step::end;
      if (!collect()) return Step::waiting;
    }
    if (!error_) send_more();
  }
  return Step::failed;
}

}  // namespace dynamodb
