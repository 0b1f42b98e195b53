#include "core/checkup.hpp"

#include "core_graphs.hpp"

namespace headway::core {
namespace {

using testing::ErrorOf;
using testing::Graph;
using testing::StartsWith;
using testing::Words;

std::vector<Finding> Findings(const std::vector<std::string>& lines, const std::string& heads) {
  CheckedTables tables;
  tables.current = Words(heads);
  return Examine(Graph(lines), tables);
}

std::string Check(const std::vector<std::string>& lines, const std::string& heads = {}) {
  std::string text;
  for (const Finding& finding : Findings(lines, heads)) {
    text += (text.empty() ? "" : "; ") + finding.problem + ": " + finding.revision;
  }
  return text;
}

TEST(CheckupTest, AllIsWell) {
  EXPECT_EQ(Check({}), "");
  EXPECT_EQ(Check({"a", "b <- a"}, "b"), "");
  EXPECT_EQ(Check({"a", "b <- a", "x / needs b"}, "x"), "several heads: b; several heads: x") << "b is implied";
}

TEST(CheckupTest, Findings) {
  EXPECT_EQ(Check({"a", "b <- a"}, "a"), "not applied: b");
  EXPECT_EQ(Check({"b <- a", "c <- b / needs x"}, "c"), "missing parent: b; missing dependency: c");
  EXPECT_EQ(Check({"a <- b", "b <- a"}), "cycle: ");
  EXPECT_EQ(Check({"a / label l", "b <- a / label l"}, "b"), "duplicate label: ");
  EXPECT_EQ(Check({"a", "b <- a"}, "z"), "not registered: z") << "z may rest on both";
}

TEST(CheckupTest, Failing) {
  EXPECT_EQ(ErrorOf([] { RequireNone({}); }), "");
  EXPECT_TRUE(StartsWith(ErrorOf([] { RequireNone(Findings({"a"}, "")); }),
                         "MG021 the check found a problem / not applied: a (its upgrade has not been run) / "));
  const std::string many = ErrorOf([] { RequireNone(std::vector<Finding>(25, {"cycle", "", "x"})); });
  EXPECT_TRUE(StartsWith(many, "MG021 the check found 25 problems / cycle: x\n"));
  EXPECT_NE(many.find("\nand 5 more"), std::string::npos) << many;
}

}  // namespace
}  // namespace headway::core
