// Tests of page_stream.
#include "dynamodb/page_stream.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include <map>
#include <numeric>

#include "dynamodb/request.hpp"
#include "unit/fake_service.hpp"

namespace dynamodb {
namespace {

using test::answer;
using test::error_answer;
using test::FakeService;

using Step = PageStream::Step;

// A page with so many items; the next one, if any, begins behind `last`.
HttpResponse page(int items, const char* last = nullptr) {
  std::string body = R"({"Items":[)";
  for (int i = 0; i < items; ++i) body += (i > 0 ? "," : "") + std::string(R"({"id":{"N":"1"}})");
  body += R"(],"Count":)" + std::to_string(items) + R"(,"ScannedCount":10,"ConsumedCapacity":{"CapacityUnits":0.5})";
  if (last != nullptr) body += R"(,"LastEvaluatedKey":{"id":{"S":")" + std::string(last) + R"("}})";
  return answer(200, body + "}");
}

RequestSet scan_of(uint32_t segments) { return {"Scan", {R"({"TableName":"abc")"}, segments}; }

struct Scan {
  explicit Scan(uint32_t segments, PageStreamOptions options = {}) : Scan(scan_of(segments), options) {}
  explicit Scan(RequestSet requests, PageStreamOptions options = {}, double units_per_second = 1e9)
      : limiter(units_per_second, service.clock),
        stream(*service.client, std::move(requests), options, units_per_second < 1e9 ? &limiter : nullptr,
               service.clock, service.random) {}

  Step next() { return stream.next(selection, item); }
  // Goes on until the stream waits for the network, ends or fails: the number of items.
  int read() {
    int items = 0;
    for (step = next(); step == Step::item || stream.wake_time() <= service.clock.now(); step = next())
      if (step == Step::item) ++items;
    return items;
  }
  void respond(std::size_t number, HttpResponse response) {
    service.network->respond(service.network->sent.at(number).id, std::move(response));
    service.client->advance();
  }
  const std::string& sent(std::size_t number) { return service.network->sent.at(number).body; }
  std::size_t sent_count() { return service.network->sent.size(); }
  std::size_t in_flight() { return service.network->open.size(); }
  // Answers the oldest request.
  void respond(HttpResponse response) {
    service.network->respond(service.network->open.front(), std::move(response));
    service.client->advance();
  }
  const PageStreamStatistics& statistics() { return stream.statistics(); }

