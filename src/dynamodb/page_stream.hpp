// Reads the pages of many segments or queries, several in flight, and hands out their items one by one.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dynamodb/client.hpp"
#include "dynamodb/item_reader.hpp"
#include "dynamodb/rate_limiter.hpp"
#include "dynamodb/request_pace.hpp"
#include "dynamodb/requested_keys.hpp"

namespace dynamodb {

/// The requests of one scan: the segments of a Scan, one Query per key value, or look-ups by key. Each is followed page
/// by page, until nothing is left unprocessed. A BatchGetItem whose answer would be longer than the library takes is
/// asked again in two halves.
struct RequestSet {
  std::string operation;           ///< "Scan", "Query", "GetItem" or "BatchGetItem"
  std::vector<std::string> heads;  ///< heads (request.hpp); one for a Scan
  uint32_t segments = 1;           ///< of a Scan; more than 1 only with one head
  /// Of look-ups: the keys of each head. Items that an answer has besides are counted, but not handed out. Nothing: the
  /// caller looks at the keys.
  std::optional<RequestedKeys> keys = std::nullopt;
};

struct PageStreamOptions {
  uint32_t max_in_flight = 8;  ///< pages asked for or waiting, at most
  bool slow_start = false;     ///< few rows are expected to be wanted: begin with one page in flight, and no
                               ///< page ahead of the reader; double each time a page was used up
  uint32_t first_limit = 0;    ///< with slow_start: items to evaluate for the first page; four times as many for
                             ///< each further one, until whole pages are asked for. 0: whole pages. Query and Scan only
  uint32_t page_limit = 0;     ///< items to evaluate for any page, at most; 0: whole pages. Query and Scan only
  bool breadth_first = false;  ///< begin all segments or queries before the second page of any
  bool count_only = false;     ///< the heads say Select=COUNT: items are counted, and not sent
  /// Where several processes read the same segments or queries: which one is to be begun next, for all of them; each is
  /// read by who began it. It outlives the stream. Null: the stream reads them all.
  std::atomic<uint64_t>* shared_next = nullptr;
};

struct PageStreamStatistics {
  CallStatistics calls;
  uint64_t pages = 0;
  uint64_t items = 0;             ///< returned by the service
  uint64_t items_scanned = 0;     ///< evaluated by the service
  double consumed_capacity = 0;   ///< capacity units
  uint64_t finished_sources = 0;  ///< segments or queries read to their end
};

/// Usage:  for (;;) switch (stream.next(selection, item)) {
///           case item: use it; break;
///           case waiting: wait for client.poll_descriptor(), wake_time() at the latest; client.advance(); break;
///           case end: return;  case failed: report *stream.error(); }
/// A page that is throttled is asked for again, later; meanwhile fewer requests are in flight, unless the service says
/// that only one partition is too busy: then only the segment or query in question waits. The stream fails when a page
/// was throttled for max_attempts times and no page has come for as long as max_attempts requests may take, or five
/// minutes (ClientConfig). The same holds for keys that are left unprocessed.
/// With count_only, `item` is left alone: next() returns as many items as were counted.
/// An item stays valid until the next call of next(). Pages in memory: at most max_in_flight, and the current one.
class PageStream {
 public:
  /// `client` must outlive the stream; `limiter` too, where there is one.
  PageStream(Client& client, RequestSet requests, PageStreamOptions options, RateLimiter* limiter, Clock& clock,
             Random& random = system_random());
  ~PageStream();
  PageStream(const PageStream&) = delete;
  PageStream& operator=(const PageStream&) = delete;

  enum class Step : uint8_t { item, waiting, end, failed };
  Step next(const AttributeSelection& selection, Item& item);
  const Error* error() const noexcept { return error_ ? &*error_ : nullptr; }

  /// While waiting: when to go on even if the client has nothing to do. That is when the rate limit allows another
  /// request, or keys left unprocessed may be asked for again; at once after a page without items or an item that was
  /// not asked for, so that a caller who gets nothing but these gets to see its interrupts; else time_point::max().
  Steady::time_point wake_time() const noexcept { return wake_time_; }

  /// While waiting: whether next() has something to do without an advance() of the client before it, because an answer
  /// has arrived (an advance() for another stream may have brought it) or wake_time() has come.
  bool ready() const noexcept;

  /// Changes PageStreamOptions::max_in_flight. What is in flight already stays so.
  void set_max_in_flight(uint32_t most) noexcept;

  const PageStreamStatistics& statistics() const noexcept { return statistics_; }
  uint64_t sources() const noexcept { return source_count_; }

 private:
  struct Source {
    uint64_t index;
    std::string start_key;            // ExclusiveStartKey's or UnprocessedKeys' JSON; empty before the first page
    int repetitions = 0;              // answers in a row that were throttled or left keys unprocessed
    Steady::time_point not_before{};  // when the next request may be sent
    bool throttled = false;           // at the last attempt
  };
  struct Flight {
    Source source;
    std::unique_ptr<Call> call;
    uint64_t stamp = 0;   // of pace_
    double reserved = 0;  // capacity units that it was expected to cost
  };

  std::string body(const Source& source) const;
  uint32_t items_to_ask_for() const noexcept;
  uint32_t affordable_items() const noexcept;
  double next_cost() const noexcept;
  void resume(const Flight& flight, const PageSummary& summary);
  void ask_for_unprocessed(const Flight& flight, const PageSummary& summary);
  void send_more();
  bool may_send() noexcept;
  bool pick_source(Source* source);
  bool begin_source(Source* source) noexcept;
  void send(Source source);
  bool collect();
  bool ask_for_less(const Flight& flight, const Error& failure);
  void fail(Flight flight, const Error& failure);
  void back_off(Flight flight, const Error& failure);
  bool worth_repeating(int repetitions) const noexcept;
  bool open_page(Flight flight);
  void count_item() noexcept;
  bool hands_out(const Item& item);
  void finish_page();

  Client& client_;
  RequestSet requests_;
  PageStreamOptions options_;
  RateLimiter* limiter_;
  Clock& clock_;
  const bool by_key_;  // GetItem or BatchGetItem
  uint64_t source_count_ = 0;
  uint64_t next_source_ = 0;  // sources below were started, by whomever
  uint32_t window_ = 1;       // how many pages may be in flight or waiting now
  RequestPace pace_;
  int throttled_rounds_ = 0;          // since a page came
  Steady::time_point pause_until_{};  // nothing is sent before
  std::deque<Source> resumable_;      // have more pages and nothing in flight
  std::vector<Flight> in_flight_;
  PageReader reader_;
  BodyBuffer page_;
  uint32_t limit_ = 0;  // of the next request; 0: none
  bool page_open_ = false;
  uint64_t counted_ = 0;  // of the open page: items that were counted only, and not handed out yet
  bool page_had_items_ = false;
  double expected_cost_ = 0;  // of the next page, in capacity units
  std::optional<Error> error_;
  Steady::time_point wake_time_ = Steady::time_point::max();
  PageStreamStatistics statistics_;
};

}  // namespace dynamodb
