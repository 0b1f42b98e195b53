#include "core/planner.hpp"

#include "core_graphs.hpp"

namespace headway::core {
namespace {

using testing::Downgrade;
using testing::ErrorOf;
using testing::Graph;
using testing::Join;
using testing::StartsWith;
using testing::Upgrade;

std::string UpgradeError(const RevisionGraph& graph, const std::string& heads, std::string_view target) {
  return ErrorOf([&] { Upgrade(graph, heads, target); });
}

std::string DowngradeError(const RevisionGraph& graph, const std::string& heads, std::string_view target) {
  return ErrorOf([&] { Downgrade(graph, heads, target); });
}

RevisionGraph Linear() { return Graph({"aaaa", "bbbb <- aaaa", "cccc <- bbbb"}); }

// a - b - c (left)    and   x - y (other), y needs b
//  \- d - e (right)
RevisionGraph Branched() {
  return Graph(
      {"a", "b <- a / label left", "c <- b", "d <- a / label right", "e <- d", "x / label other", "y <- x / needs b"});
}

TEST(PlanUpgradeTest, Linear) {
  const RevisionGraph graph = Linear();
  EXPECT_EQ(Upgrade(graph, "", "head"), "aaaa bbbb cccc => cccc");
  EXPECT_EQ(Upgrade(graph, "", "heads"), "aaaa bbbb cccc => cccc");
  EXPECT_EQ(Upgrade(graph, "aaaa", "bb"), "bbbb => bbbb");
  EXPECT_EQ(Upgrade(graph, "", "+2"), "aaaa bbbb => bbbb");
  EXPECT_EQ(Upgrade(graph, "aaaa", "+1"), "bbbb => bbbb");
  EXPECT_EQ(Upgrade(graph, "", "cccc-1"), "aaaa bbbb => bbbb");
  EXPECT_EQ(Upgrade(graph, "", "aaaa+1"), "aaaa bbbb => bbbb");
  EXPECT_EQ(Upgrade(graph, "", "head-1"), "aaaa bbbb => bbbb");
  EXPECT_EQ(Upgrade(graph, "", "base+1"), "aaaa => aaaa");
  EXPECT_EQ(Upgrade(graph, "", "cccc@head"), "aaaa bbbb cccc => cccc");
}

TEST(PlanUpgradeTest, NothingToDo) {
  EXPECT_EQ(Upgrade(Linear(), "cccc", "head"), " => cccc");
  EXPECT_EQ(Upgrade(Linear(), "cccc", "aaaa"), " => cccc") << "already there";
  EXPECT_EQ(Upgrade(Linear(), "bbbb", "base"), " => bbbb");
  EXPECT_EQ(Upgrade(Graph({}), "", "head"), " => ");
}

TEST(PlanUpgradeTest, StepsSayFromAndTo) {
  const auto steps = PlanUpgrade(Graph({"a", "b <- a", "c <- a", "m <- b c / needs z", "z"}), {"b", "c"}, "m");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[1].direction, Direction::kUpgrade);
  EXPECT_EQ(Join(steps[1].from), "b c") << "parents, not dependencies";
  EXPECT_EQ(Join(steps[1].to), "m");
  EXPECT_EQ(Join(steps[1].heads_removed), "b c z");
}

TEST(PlanUpgradeTest, Branches) {
  const RevisionGraph graph = Branched();
  EXPECT_EQ(Upgrade(graph, "", "left@head"), "a b c => c");
  EXPECT_EQ(Upgrade(graph, "c", "right@head"), "d e => c e");
  EXPECT_EQ(Upgrade(graph, "c", "right@+1"), "d => c d");
  EXPECT_EQ(Upgrade(graph, "c d", "right@+1"), "e => c e");
  EXPECT_EQ(Upgrade(graph, "", "left@+1"), "a => a");
  EXPECT_EQ(Upgrade(graph, "c", "d+1"), "d e => c e");
  EXPECT_EQ(Upgrade(graph, "", "left@a+1"), "a b => b");
  EXPECT_EQ(Upgrade(graph, "", "c, right@head"), "a d e b c => c e");
  EXPECT_EQ(Upgrade(graph, "c e", "heads"), "x y => c e y");
}

TEST(PlanUpgradeTest, Merge) {
  const RevisionGraph graph = Graph({"a", "b <- a", "c <- a", "m <- b c", "n <- m"});
  EXPECT_EQ(Upgrade(graph, "", "head"), "a c b m n => n");
  EXPECT_EQ(Upgrade(graph, "b", "head"), "c m n => n");
}

TEST(PlanUpgradeTest, SeveralBases) {
  const RevisionGraph graph = Graph({"a", "x", "y <- x", "m <- a y"});
  EXPECT_EQ(Upgrade(graph, "", "head"), "x y a m => m");
  EXPECT_EQ(Upgrade(graph, "", "y"), "x y => y");
}

TEST(PlanUpgradeTest, ImpliedHeadsHaveNoRow) {
  const RevisionGraph graph = Branched();
  EXPECT_EQ(Upgrade(graph, "", "y"), "a b x y => y") << "b is implied by y";
  EXPECT_EQ(Upgrade(graph, "y", "left@head"), "c => c y");
  EXPECT_EQ(Upgrade(graph, "y", "left@+1"), "c => c y") << "counted from the implied head of the branch";
  EXPECT_EQ(Upgrade(graph, "b", "y"), "x y => y");
}

TEST(PlanUpgradeTest, CrissCrossDependencies) {
  const RevisionGraph graph =
      Graph({"a1", "b1", "a2 <- a1 / needs b1", "b2 <- b1 / needs a1", "a3 <- a2 / needs b2", "b3 <- b2 / needs a2"});
  EXPECT_EQ(Upgrade(graph, "", "a3"), "b1 a1 b2 a2 a3 => a3");
  EXPECT_EQ(Upgrade(graph, "a3", "heads"), "b3 => a3 b3");
}

TEST(PlanUpgradeTest, AMergeOfARevisionAndItsDependency) {
  const RevisionGraph graph = Graph({"a", "b <- a", "c <- a / needs b", "d <- b c"});
  EXPECT_EQ(Upgrade(graph, "", "head"), "a b c d => d");
}

TEST(PlanUpgradeTest, Ambiguities) {
  const RevisionGraph graph = Graph({"a", "def456 <- a", "ghi789 <- a"});
  EXPECT_EQ(UpgradeError(graph, "a", "head"),
            "MG005 multiple heads are present / Heads: def456, ghi789. / Name one of them, use target \"heads\", or "
            "merge them: SELECT migrate_merge('def456, ghi789') gives the file to load.");
  EXPECT_EQ(UpgradeError(graph, "a", "+1"),
            "MG004 target \"+1\" is ambiguous / From \"a\" the way leads to: def456, ghi789. / Name the revision you "
            "want, or put its branch label before \"@\".");
  EXPECT_EQ(UpgradeError(graph, "def456 ghi789", "+1"),
            "MG005 target \"+1\" is ambiguous with several heads applied / Heads: def456, ghi789. / Say which branch "
            "moves: a branch label or revision before \"@\", as in \"def456@+1\".");
  EXPECT_TRUE(StartsWith(UpgradeError(Graph({"a", "b <- a", "c <- a", "m <- b c"}), "", "m-1"),
                         "MG004 target \"m-1\" is ambiguous / From \"m\" the way leads to: b, c"));
}

TEST(PlanUpgradeTest, WrongWords) {
  const RevisionGraph graph = Graph({"abc123 / label network", "def456 <- abc123"});
  EXPECT_EQ(UpgradeError(graph, "", "feedbeef"),
            "MG003 revision \"feedbeef\" is not registered / Load the file of the revision first; headway.revision "
            "lists what is there.");
  EXPECT_EQ(UpgradeError(graph, "", "hed"), "MG003 revision \"hed\" is not registered / Perhaps you meant \"head\".");
  EXPECT_EQ(UpgradeError(graph, "", "netwrok@head"),
            "MG003 branch label \"netwrok\" does not exist / Perhaps you meant \"network\".");
  EXPECT_TRUE(StartsWith(UpgradeError(graph, "", "nosuch@base"), "MG003 branch label \"nosuch\" does not exist / Nam"));
  EXPECT_TRUE(StartsWith(UpgradeError(graph, "", ""), "MG002 invalid target \"\""));
  EXPECT_TRUE(StartsWith(UpgradeError(graph, "", "current"), "MG002 invalid target \"current\""));
}

TEST(PlanUpgradeTest, WaysThatLeadNowhere) {
  const RevisionGraph graph = Linear();
  EXPECT_EQ(UpgradeError(graph, "bbbb", "+2"),
            "MG011 target \"+2\" is too far / The revisions end at \"cccc\". / Take fewer steps, or use target "
            "\"head\" or \"base\".");
  EXPECT_TRUE(StartsWith(UpgradeError(graph, "", "bbbb-2"),
                         "MG011 target \"bbbb-2\" is too far / The revisions end at \"base\""));
  EXPECT_TRUE(StartsWith(UpgradeError(graph, "bbbb", "-1"), "MG002 target \"-1\" is not a target of an upgrade / +N "));
  EXPECT_EQ(UpgradeError(Branched(), "", "left@e"),
            "MG011 revision \"e\" is not on branch \"left\" / Leave out \"left@\", or name a revision of that branch.");
  EXPECT_EQ(UpgradeError(graph, "", "aaaa, cccc"),
            "MG002 targets \"cccc\" and \"aaaa\" overlap / Revision \"cccc\" rests on \"aaaa\". / Name only one of "
            "them.");
}

TEST(PlanUpgradeTest, PrefixOnABranch) {
  const RevisionGraph graph = Graph({"base1", "xy11 <- base1 / label left", "xy22 <- base1 / label right"});
  EXPECT_TRUE(StartsWith(UpgradeError(graph, "", "xy"), "MG004 revision \"xy\" is not unique / "));
  EXPECT_EQ(Upgrade(graph, "", "right@xy"), "base1 xy22 => xy22");
}

TEST(PlanTest, RowsMustFitTheGraph) {
  EXPECT_EQ(UpgradeError(Linear(), "zzzz", "head"),
            "MG003 revision \"zzzz\" is applied to this database, but not registered / headway.version holds a "
            "revision that headway.revision does not know. / Load the file of revision \"zzzz\", or overwrite what is "
            "recorded: SELECT migrate_stamp('<revision>', purge => true).");
  EXPECT_TRUE(StartsWith(DowngradeError(Linear(), "zzzz", "base"), "MG003"));
  EXPECT_EQ(UpgradeError(Linear(), "aaaa bbbb", "head"),
            "MG012 revision \"aaaa\" is recorded as a head beside \"bbbb\", which implies it / headway.version has one "
            "row for each head, and none for what a head rests on. / Correct it: SELECT migrate_stamp('bbbb').");
}

TEST(PlanTest, AnUnsoundGraphIsRefused) {
  EXPECT_TRUE(StartsWith(UpgradeError(Graph({"b <- a"}), "", "head"), "MG006"));
  EXPECT_TRUE(StartsWith(DowngradeError(Graph({"a <- b", "b <- a"}), "", "base"), "MG007"));
}

TEST(PlanDowngradeTest, Linear) {
  const RevisionGraph graph = Linear();
  EXPECT_EQ(Downgrade(graph, "cccc", "base"), "cccc bbbb aaaa => ");
  EXPECT_EQ(Downgrade(graph, "cccc", "aaaa"), "cccc bbbb => aaaa");
  EXPECT_EQ(Downgrade(graph, "cccc", "-1"), "cccc => bbbb");
  EXPECT_EQ(Downgrade(graph, "cccc", "-3"), "cccc bbbb aaaa => ");
  EXPECT_EQ(Downgrade(graph, "cccc", "cccc-2"), "cccc bbbb => aaaa");
  EXPECT_EQ(Downgrade(graph, "cccc", "aaaa+1"), "cccc => bbbb");
  EXPECT_EQ(Downgrade(graph, "bbbb", "head-1"), " => bbbb");
}

TEST(PlanDowngradeTest, NothingToDo) {
  EXPECT_EQ(Downgrade(Linear(), "bbbb", "bbbb"), " => bbbb");
  EXPECT_EQ(Downgrade(Linear(), "", "base"), " => ");
  EXPECT_EQ(Downgrade(Graph({}), "", "base"), " => ");
}

TEST(PlanDowngradeTest, StepsSayFromAndTo) {
  const auto steps = PlanDowngrade(Linear(), {"bbbb"}, "base");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].direction, Direction::kDowngrade);
  EXPECT_EQ(Join(steps[0].from) + " -> " + Join(steps[0].to), "bbbb -> aaaa");
  EXPECT_EQ(Join(steps[1].from) + " -> " + Join(steps[1].to), "aaaa -> ");
}

