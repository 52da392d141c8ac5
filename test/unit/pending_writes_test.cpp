// Tests of pending_writes.
#include "dynamodb/pending_writes.hpp"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "unit/random_value.hpp"

namespace dynamodb {
namespace {

using test::item_of;
using test::path_of;
using test::RandomValues;
using test::typed_item_text;
using test::typed_text;
using Effect = PendingItem::Effect;
using Outcome = PendingWrites::Outcome;

// --- texts of the tables: "a=1 m.b={"S":"x"} c-" are an item or changes, "?a=1 ?c- ?d+" conditions; plain digits are
// numbers

std::string value_text(const std::string& typed) {
  const Value value = test::value_of(typed);
  return value.type == AttributeType::N ? value.text : typed;
}

std::string typed_of(const std::string& text) { return text[0] == '{' ? text : "{\"N\":\"" + text + "\"}"; }

std::string text_of(const std::vector<AttributeChange>& changes) {
  std::string text;
  for (const AttributeChange& change : changes)
    text += " " + document_path_text(change.path) + (change.value.empty() ? "-" : "=" + value_text(change.value));
  return text;
}

std::string text_of(const std::vector<WriteCondition>& conditions) {
  std::string text;
  for (const WriteCondition& condition : conditions) {
    text += " ?" + document_path_text(condition.path);
    if (condition.kind == WriteCondition::Kind::equals) text += "=" + value_text(condition.value);
    if (condition.kind == WriteCondition::Kind::missing) text += "-";
    if (condition.kind == WriteCondition::Kind::exists) text += "+";
  }
  return text;
}

std::string text_of_item(std::string_view item) { return text_of(changes_between(Value::map(), item_of(item))); }

std::string text_of(const PendingItem& state) {
  if (state.effect == Effect::put) return "put" + text_of_item(state.item);
  return state.effect == Effect::update ? "update" + text_of(state.changes) : "absent";
}

std::string text_of(Outcome outcome) {
  static const char* const kNames[] = {"done", "duplicate", "gone", "self_modified"};
  return kNames[static_cast<int>(outcome)];
}

std::string text_of(const std::optional<ItemWrite>& write) {
  static const char* const kKinds[] = {"put", "update", "remove", "check"};
  static const char* const kExistences[] = {"", " must_exist", " must_not_exist"};
  if (!write) return "nothing";
  std::string text = kKinds[static_cast<int>(write->kind)];
  text += kExistences[static_cast<int>(write->existence)];
  if (write->kind == ItemWrite::Kind::put) text += text_of_item(write->item);
  return text + text_of(write->changes) + text_of(write->conditions);
}

struct Words {
  std::vector<AttributeChange> changes;
  std::vector<WriteCondition> conditions;

  explicit Words(std::istream& in) {
    for (std::string word; in >> word;) {
      const bool condition = word[0] == '?';
      const std::size_t end = std::min(word.find('='), word.size() - 1);
      DocumentPath path = path_of(word.substr(condition, end - condition));
      const std::string value = word[end] == '=' ? typed_of(word.substr(end + 1)) : "";
      if (!condition) {
        changes.push_back({std::move(path), value});
      } else if (word[end] == '=') {
        conditions.push_back({std::move(path), WriteCondition::Kind::equals, value});
      } else {
        const bool exists = word[end] == '+';
        conditions.push_back(
            {std::move(path), exists ? WriteCondition::Kind::exists : WriteCondition::Kind::missing, ""});
      }
    }
  }

