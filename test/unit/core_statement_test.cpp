#include "core/statement.hpp"

#include <gtest/gtest.h>

namespace headway::core {
namespace {

using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

Statement Plain(const char* text) {
  Statement statement;
  statement.text = text;
  return statement;
}

Statement Adds(const char* value) {
  Statement statement = Plain("ALTER TYPE t ADD VALUE");
  if (*value != 0) statement.actions.push_back({ActionKind::kAddValue, value, {}, {}, {}, {}});
  return statement;
}

bool MentionsQuoted(const std::string& text, const std::string& constant) {
  return text.find("'" + constant + "'") != std::string::npos;
}

TEST(ScriptTest, IsTransactionalUnlessAStatementIsNot) {
  EXPECT_TRUE(Script{}.transactional());
  Script script;
  script.statements = {Plain("a"), Plain("b")};
  EXPECT_TRUE(script.transactional());
  for (const StatementClass kind :
       {StatementClass::kTopLevel, StatementClass::kConcurrently, StatementClass::kOwnTransactions}) {
    script.statements[1].kind = kind;
    EXPECT_FALSE(script.transactional());
  }
}

TEST(EnumValuesTest, UsesAfterTheAdditionAreFound) {
  Script script;
  script.statements = {Plain("SELECT 'new'"), Adds("new"), Plain("SELECT 'old'"), Plain("SELECT 'new'"),
                       Plain("SELECT 'new', 'old'")};
  EXPECT_EQ(EnumValuesUsedTooEarly(script, MentionsQuoted), (Pairs{{1, 3}, {1, 4}}));
}

TEST(EnumValuesTest, EachAdditionHasItsOwnUses) {
  Script script;
  script.statements = {Adds("x"), Adds("y"), Plain("SELECT 'y'"), Plain("SELECT 'x'")};
  EXPECT_EQ(EnumValuesUsedTooEarly(script, MentionsQuoted), (Pairs{{0, 3}, {1, 2}}));
}

TEST(EnumValuesTest, NothingAddedNothingFound) {
  Script script;
  EXPECT_TRUE(EnumValuesUsedTooEarly(script, MentionsQuoted).empty());
  script.statements = {Plain("SELECT ''"), Plain("SELECT 'x'")};
  EXPECT_TRUE(EnumValuesUsedTooEarly(script, MentionsQuoted).empty());
}

}  // namespace
}  // namespace headway::core