  FakeService service{8};
  RateLimiter limiter;
  AttributeSelection selection;
  Item item;
  PageStream stream;
  Step step = Step::waiting;
};

TEST(PageStream, FollowsASegmentToItsEnd) {
  Scan scan(1);
  EXPECT_EQ(scan.read(), 0);
  EXPECT_EQ(scan.sent(0), R"({"TableName":"abc"})");
  scan.respond(0, page(2, "x"));
  EXPECT_EQ(scan.read(), 2);
  EXPECT_EQ(scan.step, Step::waiting);
  EXPECT_EQ(scan.sent(1), R"({"TableName":"abc","ExclusiveStartKey":{"id":{"S":"x"}}})");
  scan.respond(1, page(1));
  EXPECT_EQ(scan.read(), 1);
  EXPECT_EQ(scan.step, Step::end);
  EXPECT_EQ(scan.stream.statistics().pages, 2u);
  EXPECT_EQ(scan.stream.statistics().items, 3u);
  EXPECT_EQ(scan.stream.statistics().items_scanned, 20u);
  EXPECT_EQ(scan.stream.statistics().consumed_capacity, 1.0);
  EXPECT_EQ(scan.stream.statistics().finished_sources, 1u);
}

TEST(PageStream, KeepsSoManyPagesInFlight) {
  Scan scan(5, {.max_in_flight = 2});
  EXPECT_EQ(scan.read(), 0);
  EXPECT_EQ(scan.sent_count(), 2u);
  scan.respond(1, page(1));
  EXPECT_EQ(scan.read(), 1);
  EXPECT_EQ(scan.sent_count(), 3u);
  EXPECT_NE(scan.sent(2).find(R"("Segment":2,"TotalSegments":5)"), std::string::npos);
}

TEST(PageStream, SharesItsSegmentsWithOthers) {
  std::atomic<uint64_t> next{0};
  Scan one(5, {.max_in_flight = 2, .shared_next = &next});
  Scan other(5, {.max_in_flight = 2, .shared_next = &next});
  EXPECT_EQ(one.read(), 0);
  EXPECT_EQ(other.read(), 0);
  EXPECT_NE(one.sent(1).find(R"("Segment":1,"TotalSegments":5)"), std::string::npos);
  EXPECT_NE(other.sent(1).find(R"("Segment":3,"TotalSegments":5)"), std::string::npos);
  other.respond(page(1, "x"));
  EXPECT_EQ(other.read(), 1);
  EXPECT_NE(other.sent(2).find("ExclusiveStartKey"), std::string::npos) << "who began a segment goes on with it";
  one.respond(page(1));
  EXPECT_EQ(one.read(), 1);
  EXPECT_NE(one.sent(2).find(R"("Segment":4,"TotalSegments":5)"), std::string::npos);
  while (one.in_flight() > 0) {
    one.respond(page(1));
    one.read();
  }
  EXPECT_EQ(one.step, Step::end) << "whatever the other one still has to read";
  while (other.in_flight() > 0) {
    other.respond(page(1));
    other.read();
  }
  EXPECT_EQ(other.step, Step::end);
  EXPECT_EQ(one.statistics().finished_sources + other.statistics().finished_sources, 5u);
  Scan late(5, {.shared_next = &next});
  EXPECT_EQ(late.read(), 0);
  EXPECT_EQ(late.step, Step::end) << "nothing is left";
  EXPECT_EQ(late.sent_count(), 0u);
}

TEST(PageStream, BeginsSlowlyWhereFewRowsAreWanted) {
  Scan scan(8, {.max_in_flight = 3, .slow_start = true});
  EXPECT_EQ(scan.read(), 0);
  EXPECT_EQ(scan.sent_count(), 1u);
  scan.respond(0, page(2, "x"));
  EXPECT_EQ(scan.next(), Step::item);
  EXPECT_EQ(scan.next(), Step::item);
  EXPECT_EQ(scan.sent_count(), 1u) << "nothing is read ahead of the first page";
  EXPECT_EQ(scan.read(), 0);
  EXPECT_EQ(scan.sent_count(), 3u) << "then two at once";
  EXPECT_NE(scan.sent(1).find("ExclusiveStartKey"), std::string::npos) << "the segment that was begun goes on";
}

// Otherwise a fast server whose pages are all empty would keep the caller in here.
TEST(PageStream, LetsItsCallerBreatheAfterAPageWithoutItems) {
  Scan scan(2);
  EXPECT_EQ(scan.next(), Step::waiting);
  EXPECT_EQ(scan.stream.wake_time(), Steady::time_point::max());
  scan.respond(0, page(0, "x"));
  scan.respond(1, page(0));
  EXPECT_EQ(scan.next(), Step::waiting);
  EXPECT_EQ(scan.stream.wake_time(), scan.service.clock.now());
  EXPECT_EQ(scan.next(), Step::waiting);
  EXPECT_EQ(scan.stream.wake_time(), scan.service.clock.now());
  EXPECT_EQ(scan.next(), Step::waiting);
  EXPECT_EQ(scan.stream.wake_time(), Steady::time_point::max());
  scan.respond(2, page(0));
  EXPECT_EQ(scan.read(), 0);
  EXPECT_EQ(scan.step, Step::end);
}

TEST(PageStream, FailsWithItsFirstError) {
  Scan scan(3);
  EXPECT_EQ(scan.read(), 0);
  scan.respond(1, page(2));
  scan.respond(0, error_answer(400, "ValidationException", "bad"));
  scan.read();
  EXPECT_EQ(scan.step, Step::failed);
  EXPECT_EQ(scan.stream.error()->message, "bad");
  EXPECT_EQ(scan.next(), Step::failed);
}

TEST(PageStream, TellsOtherObjectsFromPages) {
  for (const char* body : {"{}", R"({"hello":"world"})", R"({"Items":7})", R"({"Items":[],"Count":"0"})"}) {
    Scan scan(1);
    scan.read();
    scan.respond(0, answer(200, body));
    scan.read();
    EXPECT_EQ(scan.step, Step::failed) << body;
    EXPECT_EQ(scan.stream.error()->kind, ErrorKind::corrupt_response) << body;
  }
}

TEST(PageStream, HandsOutWhatWasOnlyCounted) {
  PageStreamOptions options;
  for (bool count_only : {true, false}) {
    options.count_only = count_only;
    Scan scan(1, options);
    scan.read();
    scan.respond(0, answer(200, R"({"Count":7,"ScannedCount":9})"));
    EXPECT_EQ(scan.read(), count_only ? 7 : 0);
    EXPECT_EQ(scan.step, count_only ? Step::end : Step::failed);
  }
}

TEST(PageStream, CountsItemsThatAreSentAllTheSameOnce) {
  PageStreamOptions options;
  options.count_only = true;
  Scan scan(1, options);
  scan.read();
  scan.respond(0, answer(200, R"({"Count":2,"ScannedCount":2,"Items":[{"a":{"N":"1"}},{"a":{"N":"2"}}]})"));
  EXPECT_EQ(scan.read(), 2);
  EXPECT_EQ(scan.step, Step::end);
}

TEST(PageStream, DropsItsRequestsWithItself) {
  FakeService service;
  {
    PageStream stream(*service.client, {"Scan", {"{"}, 3}, {}, nullptr, service.clock);
    AttributeSelection selection;
    Item item;
    EXPECT_EQ(stream.next(selection, item), Step::waiting);
    EXPECT_EQ(service.network->open.size(), 3u);
  }
  EXPECT_TRUE(service.network->open.empty());
  EXPECT_EQ(service.client->outstanding(), 0u);
}

// --- sources

TEST(PageStream, HasNothingToDoWithoutSources) {
  Scan scan(RequestSet{"Query", {}, 1});
  EXPECT_EQ(scan.read(), 0);
  EXPECT_EQ(scan.step, Step::end);
  EXPECT_EQ(scan.sent_count(), 0u);
  EXPECT_EQ(scan.stream.sources(), 0u);
  EXPECT_EQ(scan.next(), Step::end) << "the end is the end";
}

TEST(PageStream, AsksForEverySegmentAndQuery) {
  struct {
    RequestSet requests;
    std::vector<const char*> bodies;
  } cases[] = {
      {{"Scan", {"{\"a\":1"}, 1}, {R"({"a":1})"}},
      {{"Scan", {"{\"a\":1"}, 3},
       {R"({"a":1,"Segment":0,"TotalSegments":3})", R"({"a":1,"Segment":1,"TotalSegments":3})",
        R"({"a":1,"Segment":2,"TotalSegments":3})"}},
      {{"Query", {"{\"a\":1", "{\"a\":2"}, 1}, {R"({"a":1})", R"({"a":2})"}},
  };
  for (const auto& test : cases) {
    Scan scan(test.requests);
    EXPECT_EQ(scan.read(), 0);
    EXPECT_EQ(scan.stream.sources(), test.bodies.size());
    ASSERT_EQ(scan.sent_count(), test.bodies.size());
    for (std::size_t i = 0; i < test.bodies.size(); ++i) {
      EXPECT_EQ(scan.sent(i), test.bodies[i]);
      EXPECT_EQ(scan.service.network->sent[i].request.headers[1],
                "X-Amz-Target: DynamoDB_20120810." + test.requests.operation);
    }
  }
}

TEST(PageStream, FollowsEachSourceByItself) {
  Scan scan(RequestSet{"Query", {"{\"q\":\"A\"", "{\"q\":\"B\"", "{\"q\":\"C\""}, 1});
  EXPECT_EQ(scan.read(), 0);
  scan.respond(1, page(1, "b1"));
  EXPECT_EQ(scan.read(), 1);
  EXPECT_EQ(scan.sent(3), R"({"q":"B","ExclusiveStartKey":{"id":{"S":"b1"}}})");
  scan.respond(2, page(1));
  scan.respond(0, page(1, "a1"));
  EXPECT_EQ(scan.read(), 2);
  EXPECT_EQ(scan.sent(4), R"({"q":"A","ExclusiveStartKey":{"id":{"S":"a1"}}})");
  scan.respond(3, page(1, "b2"));
  EXPECT_EQ(scan.read(), 1);
  EXPECT_EQ(scan.sent(5), R"({"q":"B","ExclusiveStartKey":{"id":{"S":"b2"}}})");
  EXPECT_EQ(scan.statistics().finished_sources, 1u);
  scan.respond(4, page(0));
  scan.respond(5, page(2));
  EXPECT_EQ(scan.read(), 2);
  EXPECT_EQ(scan.step, Step::end);
  EXPECT_EQ(scan.statistics().finished_sources, 3u);
  EXPECT_EQ(scan.sent_count(), 6u);
}

TEST(PageStream, SendsTheLastEvaluatedKeyBackVerbatim) {
  Scan scan(1);
  scan.read();
  scan.respond(
      0,
      answer(200,
             R"({"Count":0,"LastEvaluatedKey": {"n" : {"N":"1E+2"},"s\u0041":{"S":"\"\ud83d\ude00"}} ,"Items":[]})"));
  scan.read();
  EXPECT_EQ(scan.sent(1),
            R"({"TableName":"abc","ExclusiveStartKey":{"n" : {"N":"1E+2"},"s\u0041":{"S":"\"\ud83d\ude00"}}})");
}

