// Tests of write_stream, and of the queue and the looks it is made of.
#include "dynamodb/write_stream.hpp"

#include <gtest/gtest.h>

#include <map>

#include "dynamodb/expression.hpp"
#include "unit/fake_service.hpp"

namespace dynamodb {
namespace {

using test::answer;
using test::error_answer;
using test::FakeService;
using test::no_answer;

using Kind = ItemWrite::Kind;
using Outcome = WriteOutcome::Kind;
using Step = WriteStream::Step;

DocumentPath path(std::string_view text) { return parse_document_path(text).value(); }

struct Texts {
  std::string key;
  std::string item;
};

ItemWrite write_of(Kind kind, const std::string& id, Existence existence = Existence::any) {
  const auto texts = std::make_shared<Texts>();
  ItemWrite write;
  write.kind = kind;
  write.table = "abc";
  write.key = texts->key = R"({"id":{"N":")" + id + R"("}})";
  write.partition_key = "id";
  write.existence = existence;
  if (kind == Kind::put) write.item = texts->item = R"({"id":{"N":")" + id + R"("},"a":{"S":"new"}})";
  write.owner = texts;
  if (kind == Kind::update) write.changes = {{path("a"), R"({"S":"new"})"}};
  return write;
}
ItemWrite put(int id, Existence existence = Existence::any) {
  return write_of(Kind::put, std::to_string(id), existence);
}
ItemWrite update(int id, Existence existence = Existence::must_exist) {
  return write_of(Kind::update, std::to_string(id), existence);
}
ItemWrite removal(int id, Existence existence = Existence::any) {
  return write_of(Kind::remove, std::to_string(id), existence);
}

HttpResponse done(double units = 1) {
  return answer(200, R"({"ConsumedCapacity":{"TableName":"abc","CapacityUnits":)" + std::to_string(units) + "}}");
}
HttpResponse batch_done(double units = 1) {
  return answer(200, R"({"ConsumedCapacity":[{"TableName":"abc","CapacityUnits":)" + std::to_string(units) +
                         R"(}],"UnprocessedItems":{}})");
}
HttpResponse found(std::string_view item) {
  return answer(200,
                item.empty() ? R"({"ConsumedCapacity":{"CapacityUnits":1}})" : R"({"Item":)" + std::string(item) + "}");
}
HttpResponse cancelled(const std::string& codes) {
  std::string reasons;
  for (std::size_t at = 0; at < codes.size();) {
    const std::size_t end = std::min(codes.find(' ', at), codes.size());
    reasons += (reasons.empty() ? "" : ",") + (R"({"Code":")" + codes.substr(at, end - at) + "\"}");
    at = end + 1;
  }
  return answer(400,
                R"({"__type":"#TransactionCanceledException","Message":"m","CancellationReasons":[)" + reasons + "]}");
}

struct Writing {
  explicit Writing(WriteStreamOptions options = {}, double units_per_second = 0, int max_attempts = 1,
                   Milliseconds request_timeout = Milliseconds(60000))
      : service(64, max_attempts, 0.5, request_timeout),
        limiter(std::max(units_per_second, 1.0), service.clock),
        stream(*service.client, options, units_per_second > 0 ? &limiter : nullptr, service.clock, service.random) {}

