#include "core/advice.hpp"

#include <gtest/gtest.h>

#include "core/sqlstate.hpp"

namespace headway::core {
namespace {

Statement Concurrently(const char* verb, ObjectName on) {
  Statement statement;
  statement.verb = verb;
  statement.relations = {std::move(on)};
  statement.words.Add(Word::kConcurrently);
  return statement;
}

ErrorReport Report(const char* sqlstate, const char* hint = "") {
  ErrorReport report;
  report.sqlstate = sqlstate;
  report.hint = hint;
  return report;
}

TEST(AdviceTest, IndexesOfPartitionedTables) {
  EXPECT_EQ(AdviceOn(Report(sqlstate::kFeatureNotSupported), Concurrently("CREATE INDEX", {"app", "t"})),
            "SELECT safe_create_index('app.t', ...) builds it partition by partition, in a revision as well.");
  EXPECT_EQ(AdviceOn(Report(sqlstate::kFeatureNotSupported), Concurrently("DROP INDEX", {"", "i"})),
            "SELECT safe_drop_index('i') drops it, in a revision as well.");
}

TEST(AdviceTest, NewEnumValues) {
  const std::string own = "New enum values must be committed before they can be used.";
  EXPECT_EQ(
      own + AdviceOn(Report(sqlstate::kUnsafeNewEnumValueUsage, own.c_str()), Statement()),
      "New enum values must be committed before they can be used. Put what uses it into a revision behind this one; "
      "or this one is not to be in a transaction: transactional => false.");
}

TEST(AdviceTest, NothingWhereItDoesNotFit) {
  const Statement build = Concurrently("CREATE INDEX", {"", "t"});
  EXPECT_EQ(AdviceOn(Report(sqlstate::kUndefinedTable), build), "");
  EXPECT_EQ(AdviceOn(Report(sqlstate::kFeatureNotSupported), Concurrently("REINDEX", {"", "t"})), "");
  EXPECT_EQ(AdviceOn(Report(sqlstate::kFeatureNotSupported, "The server's own."), build), "");
  Statement plain = build;
  plain.words = {};
  EXPECT_EQ(AdviceOn(Report(sqlstate::kFeatureNotSupported), plain), "");
  EXPECT_EQ(AdviceOn(Report(sqlstate::kObjectInUse), plain), "");
}

TEST(AdviceTest, TriggersThatWaitForTheCommit) {
  Statement alter;
  alter.verb = "ALTER TABLE";
  EXPECT_NE(AdviceOn(Report(sqlstate::kObjectInUse), alter).find("SET CONSTRAINTS ALL IMMEDIATE"), std::string::npos);
}

}  // namespace
}  // namespace headway::core