TEST(PageStream, GoesOnBehindAThousandEmptyPages) {
  for (bool slow_start : {false, true}) {
    Scan scan(1, {.slow_start = slow_start});
    EXPECT_EQ(scan.read(), 0);
    for (int i = 0; i < 1000; ++i) {
      ASSERT_EQ(scan.in_flight(), 1u) << i;
      scan.respond(page(0, "x"));
      ASSERT_EQ(scan.read(), 0) << i;
      ASSERT_EQ(scan.step, Step::waiting) << i;
    }
    scan.respond(page(3));
    EXPECT_EQ(scan.read(), 3);
    EXPECT_EQ(scan.step, Step::end);
    EXPECT_EQ(scan.statistics().pages, 1001u);
    EXPECT_EQ(scan.statistics().items, 3u);
    EXPECT_EQ(scan.statistics().calls.requests, 1001u);
  }
}

// --- how many at once

TEST(PageStream, NeverHoldsMorePagesThanAllowed) {
  for (uint32_t most : {0u, 1u, 2u, 5u, 8u}) {
    Scan scan(20, {.max_in_flight = most});
    std::size_t allowed = std::max(most, 1u);
    int answered = 0;
    int items = 0;
    scan.read();
    EXPECT_EQ(scan.in_flight(), allowed);
    while (scan.step != Step::end) {
      // Answers come in bursts and out of order; each segment has three pages of two items.
      for (int burst = answered % 3; burst >= 0 && scan.in_flight() > 0; --burst, ++answered) {
        bool newest = answered % 2 == 0;
        RequestId id = newest ? scan.service.network->open.back() : scan.service.network->open.front();
        const std::string& body = scan.sent(id - 1);
        const char* last = body.find("page2") != std::string::npos   ? nullptr
                           : body.find("page1") != std::string::npos ? "page2"
                                                                     : "page1";
        scan.respond(id - 1, page(2, last));
      }
      for (scan.step = scan.next(); scan.step == Step::item; scan.step = scan.next()) {
        ++items;
        ASSERT_LE(scan.in_flight(), allowed);
        // What was sent and not yet read: in flight, or arrived and waiting.
        ASSERT_LE(scan.sent_count() - scan.statistics().pages, allowed);
      }
      ASSERT_NE(scan.step, Step::failed);
      ASSERT_TRUE(scan.step == Step::end || scan.in_flight() > 0) << "somebody must be waited for";
    }
    EXPECT_EQ(items, 20 * 3 * 2) << most;
    EXPECT_EQ(scan.statistics().finished_sources, 20u);
  }
}

TEST(PageStream, AsksForTheNextPageWhileOneIsRead) {
  Scan scan(1);
  scan.read();
  scan.respond(0, page(2, "x"));
  EXPECT_EQ(scan.next(), Step::item);
  EXPECT_EQ(scan.in_flight(), 1u);
}

TEST(PageStream, DoublesWithEveryPageUsedUpAfterASlowStart) {
  Scan scan(100, {.max_in_flight = 8, .slow_start = true});
  EXPECT_EQ(scan.read(), 0);
  struct {
    std::size_t reading;  // in flight while the page is read
    std::size_t after;    // when it is used up
  } expected[] = {{0, 2}, {2, 4}, {4, 8}, {8, 8}, {8, 8}};
  ASSERT_EQ(scan.in_flight(), 1u);
  for (const auto& counts : expected) {
    scan.respond(page(3));
    for (int item = 0; item < 3; ++item) {
      ASSERT_EQ(scan.next(), Step::item);
      EXPECT_EQ(scan.in_flight(), counts.reading);
    }
    ASSERT_EQ(scan.next(), Step::waiting);
    EXPECT_EQ(scan.in_flight(), counts.after);
  }
}

TEST(PageStream, ItsWindowCanBeChangedWhileItIsRead) {
  Scan scan(100, {.max_in_flight = 4});
  scan.read();
  scan.stream.set_max_in_flight(2);
  EXPECT_EQ(scan.in_flight(), 4u);  // what was sent is not taken back
  for (std::size_t in_flight : {3u, 2u, 2u}) {
    scan.respond(page(1));
    EXPECT_EQ(scan.read(), 1);
    EXPECT_EQ(scan.in_flight(), in_flight);
  }
  scan.stream.set_max_in_flight(7);
  for (std::size_t in_flight : {4u, 7u, 7u}) {
    scan.respond(page(1));
    EXPECT_EQ(scan.read(), 1);
    EXPECT_EQ(scan.in_flight(), in_flight);
  }
  scan.stream.set_max_in_flight(0);
  for (int left = 6; left > 0; --left) {
    scan.respond(page(1));
    EXPECT_EQ(scan.read(), 1);
  }
  EXPECT_EQ(scan.in_flight(), 1u);  // one it must be
}

