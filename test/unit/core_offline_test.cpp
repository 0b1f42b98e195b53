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
  const OfflineRange range = ReadOfflineRange(Line(), {"b"}, text, direction);
  return Join(range.from) + " to " + range.to;
}

TEST(OfflineRangeTest, Ends) {
  EXPECT_EQ(Range("head"), " to head");
  EXPECT_EQ(Range("a:c"), "a to c");
  EXPECT_EQ(Range("a:"), "a to head");
  EXPECT_EQ(Range(":b"), " to b");
  EXPECT_EQ(Range("current:head"), "b to head");
  EXPECT_EQ(Range("current:-1", Direction::kDowngrade), "b to -1");
  EXPECT_EQ(Range("head:-1", Direction::kDowngrade), "c to -1");
}

TEST(OfflineRangeTest, Errors) {
  EXPECT_TRUE(StartsWith(ErrorOf([] { Range("a:b:c"); }), "MG002 invalid range"));
  EXPECT_TRUE(StartsWith(ErrorOf([] { Range("base", Direction::kDowngrade); }), "MG002 a downgrade script needs"));
  EXPECT_TRUE(StartsWith(ErrorOf([] { Range("a:", Direction::kDowngrade); }), "MG002 a downgrade script needs"));
  EXPECT_TRUE(StartsWith(ErrorOf([] { Range("z:b"); }), "MG003 "));
}

OfflineStep Step(const char* text, const char* from, const char* to,
                 StatementClass kind = StatementClass::kTransactional) {
  OfflineStep step;
  step.step.revision = to;
  step.step.from = step.step.heads_removed = {from};
  step.step.to = step.step.heads_added = {to};
  step.message = "First\rSELECT 1";
  Statement statement;
  statement.text = text;
  statement.kind = kind;
  step.script.statements.push_back(statement);
  return step;
}

std::string Render(std::vector<OfflineStep> steps, bool single_transaction = false) {
  OfflineScript script;
  script.from = {"a"};
  script.version_table = "v";
  script.version_key = "v_pkc";
  script.single_transaction = single_transaction;
  script.steps = std::move(steps);
  return RenderOfflineScript(script);
}

// What follows the definition of the check, without the end.
std::string Body(const std::string& script) {
  const std::size_t begin = script.find("$check$;\n\n") + 10;
  return script.substr(begin, script.rfind("DROP PROCEDURE") - begin);
}

TEST(OfflineScriptTest, StepsInTransactions) {
  const std::string check_a = "CALL pg_temp.require_version(ARRAY['a']::text[]);\n\n";
  const std::string check_b = "CALL pg_temp.require_version(ARRAY['b''']::text[]);\n\n";
  const std::string first =
      "-- Running upgrade a -> b', First\n\nSELECT 2 -- x\n;\n\n"
      "UPDATE v SET version_num = 'b''' WHERE version_num = 'a';\n\n";
  const std::string second =
      "-- Running upgrade b' -> c, First\n\nSELECT 3;\n\n"
      "UPDATE v SET version_num = 'c' WHERE version_num = 'b''';\n\n";
  const std::vector<OfflineStep> steps = {Step("SELECT 2 -- x", "a", "b'"), Step("SELECT 3", "b'", "c")};
  EXPECT_EQ(Body(Render(steps)),
            "BEGIN;\n" + check_a + first + "COMMIT;\n\nBEGIN;\n" + check_b + second + "COMMIT;\n\n");
  EXPECT_EQ(Body(Render(steps, true)), "BEGIN;\n" + check_a + first + second + "COMMIT;\n\n");
}

TEST(OfflineScriptTest, OutsideOfThem) {
  const std::string script =
      Body(Render({Step("SELECT 1", "a", "b"), Step("VACUUM", "b", "c", StatementClass::kTopLevel)}, true));
  EXPECT_NE(
      script.find("COMMIT;\n\n-- Running upgrade b -> c, First\n\nCALL pg_temp.require_version(ARRAY['b']::text[]);"
                  "\n\nVACUUM;\n\nBEGIN;\nCALL pg_temp.require_version(ARRAY['b']::text[]);\n\nUPDATE v"),
      std::string::npos)
      << script;
}

TEST(OfflineScriptTest, SettingsDoNotReachTheNextRevision) {
  OfflineStep step = Step("SET search_path = ''", "a", "b");
  EXPECT_EQ(Render({step}).find("RESET"), std::string::npos);
  step.script.statements.front().session_setting = true;
  EXPECT_NE(Render({step}).find("SET search_path = '';\n\nRESET ROLE;\nRESET ALL;\n"
                                "SET standard_conforming_strings = on;\n\nUPDATE v "),
            std::string::npos);
}

TEST(OfflineScriptTest, NothingToDo) {
  EXPECT_EQ(Render({}),
            "-- Upgrade from a: 0 revisions. For psql; pg_headway is not needed where it runs.\n"
            "-- Nothing to do.");
}

TEST(OfflineScriptTest, Refusals) {
  EXPECT_TRUE(StartsWith(ErrorOf([] { Render({Step("x", "a", "b", StatementClass::kOwnTransactions)}); }), "MG013 "));
}

}  // namespace
}  // namespace headway::core
