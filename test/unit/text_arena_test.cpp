// Tests of text_arena.
#include "dynamodb/text_arena.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dynamodb {
namespace {

TEST(TextArena, KeepsTextsWhereTheyAre) {
  TextArena arena;
  std::vector<std::string> texts;
  std::vector<std::string_view> kept;
  for (std::size_t i = 0; i < 3000; ++i) {
    texts.push_back(std::string(i % 97 == 0 ? i * 90 : i % 200, static_cast<char>('a' + i % 26)));
    kept.push_back(arena.keep(texts.back()));
  }
  for (std::size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(kept[i], texts[i]);
}

TEST(TextArena, LetsGoOfTheLastOnes) {
  TextArena arena;
  arena.release(TextArena::Mark{});
  const std::string_view first = arena.keep("first");
  const TextArena::Mark mark = arena.mark();
  const std::string_view second = arena.keep("second");
  for (int i = 0; i < 100; ++i) arena.keep(std::string(3000, 'x'));
  arena.release(mark);
  EXPECT_EQ(arena.keep("another").data(), second.data()) << "the memory is used again";
  EXPECT_EQ(first, "first");
  arena.release(TextArena::Mark{});
  EXPECT_EQ(arena.mark().chunks, 0u);
  EXPECT_EQ(arena.keep("again"), "again");
}

}  // namespace
}  // namespace dynamodb