TEST(PageStream, SaysWhetherItCanGoOn) {
  Scan scan({"BatchGetItem", {R"({"RequestItems":{"abc":{"Keys":[1]}}})", "{}"}}, {.max_in_flight = 2});
  scan.service.random = test::FixedRandom(0.5);
  EXPECT_EQ(scan.next(), Step::waiting);
  EXPECT_FALSE(scan.stream.ready());
  const char* left = R"({"Responses":{},"UnprocessedKeys":{"abc":{"Keys":[1]}}})";
  scan.respond(0, answer(200, left));
  EXPECT_TRUE(scan.stream.ready());
  EXPECT_EQ(scan.next(), Step::waiting);
  EXPECT_TRUE(scan.stream.ready());  // it only has not looked further, for its owner's interrupts
  EXPECT_EQ(scan.next(), Step::waiting);
  EXPECT_FALSE(scan.stream.ready());
  scan.service.clock.advance(Milliseconds(100000));
  EXPECT_TRUE(scan.stream.ready());  // for the keys that were left
  EXPECT_EQ(scan.next(), Step::waiting);
  EXPECT_FALSE(scan.stream.ready());
  scan.respond(1, error_answer(400, "ValidationException"));
  EXPECT_TRUE(scan.stream.ready());
  EXPECT_EQ(scan.next(), Step::failed);
}

TEST(PageStream, NeverReadsAheadWithASingleConnection) {
  Scan scan(3, {.max_in_flight = 1, .slow_start = true});
  EXPECT_EQ(scan.read(), 0);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(scan.in_flight(), 1u);
    scan.respond(page(1, i % 2 == 0 ? "x" : nullptr));
    EXPECT_EQ(scan.next(), Step::item);
    EXPECT_EQ(scan.in_flight(), 0u);
    scan.read();
  }
  EXPECT_EQ(scan.step, Step::end);
}

TEST(PageStream, EvaluatesFewItemsWhereFewAreWanted) {
  Scan scan(1, {.slow_start = true, .first_limit = 10});
  scan.read();
  // The third is asked for while the second is read.
  const char* limits[] = {"\"Limit\":10}",  "\"Limit\":40}",   "\"Limit\":40}", "\"Limit\":160}",
                          "\"Limit\":640}", "\"Limit\":2560}", "\"S\":\"x\"}}}"};
  for (std::size_t i = 0; i < std::size(limits); ++i) {
    EXPECT_TRUE(scan.sent(i).ends_with(limits[i])) << scan.sent(i);
    scan.respond(i, page(1, "x"));
    EXPECT_EQ(scan.read(), 1);
  }
  Scan eager(1, {.slow_start = false, .first_limit = 10});
  eager.read();
  EXPECT_EQ(eager.sent(0), R"({"TableName":"abc"})");
}

// --- errors

TEST(PageStream, BeginsAllSegmentsFirstWhereThatIsWanted) {
  Scan scan(3, {.max_in_flight = 1, .page_limit = 5, .breadth_first = true});
  EXPECT_EQ(scan.read(), 0);
  EXPECT_EQ(scan.sent(0), R"({"TableName":"abc","Segment":0,"TotalSegments":3,"Limit":5})");
  scan.respond(0, page(1, "x"));
  EXPECT_EQ(scan.read(), 1);
  EXPECT_NE(scan.sent(1).find(R"("Segment":1,)"), std::string::npos);
  scan.respond(1, page(1, "y"));
  EXPECT_EQ(scan.read(), 1);
  EXPECT_NE(scan.sent(2).find(R"("Segment":2,)"), std::string::npos);
  scan.respond(2, page(1));
  EXPECT_EQ(scan.read(), 1);
  EXPECT_NE(scan.sent(3).find(R"("Segment":0,)"), std::string::npos);
  EXPECT_NE(scan.sent(3).find(R"("ExclusiveStartKey":{"id":{"S":"x"}},"Limit":5)"), std::string::npos);
}

TEST(PageStream, AsksForNoMoreThanItsPageLimitUnderARateLimit) {
  Scan scan(scan_of(1), {.page_limit = 3}, 100);
  EXPECT_EQ(scan.read(), 0);
  EXPECT_EQ(scan.sent(0), R"({"TableName":"abc","Limit":3})");
}

TEST(PageStream, SendsNothingAfterAnError) {
  for (bool malformed : {true, false}) {
    Scan scan(20, {.max_in_flight = 4});
    scan.read();
    scan.respond(0, page(2, "x"));
    EXPECT_EQ(scan.read(), 2);
    std::size_t sent = scan.sent_count();
    scan.respond(
        2, malformed ? answer(200, R"({"Items":[{"id":{"N":"1"}},{"id":)") : error_answer(400, "ValidationException"));
    EXPECT_EQ(scan.read(), 0);
    EXPECT_EQ(scan.step, Step::failed);
    EXPECT_EQ(scan.sent_count(), sent);
    EXPECT_EQ(scan.stream.error()->kind, malformed ? ErrorKind::corrupt_response : ErrorKind::validation);
    scan.respond(page(2));
    EXPECT_EQ(scan.next(), Step::failed);
    EXPECT_EQ(scan.sent_count(), sent);
    EXPECT_EQ(scan.statistics().pages, 1u);
  }
}

TEST(PageStream, HandsOutWhatStoodBeforeAMalformedItem) {
  Scan scan(1);
  scan.read();
  scan.respond(
      0, answer(200, R"({"Items":[{"id":{"N":"1"}},{"id":{"N":"2"}},{"id":{"X":"3"}},{"id":{"N":"4"}}],"Count":4})"));
  scan.selection.add("id");
  EXPECT_EQ(scan.read(), 2);
  EXPECT_EQ(scan.step, Step::failed);
  EXPECT_EQ(scan.stream.error()->kind, ErrorKind::corrupt_response);
}

TEST(PageStream, CanBeLeftAtAnyPoint) {
  for (int items = 0; items < 5; ++items) {
    FakeService service(8);
    {
      PageStream stream(*service.client, scan_of(20), {.max_in_flight = 4}, nullptr, service.clock);
      AttributeSelection selection;
      Item item;
      EXPECT_EQ(stream.next(selection, item), Step::waiting);
      service.network->respond(service.network->open[0], page(2, "x"));
      service.network->respond(service.network->open[0], page(2));
      service.client->advance();
      for (int i = 0; i < items; ++i) stream.next(selection, item);
    }
    EXPECT_EQ(service.client->outstanding(), 0u) << items;
    EXPECT_TRUE(service.network->open.empty()) << items;
  }
}

// --- accounts