TEST(PlanDowngradeTest, Branches) {
  const RevisionGraph graph = Branched();
  EXPECT_EQ(Downgrade(graph, "c e", "a"), "c b e d => a");
  EXPECT_EQ(Downgrade(graph, "c e", "left@a"), "c b => e");
  EXPECT_EQ(Downgrade(graph, "c e", "left@-1"), "c => b e");
  EXPECT_EQ(Downgrade(graph, "c e", "b, d"), "c e => b d");
  EXPECT_EQ(Downgrade(graph, "c e", "left@-1, right@-1"), "c e => b d");
  EXPECT_EQ(Downgrade(graph, "c", "-2"), "c b => a");
}

TEST(PlanDowngradeTest, WhatDependsGoesToo) {
  const RevisionGraph graph = Branched();
  EXPECT_EQ(Downgrade(graph, "c y", "a"), "c y b => a x") << "y needs b";
  EXPECT_EQ(Downgrade(graph, "y", "other@base"), "y x => b") << "b was implied and is a head again";
  EXPECT_EQ(Downgrade(graph, "y", "x"), "y => b x");
  EXPECT_EQ(Downgrade(graph, "y", "left@-1"), "y b => a x") << "counted from the implied head";
}

TEST(PlanDowngradeTest, Unmerge) {
  const RevisionGraph graph = Graph({"a", "b <- a", "c <- a", "m <- b c", "n <- m"});
  EXPECT_EQ(Downgrade(graph, "n", "m"), "n => m");
  EXPECT_EQ(Downgrade(graph, "n", "b"), "n m => b c");
  EXPECT_EQ(Downgrade(graph, "n", "a"), "n m b c => a");
  EXPECT_TRUE(StartsWith(DowngradeError(graph, "m", "-1"), "MG004 target \"-1\" is ambiguous / "));
}

