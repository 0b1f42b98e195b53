#include "core_graphs.hpp"

namespace headway::core {
namespace {

using testing::ErrorOf;
using testing::Graph;
using testing::History;
using testing::StartsWith;

RevisionGraph Linear() { return Graph({"aaaa", "bbbb <- aaaa", "cccc <- bbbb", "dddd <- cccc"}); }

RevisionGraph Branched() {
  return Graph(
      {"a", "b <- a / label left", "c <- b", "d <- a / label right", "e <- d", "x / label other", "y <- x / needs b"});
}

std::string HistoryError(const std::string& heads, std::string_view range) {
  return ErrorOf([&] { History(Branched(), heads, range); });
}

TEST(PlanHistoryTest, Whole) {
  EXPECT_EQ(History(Linear(), "", ""), "dddd cccc bbbb aaaa");
  EXPECT_EQ(History(Linear(), "", ":"), "dddd cccc bbbb aaaa");
  EXPECT_EQ(History(Linear(), "", "base:heads"), "dddd cccc bbbb aaaa");
  EXPECT_EQ(History(Branched(), "", ""), "c y x e d b a");
  EXPECT_EQ(History(Graph({}), "", ":"), "");
}

TEST(PlanHistoryTest, BothEndsAreIncluded) {
  EXPECT_EQ(History(Linear(), "", "bbbb:cccc"), "cccc bbbb");
  EXPECT_EQ(History(Linear(), "", "bbbb:"), "dddd cccc bbbb");
  EXPECT_EQ(History(Linear(), "", ":bb"), "bbbb aaaa");
  EXPECT_EQ(History(Linear(), "", "cccc:cccc"), "cccc");
}

TEST(PlanHistoryTest, Current) {
  EXPECT_EQ(History(Linear(), "cccc", "current:"), "dddd cccc");
  EXPECT_EQ(History(Linear(), "cccc", ":current"), "cccc bbbb aaaa");
  EXPECT_EQ(History(Linear(), "cccc", "current:current"), "cccc");
  EXPECT_EQ(History(Linear(), "", "current:"), "dddd cccc bbbb aaaa") << "nothing applied is base";
  EXPECT_EQ(History(Linear(), "", ":current"), "");
  EXPECT_EQ(History(Branched(), "c e", ":current"), "c b e d a");
}

TEST(PlanHistoryTest, Relative) {
  EXPECT_EQ(History(Linear(), "cccc", "-1:current"), "cccc bbbb");
  EXPECT_EQ(History(Linear(), "cccc", "-3:current"), "cccc bbbb aaaa") << "as far as it goes";
  EXPECT_EQ(History(Linear(), "", "-1:"), "dddd cccc");
  EXPECT_EQ(History(Linear(), "", "aaaa:+2"), "cccc bbbb aaaa");
  EXPECT_EQ(History(Linear(), "", "cccc:+9"), "dddd cccc");
  EXPECT_EQ(History(Linear(), "bbbb", "current:+1"), "cccc bbbb");
  EXPECT_EQ(History(Linear(), "", "aaaa+1:dddd-1"), "cccc bbbb");
  EXPECT_EQ(History(Branched(), "", "-1:left@head"), "c b");
  EXPECT_EQ(History(Branched(), "", "left@-1:"), "c b");
  EXPECT_EQ(History(Branched(), "c e", "-1:current"), "c b e d") << "from each end";
}

TEST(PlanHistoryTest, OneBranch) {
  EXPECT_EQ(History(Branched(), "", "right@base:"), "e d a");
  EXPECT_EQ(History(Branched(), "", "b:"), "c b") << "y only needs b, it does not follow it";
}

TEST(PlanHistoryTest, Refusals) {
  EXPECT_EQ(HistoryError("", "a"),
            "MG002 invalid range \"a\" / A range has exactly one \":\". / Write from:to, from: or "
            ":to, for example -3:current.");
  EXPECT_EQ(HistoryError("", "c:b"),
            "MG011 revision \"c\" is not an ancestor of the end of the range / The range ends at: b. / A range goes "
            "from the older revision to the newer one of the same branch.");
  EXPECT_TRUE(
      StartsWith(HistoryError("", "a:current"),
                 "MG011 revision \"a\" is not an ancestor of the end of the range / The range ends at: base. /"));
  EXPECT_TRUE(StartsWith(HistoryError("", "+1:"), "MG002 invalid beginning of a range \"+1\" /"));
  EXPECT_TRUE(StartsWith(HistoryError("", "-1:+1"), "MG002 invalid beginning of a range \"-1\" /"));
  EXPECT_TRUE(StartsWith(HistoryError("nosuch", "current:"), "MG003"));
  EXPECT_EQ(HistoryError("nosuch", "a:"), "") << "what is applied does not matter here";
  EXPECT_TRUE(StartsWith(HistoryError("", "a:head"), "MG005"));
}

}  // namespace
}  // namespace headway::core