TEST(PageStream, AddsUpWhatItCost) {
  Scan scan(2);
  scan.read();
  scan.respond(
      0,
      answer(
          200,
          R"({"Items":[{},{}],"Count":2,"ScannedCount":1000,"ConsumedCapacity":{"CapacityUnits":128.5},"LastEvaluatedKey":{}})"));
  scan.respond(1, answer(200, R"({"Items":[],"Count":0,"ScannedCount":7})"));
  EXPECT_EQ(scan.read(), 2);
  EXPECT_EQ(scan.statistics().pages, 2u);
  EXPECT_EQ(scan.statistics().items, 2u);
  EXPECT_EQ(scan.statistics().items_scanned, 1007u);
  EXPECT_EQ(scan.statistics().consumed_capacity, 128.5);
  EXPECT_EQ(scan.statistics().finished_sources, 1u);
  EXPECT_EQ(scan.statistics().calls.requests, 3u);
  EXPECT_EQ(scan.statistics().calls.retries, 0u);
  EXPECT_GT(scan.statistics().calls.bytes_received, 100u);
}

TEST(PageStream, GivesTheMemoryOfUsedPagesBack) {
  Scan scan(1);
  scan.read();
  for (int i = 0; i < 10; ++i) {
    scan.respond(page(1, "x"));
    EXPECT_EQ(scan.read(), 1);
    EXPECT_EQ(scan.service.network->recycled, i + 1);
  }
}

// --- throttling

HttpResponse throttled() { return error_answer(400, "ProvisionedThroughputExceededException", "too fast"); }

HttpResponse hot_partition() {
  return answer(400, R"({"__type":"x#ProvisionedThroughputExceededException","message":"hot",)"
                     R"("ThrottlingReasons":[{"reason":"TableReadKeyRangeThroughputExceeded","resource":"arn"}]})");
}

// Lets time pass until something can be sent.
void wait_to_send(Scan& scan) {
  for (int i = 0; i < 1000 && scan.in_flight() == 0; ++i) {
    ASSERT_GT(scan.stream.wake_time(), scan.service.clock.now());
    ASSERT_LT(scan.stream.wake_time(), scan.service.clock.now() + std::chrono::seconds(30));
    scan.service.clock.advance(std::chrono::ceil<Milliseconds>(scan.stream.wake_time() - scan.service.clock.now()));
    scan.read();
  }
}

TEST(PageStream, AsksAgainForAThrottledPage) {
  Scan scan(1);
  scan.service.random = test::FixedRandom(0.5);
  scan.read();
  scan.respond(page(2, "x"));
  EXPECT_EQ(scan.read(), 2);
  for (int wait : {50, 100, 200, 400}) {
    scan.respond(throttled());
    EXPECT_EQ(scan.read(), 0);
    ASSERT_EQ(scan.step, Step::waiting);
    EXPECT_EQ(scan.in_flight(), 0u);
    EXPECT_EQ(scan.stream.wake_time(), scan.service.clock.now() + Milliseconds(wait));
    scan.service.clock.advance(Milliseconds(wait));
    scan.read();
    ASSERT_EQ(scan.in_flight(), 1u);
    EXPECT_EQ(scan.sent(scan.sent_count() - 1), scan.sent(1)) << "the same page";
  }
  scan.respond(page(3));
  EXPECT_EQ(scan.read(), 3);
  EXPECT_EQ(scan.step, Step::end);
  EXPECT_EQ(scan.statistics().pages, 2u);
  EXPECT_EQ(scan.statistics().calls.requests, 6u);
  EXPECT_EQ(scan.statistics().calls.throttled, 4u);
  EXPECT_EQ(scan.statistics().calls.retries, 4u);
}

TEST(PageStream, EndsLateButEndsWhereMostAnswersAreThrottled) {
  Scan scan(8);
  scan.service.random = test::FixedRandom(0.9);
  int items = 0;
  int answers = 0;
  scan.read();
  while (scan.step != Step::end) {
    wait_to_send(scan);
    ASSERT_FALSE(HasFatalFailure());
    const std::string& body = scan.sent(scan.service.network->open.front() - 1);
    const char* last = body.find("second") == std::string::npos ? "second" : nullptr;
    scan.respond(++answers % 5 == 0 ? page(1, last) : throttled());
    items += scan.read();
    ASSERT_NE(scan.step, Step::failed) << answers;
  }
  EXPECT_EQ(items, 16);
  EXPECT_EQ(answers, 80);
}

TEST(PageStream, GivesUpWhenNothingComesForTooLong) {
  Scan scan(4);
  scan.service.random = test::FixedRandom(0.9);
  scan.read();
  const Steady::time_point start = scan.service.clock.now();
  while (scan.step != Step::failed) {
    wait_to_send(scan);
    ASSERT_FALSE(HasFatalFailure());
    scan.respond(throttled());
    scan.read();
  }
  const auto waited = scan.service.clock.now() - start;
  EXPECT_GE(waited, scan.service.client->config().request_timeout);
  EXPECT_LE(waited, scan.service.client->config().request_timeout + std::chrono::seconds(40));
  EXPECT_EQ(scan.stream.error()->kind, ErrorKind::throttling);
  EXPECT_TRUE(scan.stream.error()->detail.starts_with("Tried ")) << scan.stream.error()->detail;
  EXPECT_LT(scan.sent_count(), 50u) << "that many segments do not ask that often";
}

TEST(PageStream, ARestingReaderDoesNotLoseItsPatience) {
  Scan scan(2);
  scan.service.random = test::FixedRandom(0.5);
  scan.read();
  scan.respond(0, page(2));
  EXPECT_EQ(scan.next(), Step::item);
  scan.respond(1, throttled());
  scan.service.clock.advance(std::chrono::hours(1));
  EXPECT_EQ(scan.read(), 1);
  EXPECT_EQ(scan.step, Step::waiting);
  wait_to_send(scan);
  scan.respond(page(1));
  EXPECT_EQ(scan.read(), 1);
  EXPECT_EQ(scan.step, Step::end);
}

TEST(PageStream, HalvesWhatIsInFlightWhenTheTableIsThrottled) {
  Scan scan(100, {.max_in_flight = 8});
  scan.read();
  ASSERT_EQ(scan.in_flight(), 8u);
  scan.respond(throttled());
  scan.respond(throttled());
  scan.read();
  EXPECT_EQ(scan.in_flight(), 6u) << "about four may be; these were sent before";
  for (std::size_t left : {5u, 5u, 5u}) {
    scan.respond(page(1));
    EXPECT_EQ(scan.read(), 1);
    EXPECT_EQ(scan.in_flight(), left);
  }
  for (int i = 0; i < 40; ++i) {
    scan.respond(page(1));
    EXPECT_EQ(scan.read(), 1);
  }
  EXPECT_EQ(scan.in_flight(), 8u) << "it grows again";
}