  std::string item() const {
    Value item = Value::map();
    EXPECT_FALSE(apply_changes(item, changes).has_value());
    return typed_item_text(item);
  }
};

constexpr char kKey[] = R"({"pk":{"S":"k"}})";

// One step of a table: "[@command[/subtransaction]] verb words". Of subtransaction 1 unless it says otherwise.
std::string perform(PendingWrites& writes, const std::string& step, uint32_t command) {
  std::istringstream in(step);
  WriteStamp stamp{1, command};
  std::string verb;
  in >> verb;
  if (verb[0] == '@') {
    char sign;
    std::istringstream numbers(verb.substr(1));
    numbers >> stamp.command >> sign >> stamp.subtransaction;
    if (!numbers) stamp.subtransaction = 1;
    in >> verb;
  }
  if (verb == "rollback") {
    in >> stamp.subtransaction;
    writes.roll_back(stamp.subtransaction);
    return "done";
  }
  const Words words(in);
  if (verb == "truncate") {
    writes.truncate(stamp);
    return "done";
  }
  if (verb == "base") {
    writes.find(kKey)->base = words.item();
    return "done";
  }
  if (verb == "insert" || verb == "put") return text_of(writes.insert(kKey, words.item(), verb == "put", stamp));
  if (verb == "remove") return text_of(writes.remove(kKey, words.conditions, stamp));
  EXPECT_EQ(verb, "update");
  auto outcome = writes.update(kKey, words.changes, words.conditions, stamp);
  return outcome.ok() ? text_of(outcome.value()) : outcome.error().message;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (std::size_t end; (end = text.find("; ", start)) != std::string::npos; start = end + 2)
    parts.push_back(text.substr(start, end - start));
  parts.push_back(text.substr(start));
  return parts;
}

// What a command sees of the item.
std::string seen(PendingWrites& writes, uint32_t command) {
  const PendingEntry* entry = writes.find(kKey);
  const PendingItem* state = entry != nullptr ? writes.visible(*entry, command) : nullptr;
  if (state != nullptr) return text_of(*state);
  return writes.truncated_before(command) ? "truncated" : "as it is";
}

std::string sent(PendingWrites& writes) {
  const PendingEntry* entry = writes.find(kKey);
  if (entry == nullptr) return "nothing";
  auto write = writes.write_of(*entry, "table", "pk");
  EXPECT_EQ(write.has_value(), writes.sends(*entry));
  if (write) {
    EXPECT_EQ(write->table, "table");
    EXPECT_EQ(write->partition_key, "pk");
    EXPECT_EQ(write->key, kKey);
    EXPECT_TRUE(write->kind != ItemWrite::Kind::check || write->conditional());
    EXPECT_TRUE(write->kind != ItemWrite::Kind::update || !write->changes.empty());
  }
  return text_of(write);
}

struct Sequence {
  const char* steps;  ///< "; " between them; the first is command 1, and so on; " => outcome" unless done
  const char* write;  ///< what the commit sends
};

// Performs the steps and returns what is sent.
std::string sent_after(PendingWrites& writes, const std::string& steps) {
  uint32_t command = 0;
  for (const std::string& step : split(steps)) {
    const std::size_t arrow = step.find(" => ");
    const std::string expected = arrow == std::string::npos ? "done" : step.substr(arrow + 4);
    EXPECT_EQ(perform(writes, step.substr(0, arrow), ++command), expected) << step << " of " << steps;
  }
  return sent(writes);
}

void expect_sent(const std::vector<Sequence>& cases) {
  for (const Sequence& test : cases) {
    PendingWrites writes;
    EXPECT_EQ(sent_after(writes, test.steps), test.write) << test.steps;
  }
}

// --- tables

TEST(PendingWrites, SendsOneWriteByItself) {
  expect_sent({
      {"insert a=1", "put must_not_exist a=1"},
      {"put a=1", "put a=1"},
      {"update a=1 b- ?a=0 ?c- ?d+", "update must_exist a=1 b- ?a=0 ?c- ?d+"},
      {"update ?a=0", "nothing"},
      {"remove", "remove must_exist"},
      {"remove ?a=1", "remove must_exist ?a=1"},
      {"truncate", "nothing"},
  });
}

TEST(PendingWrites, MergesWritesOfOneItem) {
  expect_sent({
      {"insert a=1; insert a=2 => duplicate", "put must_not_exist a=1"},
      {"insert a=1; update a=2 b=3 ?a=1", "put must_not_exist a=2 b=3"},
      {"insert a=1 b=1; update a- ?b=1; update c=1", "put must_not_exist b=1 c=1"},
      {"insert m={\"M\":{}}; update m.a=1; update m.b=2; update m.a-",
       "put must_not_exist m={\"M\":{\"b\":{\"N\":\"2\"}}}"},
      {"insert a=1; remove ?a=1", "check must_not_exist"},
      {"insert a=1; update a=2; remove", "check must_not_exist"},
      {"insert a=1; remove; insert b=2", "put must_not_exist b=2"},
      {"insert a=1; remove; put b=2", "put must_not_exist b=2"},
      {"insert a=1; remove; insert b=2; remove", "check must_not_exist"},
      {"insert a=1; remove; remove => gone; update a=1 => gone", "check must_not_exist"},
      {"update a=1; update b=2", "update must_exist a=1 b=2"},
      {"update a=1; update a=2", "update must_exist a=2"},
      {"update a=1; update a-", "update must_exist a-"},
      {"update a={\"M\":{}}; update a.b=1", "update must_exist a={\"M\":{\"b\":{\"N\":\"1\"}}}"},
      {"update a.b=1; update a=2", "update must_exist a=2"},
      {"update ?a=0; update b=1", "update must_exist b=1 ?a=0"},
      {"update a=1 ?b=0; update; remove", "remove must_exist ?b=0"},
      {"update a=1; insert a=2 => duplicate", "update must_exist a=1"},
      {"update a=1; remove", "remove must_exist"},
      {"update a=1 ?a=0; remove ?b=2", "remove must_exist ?a=0 ?b=2"},
      {"remove ?a=1; insert b=2", "put must_exist b=2 ?a=1"},
      {"remove; insert b=2; remove ?b=2", "remove must_exist"},
      {"remove; insert b=2; update c=3 ?b=2", "put must_exist b=2 c=3"},
      {"remove; update a=1 => gone; remove => gone", "remove must_exist"},
  });
}

TEST(PendingWrites, PutsOverWhateverThereIs) {
  expect_sent({
      {"put a=1; put b=2", "put b=2"},
      {"put a=1; insert b=2 => duplicate", "put a=1"},
      {"put a=1; update a=2 ?a=1", "put a=2"},
      {"put a=1; remove ?a=1", "remove"},
      {"put a=1; remove; insert b=2", "put b=2"},
      {"put a=1; remove; put b=2; remove", "remove"},
      {"insert a=1; put b=2", "put must_not_exist b=2"},
      {"insert a=1; put b=2; remove", "check must_not_exist"},
      {"update a=1 ?b=0; put c=3", "put must_exist c=3 ?b=0"},
      {"remove ?b=0; put c=3; remove", "remove must_exist ?b=0"},
      {"@1 put a=1; @1 put a=2", "put a=2"},
  });
}

TEST(PendingWrites, RefusesChangesThatDoNotFollow) {
  const std::string nothing = "there is nothing to change at a.b: what the path leads through is not there";
  const Sequence cases[] = {
      {"insert a=1; update a.b=1", "put must_not_exist a=1"},
      {"update a-; update a.b=1", "update must_exist a-"},
      {"update a=1; update a.b=1", "update must_exist a=1"},
  };
  for (const Sequence& test : cases) {
    PendingWrites writes;
    EXPECT_EQ(sent_after(writes, test.steps + (" => " + nothing)), test.write) << test.steps;
  }
}

TEST(PendingWrites, ConditionsAreOnWhatDynamodbHas) {
  expect_sent({
      // what the transaction has written needs none
      {"update a=1; update b=1 ?a=1 ?c=2", "update must_exist a=1 b=1 ?c=2"},
      {"update a-; update b=1 ?a-", "update must_exist a- b=1"},
      {"update m={\"M\":{\"x\":{\"N\":\"1\"}}}; update b=1 ?m.x=1 ?m.y-",
       "update must_exist b=1 m={\"M\":{\"x\":{\"N\":\"1\"}}}"},
      {"update m.x=1; update b=1 ?m.y=2 ?m.x=1 ?n.x=1", "update must_exist b=1 m.x=1 ?m.y=2 ?n.x=1"},
      {"update l[0]=1; update b=1 ?l[1]=2 ?l[0]=1", "update must_exist b=1 l[0]=1 ?l[1]=2"},
      // what was read first counts
      {"update a=1 ?b=0; update c=1 ?b=2", "update must_exist a=1 c=1 ?b=0"},
      {"update a=1 ?a=0; update a=2 ?a=1", "update must_exist a=2 ?a=0"},
      {"update a=1 ?a=0; remove ?a=1 ?b-", "remove must_exist ?a=0 ?b-"},
      {"update a=1 ?m.x=0; update c=1 ?m.y=2", "update must_exist a=1 c=1 ?m.x=0 ?m.y=2"},
      // of a value of which a part was written the rest must still be as it was read
      {"update m.x=1; base m={\"M\":{\"y\":{\"N\":\"2\"}}}; "
       "update b=1 ?m={\"M\":{\"x\":{\"N\":\"1\"},\"y\":{\"N\":\"2\"}}}",
       "update must_exist b=1 m.x=1 ?m={\"M\":{\"y\":{\"N\":\"2\"}}}"},
      {"update l[1]=1; base l={\"L\":[{\"N\":\"0\"}]}; remove ?l={\"L\":[{\"N\":\"0\"},{\"N\":\"1\"}]}",
       "remove must_exist ?l={\"L\":[{\"N\":\"0\"}]}"},
      {"update m.x=1; base a=1; update b=1 ?m={\"M\":{\"x\":{\"N\":\"1\"}}}", "update must_exist b=1 m.x=1 ?m-"},
      {"update m.x=1; base m={\"M\":{}}; update b=1 ?m+", "update must_exist b=1 m.x=1 ?m+"},
      {"update m.x=1; update b=1 ?m={\"M\":{\"x\":{\"N\":\"1\"}}}", "update must_exist b=1 m.x=1"},
      // an item of the transaction's own needs none at all
      {"insert a=1 b=1; update c=1 ?a=1; remove ?b=1", "check must_not_exist"},
      {"remove ?a=0; insert b=1; update c=1 ?b=1 ?a-", "put must_exist b=1 c=1 ?a=0"},
  });
}

TEST(PendingWrites, OneCommandWritesAnItemOnce) {
  expect_sent({
      {"@1 update a=1; @1 update a=2 => self_modified; @1 remove => self_modified", "update must_exist a=1"},
      {"@1 insert a=1; @1 update a=2 => self_modified; @1 remove => self_modified", "put must_not_exist a=1"},
      {"@1 remove; @1 remove => gone; @1 update a=1 => gone", "remove must_exist"},
      // within the command another was run
      {"@1 insert b=1; @2 update a=1; @1 update a=2 => self_modified", "put must_not_exist a=1 b=1"},
      // a key that is given away and taken again
      {"@1 remove ?a=0; @1 insert a=1", "put must_exist a=1 ?a=0"},
      {"@1 remove ?a=0; @1 insert a=1; @1 update a=2 => self_modified", "put must_exist a=1 ?a=0"},
      {"@1 insert a=1; @1 insert a=1 => duplicate", "put must_not_exist a=1"},
      // what a command failed to do it has not done
      {"@1 insert a=1; @2 insert a=2 => duplicate; @2 update a=3", "put must_not_exist a=3"},
  });
}

TEST(PendingWrites, TruncationForgetsWhatWasBefore) {
  expect_sent({
      {"insert a=1; truncate", "nothing"},
      {"update a=1 ?b=0; truncate", "nothing"},
      {"remove; truncate", "nothing"},
      {"truncate; update a=1 => gone; remove => gone", "nothing"},
      {"insert a=1; truncate; update a=1 => gone; remove => gone", "nothing"},
      {"truncate; insert a=1", "put a=1"},
      {"truncate; put a=1", "put a=1"},
      {"insert a=1; truncate; insert b=2", "put b=2"},
      {"update a=1 ?b=0; truncate; insert b=2; update c=3 ?b=2", "put b=2 c=3"},
      {"truncate; insert a=1; insert a=2 => duplicate", "put a=1"},
      // DynamoDB may have an item with that key
      {"truncate; insert a=1; remove", "remove"},
      {"insert a=1; truncate; insert a=2; remove", "remove"},
      {"insert a=1; truncate; insert a=2; truncate", "nothing"},
      {"insert a=1; truncate; insert a=2; truncate; insert a=3", "put a=3"},
  });
}

TEST(PendingWrites, RollsBackSubtransactions) {
  expect_sent({
      {"@1/1 insert a=1; @2/2 update a=2; rollback 2", "put must_not_exist a=1"},
      {"@1/2 insert a=1; rollback 2", "nothing"},
      {"@1/2 insert a=1; rollback 2; @3/3 update b=1 ?a=0", "update must_exist b=1 ?a=0"},
      {"@1/2 insert a=1; rollback 3", "put must_not_exist a=1"},
      {"@1/1 update a=1; @2/2 remove; rollback 2; @4/3 update b=1", "update must_exist a=1 b=1"},
      {"@1/1 insert a=1; @2/2 remove; @3/2 insert a=2; rollback 2", "put must_not_exist a=1"},
      // a subtransaction within another, which goes on after it
      {"@1/1 insert a=1; @2/2 update b=1; @3/3 update c=1; @4/2 update d=1; rollback 2", "put must_not_exist a=1"},
      {"@1/1 insert a=1; @2/2 update b=1; @3/3 update c=1; @4/2 update d=1; rollback 3",
       "put must_not_exist a=1 b=1 c=1 d=1"},
      {"@1/1 insert a=1; @2/2 update b=1; @3/3 update c=1; rollback 3; @5/2 update d=1",
       "put must_not_exist a=1 b=1 d=1"},
      // one that has ended, then another
      {"@1/2 insert a=1; @2/1 update b=1; @3/3 update c=1; rollback 3", "put must_not_exist a=1 b=1"},
      // truncations
      {"@1/1 insert a=1; @2/2 truncate; rollback 2", "put must_not_exist a=1"},
      {"@1/1 insert a=1; @2/2 truncate; rollback 2; @4/1 update b=1", "put must_not_exist a=1 b=1"},
      {"@1/1 insert a=1; @2/2 truncate; @3/2 insert a=2; @4/2 remove; rollback 2; @6/1 remove", "check must_not_exist"},
      {"@1/2 truncate; @2/2 insert a=1; rollback 2; @4/1 insert a=2", "put must_not_exist a=2"},
      {"@1/1 truncate; @2/2 insert a=1; @3/3 truncate; rollback 3", "put a=1"},
      {"@1/1 truncate; @2/2 insert a=1; @3/3 truncate; rollback 2", "nothing"},
      {"@1/1 truncate; @2/2 insert a=1; rollback 2; @4/1 insert a=2", "put a=2"},
      {"@1/2 truncate; @2/3 truncate; rollback 3; update a=1 => gone; rollback 2; update a=1", "update must_exist a=1"},
      // what was fetched for a change is forgotten with it
      {"@1/2 update m.a=1; base m={\"M\":{}}; rollback 2; @4/1 update m.a=2; update c=1 ?m={\"M\":{}}",
       "update must_exist c=1 m.a=2"},
      {"@1/1 update m.a=1; base m={\"M\":{}}; @3/2 update b=1; rollback 2; update c=1 ?m={\"M\":{}}",
       "update must_exist c=1 m.a=1 ?m={\"M\":{}}"},
  });
}

TEST(PendingWrites, CommandsSeeWhatWasBeforeThem) {
  const struct {
    const char* steps;
    std::vector<const char*> seen;  // by command 1, 2, ...
  } cases[] = {
      {"insert a=1; update a=2; remove; insert b=3",
       {"as it is", "put a=1", "put a=2", "absent", "put b=3", "put b=3"}},
      {"update a=1; update b=2; remove", {"as it is", "update a=1", "update a=1 b=2", "absent"}},
      {"update", {"as it is", "as it is"}},  // it changed nothing
      {"@2 insert a=1; @2 update a=2 => self_modified; @5 update a=3",
       {"as it is", "as it is", "put a=1", "put a=1", "put a=1", "put a=3"}},
      {"insert a=1; truncate; insert a=2; truncate",
       {"as it is", "put a=1", "truncated", "put a=2", "truncated", "truncated"}},
      {"truncate; update a=1 => gone", {"as it is", "truncated", "truncated"}},
      // what a command led to comes before its own later writes
      {"@2 remove; @5 insert a=1; @2 put a=2", {"as it is", "as it is", "put a=2", "put a=2", "put a=2", "put a=2"}},
      {"@1 insert a=1; @5 truncate; @2 insert a=2",
       {"as it is", "put a=1", "put a=2", "put a=2", "put a=2", "put a=2"}},
      // rolled back
      {"@1/1 insert a=1; @2/2 truncate; @3/2 insert a=2; rollback 2",
       {"as it is", "put a=1", "put a=1", "put a=1", "put a=1"}},
      {"@1/2 insert a=1; rollback 2", {"as it is", "as it is", "as it is"}},
      {"@1/2 truncate; rollback 2", {"as it is", "as it is", "as it is"}},
  };
  for (const auto& test : cases) {
    PendingWrites writes;
    sent_after(writes, test.steps);
    for (uint32_t command = 1; command <= test.seen.size(); ++command) {
      EXPECT_EQ(seen(writes, command), test.seen[command - 1]) << test.steps << ", command " << command;
      EXPECT_EQ(writes.concerns(command), seen(writes, command) != "as it is") << test.steps << ", command " << command;
    }
  }
}

TEST(PendingWrites, CurrentIsTheLatestState) {
  PendingWrites writes;
  EXPECT_TRUE(writes.empty());
  EXPECT_EQ(writes.find(kKey), nullptr);
  EXPECT_EQ(perform(writes, "@7/1 insert a=1", 0), "done");
  const PendingEntry* entry = writes.find(kKey);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(writes.current(*entry), entry->latest.get());
  EXPECT_EQ(entry->latest->stamp.command, 7u);
  EXPECT_FALSE(writes.truncated());
  EXPECT_EQ(perform(writes, "@8/2 truncate", 0), "done");
  EXPECT_TRUE(writes.truncated());
  EXPECT_EQ(writes.current(*entry), nullptr);
  writes.roll_back(2);
  EXPECT_FALSE(writes.truncated());
  EXPECT_EQ(writes.current(*entry), entry->latest.get());
  EXPECT_FALSE(writes.empty());
  writes.roll_back(1);
  EXPECT_TRUE(writes.empty());
  EXPECT_EQ(writes.current(*entry), nullptr);
  writes.truncate({1, 9});
  EXPECT_FALSE(writes.empty());
  writes.roll_back(1);
  EXPECT_TRUE(writes.empty());
}

TEST(PendingWrites, EntriesKeepTheirPlaceAndOrder) {
  PendingWrites writes;
  std::vector<const PendingEntry*> places;
  auto key = [](int i) { return R"({"pk":{"N":")" + std::to_string(i * 7 % 1000) + R"("}})"; };
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(writes.insert(key(i), "{}", false, {2, 1}), Outcome::done);
    places.push_back(writes.find(key(i)));
  }
  EXPECT_EQ(writes.remove(key(500), {}, {2, 2}), Outcome::done);
  writes.roll_back(2);
  EXPECT_EQ(writes.insert(key(999), "{}", false, {3, 3}), Outcome::done);
  ASSERT_EQ(writes.entries().size(), 1000u);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(&writes.entries()[static_cast<std::size_t>(i)], places[static_cast<std::size_t>(i)]);
    EXPECT_EQ(writes.find(key(i)), places[static_cast<std::size_t>(i)]);
    EXPECT_EQ(places[static_cast<std::size_t>(i)]->key, key(i));
    EXPECT_EQ(writes.sends(*places[static_cast<std::size_t>(i)]), i == 999);
  }
}

