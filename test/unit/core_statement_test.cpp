#include "core/statement.hpp"

#include <gtest/gtest.h>

namespace headway::core {
namespace {

Statement Plain(const char* text) {
  Statement statement;
  statement.text = text;
  return statement;
}

Statement Adds(const char* value, const char* type = "mood") {
  Statement statement = Plain("ALTER TYPE ... ADD VALUE");
  statement.object = {{}, type};
  if (*value != 0) statement.actions.push_back({ActionKind::kAddValue, value, {}, {}, {}, {}});
  return statement;
}

Statement Makes(const char* schema, const char* type) {
  Statement statement = Plain("CREATE TYPE ... AS ENUM");
  statement.object = {schema, type};
  statement.words.Add(Word::kEnum);
  return statement;
}

UsesEnumValue Uses(const char* used) {
  return [=](const ObjectName& type, const std::string& value) { return type.name + "." + value == used; };
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

TEST(EnumValuesTest, TheStatementThatAddsItIsFound) {
  const std::vector<Statement> before = {Plain("SELECT 'new'"), Adds("old"), Adds("new"), Adds("new", "other")};
  EXPECT_EQ(FirstNewValue(before, Uses("mood.new")), 2u);
  EXPECT_EQ(FirstNewValue(before, Uses("other.new")), 3u);
  EXPECT_EQ(FirstNewValue(before, Uses("other.old")), std::nullopt);
}

TEST(EnumValuesTest, NothingAddedNothingFound) {
  EXPECT_EQ(FirstNewValue({}, Uses("mood.x")), std::nullopt);
  EXPECT_EQ(FirstNewValue({Plain("SELECT ''"), Adds("")}, Uses("mood.")), std::nullopt);
}

TEST(EnumValuesTest, ATypeThatIsMadeBeforeIsLeftToTheServer) {
  EXPECT_EQ(FirstNewValue({Makes("", "mood"), Adds("x")}, Uses("mood.x")), std::nullopt);
  EXPECT_EQ(FirstNewValue({Makes("public", "mood"), Adds("x")}, Uses("mood.x")), std::nullopt);
  EXPECT_EQ(FirstNewValue({Makes("public", "other"), Adds("x")}, Uses("mood.x")), 1u);
  EXPECT_EQ(FirstNewValue({Adds("x"), Makes("public", "mood")}, Uses("mood.x")), 0u);
}

}  // namespace
}  // namespace headway::core