TEST(PageStream, AHotPartitionSlowsItsSegmentOnly) {
  Scan scan(8, {.max_in_flight = 4});
  scan.service.random = test::FixedRandom(0.5);
  scan.read();
  for (int i = 0; i < 5; ++i) {
    const auto hot = std::ranges::find_if(scan.service.network->open, [&](RequestId id) {
      return scan.sent(id - 1).find(R"("Segment":0,)") != std::string::npos;
    });
    ASSERT_NE(hot, scan.service.network->open.end());
    scan.respond(*hot - 1, hot_partition());
    scan.read();
    EXPECT_EQ(scan.in_flight(), 4u) << "another one takes its place";
    scan.service.clock.advance(std::chrono::seconds(2));
    const RequestId other = scan.service.network->open.front();
    scan.respond(other - 1, page(1, "x"));
    EXPECT_EQ(scan.read(), 1);
    EXPECT_EQ(scan.in_flight(), 4u);
  }
}

TEST(PageStream, TriesOneOfManySegmentsAtATimeWhileAllAreThrottled) {
  Scan scan(1000, {.max_in_flight = 8});
  scan.service.random = test::FixedRandom(0.5);
  scan.read();
  const Steady::time_point start = scan.service.clock.now();
  while (scan.service.clock.now() < start + std::chrono::seconds(30)) {
    wait_to_send(scan);
    ASSERT_FALSE(HasFatalFailure());
    scan.respond(throttled());
    scan.read();
  }
  EXPECT_LT(scan.sent_count(), 40u);
}

TEST(PageStream, WaitsAsLongAsTheServiceWishes) {
  Scan scan(1);
  scan.read();
  HttpResponse busy = throttled();
  busy.retry_after = "700";
  scan.respond(std::move(busy));
  scan.read();
  EXPECT_EQ(scan.stream.wake_time(), scan.service.clock.now() + Milliseconds(700));
}

TEST(PageStream, DoesNotAskForUnprocessedKeysForEver) {
  Scan batch(RequestSet{"BatchGetItem", {"{\"k\":1"}, 1});
  batch.service.random = test::FixedRandom(0.9);
  batch.read();
  const Steady::time_point start = batch.service.clock.now();
  while (batch.step != Step::failed) {
    wait_to_send(batch);
    ASSERT_FALSE(HasFatalFailure());
    batch.respond(answer(200, R"({"Responses":{},"UnprocessedKeys":{"t":{"Keys":[{"id":{"S":"y"}}]}}})"));
    batch.read();
  }
  EXPECT_GE(batch.service.clock.now() - start, batch.service.client->config().request_timeout);
  EXPECT_EQ(batch.stream.error()->kind, ErrorKind::throttling);
  EXPECT_NE(batch.stream.error()->message.find("unprocessed"), std::string::npos);
}

// --- the rate limit

HttpResponse costly_page(double units, const char* last = nullptr) {
  std::string body =
      R"({"Items":[{}],"Count":1,"ScannedCount":1,"ConsumedCapacity":{"CapacityUnits":)" + std::to_string(units) + "}";
  if (last != nullptr) body += R"(,"LastEvaluatedKey":{"id":{"S":")" + std::string(last) + R"("}})";
  return answer(200, body + "}");
}

TEST(PageStream, WaitsForTheRateLimit) {
  Scan scan(scan_of(1), {}, 100);
  EXPECT_EQ(scan.read(), 0);
  EXPECT_EQ(scan.stream.wake_time(), Steady::time_point::max());
  scan.respond(costly_page(300, "x"));
  EXPECT_EQ(scan.read(), 1);
  EXPECT_EQ(scan.in_flight(), 0u);
  EXPECT_EQ(scan.step, Step::waiting);
  EXPECT_EQ(scan.stream.wake_time(), scan.service.clock.now() + Milliseconds(2800));
  scan.service.clock.advance(Milliseconds(2799));
  EXPECT_EQ(scan.next(), Step::waiting);
  EXPECT_EQ(scan.in_flight(), 0u);
  scan.service.clock.advance(Milliseconds(1));
  EXPECT_EQ(scan.next(), Step::waiting);
  EXPECT_EQ(scan.in_flight(), 1u);
  EXPECT_EQ(scan.stream.wake_time(), Steady::time_point::max());
  scan.respond(costly_page(300));
  EXPECT_EQ(scan.read(), 1);
  EXPECT_EQ(scan.step, Step::end) << "nothing is left to wait for";
}

TEST(PageStream, LearnsThePriceOfAPageBeforeItAsksForMany) {
  Scan scan(scan_of(8), {}, 100);
  EXPECT_EQ(scan.read(), 0);
  EXPECT_EQ(scan.in_flight(), 1u);
  scan.respond(costly_page(5));
  EXPECT_EQ(scan.read(), 1);
  EXPECT_EQ(scan.in_flight(), 4u) << "15 are left, and debts are made with the last request";
  EXPECT_GT(scan.stream.wake_time(), scan.service.clock.now());
  EXPECT_LE(scan.stream.wake_time(), scan.service.clock.now() + std::chrono::seconds(1));
}

// How many items the request asks for; 0: as many as there are.
int limit_of(const std::string& body) {
  const std::size_t found = body.find("\"Limit\":");
  return found == std::string::npos ? 0 : std::stoi(body.substr(found + 8));
}

TEST(PageStream, AsksForSmallPagesWhereWholeOnesAreTooDear) {
  Scan scan(scan_of(1), {}, 100);
  scan.read();
  EXPECT_EQ(limit_of(scan.sent(0)), 40) << "20 units at a time, half a unit for an item";
  scan.respond(answer(
      200,
      R"({"Items":[],"Count":0,"ScannedCount":40,"ConsumedCapacity":{"CapacityUnits":80},"LastEvaluatedKey":{}})"));
  scan.read();
  wait_to_send(scan);
  EXPECT_EQ(limit_of(scan.sent(1)), 10) << "two units for an item";
  Scan fast(scan_of(1), {}, 10000);
  fast.read();
  EXPECT_EQ(limit_of(fast.sent(0)), 0) << "a whole page is cheap";
  Scan few(scan_of(1), {.slow_start = true, .first_limit = 10}, 100);
  few.read();
  EXPECT_EQ(limit_of(few.sent(0)), 10) << "fewer are wanted";
  Scan slow(scan_of(1), {}, 0.5);
  slow.read();
  EXPECT_EQ(limit_of(slow.sent(0)), 1);
}