// One call for each state would need more stack than there is.
TEST(PendingWrites, ManyWritesOfOneItemEndOneAfterTheOther) {
  constexpr uint32_t kCount = 1000000;
  auto writes = std::make_unique<PendingWrites>();
  for (uint32_t i = 0; i < kCount; ++i) ASSERT_EQ(writes->insert(kKey, "{}", true, {i, i}), Outcome::done);
  EXPECT_EQ(writes->visible(*writes->find(kKey), 1)->stamp.command, 0u);
  writes->roll_back(kCount / 2);
  EXPECT_EQ(writes->find(kKey)->latest->stamp.command, kCount / 2 - 1);
  writes.reset();
}

// --- against a model: maps of items, copied for every savepoint and command

using Items = std::map<std::string, Value>;

std::string text_of(const Items& items) {
  std::string text;
  for (const auto& [key, item] : items) text += key + typed_item_text(item) + "\n";
  return text;
}

bool holds(const WriteCondition& condition, const Value& item) {
  const Value* value = find_path(item, condition.path);
  if (condition.kind == WriteCondition::Kind::missing) return value == nullptr;
  return value != nullptr && same_value(*value, test::value_of(condition.value));
}

class Transaction {
 public:
  explicit Transaction(uint32_t seed) : random_(seed) {
    for (const char* key : kKeys)
      if (random_.below(2) == 0) table_[key] = random_item();
    view_ = table_;
  }

