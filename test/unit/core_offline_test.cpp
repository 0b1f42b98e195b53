#include "core/offline_script.hpp"

#include "core_graphs.hpp"

namespace headway::core {
namespace {

using testing::ErrorOf;
using testing::Graph;
using testing::Join;
using testing::StartsWith;

RevisionGraph Line() { return Graph({"a", "b <- a", "c <- b"}); }

std::string Range(std::string_view text, Direction direction = Direction::kUpgrade) {
  const OfflineRange range = ReadOfflineRange(Line(), text, direction);
  return Join(range.from) + " to " + range.to;
}

TEST(OfflineRangeTest, Ends) {
  EXPECT_EQ(Range("head"), " to head");
  EXPECT_EQ(Range("a:c"), "a to c");
  EXPECT_EQ(Range("a:"), "a to head");
  EXPECT_EQ(Range(":b"), " to b");
  EXPECT_EQ(Range("head:-1", Direction::kDowngrade), "c to -1");
}

TEST(OfflineRangeTest, Errors) {
  EXPECT_TRUE(StartsWith(ErrorOf([] { Range("a:b:c"); }), "MG002 invalid range"));
  EXPECT_TRUE(StartsWith(ErrorOf([] { Range("base", Direction::kDowngrade); }), "MG002 a downgrade script needs"));
  EXPECT_TRUE(StartsWith(ErrorOf([] { Range("a:", Direction::kDowngrade); }), "MG002 a downgrade script needs"));
  EXPECT_TRUE(StartsWith(ErrorOf([] { Range("z:b"); }), "MG003 "));
}

OfflineStep Step(const char* text, StatementClass kind = StatementClass::kTransactional) {
  OfflineStep step;
  step.step.revision = "b";
  step.step.from = step.step.heads_removed = {"a"};
  step.step.to = step.step.heads_added = {"b'"};
  step.message = "First\rSELECT 1";
  step.in_transaction = kind == StatementClass::kTransactional;
  Statement statement;
  statement.text = text;
  statement.kind = kind;
  step.script.statements.push_back(statement);
  return step;
}

std::string Script(const OfflineStep& step, bool single_transaction = false) {
  OfflineOptions options;
  options.version_table = "v";
  options.single_transaction = single_transaction;
  return RenderOfflineScript({step, step}, options);
}

TEST(OfflineScriptTest, StepsInTransactions) {
  const std::string step =
      "-- Running upgrade a -> b', First\n\nSELECT 2 -- x\n;\n\n"
      "UPDATE v SET version_num = 'b''' WHERE version_num = 'a';\n\n";
  EXPECT_EQ(Script(Step("SELECT 2 -- x")),
            "\\set ON_ERROR_STOP on\n\nBEGIN;\n\n" + step + "COMMIT;\n\nBEGIN;\n\n" + step + "COMMIT;");
  EXPECT_EQ(Script(Step("SELECT 2 -- x"), true), "\\set ON_ERROR_STOP on\n\nBEGIN;\n\n" + step + step + "COMMIT;");
}

TEST(OfflineScriptTest, OutsideOfThem) {
  const std::string script = Script(Step("VACUUM", StatementClass::kTopLevel), true);
  EXPECT_NE(script.find("COMMIT;\n\n-- Running upgrade a -> b', First\n\nVACUUM;\n\nBEGIN;\n\nUPDATE"),
            std::string::npos)
      << script;
}

TEST(OfflineScriptTest, Refusals) {
  EXPECT_TRUE(StartsWith(ErrorOf([] { Script(Step("x", StatementClass::kOwnTransactions)); }), "MG013 "));
  EXPECT_TRUE(StartsWith(ErrorOf([] { RenderOfflineScript({}, {"v; x", false, false, false}); }), "22023 "));
}

}  // namespace
}  // namespace headway::core