// A table whose items cost a unit each (8 KB), in pages of 128 or as many as are asked for, read by eight requests at
// once that take their time. Returns the units consumed in each 100 ms.
std::vector<double> units_consumed(double units_per_second, int latency, int seconds) {
  Scan scan(scan_of(8), {}, units_per_second);
  std::map<RequestId, Steady::time_point> due;
  std::vector<double> units(static_cast<std::size_t>(seconds) * 10);
  for (int ms = 0; ms < seconds * 1000; ms += 10, scan.service.clock.advance(Milliseconds(10))) {
    scan.read();
    for (RequestId id : scan.service.network->open)
      due.try_emplace(id, scan.service.clock.now() + Milliseconds(latency));
    for (auto it = due.begin(); it != due.end();) {
      if (it->second > scan.service.clock.now()) {
        ++it;
        continue;
      }
      const int limit = limit_of(scan.sent(it->first - 1));
      const int items = limit == 0 ? 128 : std::min(limit, 128);
      std::string body = R"({"Items":[{}],"Count":1,"ScannedCount":)" + std::to_string(items);
      body += R"(,"ConsumedCapacity":{"CapacityUnits":)" + std::to_string(items) + R"(},"LastEvaluatedKey":{}})";
      scan.respond(it->first - 1, answer(200, body));
      units[static_cast<std::size_t>(ms / 100)] += items;
      it = due.erase(it);
    }
  }
  return units;
}

TEST(PageStream, KeepsTheRateLimitOverAnyTenSeconds) {
  for (double limit : {20.0, 100.0, 400.0, 1500.0}) {
    for (int latency : {10, 150, 400}) {
      const std::vector<double> units = units_consumed(limit, latency, 40);
      for (std::size_t i = 0; i + 100 <= units.size(); ++i) {
        const double consumed = std::accumulate(units.begin() + i, units.begin() + i + 100, 0.0);
        ASSERT_LE(consumed, 10.5 * limit) << limit << " " << latency << " from " << i;
        ASSERT_GE(consumed, i < 10 ? 0 : 9.5 * limit) << limit << " " << latency << " from " << i;
      }
    }
  }
}

TEST(PageStream, ARateLimitDoesNotSlowSmallQueries) {
  RateLimiter* limiter = nullptr;
  Scan scan(scan_of(1), {}, 100);
  limiter = &scan.limiter;
  for (int i = 0; i < 100; ++i) {
    PageStream query(*scan.service.client, {"Query", {"{\"q\":1"}, 1}, {}, limiter, scan.service.clock);
    AttributeSelection selection;
    Item item;
    EXPECT_EQ(query.next(selection, item), Step::waiting);
    ASSERT_EQ(scan.in_flight(), 1u) << i;
    scan.service.clock.advance(Milliseconds(6));
    scan.respond(costly_page(0.5));
    while (query.next(selection, item) != Step::end) {
    }
  }
}

// --- look-ups by key

TEST(PageStream, CountsTheItemsOfLookUps) {
  Scan get(RequestSet{"GetItem", {"{\"k\":1", "{\"k\":2"}, 1});
  get.read();
  get.respond(0, answer(200, R"({"Item":{"id":{"S":"x"}},"ConsumedCapacity":{"CapacityUnits":0.5}})"));
  get.respond(1, answer(200, R"({"ConsumedCapacity":{"CapacityUnits":0.5}})"));
  EXPECT_EQ(get.read(), 1);
  EXPECT_EQ(get.step, Step::end);
  EXPECT_EQ(get.statistics().items, 1u);
  EXPECT_EQ(get.statistics().items_scanned, 1u);
  EXPECT_EQ(get.statistics().consumed_capacity, 1.0);
}

TEST(PageStream, AsksAgainForKeysLeftUnprocessed) {
  Scan batch(RequestSet{"BatchGetItem", {"{\"k\":1"}, 1});
  batch.service.random = test::FixedRandom(0.5);
  batch.read();
  EXPECT_EQ(batch.sent(0), R"({"k":1})");
  const std::string left = R"({"t":{"Keys":[{"id":{"S":"y"}}]}})";
  const std::string again = R"({"ReturnConsumedCapacity":"TOTAL","RequestItems":)" + left + "}";
  batch.respond(0, answer(200, R"({"Responses":{"t":[{"id":{"S":"x"}}]},"UnprocessedKeys":)" + left + "}"));
  EXPECT_EQ(batch.read(), 1);
  // Each time nothing came back the wait doubles.
  for (int wait : {50, 100, 200}) {
    EXPECT_EQ(batch.in_flight(), 0u);
    EXPECT_EQ(batch.step, Step::waiting);
    EXPECT_EQ(batch.stream.wake_time(), batch.service.clock.now() + Milliseconds(wait));
    batch.service.clock.advance(Milliseconds(wait));
    EXPECT_EQ(batch.read(), 0);
    ASSERT_EQ(batch.in_flight(), 1u);
    EXPECT_EQ(batch.sent(batch.sent_count() - 1), again);
    if (wait < 200) batch.respond(answer(200, R"({"Responses":{"t":[]},"UnprocessedKeys":)" + left + "}"));
    batch.read();
  }
  batch.respond(answer(200, R"({"Responses":{"t":[{"id":{"S":"y"}}]},"UnprocessedKeys":{}})"));
  EXPECT_EQ(batch.read(), 1);
  EXPECT_EQ(batch.step, Step::end);
  EXPECT_EQ(batch.statistics().items, 2u);
}