TEST(PlanDowngradeTest, OnlyTheDependantRemainsAHead) {
  const RevisionGraph graph = Graph({"a", "b <- a", "c <- a / needs b", "d <- b c", "x"});
  EXPECT_EQ(Downgrade(graph, "d", "c"), "d => c");
  EXPECT_EQ(Downgrade(graph, "d x", "c"), "d => c x") << "other heads or not";
}

TEST(PlanDowngradeTest, BasesOfABranch) {
  const RevisionGraph graph = Branched();
  EXPECT_EQ(Downgrade(graph, "c e y", "other@base"), "y x => c e");
  EXPECT_EQ(Downgrade(graph, "c e y", "base"), "c y x e d b a => ");
  EXPECT_EQ(Downgrade(graph, "c e y", "left@base"), "c y e d b a => x");
}

TEST(PlanDowngradeTest, Ambiguities) {
  EXPECT_EQ(DowngradeError(Branched(), "c e", "-1"),
            "MG005 target \"-1\" is ambiguous with several heads applied / Heads: c, e. / Say which branch moves: a "
            "branch label or revision before \"@\", as in \"c@-1\".");
  EXPECT_TRUE(StartsWith(DowngradeError(Branched(), "c e", "head"), "MG005 multiple heads are present"));
}

TEST(PlanDowngradeTest, WaysThatLeadNowhere) {
  const RevisionGraph graph = Linear();
  EXPECT_EQ(DowngradeError(graph, "aaaa", "bbbb"),
            "MG011 revision \"bbbb\" is not applied, so it cannot be downgraded to / See headway.version for what is "
            "applied; upgrade or stamp to get there.");
  EXPECT_TRUE(StartsWith(DowngradeError(graph, "bbbb", "-3"), "MG011 target \"-3\" is too far / The"));
  EXPECT_TRUE(
      StartsWith(DowngradeError(graph, "bbbb", "+1"), "MG002 target \"+1\" is not a target of a downgrade / +"));
  EXPECT_EQ(DowngradeError(graph, "", "-1"),
            "MG011 target \"-1\" has nowhere to start from / No head is applied. / See headway.version for what is "
            "applied.");
  EXPECT_TRUE(StartsWith(DowngradeError(Branched(), "e", "other@-1"),
                         "MG011 target \"other@-1\" has nowhere to start from / No head of branch \"other\" is appli"));
  EXPECT_TRUE(StartsWith(
      DowngradeError(Branched(), "y", "b"),
      "MG011 nothing follows revision \"b\", so there is nothing to downgrade / It is implied by what depends on "
      "it: y"));
  EXPECT_TRUE(
      StartsWith(DowngradeError(Branched(), "c e", "left@d"), "MG011 revision \"d\" is not on branch \"left\" "));
  EXPECT_EQ(DowngradeError(Branched(), "c", "base, b"),
            "MG002 targets contradict each other about revision \"b\" / One of them ends there, another takes it down. "
            "/ Name only one of them.");
  EXPECT_TRUE(StartsWith(DowngradeError(graph, "cccc", "base-1"), "MG011 target \"base-1\" is too far / "));
}

