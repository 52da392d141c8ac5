// Reads the pages of many segments or queries, several in flight, and hands out their items one by one.
#include "dynamodb/page_stream.hpp"

#include <algorithm>

#include "dynamodb/request.hpp"

namespace dynamodb {

namespace {

constexpr uint32_t kLimitGrowth = 4;
constexpr uint32_t kLargestLimit = 4096;  // beyond it a page is asked for whole

// Developer Guide, "Error handling with DynamoDB", Batch operations: what was left unprocessed is to be sent again
// after exponential backoff.
Milliseconds unprocessed_delay(int repetitions, Random& random) {
  double most = std::min(50.0 * static_cast<double>(1 << std::min(repetitions, 8)), 10000.0);
  return Milliseconds(static_cast<int64_t>(most * random.next()));
}

}  // namespace

PageStream::PageStream(Client& client, RequestSet requests, PageStreamOptions options, RateLimiter* limiter,
                       Clock& clock, Random& random)
    : client_(client),
      requests_(std::move(requests)),
      options_(options),
      limiter_(limiter),
      clock_(clock),
      random_(random),
      by_key_(requests_.operation == "GetItem" || requests_.operation == "BatchGetItem"),
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
  if (limit_ > 0) json += ",\"Limit\":" + std::to_string(limit_);
  json += '}';
  return json;
}

bool PageStream::ready() const noexcept {
  return wake_time_ <= clock_.now() || std::any_of(in_flight_.begin(), in_flight_.end(),
                                                   [](const Flight& flight) { return flight.call->finished(); });
}

// A window that may be larger now grows with the pages that are used up.
void PageStream::set_max_in_flight(uint32_t most) noexcept {
  options_.max_in_flight = std::max<uint32_t>(most, 1);
  window_ = std::min(window_, options_.max_in_flight);
}

// A source that is under way comes before a new one: LIMIT and memory of the service's caches both like it. Those that
// have to wait let others go first.
bool PageStream::pick_source(Source* source) {
  Steady::time_point now = clock_.now();
  auto ready = std::find_if(resumable_.begin(), resumable_.end(),
                            [now](const Source& candidate) { return candidate.not_before <= now; });
  if (ready != resumable_.end()) {
    *source = std::move(*ready);
    resumable_.erase(ready);
    return true;
  }
  if (next_source_ == source_count_) {
    for (const Source& waiting : resumable_) wake_time_ = std::min(wake_time_, waiting.not_before);
    return false;
  }
  *source = Source{next_source_++, {}};
  return true;
}

bool PageStream::may_send() noexcept {
  if (in_flight_.size() >= window_) return false;
  if (limiter_ == nullptr) return true;
  // What is under way will cost about as much as the pages so far. The first page tells what one costs.
  if (statistics_.pages == 0 && !in_flight_.empty()) return false;
  double page_cost = statistics_.consumed_capacity / static_cast<double>(std::max<uint64_t>(statistics_.pages, 1));
  Steady::time_point ready = limiter_->ready_at(page_cost * static_cast<double>(in_flight_.size()));
  if (ready <= clock_.now()) return true;
  wake_time_ = ready;
  return false;
}

void PageStream::send_more() {
  wake_time_ = Steady::time_point::max();
  // Without a page ahead of the reader, nothing is sent while it still has items.
  if (options_.slow_start && page_open_ && window_ == 1) return;
  bool sent = false;
  while ((!resumable_.empty() || next_source_ < source_count_) && may_send()) {
    Source source;
    if (!pick_source(&source)) break;
    auto call = client_.start(requests_.operation, body(source), &statistics_.calls);
    in_flight_.push_back({std::move(source), std::move(call)});
    sent = true;
  }
  if (sent) client_.advance();
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

bool PageStream::open_page(Flight flight) {
  if (const Error* failure = flight.call->error()) {
    if (ask_for_less(flight, *failure)) return true;
    error_ = *failure;
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
  page_had_items_ = false;
  // Who does not know Select=COUNT sends the items.
  counted_ = options_.count_only && !summary.has_items ? summary.count : 0;
  page_open_ = true;
  ++statistics_.pages;
  statistics_.items += summary.count;
  statistics_.items_scanned += summary.scanned_count;
  statistics_.consumed_capacity += summary.consumed_capacity;
  if (limiter_ != nullptr) limiter_->consumed(summary.consumed_capacity);
  resume(flight.source, summary);
  return true;
}

// An empty page is no end: only a missing LastEvaluatedKey is, or that no keys were left unprocessed.
void PageStream::resume(const Source& source, const PageSummary& summary) {
  if (summary.has_last_evaluated_key) {
    resumable_.push_back({source.index, summary.last_evaluated_key});
  } else if (!summary.unprocessed_keys.empty()) {
    // The wait grows as long as nothing of what was asked for again is processed.
    bool progress = summary.unprocessed_keys.size() != source.start_key.size();
    Source again{source.index, summary.unprocessed_keys, progress ? 1 : source.repetitions + 1};
    again.not_before = clock_.now() + unprocessed_delay(again.repetitions, random_);
    resumable_.push_back(std::move(again));
  } else {
    ++statistics_.finished_sources;
  }
}

// Answers to look-ups do not say how many items they hold.
void PageStream::count_item() noexcept {
  ++statistics_.items;
  ++statistics_.items_scanned;
}

void PageStream::finish_page() {
  reader_.close();
  client_.recycle(std::move(page_));
  page_ = BodyBuffer();
  page_open_ = false;
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
        return Step::item;
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