TEST(PageStream, DoesNotAskForMoreKeysThanItWasAskedFor) {
  Scan batch(RequestSet{"BatchGetItem", {"{\"k\":1"}, 1});
  batch.read();
  std::string left = R"({"t":{"Keys":[)";
  for (int i = 0; i < 1000; ++i) left += R"({"id":{"S":"y"}},)";
  left.back() = ']';
  batch.respond(answer(200, R"({"Responses":{},"UnprocessedKeys":)" + left + "}}}"));
  batch.read();
  ASSERT_EQ(batch.step, Step::failed);
  EXPECT_EQ(batch.stream.error()->kind, ErrorKind::corrupt_response);
  EXPECT_EQ(batch.sent_count(), 1u);
}

// One look-up waits until it may ask for what was left; another can go on at once.
TEST(PageStream, LetsWaitingSourcesNotHoldUpOthers) {
  auto batch_of = [](const char* key) {
    return batch_get_item_again(R"({"t":{"Keys":[{"id":{"S":")" + std::string(key) + R"("}}]}})");
  };
  auto left = [](const char* key) {
    return answer(200, R"({"Responses":{"t":[{"id":{"S":"i"}}]},"UnprocessedKeys":{"t":{"Keys":[{"id":{"S":")" +
                           std::string(key) + R"("}}]}}})");
  };
  Scan batch(RequestSet{"BatchGetItem", {batch_of("a"), batch_of("b")}, 1});
  batch.service.random = test::FixedRandom(0.9);
  batch.read();
  Steady::time_point start = batch.service.clock.now();
  batch.respond(0, left("a"));
  EXPECT_EQ(batch.read(), 1);
  batch.service.random = test::FixedRandom(0.1);
  batch.respond(1, left("b"));
  EXPECT_EQ(batch.read(), 1);
  EXPECT_EQ(batch.in_flight(), 0u);
  EXPECT_EQ(batch.stream.wake_time(), start + Milliseconds(10)) << "the one that may go first";
  batch.service.clock.advance(Milliseconds(10));
  batch.read();
  ASSERT_EQ(batch.in_flight(), 1u);
  EXPECT_NE(batch.sent(2).find("\"b\""), std::string::npos);
  EXPECT_EQ(batch.stream.wake_time(), start + Milliseconds(90));
}

TEST(PageStream, AsksForFewerKeysWhereTheAnswerIsTooLong) {
  auto too_long = [] { return test::no_answer(Error::response_too_large("too long")); };
  std::vector<Key> keys;
  for (int i = 0; i < 3; ++i) keys.push_back({{"id", {AttributeType::N, std::to_string(i)}}});
  ReadRequest request;
  request.table = "t";
  Scan batch(RequestSet{"BatchGetItem", batch_get_item_heads(request, keys), 1});
  batch.read();
  batch.respond(too_long());
  EXPECT_EQ(batch.read(), 0);
  ASSERT_EQ(batch.sent_count(), 3u);
  EXPECT_EQ(batch.sent(1), batch_get_item_again(R"({"t":{"Keys":[{"id":{"N":"0"}}]}})") + "}");
  EXPECT_EQ(batch.sent(2), batch_get_item_again(R"({"t":{"Keys":[{"id":{"N":"1"}},{"id":{"N":"2"}}]}})") + "}");
  batch.respond(1, answer(200, R"({"Responses":{"t":[{"id":{"N":"0"}}]},"UnprocessedKeys":{}})"));
  EXPECT_EQ(batch.read(), 1);
  batch.respond(too_long());
  EXPECT_EQ(batch.read(), 0);
  ASSERT_EQ(batch.sent_count(), 5u);
  batch.respond(3, answer(200, R"({"Responses":{"t":[{"id":{"N":"1"}}]},"UnprocessedKeys":{}})"));
  EXPECT_EQ(batch.read(), 1);
  batch.respond(too_long());
  batch.read();
  EXPECT_EQ(batch.step, Step::failed) << "one item is one item";
  EXPECT_EQ(batch.stream.error()->kind, ErrorKind::response_too_large);
}

// Two requests of two keys each; those of the one are not those of the other.
TEST(PageStream, LeavesOutItemsThatWereNotAskedFor) {
  auto key = [](const char* id) { return Key{{"id", {AttributeType::N, id}}}; };
  auto found = [](const char* items, const char* left = "{}") {
    return answer(200, R"({"Responses":{"t":[)" + std::string(items) + R"(]},"UnprocessedKeys":)" + left + "}");
  };
  ReadRequest request;
  request.table = "t";
  RequestSet requests{"BatchGetItem", {}, 1, RequestedKeys({0})};
  for (const std::vector<Key>& keys : {std::vector{key("1"), key("2")}, std::vector{key("3"), key("4")}}) {
    requests.heads.push_back(batch_get_item_heads(request, keys).front());
    requests.keys->add_request(keys);
  }
  Scan batch(std::move(requests));
  ASSERT_EQ(batch.selection.add("id"), 0u);
  batch.read();
  batch.respond(
      1, found(R"({"id":{"N":"1"}},{"id":{"N":"4.0"}},{"name":{"S":"4"}})", R"({"t":{"Keys":[{"id":{"N":"3"}}]}})"));
  EXPECT_EQ(batch.next(), Step::waiting) << "so that whoever sends many of these cannot keep its caller busy";
  EXPECT_TRUE(batch.stream.ready());
  EXPECT_EQ(batch.next(), Step::item);
  EXPECT_EQ(batch.item.node(batch.item.slot(0)).view(), "4.0");
  EXPECT_EQ(batch.read(), 0);
  EXPECT_EQ(batch.statistics().items, 3u);
  batch.respond(0, found(R"({"id":{"N":"2"}},{"id":{"N":"5"}},{"id":{"N":"3"}},{"id":{"N":"1"}})"));
  EXPECT_EQ(batch.read(), 2);
  // What is asked for again belongs to the same request.
  batch.service.clock.advance(Milliseconds(100000));
  EXPECT_EQ(batch.read(), 0);
  ASSERT_EQ(batch.sent_count(), 3u);
  batch.respond(2, found(R"({"id":{"N":"2"}},{"id":{"N":"3"}})"));
  EXPECT_EQ(batch.read(), 1);
  EXPECT_EQ(batch.step, Step::end);
}

TEST(PageStream, FailsWhereAnotherAnswerIsTooLong) {
  Scan scan(1);
  scan.read();
  scan.respond(test::no_answer(Error::response_too_large("too long")));
  scan.read();
  EXPECT_EQ(scan.step, Step::failed);
}

}  // namespace
}  // namespace dynamodb
