// What the item in the table says of a write whose answer was lost.
#include "dynamodb/write_look.hpp"

#include <algorithm>

#include "dynamodb/item_reader.hpp"

namespace dynamodb {
namespace {

using Kind = ItemWrite::Kind;

// Whether one path leads into the other, or they are the same.
bool overlap(const DocumentPath& left, const DocumentPath& right) {
  const std::size_t shared = std::min(left.size(), right.size());
  return std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(shared), right.begin());
}

bool has_value(const Value* found, const std::string& json) {
  const Result<Value> wanted = parse_typed_value(json);
  return found != nullptr && wanted.ok() && same_value(*found, wanted.value());
}

LookVerdict verdict(bool applied) noexcept { return applied ? LookVerdict::applied : LookVerdict::not_applied; }

LookVerdict verdict_of(const AttributeChange& change, const Value& item) {
  const Value* found = find_path(item, change.path);
  if (!change.value.empty()) return verdict(has_value(found, change.value));
  if (found == nullptr) return LookVerdict::applied;
  return change.path.back().is_index ? LookVerdict::unclear : LookVerdict::not_applied;
}

LookVerdict verdict_of(const WriteCondition& condition, const ItemWrite& write, const Value& item) {
  for (const AttributeChange& change : write.changes)
    if (overlap(change.path, condition.path)) return LookVerdict::applied;
  const Value* found = find_path(item, condition.path);
  if (condition.kind == WriteCondition::Kind::equals) return verdict(has_value(found, condition.value));
  return verdict((found != nullptr) == (condition.kind == WriteCondition::Kind::exists));
}

LookVerdict update_verdict(const ItemWrite& write, const Value& item) {
  LookVerdict whole = LookVerdict::applied;
  const auto add = [&whole](LookVerdict part) {
    if (whole != LookVerdict::not_applied && part != LookVerdict::applied) whole = part;
  };
  for (const AttributeChange& change : write.changes) add(verdict_of(change, item));
  for (const WriteCondition& condition : write.conditions) add(verdict_of(condition, write, item));
  return whole;
}

LookVerdict put_verdict(const ItemWrite& write, const Value& item) {
  const Result<Value> wanted = parse_typed_item(write.item);
  return verdict(wanted.ok() && same_value(wanted.value(), item));
}

}  // namespace

Result<LookVerdict> look_verdict(const ItemWrite& write, const BodyBuffer& answer) {
  PageReader reader;
  if (auto error = reader.open(answer, true)) return std::move(*error);
  AttributeSelection everything;
  everything.select_all();
  Item item;
  const PageReader::Step step = reader.next(everything, item);
  if (step == PageReader::Step::failed) return reader.error();
  if (step == PageReader::Step::end) return verdict(write.kind == Kind::remove);
  if (write.kind == Kind::remove) return LookVerdict::not_applied;
  Result<Value> found = copy_item(item);
  if (!found.ok()) return std::move(found.error());
  return write.kind == Kind::put ? put_verdict(write, found.value()) : update_verdict(write, found.value());
}

bool leaves_a_trace(const ItemWrite& write) noexcept {
  const auto implies_existence = [](const WriteCondition& condition) {
    return condition.kind != WriteCondition::Kind::missing;
  };
  switch (write.kind) {
    case Kind::put:
      return write.existence == Existence::must_not_exist;
    case Kind::update:
      return !write.changes.empty();
    case Kind::remove:
      return write.existence == Existence::must_exist || std::ranges::any_of(write.conditions, implies_existence);
    case Kind::check:
      break;
  }
  return false;
}

}  // namespace dynamodb