  void run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      if (random_.below(4) > 0) begin_command();
      step();
      check_view(command_ + 1, view_);
    }
    check_history();
    EXPECT_EQ(text_of(committed()), text_of(view_));
    for (int i = 0; i < 30; ++i) check_interference(kKeys[random_.below(3)]);
  }

 private:
  static constexpr const char* kKeys[] = {"k", "l", "m"};

  // What a statement used of DynamoDB's item as the transaction had changed it.
  struct Use {
    std::string key;
    std::vector<AttributeChange> changes;
    std::vector<WriteCondition> conditions;
  };

  struct Savepoint {
    uint32_t subtransaction;
    uint32_t command;  // the last before it
    std::vector<Use> uses;
    Items view;
    std::map<std::string, uint32_t> writers;
    bool truncated;
  };

  WriteStamp stamp() const { return {savepoints_.empty() ? 1 : savepoints_.back().subtransaction, command_}; }

  void begin_command() { history_[++command_] = view_; }

  void step() {
    const std::string key = kKeys[random_.below(3)];
    switch (random_.below(12)) {
      case 0:
        begin_command();
        savepoints_.push_back({++last_subtransaction_, command_, uses_, view_, writers_, truncated_});
        return begin_command();
      case 1:
        if (!savepoints_.empty()) roll_back();
        return;
      case 2:  // RELEASE
        if (!savepoints_.empty()) savepoints_.pop_back();
        return;
      case 3:
        if (random_.below(3) == 0) truncate();
        return;
      case 4:
      case 5:
        return insert(key);
      case 6:
      case 7:
        return remove(key);
      default:
        return update(key);
    }
  }

  void roll_back() {
    const std::size_t place = random_.below(static_cast<uint32_t>(savepoints_.size()));
    const Savepoint savepoint = savepoints_[place];
    savepoints_.resize(place);
    writes_.roll_back(savepoint.subtransaction);
    uses_ = savepoint.uses;
    view_ = savepoint.view;
    writers_ = savepoint.writers;
    truncated_ = savepoint.truncated;
    for (auto& [command, view] : history_)
      if (command > savepoint.command) view = view_;
    begin_command();
  }

  void truncate() {
    begin_command();
    writes_.truncate(stamp());
    view_.clear();
    uses_.clear();
    truncated_ = true;
    begin_command();
  }

  // An INSERT of a key that only DynamoDB has fails no sooner than at the commit, and is left out.
  void insert(const std::string& key) {
    const PendingEntry* entry = writes_.find(key);
    const bool pending = entry != nullptr && writes_.current(*entry) != nullptr;
    const bool replace = random_.below(3) == 0;
    if (view_.count(key) > 0 && !pending && !replace) return;
    const Value item = random_item();
    const Outcome outcome = writes_.insert(key, typed_item_text(item), replace, stamp());
    EXPECT_EQ(text_of(outcome), view_.count(key) > 0 && !replace ? "duplicate" : "done");
    if (outcome == Outcome::done) write(key, item);
  }

  // As the executor: the row is read as the command sees it.
  void update(const std::string& key) {
    if (!is_known(key)) return;
    Value item = seen(key);
    std::vector<DocumentPath> touched;
    std::vector<WriteCondition> conditions = conditions_on(item);
    const Value before = item;
    for (uint32_t count = random_.below(4); count > 0; --count) {
      PathEdit edit{random_path(), std::nullopt};
      if (random_.below(3) > 0) edit.value = random_value(1);
      if (!apply_edit(item, edit)) touched.push_back(std::move(edit.path));
    }
    const Use use = use_of(key, conditions);
    auto outcome = writes_.update(key, changes_at(before, item, touched), conditions, stamp());
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(text_of(outcome.value()), expected(key));
    if (outcome.value() != Outcome::done) return;
    uses_.push_back(use);
    write(key, item);
  }

  void remove(const std::string& key) {
    if (!is_known(key)) return;
    const Value before = seen(key);
    const Use use = use_of(key, conditions_on(before));
    const Outcome outcome = writes_.remove(key, use.conditions, stamp());
    EXPECT_EQ(text_of(outcome), expected(key));
    if (outcome != Outcome::done) return;
    uses_.push_back(use);
    view_.erase(key);
    writers_[key] = command_;
  }

  // Nothing is used of an item of the transaction's own.
  Use use_of(const std::string& key, std::vector<WriteCondition> conditions) {
    const PendingEntry* entry = writes_.find(key);
    const PendingItem* state = entry != nullptr ? writes_.current(*entry) : nullptr;
    if (state == nullptr) return {key, {}, std::move(conditions)};
    return {key, state->changes,
            state->effect == Effect::update ? std::move(conditions) : std::vector<WriteCondition>()};
  }

  void write(const std::string& key, const Value& item) {
    view_[key] = item;
    writers_[key] = command_;
  }

  std::string expected(const std::string& key) {
    if (view_.count(key) == 0) return "gone";
    const auto writer = writers_.find(key);
    return writer != writers_.end() && writer->second >= command_ ? "self_modified" : "done";
  }

  // Whether there is a row to be changed, or was one until the transaction deleted it.
  bool is_known(const std::string& key) {
    const PendingEntry* entry = writes_.find(key);
    return view_.count(key) > 0 || truncated_ || (entry != nullptr && writes_.current(*entry) != nullptr);
  }

  // The item as the transaction left it. Reading what is only changed fetches the base.
  Value seen(const std::string& key) {
    PendingEntry* entry = writes_.find(key);
    const PendingItem* state = entry != nullptr ? writes_.current(*entry) : nullptr;
    if (state != nullptr && state->effect == Effect::update && !entry->base) entry->base = typed_item_text(table_[key]);
    const auto found = view_.find(key);
    return found != view_.end() ? found->second : Value::map();
  }

  // Few names and shallow, so that paths meet.
  std::string random_name() { return random_.below(2) == 0 ? "a" : "b"; }

  Value random_value(int depth) {
    const uint32_t kind = depth > 0 ? random_.below(6) : 0;
    if (kind < 2) return Value::of({AttributeType::N, std::to_string(random_.below(4))});
    if (kind > 2) return random_map(depth);
    Value list = Value::of_type(AttributeType::L);
    for (uint32_t count = random_.below(4); count > 0; --count) list.elements.push_back(random_value(depth - 1));
    return list;
  }

  Value random_map(int depth) {
    Value map = Value::map();
    for (uint32_t count = 1 + random_.below(3); count > 0; --count) map.set(random_name(), random_value(depth - 1));
    return map;
  }

  Value random_item() { return random_map(3); }

  DocumentPath random_path() {
    DocumentPath path = {PathStep{false, random_name(), 0}};
    for (uint32_t steps = random_.below(3); steps > 0; --steps)
      path.push_back(random_.below(3) == 0 ? PathStep{true, "", random_.below(3)} : PathStep{false, random_name(), 0});
    return path;
  }

  std::vector<WriteCondition> conditions_on(const Value& item) {
    std::vector<WriteCondition> conditions;
    for (uint32_t count = random_.below(3); count > 0; --count) {
      WriteCondition condition;
      condition.path = random_path();
      const Value* value = find_path(item, condition.path);
      condition.kind = value != nullptr ? WriteCondition::Kind::equals : WriteCondition::Kind::missing;
      if (value != nullptr) condition.value = typed_text(*value);
      conditions.push_back(std::move(condition));
    }
    return conditions;
  }

  // What a reader as of `command` finds.
  Items read(uint32_t command) {
    Items found;
    if (!writes_.truncated_before(command)) found = table_;
    for (PendingEntry& entry : writes_.entries()) {
      const PendingItem* state = writes_.visible(entry, command);
      if (state == nullptr) continue;
      const std::string key(entry.key);
      Value item = found[key];
      if (state->effect == Effect::absent) {
        found.erase(key);
      } else if (state->effect == Effect::put) {
        found[key] = item_of(state->item);
      } else {
        EXPECT_FALSE(apply_changes(item, state->changes).has_value());
        found[key] = item;
      }
    }
    return found;
  }

  void check_view(uint32_t command, const Items& view) { EXPECT_EQ(text_of(read(command)), text_of(view)) << command; }
  void check_history() {
    for (const auto& [command, view] : history_) check_view(command, view);
  }

  // DynamoDB's table after the commit. Nobody else has written to it, so every condition holds.
  Items committed() {
    Items items = table_;
    if (writes_.truncated())
      std::erase_if(items, [&](const auto& item) {
        const PendingEntry* entry = writes_.find(item.first);
        return entry == nullptr || !writes_.sends(*entry);
      });
    for (PendingEntry& entry : writes_.entries())
      if (auto write = writes_.write_of(entry, "table", "pk")) apply(items, *write);
    return items;
  }

  // Somebody else changes an item before the commit. If its conditions let that pass, then every statement would have
  // found what it used in the changed item as well. (Elements of lists have other numbers in a list that grew.)
  void check_interference(const std::string& key) {
    const PendingEntry* entry = writes_.find(key);
    const auto write = entry != nullptr ? writes_.write_of(*entry, "table", "pk") : std::nullopt;
    if (!write || table_.count(key) == 0) return;
    Value other = table_[key];
    PathEdit edit{random_path(), std::nullopt};
    if (random_.below(2) == 0) edit.value = random_value(1);
    if (apply_edit(other, edit)) return;
    for (const WriteCondition& condition : write->conditions)
      if (!holds(condition, other)) return;
    for (const Use& use : uses_) {
      Value item = other;
      if (use.key != key || apply_changes(item, use.changes)) continue;
      for (const WriteCondition& condition : use.conditions) {
        const bool numbered = std::ranges::any_of(condition.path, [](const PathStep& step) { return step.is_index; });
        EXPECT_TRUE(numbered || holds(condition, item))
            << text_of(write) << ", used" << text_of({condition}) << " of " << typed_item_text(table_[key])
            << text_of(use.changes) << ", now " << typed_item_text(other);
      }
    }
  }

  static void apply(Items& items, const ItemWrite& write) {
    const std::string key(write.key);
    const auto found = items.find(key);
    if (write.existence != Existence::any) {
      EXPECT_EQ(found != items.end(), write.existence == Existence::must_exist) << text_of(std::optional(write));
    }
    const Value before = found != items.end() ? found->second : Value::map();
    for (const WriteCondition& condition : write.conditions)
      EXPECT_TRUE(holds(condition, before)) << text_of({condition}) << typed_item_text(before);
    if (write.kind == ItemWrite::Kind::put) {
      items[key] = item_of(write.item);
    } else if (write.kind == ItemWrite::Kind::update) {
      EXPECT_FALSE(apply_changes(items[key], write.changes).has_value()) << text_of(std::optional(write));
    } else if (write.kind == ItemWrite::Kind::remove) {
      items.erase(key);
    }
  }

  RandomValues random_;
  Items table_;  // DynamoDB's
  Items view_;   // the model: the transaction's
  std::map<std::string, uint32_t> writers_;
  bool truncated_ = false;
  std::vector<Use> uses_;
  std::map<uint32_t, Items> history_;  // what each command sees
  std::vector<Savepoint> savepoints_;
  uint32_t last_subtransaction_ = 1;
  uint32_t command_ = 1;
  PendingWrites writes_;
};

TEST(PendingWrites, RandomTransactionsDoWhatAModelDoes) {
  for (uint32_t seed = 1; seed <= 2000 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Transaction(seed).run(1 + static_cast<int>(seed % 40));
  }
}

}  // namespace
}  // namespace dynamodb