  void add(ItemWrite write) { stream.add(std::move(write), next_tag++); }
  void run() {
    step = stream.advance();
    WriteOutcome outcome;
    while (stream.take_outcome(&outcome)) {
      EXPECT_FALSE(outcomes.contains(outcome.tag)) << "settled twice";
      outcomes[outcome.tag] = outcome;
    }
  }
  void finish() {
    stream.finish();
    run();
  }
  /// Answers the oldest request.
  void respond(HttpResponse response) {
    ASSERT_FALSE(service.network->open.empty());
    service.network->respond(service.network->open.front(), std::move(response));
    service.client->advance();
    run();
  }
  /// Lets the time pass until the stream or the client has something to do.
  void sleep() {
    const auto when = std::min(stream.wake_time(), service.network->wake);
    ASSERT_NE(when, Steady::time_point::max());
    if (when > service.clock.now()) service.clock.advance(std::chrono::ceil<Milliseconds>(when - service.clock.now()));
    service.client->advance();
    run();
  }
  std::size_t sent_count() const { return service.network->sent.size(); }
  std::size_t open_count() const { return service.network->open.size(); }
  const std::string& sent(std::size_t number) const { return service.network->sent.at(number).body; }
  std::string operation(std::size_t number) const {
    const std::string& target = service.network->sent.at(number).request.headers.at(1);
    return target.substr(target.rfind('.') + 1);
  }
  /// What became of a write: "written", "unknown: message" ...
  std::string outcome(uint64_t tag) const {
    const auto at = outcomes.find(tag);
    if (at == outcomes.end()) return "open";
    const WriteOutcome& one = at->second;
    if (one.kind == Outcome::written) return "written";
    return std::string(one.kind == Outcome::unknown ? "unknown" : "not written") + ": " + one.error->message;
  }
  ErrorKind error_kind(uint64_t tag) const { return outcomes.at(tag).error->kind; }

