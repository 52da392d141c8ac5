// Tests of page_stream.
#include "dynamodb/page_stream.hpp"

#include <gtest/gtest.h>

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

struct Scan {
  explicit Scan(uint32_t segments, PageStreamOptions options = {})
      : stream(*service.client, {"Scan", {R"({"TableName":"abc")"}, segments}, options, nullptr, service.clock) {}

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

  FakeService service;
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
  Scan counted(1);
  counted.read();
  counted.respond(0, answer(200, R"({"Count":7,"ScannedCount":9})"));
  EXPECT_EQ(counted.read(), 0);
  EXPECT_EQ(counted.step, Step::end);
  EXPECT_EQ(counted.stream.statistics().items, 7u);
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

}  // namespace
}  // namespace dynamodb