TEST(PlanDowngradeTest, ABranchThatBeginsAtItsTarget) {
  const RevisionGraph graph = Graph({"a", "b <- a / label net", "c <- b", "d <- b"});
  EXPECT_EQ(DowngradeError(graph, "c d", "net@b"),
            "MG011 target \"net@b\" cannot be reached by a downgrade / Branch \"net\" begins no later than its target. "
            "/ Leave out the branch label to take down all that follows the target.");
}

// Neither the depth of a chain nor the width of a graph may cost recursion or quadratic time.
TEST(PlanTest, AHundredThousandRevisions) {
  constexpr int kCount = 100'000;
  std::vector<Revision> chain;
  for (int number = 0; number < kCount; ++number) {
    Revision revision;
    revision.id = "r" + std::to_string(number);
    if (number > 0) revision.down_revisions = {chain.back().id};
    chain.push_back(std::move(revision));
  }
  const std::string last = chain.back().id;
  const RevisionGraph graph(std::move(chain));
  EXPECT_EQ(PlanUpgrade(graph, {}, "head").size(), std::size_t{kCount});
  EXPECT_EQ(PlanDowngrade(graph, {last}, "base").size(), std::size_t{kCount});
  EXPECT_EQ(PlanDowngrade(graph, {last}, "-99999").size(), std::size_t{kCount} - 1);
  EXPECT_EQ(PlanUpgrade(graph, {}, "+99999").back().revision, "r99998");
  EXPECT_EQ(PlanHistory(graph, {last}, "-9:current").size(), 10u);
  EXPECT_EQ(PlanStamp(graph, {}, "head", false).added.front(), last);
}

