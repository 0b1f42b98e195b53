#include "core/names.hpp"
#include "core/revision.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace headway::core {
namespace {

TEST(RevisionTest, DirectionsHaveNames) {
  for (const Direction direction : {Direction::kUpgrade, Direction::kDowngrade}) {
    EXPECT_EQ(ReadDirection(NameOf(direction)), direction);
  }
  EXPECT_STREQ(NameOf(Direction::kDowngrade), "downgrade");
  for (const char* word : {"", "up", "Upgrade", "upgrade "}) {
    try {
      ReadDirection(word);
      ADD_FAILURE() << word << " is no direction";
    } catch (const Error& error) {
      EXPECT_TRUE(error.Is("22023"));
    }
  }
}

TEST(RevisionTest, NamesAreJoinedWhole) {
  EXPECT_EQ(JoinNames({}), "");
  EXPECT_EQ(JoinNames({"a"}), "a");
  EXPECT_EQ(JoinNames({"a", "b", "c"}), "a, b, c");
}

TEST(RevisionTest, TheFirstLineEndsAtAnyLineEnd) {
  EXPECT_EQ(FirstLine("one"), "one");
  EXPECT_EQ(FirstLine("one\ntwo"), "one");
  EXPECT_EQ(FirstLine("one\r\ntwo"), "one");
  EXPECT_EQ(FirstLine(""), "");
}

}  // namespace
}  // namespace headway::core
