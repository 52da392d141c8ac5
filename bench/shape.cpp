// The items of the benchmark's tables, made from their numbers.
#include "shape.hpp"

#include <array>
#include <cinttypes>
#include <cstdio>

namespace bench {
namespace {

constexpr std::string_view kSortKeyStart = "order#";
constexpr std::size_t kSortKeyDigits = 12;
constexpr std::string_view kPartitionKeyStart = "customer#";
constexpr std::size_t kPartitionKeyDigits = 7;

// splitmix64: numbers that look random, and are the same on every run.
uint64_t mixed(uint64_t number) noexcept {
  uint64_t z = number + 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

/// Chooses by some bits of a random number, other ones each time.
class Dice {
 public:
  explicit Dice(uint64_t number) noexcept : state_(mixed(number)) {}
  uint64_t below(uint64_t limit) noexcept {
    state_ = mixed(state_);
    return state_ % limit;
  }
  template <std::size_t N>
  const char* of(const std::array<const char*, N>& texts) noexcept {
    return texts[below(N)];
  }

 private:
  uint64_t state_;
};

constexpr std::array kCities = {"Springfield", "Riverside", "Fairview", "Zürich", "Greenville", "Georgetown"};
constexpr std::array kStreets = {"Long Street", "Mill Lane", "Station Road", "High Street", "Church Street"};
constexpr std::array kTags = {R"("fragile","gift","red")", R"("blue","express")", R"("bulky","gift")",
                              R"("express","fragile","new")"};
constexpr std::array kNotes = {R"(leave it with the neighbours, please)",
                               R"(ring twice, then wait)",
                               R"(call before delivery)",
                               R"(side door, \"Smith & Co\")",
                               R"(first line\nsecond line)",
                               R"(café next door)",
                               R"(weekdays after five only, thanks)",
                               R"(no note was left by the customer)"};
constexpr std::array kStates = {"open", "packed", "shipped", "delivered", "returned"};

// Text of up to 512 bytes by a printf format.
template <typename... Values>
void append(std::string& json, const char* format, Values... values) {
  std::array<char, 512> text;
  const int length = std::snprintf(text.data(), text.size(), format, values...);
  json.append(text.data(), static_cast<std::size_t>(length));
}

void append_address(std::string& json, const char* name, Dice& dice) {
  const char* city = dice.of(kCities);
  append(json, R"("%s":{"M":{"city":{"S":"%s"},"zip":{"S":"%05u"},)", name, city,
         static_cast<unsigned>(dice.below(100000)));
  const auto house = static_cast<unsigned>(dice.below(200));
  const char* street = dice.of(kStreets);
  append(json, R"("lines":{"L":[{"S":"%u %s"},{"S":"Floor %u"}]}}})", house, street,
         static_cast<unsigned>(dice.below(9)));
}

void append_order(std::string& json, uint64_t number) {
  Dice dice(number);
  json += '{';
  append_key_members(json, number);
  append(json, R"(,"total":{"N":"%u.%02u"})", static_cast<unsigned>(dice.below(9000) + 10),
         static_cast<unsigned>(dice.below(100)));
  append(json, R"(,"quantity":{"N":"%u"},"paid":{"BOOL":%s},"tags":{"SS":[%s]},)",
         static_cast<unsigned>(dice.below(99) + 1), number % 3 == 0 ? "false" : "true", dice.of(kTags));
  append_address(json, "address", dice);
  append(json, R"(,"email":{"S":"customer%u@post.example.com"},"note":{"S":"%s"}})",
         static_cast<unsigned>(number / kItemsOfAPartition), dice.of(kNotes));
}

void append_measures(std::string& json, Dice& dice) {
  for (unsigned i = 1; i <= 8; ++i)
    append(json, R"(,"measure_%u":{"N":"%u.%03u"})", i, static_cast<unsigned>(dice.below(100000)),
           static_cast<unsigned>(dice.below(1000)));
}

void append_texts(std::string& json, Dice& dice) {
  for (unsigned i = 1; i <= 8; ++i) append(json, R"(,"text_%u":{"S":"%s"})", i, dice.of(kNotes));
}

void append_maps(std::string& json, Dice& dice) {
  json += ',';
  append_address(json, "billing", dice);
  json += ',';
  append_address(json, "shipping", dice);
  append(json,
         R"(,"contact":{"M":{"phone":{"S":"+1 555 %04u"},"languages":{"SS":["de","en"]},"opt_in":{"BOOL":true}}})",
         static_cast<unsigned>(dice.below(10000)));
  const auto percent = static_cast<unsigned>(dice.below(100));
  append(json, R"(,"price":{"M":{"net":{"N":"%u.%02u"},"tax":{"M":{"rate":{"N":"0.19"},"code":{"NULL":true}}}}})",
         static_cast<unsigned>(dice.below(9000)), percent);
}

void append_lists(std::string& json, Dice& dice) {
  append(json, R"(,"history":{"L":[{"S":"%s"},{"N":"%u"},{"S":"%s"}]})", dice.of(kStates),
         static_cast<unsigned>(dice.below(100000)), dice.of(kStates));
  append(json, R"(,"lines":{"L":[{"M":{"sku":{"S":"A-%06u"},"count":{"N":"%u"}}})",
         static_cast<unsigned>(dice.below(1000000)), static_cast<unsigned>(dice.below(20)));
  append(json, R"(,{"M":{"sku":{"S":"B-%06u"},"count":{"N":"%u"}}}]})", static_cast<unsigned>(dice.below(1000000)),
         static_cast<unsigned>(dice.below(20)));
}

// 2 keys, 8 numbers, 8 texts, 3 booleans, a null, 4 maps, 2 lists, and one set or binary.
void append_wide(std::string& json, uint64_t number) {
  Dice dice(number);
  json += '{';
  append_key_members(json, number);
  append_measures(json, dice);
  append_texts(json, dice);
  append(json, R"(,"paid":{"BOOL":true},"shipped":{"BOOL":%s},"active":{"BOOL":false},"deleted":{"NULL":true})",
         number % 2 == 0 ? "true" : "false");
  append_maps(json, dice);
  append_lists(json, dice);
  append(json, R"(,"tags":{"SS":[%s]},"digest":{"B":"3q2+7wABAgMEBQYHCAkKCwwNDg8="}})", dice.of(kTags));
}

std::optional<uint64_t> next_number(std::string_view text, std::string_view start, std::size_t digits,
                                    std::size_t* position) {
  const std::size_t found = text.find(start, *position);
  if (found == std::string_view::npos || found + start.size() + digits > text.size()) return std::nullopt;
  uint64_t number = 0;
  for (const char digit : text.substr(found + start.size(), digits))
    number = number * 10 + static_cast<uint64_t>(digit - '0');
  *position = found + start.size() + digits;
  return number;
}

}  // namespace

const Shape kOrders = {"orders", 2500, 200, append_order};
const Shape kWide = {"wide", 640, 100, append_wide};

void append_sort_key_member(std::string& json, uint64_t number) {
  append(json, R"("sk":{"S":"order#%012)" PRIu64 R"("})", number);
}

void append_key_members(std::string& json, uint64_t number) {
  append(json, R"("pk":{"S":"customer#%07)" PRIu64 R"("},)", number / kItemsOfAPartition);
  append_sort_key_member(json, number);
}

std::optional<uint64_t> next_item_number(std::string_view text, std::size_t* position) {
  return next_number(text, kSortKeyStart, kSortKeyDigits, position);
}

std::optional<uint64_t> next_partition_number(std::string_view text, std::size_t* position) {
  return next_number(text, kPartitionKeyStart, kPartitionKeyDigits, position);
}

}  // namespace bench