TEST(PlanTest, AHundredThousandHeads) {
  std::vector<Revision> revisions(1);
  revisions.front().id = "root";
  for (int number = 1; number < 100'000; ++number) {
    Revision revision;
    revision.id = "r" + std::to_string(number);
    revision.down_revisions = {"root"};
    revisions.push_back(std::move(revision));
  }
  const RevisionGraph graph(std::move(revisions));
  const auto steps = PlanUpgrade(graph, {}, "heads");
  EXPECT_EQ(steps.size(), 100'000u);
  EXPECT_EQ(PlanDowngrade(graph, graph.heads(), "base").size(), 100'000u);
  EXPECT_TRUE(StartsWith(ErrorOf([&] { PlanHistory(graph, {}, "-1:"); }), "MG005 multiple heads are present"));
  EXPECT_TRUE(StartsWith(UpgradeError(graph, "root", "head"), "MG005 multiple heads are present"));
}

TEST(PlanTest, ACycleOfAHundredThousandIsFound) {
  std::vector<Revision> revisions;
  for (int number = 0; number < 100'000; ++number) {
    Revision revision;
    revision.id = "r" + std::to_string(number);
    revision.down_revisions = {"r" + std::to_string((number + 1) % 100'000)};
    revisions.push_back(std::move(revision));
  }
  EXPECT_TRUE(StartsWith(UpgradeError(RevisionGraph(std::move(revisions)), "", "head"),
                         "MG007 revisions follow each other in a cycle"));
}

}  // namespace
}  // namespace headway::core
