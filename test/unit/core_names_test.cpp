#include "core/names.hpp"

#include <gtest/gtest.h>

namespace headway::core {
namespace {

using Names = std::vector<std::string>;

TEST(SplitNamesTest, WhiteSpaceIsNoPartOfAName) {
  EXPECT_EQ(SplitNames("a,b"), (Names{"a", "b"}));
  EXPECT_EQ(SplitNames(" a ,\t b c\n"), (Names{"a", "b c"}));
  EXPECT_EQ(SplitNames(""), Names());
  EXPECT_EQ(SplitNames(" \r\n"), Names());
}

TEST(SplitNamesTest, AnEmptyNameBetweenCommasIsKeptToBeRefused) {
  EXPECT_EQ(SplitNames("a,,b"), (Names{"a", "", "b"}));
  EXPECT_EQ(SplitNames(",a"), (Names{"", "a"}));
  EXPECT_EQ(SplitNames(","), Names{""});
  EXPECT_EQ(SplitNames("a,"), Names{"a"}) << "a comma at the end is forgiven";
}

TEST(SplitNamesTest, UndoesJoinNames) {
  const Names names = {"1a2b", "network", "x"};
  EXPECT_EQ(SplitNames(JoinNames(names)), names);
}

}  // namespace
}  // namespace headway::core