  FakeService service;
  RateLimiter limiter;
  WriteStream stream;
  std::map<uint64_t, WriteOutcome> outcomes;
  uint64_t next_tag = 0;
  Step step = Step::waiting;
};

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// --- batches

TEST(WriteStream, SendsFullBatchesAtOnceAndTheRestInTheEnd) {
  Writing writing;
  for (int i = 0; i < 32; ++i) writing.add(i % 2 == 0 ? put(i) : removal(i));
  writing.run();
  EXPECT_EQ(writing.step, Step::waiting);
  ASSERT_EQ(writing.sent_count(), 1u);
  EXPECT_EQ(writing.operation(0), "BatchWriteItem");
  EXPECT_EQ(count_of(writing.sent(0), "PutRequest") + count_of(writing.sent(0), "DeleteRequest"), 25u);
  writing.respond(batch_done(30));
  EXPECT_EQ(writing.step, Step::idle) << "seven are not enough for another";
  EXPECT_EQ(writing.outcomes.size(), 25u);
  writing.finish();
  ASSERT_EQ(writing.sent_count(), 2u);
  EXPECT_EQ(count_of(writing.sent(1), "Request\":{"), 7u);
  writing.respond(batch_done(9));
  EXPECT_EQ(writing.step, Step::idle);
  for (uint64_t tag = 0; tag < 32; ++tag) EXPECT_EQ(writing.outcome(tag), "written");
  EXPECT_EQ(writing.stream.statistics().written, 32u);
  EXPECT_EQ(writing.stream.statistics().consumed_capacity, 39);
  EXPECT_EQ(writing.stream.statistics().calls.requests, 2u);
}

TEST(WriteStream, WhatHasConditionsGoesAlone) {
  Writing writing;
  writing.add(put(0, Existence::must_not_exist));
  writing.add(update(1, Existence::any));
  writing.add(removal(2, Existence::must_exist));
  writing.add(write_of(Kind::check, "3", Existence::must_exist));
  writing.add(put(4));
  writing.run();
  ASSERT_EQ(writing.sent_count(), 4u);
  EXPECT_EQ(writing.operation(0), "PutItem");
  EXPECT_EQ(writing.operation(1), "UpdateItem");
  EXPECT_EQ(writing.operation(2), "DeleteItem");
  EXPECT_EQ(writing.operation(3), "UpdateItem");
  writing.finish();
  ASSERT_EQ(writing.sent_count(), 5u);
  EXPECT_EQ(writing.operation(4), "PutItem") << "one alone needs no batch";
  for (int i = 0; i < 5; ++i) writing.respond(done(1));
  EXPECT_EQ(writing.step, Step::idle);
  for (uint64_t tag = 0; tag < 5; ++tag) EXPECT_EQ(writing.outcome(tag), "written");
}

TEST(WriteStream, LargeItemsMakeSmallBatches) {
  Writing writing;
  const std::string text = R"({"S":")" + std::string(300000, 'x') + "\"}}";
  for (int i = 0; i < 10; ++i) {
    ItemWrite write = put(i);
    const auto item = std::make_shared<std::string>(R"({"id":{"N":")" + std::to_string(i) + R"("},"a":)" + text);
    write.item = *item;
    write.owner = item;
    writing.add(write);
  }
  writing.finish();
  ASSERT_EQ(writing.sent_count(), 4u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(count_of(writing.sent(i), "PutRequest"), 3u);
  EXPECT_EQ(writing.operation(3), "PutItem");
}

TEST(WriteStream, AsksForNoMoreThanKeepsItBusy) {
  Writing writing({.max_in_flight = 2});
  int added = 0;
  while (writing.stream.wants_more()) writing.add(put(added++));
  EXPECT_EQ(added, 50);
  writing.run();
  EXPECT_EQ(writing.sent_count(), 2u);
  while (writing.stream.wants_more()) writing.add(put(added++));
  EXPECT_EQ(added, 100);
  writing.run();
  EXPECT_EQ(writing.sent_count(), 2u);
  ItemWrite large = put(added);
  const std::string text = std::string(large.item) + std::string(8 << 20, ' ');
  large.item = text;
  writing.respond(batch_done());
  EXPECT_TRUE(writing.stream.wants_more());
  writing.add(std::move(large));
  EXPECT_FALSE(writing.stream.wants_more());
}

// A server on the same machine may have answered all requests by the time they are looked at.
TEST(WriteStream, GoesOnWhereEverythingIsAnsweredAtOnce) {
  constexpr int kWrites = 200;
  WriteStreamOptions options;
  options.max_in_flight = 4;
  Writing writing(options);
  writing.service.network->answer_at_once = [] { return done(); };
  for (int id = 0; id < kWrites; ++id) writing.add(update(id));
  writing.finish();
  for (int turn = 0; turn < kWrites && writing.step == Step::waiting; ++turn) writing.sleep();
  EXPECT_EQ(writing.step, Step::idle);
  EXPECT_EQ(writing.outcomes.size(), std::size_t{kWrites});
}

TEST(WriteStream, SendsAgainWhatWasLeftUnprocessed) {
  Writing writing;
  for (int i = 0; i < 25; ++i) writing.add(i == 7 ? removal(7) : put(i));
  writing.run();
  // The service may write a number in another way.
  writing.respond(answer(200, R"({"UnprocessedItems":{"abc":[{"DeleteRequest":{"Key":{"id":{"N":"7.0"}}}},)"
                              R"({"PutRequest":{"Item":{"a":{"S":"new"},"id":{"N":"3"}}}}]}})"));
  EXPECT_EQ(writing.outcomes.size(), 23u);
  EXPECT_EQ(writing.outcome(7), "open");
  EXPECT_EQ(writing.outcome(3), "open");
  EXPECT_EQ(writing.step, Step::waiting);
  writing.add(put(100));
  writing.sleep();
  ASSERT_EQ(writing.sent_count(), 2u);
  EXPECT_EQ(count_of(writing.sent(1), "Request\":{"), 3u) << "topped up";
  writing.respond(batch_done());
  EXPECT_EQ(writing.outcomes.size(), 26u);
  EXPECT_EQ(writing.outcome(7), "written");
}

TEST(WriteStream, WhatTheServiceDoesNotNameIsSentAgain) {
  Writing writing;
  for (int i = 0; i < 25; ++i) writing.add(put(i));
  writing.run();
  writing.respond(answer(200, R"({"UnprocessedItems":{"abc":[{"DeleteRequest":{"Key":{"id":{"N":"99"}}}}]}})"));
  EXPECT_EQ(writing.outcomes.size(), 0u);
  writing.sleep();
  EXPECT_EQ(writing.sent(1), writing.sent(0));
}

TEST(WriteStream, OneBadItemFailsAlone) {
  Writing writing;
  for (int i = 0; i < 25; ++i) writing.add(put(i));
  writing.run();
  writing.respond(error_answer(400, "ValidationException", "an item is bad"));
  EXPECT_EQ(writing.outcomes.size(), 0u);
  ASSERT_EQ(writing.sent_count(), 26u);
  for (uint64_t tag = 0; tag < 25; ++tag) {
    EXPECT_EQ(writing.operation(tag + 1), "PutItem");
    writing.respond(tag == 9 ? error_answer(400, "ValidationException", "this one") : done());
  }
  EXPECT_EQ(writing.outcome(9), "not written: this one");
  EXPECT_EQ(writing.outcome(8), "written");
  EXPECT_EQ(writing.stream.statistics().written, 24u);
}

TEST(WriteStream, DoesWithoutBatchesWhereTheyAreNotAllowed) {
  Writing writing({.max_in_flight = 1});
  for (int i = 0; i < 50; ++i) writing.add(put(i));
  writing.finish();
  writing.respond(error_answer(400, "AccessDeniedException"));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(writing.operation(writing.sent_count() - 1), "PutItem");
    writing.respond(done());
  }
  EXPECT_EQ(writing.step, Step::idle);
  EXPECT_EQ(writing.stream.statistics().written, 50u);
}

// --- throttling

TEST(WriteStream, ThrottlingSlowsDownAndDoesNotFail) {
  Writing writing({.max_in_flight = 8});
  for (int i = 0; i < 40; ++i) writing.add(update(i));
  writing.finish();
  EXPECT_EQ(writing.open_count(), 8u);
  for (int i = 0; i < 8; ++i) {
    HttpResponse response = error_answer(400, "ProvisionedThroughputExceededException");
    response.retry_after = "200";
    writing.respond(std::move(response));
  }
  EXPECT_EQ(writing.open_count(), 4u) << "half as many";
  EXPECT_EQ(writing.outcomes.size(), 0u);
  for (int i = 0; i < 4; ++i) writing.respond(error_answer(400, "ThrottlingException"));
  EXPECT_EQ(writing.open_count(), 2u);
  while (writing.step == Step::waiting) {
    if (writing.open_count() == 0)
      writing.sleep();
    else
      writing.respond(done());
  }
  EXPECT_EQ(writing.stream.statistics().written, 40u);
  EXPECT_EQ(writing.stream.statistics().calls.throttled, 12u);
}

TEST(WriteStream, LosesPatienceWhenNothingSucceeds) {
  Writing writing({}, 0, 1, Milliseconds(1000));
  writing.add(update(0));
  writing.finish();
  for (int i = 0; i < 10; ++i) {
    HttpResponse response = error_answer(400, "ThrottlingException", "slow down");
    response.retry_after = "300";
    writing.respond(std::move(response));
    if (writing.step == Step::idle) break;
    writing.sleep();
  }
  EXPECT_EQ(writing.outcome(0), "not written: slow down");
  EXPECT_EQ(writing.sent_count(), 5u);

  Writing batch({}, 0, 1, Milliseconds(0));
  for (int i = 0; i < 25; ++i) batch.add(put(i));
  batch.run();
  batch.respond(answer(200, R"({"UnprocessedItems":{"abc":[{"PutRequest":{"Item":{"id":{"N":"3"}}}}]}})"));
  EXPECT_EQ(batch.outcome(3), "not written: the service left the write unprocessed each time it was sent");
  EXPECT_EQ(batch.error_kind(3), ErrorKind::throttling);
  EXPECT_EQ(batch.stream.statistics().written, 24u);
}

TEST(WriteStream, WaitsForSomebodyElsesTransaction) {
  Writing writing;
  writing.add(update(0));
  writing.finish();
  writing.respond(error_answer(400, "TransactionConflictException"));
  EXPECT_EQ(writing.outcome(0), "open");
  writing.sleep();
  writing.respond(done());
  EXPECT_EQ(writing.outcome(0), "written");
}

TEST(WriteStream, KeepsToTheCapacityLimit) {
  Writing writing({}, 10);
  for (int i = 0; i < 30; ++i) writing.add(update(i));
  writing.finish();
  EXPECT_EQ(writing.open_count(), 3u) << "a fifth of a second is saved up, at one unit a write";
  while (writing.open_count() > 0) {
    const std::size_t before = writing.open_count();
    writing.respond(done(2));
    EXPECT_LT(writing.open_count(), before);
  }
  const auto begin = writing.service.clock.now();
  while (writing.step == Step::waiting) {
    if (writing.open_count() == 0)
      writing.sleep();
    else
      writing.respond(done(2));
  }
  const auto seconds = std::chrono::duration<double>(writing.service.clock.now() - begin).count();
  EXPECT_NEAR(seconds, 5, 1);
}

// --- outcomes that are not known

TEST(WriteStream, ADefiniteRefusalNeedsNoLook) {
  Writing writing;
  writing.add(put(0, Existence::must_not_exist));
  writing.finish();
  writing.respond(error_answer(400, "ConditionalCheckFailedException", "The conditional request failed"));
  EXPECT_EQ(writing.outcome(0), "not written: The conditional request failed");
  EXPECT_EQ(writing.error_kind(0), ErrorKind::conditional_check_failed);
  EXPECT_EQ(writing.sent_count(), 1u);
}

TEST(WriteStream, WhatWasNeverSentNeedsNoLook) {
  Writing writing;
  writing.add(put(0));
  writing.finish();
  HttpResponse response = no_answer(Error::connection("refused"));
  response.maybe_sent = false;
  writing.respond(std::move(response));
  EXPECT_EQ(writing.outcome(0), "not written: refused");
  EXPECT_EQ(writing.sent_count(), 1u);
}

TEST(WriteStream, LooksWhatBecameOfAWrite) {
  const std::string as_put = R"({"a":{"S":"new"},"id":{"N":"0"}})";
  const std::string other = R"({"id":{"N":"0"},"a":{"S":"old"},"b":{"L":[{"N":"1"}]}})";
  ItemWrite shrink = update(0);
  shrink.changes = {{path("b[0]"), ""}};
  ItemWrite clear = update(0);
  clear.changes = {{path("c"), ""}};
  ItemWrite guarded = update(0);
  guarded.conditions = {{path("a"), WriteCondition::Kind::equals, R"({"S":"old"})"},
                        {path("b"), WriteCondition::Kind::equals, R"({"L":[{"N":"1.0"}]})"}};
  const struct {
    const char* name;
    ItemWrite write;
    std::string item;  // what the look finds
    const char* outcome;
  } cases[] = {
      {"put", put(0, Existence::must_not_exist), as_put, "written"},
      {"put, another", put(0, Existence::must_not_exist), other, "not written: late"},
      {"put, none", put(0), "", "not written: late"},
      {"update", update(0), R"({"id":{"N":"0"},"a":{"S":"new"},"more":{"NULL":true}})", "written"},
      {"update, not", update(0), other, "not written: late"},
      {"update, none", update(0), "", "not written: late"},
      {"remove attribute", clear, other, "written"},
      {"remove attribute, not", clear, R"({"id":{"N":"0"},"c":{"N":"0"}})", "not written: late"},
      {"remove attribute, no item", clear, "", "not written: late"},
      {"remove element", shrink, R"({"id":{"N":"0"},"b":{"L":[]}})", "written"},
      {"remove element, another there", shrink, other, "unknown: late"},
      {"conditions", guarded, R"({"id":{"N":"0"},"a":{"S":"new"},"b":{"L":[{"N":"1"}]}})", "written"},
      {"conditions, broken", guarded, R"({"id":{"N":"0"},"a":{"S":"new"},"b":{"L":[]}})", "not written: late"},
      {"remove", removal(0, Existence::must_exist), "", "written"},
      {"remove, not", removal(0), other, "not written: late"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Writing writing;
    writing.add(c.write);
    writing.finish();
    writing.respond(no_answer(Error::timeout("late")));
    ASSERT_EQ(writing.sent_count(), 2u);
    EXPECT_EQ(writing.operation(1), "GetItem");
    EXPECT_NE(writing.sent(1).find(R"("Key":{"id":{"N":"0"}},"ConsistentRead":true)"), std::string::npos);
    EXPECT_EQ(writing.step, Step::waiting);
    writing.respond(found(c.item));
    EXPECT_EQ(writing.outcome(0), c.outcome);
    EXPECT_EQ(writing.step, Step::idle);
  }
}

TEST(WriteStream, AFailedConditionMayBeItsOwnWork) {
  for (const bool own : {true, false}) {
    Writing writing({}, 0, 2);
    writing.add(put(0, Existence::must_not_exist));
    writing.finish();
    writing.respond(answer(500, ""));
    writing.sleep();
    ASSERT_EQ(writing.sent_count(), 2u);
    writing.respond(error_answer(400, "ConditionalCheckFailedException", "no"));
    ASSERT_EQ(writing.operation(2), "GetItem");
    writing.respond(found(own ? R"({"id":{"N":"0.0"},"a":{"S":"new"}})" : R"({"id":{"N":"0"}})"));
    EXPECT_EQ(writing.outcome(0), own ? "written" : "not written: no");
  }
}

TEST(WriteStream, ThrottlingDoesNotHideWhatMayHaveHappenedBefore) {
  Writing writing({}, 0, 2);
  writing.add(put(0, Existence::must_not_exist));
  writing.finish();
  writing.respond(no_answer(Error::connection("reset")));
  writing.sleep();
  writing.respond(error_answer(400, "ThrottlingException"));
  writing.sleep();
  ASSERT_EQ(writing.sent_count(), 3u);
  writing.respond(error_answer(400, "ConditionalCheckFailedException", "no"));
  EXPECT_EQ(writing.operation(3), "GetItem");
}

TEST(WriteStream, WithoutALookTheOutcomeIsUnknown) {
  Writing writing;
  writing.add(put(0, Existence::must_not_exist));
  writing.finish();
  writing.respond(no_answer(Error::timeout("late")));
  writing.respond(no_answer(Error::connection("gone")));
  EXPECT_EQ(writing.outcome(0), "unknown: late");
  EXPECT_EQ(writing.outcomes[0].error->detail, "The item could not be looked at either: gone.");
}

// Who is told of a concurrent change may repeat what has been done.
TEST(WriteStream, WithoutALookAFailedConditionIsNoConflict) {
  Writing writing({}, 0, 2);
  writing.add(update(0));
  writing.finish();
  writing.respond(answer(500, ""));
  writing.sleep();
  writing.respond(error_answer(400, "ConditionalCheckFailedException", "no"));
  ASSERT_EQ(writing.operation(2), "GetItem");
  writing.respond(error_answer(400, "AccessDeniedException", "may not look"));
  EXPECT_EQ(writing.outcome(0), "unknown: may not look");
  EXPECT_EQ(writing.error_kind(0), ErrorKind::access_denied);
}

TEST(WriteStream, ALostBatchIsLookedAtItemByItem) {
  Writing writing;
  for (int i = 0; i < 25; ++i) writing.add(put(i));
  writing.run();
  writing.respond(no_answer(Error::timeout("late")));
  ASSERT_EQ(writing.sent_count(), 26u);
  for (int i = 0; i < 25; ++i) writing.respond(found(i < 10 ? put(i).item : ""));
  EXPECT_EQ(writing.outcome(9), "written");
  EXPECT_EQ(writing.outcome(10), "not written: late");
}

TEST(WriteStream, LooksEndWithTheFirstThatIsInVain) {
  Writing writing({.max_in_flight = 2});
  for (int i = 0; i < 25; ++i) writing.add(put(i));
  writing.run();
  writing.respond(no_answer(Error::timeout("late")));
  ASSERT_EQ(writing.open_count(), 2u);
  writing.respond(found(put(0).item));
  ASSERT_EQ(writing.open_count(), 2u);
  writing.respond(no_answer(Error::connection("gone")));
  EXPECT_EQ(writing.sent_count(), 4u) << "the others are not asked for";
  EXPECT_EQ(writing.outcome(24), "unknown: late");
  EXPECT_EQ(writing.step, Step::waiting);
  writing.respond(found(put(2).item));
  EXPECT_EQ(writing.outcome(2), "written") << "what was under way still counts";
  EXPECT_EQ(writing.step, Step::idle);
}

TEST(WriteStream, AnAnswerThatCannotBeReadIsNoAnswer) {
  Writing writing;
  writing.add(put(0));
  writing.finish();
  writing.respond(answer(200, R"({"ConsumedCapacity":)"));
  ASSERT_EQ(writing.sent_count(), 2u);
  EXPECT_EQ(writing.operation(1), "GetItem");
  writing.respond(found(put(0).item));
  EXPECT_EQ(writing.outcome(0), "written");
}

TEST(WriteStream, ChecksLeaveNothingToLookAt) {
  Writing writing;
  writing.add(write_of(Kind::check, "0", Existence::must_exist));
  writing.finish();
  writing.respond(no_answer(Error::timeout("late")));
  EXPECT_EQ(writing.outcome(0), "not written: late");
  EXPECT_EQ(writing.sent_count(), 1u);
}

// --- transactions

struct Transaction : Writing {
  explicit Transaction(int max_attempts = 1) : Writing({.transaction = true}, 0, max_attempts) {
    add(put(0, Existence::must_not_exist));
    add(update(1));
    add(write_of(Kind::check, "2", Existence::must_exist));
    add(put(3));
    run();
    EXPECT_EQ(step, Step::idle);
    EXPECT_EQ(sent_count(), 0u);
    finish();
    EXPECT_EQ(sent_count(), 1u);
    EXPECT_EQ(operation(0), "TransactWriteItems");
  }
  std::string all() const {
    std::string text;
    for (uint64_t tag = 0; tag < 4; ++tag) text += (tag > 0 ? "; " : "") + outcome(tag);
    return text;
  }
};

constexpr char kAllWritten[] = "written; written; written; written";

TEST(WriteStreamTransaction, IsOneRequest) {
  Transaction writing;
  EXPECT_NE(writing.sent(0).find(R"("ClientRequestToken":"80000000-8000-4000-8000-000080000000")"), std::string::npos);
  EXPECT_EQ(count_of(writing.sent(0), "TableName"), 4u);
  writing.respond(batch_done(8));
  EXPECT_EQ(writing.all(), kAllWritten);
  EXPECT_EQ(writing.step, Step::idle);
  EXPECT_EQ(writing.stream.statistics().consumed_capacity, 8);
}

TEST(WriteStreamTransaction, EachWriteHasItsReason) {
  Transaction writing;
  writing.respond(cancelled("ConditionalCheckFailed None ConditionalCheckFailed TransactionConflict"));
  EXPECT_EQ(writing.error_kind(0), ErrorKind::conditional_check_failed);
  EXPECT_EQ(writing.error_kind(1), ErrorKind::transaction_canceled);
  EXPECT_EQ(writing.error_kind(2), ErrorKind::conditional_check_failed);
  EXPECT_EQ(writing.error_kind(3), ErrorKind::conflict);
  EXPECT_EQ(writing.outcome(1), "not written: not written, because the transaction was cancelled for other items");
  EXPECT_EQ(writing.step, Step::idle);
}

TEST(WriteStreamTransaction, IsRepeatedAfterConflicts) {
  Transaction writing;
  writing.respond(cancelled("None TransactionConflict None ThrottlingError"));
  writing.sleep();
  ASSERT_EQ(writing.sent_count(), 2u);
  EXPECT_EQ(writing.sent(1), writing.sent(0)) << "token and all";
  writing.respond(error_answer(400, "TransactionInProgressException"));
  writing.sleep();
  ASSERT_EQ(writing.sent_count(), 3u);
  writing.respond(batch_done());
  EXPECT_EQ(writing.all(), kAllWritten);
}

TEST(WriteStreamTransaction, ARefusalAnswersForTheAttemptsBefore) {
  Transaction writing(2);
  writing.respond(no_answer(Error::timeout("late")));
  writing.sleep();
  EXPECT_EQ(writing.sent(1), writing.sent(0));
  writing.respond(cancelled("ConditionalCheckFailed None None None"));
  EXPECT_EQ(writing.sent_count(), 2u);
  EXPECT_EQ(writing.error_kind(0), ErrorKind::conditional_check_failed);
}

TEST(WriteStreamTransaction, LooksWhatBecameOfIt) {
  const std::string new0(put(0).item);
  const std::string new1 = R"({"id":{"N":"1"},"a":{"S":"new"}})";
  const std::string new3(put(3).item);
  const std::string other = R"({"id":{"N":"9"},"a":{"S":"old"}})";
  const struct {
    const char* name;
    std::string items[3];
    bool fails[3];
    Outcome outcome;
  } cases[] = {
      {"all there", {new0, new1, new3}, {}, Outcome::written},
      {"nothing there", {"", other, other}, {}, Outcome::not_written},
      {"one changed since", {new0, other, new3}, {}, Outcome::written},
      {"what may have been there before", {"", other, new3}, {}, Outcome::not_written},
      {"one tells", {"", "", new3}, {true, true, false}, Outcome::unknown},
      {"the update tells", {"", new1, ""}, {true, false, true}, Outcome::written},
      {"nobody tells", {"", "", ""}, {true, true, true}, Outcome::unknown},
      {"one tells that not", {"", other, ""}, {true, false, true}, Outcome::not_written},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Transaction writing;
    writing.respond(no_answer(Error::timeout("late")));
    ASSERT_EQ(writing.sent_count(), 4u) << "three looks: the check leaves no trace";
    for (int i = 0; i < 3; ++i) writing.respond(c.fails[i] ? no_answer(Error::connection("gone")) : found(c.items[i]));
    EXPECT_EQ(writing.step, Step::idle);
    ASSERT_EQ(writing.outcomes.size(), 4u);
    for (const auto& [tag, outcome] : writing.outcomes) EXPECT_EQ(outcome.kind, c.outcome) << tag;
  }
}

TEST(WriteStreamTransaction, IsNotRepeatedBeyondItsTokensLife) {
  Transaction writing(2);
  writing.respond(no_answer(Error::timeout("late")));
  writing.sleep();
  writing.service.clock.advance(std::chrono::minutes(9));
  writing.respond(cancelled("None TransactionConflict None None"));
  EXPECT_EQ(writing.operation(writing.sent_count() - 1), "GetItem") << "the token may have been forgotten";
}

// --- stopping

TEST(WriteStream, StopsAndWaitsForWhatIsInFlight) {
  Writing writing({.max_in_flight = 2});
  for (int i = 0; i < 6; ++i) writing.add(update(i));
  writing.add(put(6));
  writing.run();
  EXPECT_EQ(writing.open_count(), 2u);
  writing.respond(error_answer(400, "ThrottlingException"));  // and waits to be sent again
  const std::size_t open = writing.open_count();
  writing.stream.stop(Error::internal("enough"));
  writing.add(put(7));
  writing.run();
  EXPECT_EQ(writing.step, Step::waiting);
  EXPECT_EQ(writing.outcomes.size(), 8 - open);
  EXPECT_EQ(writing.outcome(0), "not written: enough");
  EXPECT_EQ(writing.outcome(6), "not written: enough");
  EXPECT_EQ(writing.outcome(7), "not written: enough");
  EXPECT_FALSE(writing.stream.wants_more());
  while (writing.open_count() > 0) writing.respond(done());
  EXPECT_EQ(writing.outcome(1), "written");
  EXPECT_EQ(writing.step, Step::idle);
}

TEST(WriteStream, AStoppedStreamStillLooks) {
  Writing writing;
  writing.add(update(0));
  writing.run();
  writing.stream.stop(Error::internal("enough"));
  writing.respond(no_answer(Error::timeout("late")));
  EXPECT_EQ(writing.operation(1), "GetItem");
  writing.respond(found(R"({"id":{"N":"0"},"a":{"S":"new"}})"));
  EXPECT_EQ(writing.outcome(0), "written");
}

TEST(WriteStreamTransaction, MayBeStoppedBeforeItIsSent) {
  Writing writing({.transaction = true});
  writing.add(put(0));
  writing.stream.stop(Error::internal("enough"));
  writing.run();
  EXPECT_EQ(writing.outcome(0), "not written: enough");
  EXPECT_EQ(writing.step, Step::idle);
  EXPECT_EQ(writing.sent_count(), 0u);
}

}  // namespace
}  // namespace dynamodb
