#include "core/identifier.hpp"

#include "core/names.hpp"
#include "core_graphs.hpp"

namespace headway::core {
namespace {

using testing::ErrorOf;
using testing::StartsWith;

std::string IdError(std::string_view id) {
  return ErrorOf([&] { RequireValidRevisionId(id); }).substr(0, 5);
}

TEST(IdentifierTest, TakesAlembicsIds) {
  for (const char* id : {"abc123", "a", "0012", "1.2", "über", "head1", "2024_01_01_add_users", "HEAD"}) {
    EXPECT_EQ(IdError(id), "") << id;
  }
}

TEST(IdentifierTest, RefusesWhatTargetsWouldMisread) {
  for (const char* id :
       {"", "a@b", "a-b", "a+b", "a:b", "a,b", "a b", "a\tb", "a\n", "head", "heads", "base", "current"}) {
    EXPECT_EQ(IdError(id), "MG001") << id;
  }
}

TEST(IdentifierTest, SaysWhatIsWrong) {
  EXPECT_TRUE(StartsWith(ErrorOf([] { RequireValidRevisionId("add-users"); }),
                         "MG001 revision id \"add-users\" must not contain \"-\" / Use"));
  EXPECT_EQ(ErrorOf([] { RequireValidBranchLabel("head"); }),
            "MG001 branch label \"head\" is a reserved word / Targets give head, heads, base and current a meaning of "
            "their own. / Choose another name.");
  EXPECT_TRUE(StartsWith(ErrorOf([] { RequireValidBranchLabel("net\v"); }),
                         "MG001 branch label \"net\v\" must not contain white space"));
}

TEST(IdentifierTest, TrimsAsciiWhiteSpace) {
  EXPECT_EQ(Trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
}

TEST(IdentifierTest, CutsLongLists) {
  EXPECT_EQ(ListNames({}), "");
  EXPECT_EQ(ListNames({"a", "b"}), "a, b");
  EXPECT_EQ(ListNames(std::vector<std::string>(12, "x")), "x, x, x, x, x, x, x, x, x, x and 2 more");
}

TEST(IdentifierTest, FindsTheNearestName) {
  EXPECT_EQ(NearestName("haed", {"head", "heads", "base"}), "head") << "two letters swapped are one slip";
  EXPECT_EQ(NearestName("abcd", {"dbca"}), "") << "two slips in a short word";
  EXPECT_EQ(NearestName("hea", {"head", "base"}), "head");
  EXPECT_EQ(NearestName("abc124", {"abc123", "def456"}), "abc123");
  EXPECT_EQ(NearestName("abc124", {"abc123", "abc125"}), "") << "two are equally near";
  EXPECT_EQ(NearestName("abc123", {"abd12", "abc12"}), "abc12") << "the nearer one wins, in any order";
  EXPECT_EQ(NearestName("abc123", {"abc12", "abd12"}), "abc12");
  EXPECT_EQ(NearestName("zz", {"zzz"}), "") << "too short to guess";
  EXPECT_EQ(NearestName(std::string(100'000, 'x'), {std::string_view("x")}), "");
}

}  // namespace
}  // namespace headway::core
