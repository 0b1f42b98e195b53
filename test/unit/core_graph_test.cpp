#include "core/graph.hpp"

#include "core/lookup.hpp"
#include "core/revision_order.hpp"
#include "core/validation.hpp"
#include "core_graphs.hpp"

namespace headway::core {
namespace {

using testing::ErrorOf;
using testing::Graph;
using testing::Join;
using testing::StartsWith;

std::string Fault(const std::vector<std::string>& lines) {
  const RevisionGraph graph = Graph(lines);
  return ErrorOf([&] { Validate(graph); });
}

TEST(GraphTest, KnowsItsRevisions) {
  const RevisionGraph graph = Graph({"b <- a", "a", "c <- a"});
  EXPECT_EQ(graph.size(), 3u);
  EXPECT_EQ(graph.revisions()[0].id, "b");
  EXPECT_EQ(graph.Find("a")->id, "a");
  EXPECT_EQ(graph.Find("x"), nullptr);
  EXPECT_EQ(Join(graph.heads()), "b c");
  EXPECT_EQ(Join(graph.Names(graph.base_indices())), "a");
  EXPECT_EQ(Join(graph.children("a")), "b c");
  EXPECT_TRUE(graph.is_branchpoint("a"));
  EXPECT_FALSE(graph.is_head("a"));
  EXPECT_TRUE(graph.is_head("b"));
  EXPECT_FALSE(graph.is_head("x"));
  EXPECT_NO_THROW(Validate(graph));
}

TEST(GraphTest, IsEmpty) {
  const RevisionGraph graph = Graph({});
  EXPECT_TRUE(graph.empty());
  EXPECT_TRUE(graph.heads().empty());
  EXPECT_TRUE(NewestFirst(graph).empty());
  EXPECT_NO_THROW(Validate(graph));
}

TEST(GraphTest, TakesARepeatedIdOnce) {
  const RevisionGraph graph = Graph({"a", "b <- a", "b"});
  EXPECT_EQ(graph.size(), 2u);
}

TEST(GraphTest, DependenciesMakeNoHeadsAndNoBranches) {
  const RevisionGraph graph = Graph({"a", "x", "y <- x / needs a"});
  EXPECT_EQ(Join(graph.heads()), "a y");
  EXPECT_EQ(Join(graph.Names(graph.independent_heads())), "y");
  EXPECT_FALSE(graph.is_branchpoint("a"));
  EXPECT_FALSE(graph.is_mergepoint("y"));
}

TEST(GraphTest, FindsByPrefixAndLabel) {
  const RevisionGraph graph = Graph({"abc123 / label network", "abd456 <- abc123", "ab <- abd456"});
  EXPECT_EQ(ResolveName(graph, "abc"), "abc123");
  EXPECT_EQ(ResolveName(graph, "network"), "abc123");
  EXPECT_EQ(ResolveName(graph, "netw"), "abc123");
  EXPECT_EQ(ResolveName(graph, "ab"), "ab") << "an exact id is no prefix";
  EXPECT_EQ(ErrorOf([&] { ResolveName(graph, "a"); }),
            "MG004 revision \"a\" is not unique / It could mean: abc123, abd456. / Give more characters of it.");
  EXPECT_EQ(ErrorOf([&] { ResolveName(graph, "abc124"); }),
            "MG003 revision \"abc124\" is not registered / Perhaps you meant \"abc123\".");
  EXPECT_TRUE(StartsWith(ErrorOf([&] { ResolveName(graph, ""); }), "MG003"));
}

TEST(GraphTest, FindsNamesWhateverTheirOrder) {
  const char* const message =
      "MG004 revision \"ab\" is not unique / It could mean: abc1, abcz, abd1, abda, abf1. / Give more characters of "
      "it.";
  const std::vector<std::vector<std::string>> orders = {
      {"abc1 / label abda", "abd1", "abf1 / label abcz", "x"},
      {"abf1 / label abda", "abd1 / label abcz", "abc1", "x"},
      {"x", "abd1 / label abda", "abf1", "abc1 / label abcz"},
  };
  for (const std::vector<std::string>& lines : orders) {
    const RevisionGraph graph = Graph(lines);
    EXPECT_EQ(ErrorOf([&] { ResolveName(graph, "ab"); }), message);
    EXPECT_EQ(ResolveName(graph, "abd1"), "abd1");
  }
}

TEST(GraphTest, ListsMissingParents) {
  const RevisionGraph graph = Graph({"b <- a", "c <- b / needs x"});
  const auto& missing = graph.MissingParents();
  ASSERT_EQ(missing.size(), 2u);
  EXPECT_EQ(missing[0].child + " " + missing[0].reference, "b a");
  EXPECT_FALSE(missing[0].is_dependency);
  EXPECT_EQ(missing[1].child + " " + missing[1].reference, "c x");
  EXPECT_TRUE(missing[1].is_dependency);
  EXPECT_EQ(Join(NewestFirst(graph)), "c b") << "what is there can still be listed";
}

TEST(GraphTest, RefusesMissingParents) {
  EXPECT_EQ(Fault({"b <- a"}),
            "MG006 revision \"b\" follows \"a\", which is not registered / Load the file of revision \"a\", then try "
            "again.");
  EXPECT_EQ(Fault({"b / needs a"}),
            "MG006 revision \"b\" depends on \"a\", which is not registered / Load the file of revision \"a\", then "
            "try again.");
  EXPECT_EQ(Fault({"abc1", "abc2", "b / needs abc"}),
            "MG006 revision \"b\" depends on \"abc\", which is not unique / It could mean: abc1, abc2. / Give the full "
            "revision id.");
}

TEST(GraphTest, NamesTheRevisionsOfOneCycle) {
  EXPECT_EQ(Fault({"a <- a"}),
            "MG007 revision \"a\" would have to follow itself / Cycle: a. / Register one of them again with another "
            "down_revision.");
  EXPECT_TRUE(StartsWith(Fault({"z", "d <- c", "a <- c z", "b <- a", "c <- b"}),
                         "MG007 revisions follow each other in a cycle / Cycle: c, b, a. / Regi"));
  EXPECT_TRUE(StartsWith(Fault({"a / needs b", "b <- a"}),
                         "MG007 revisions depend on each other in a cycle / Cycle: a, b. / R"));
  EXPECT_TRUE(StartsWith(Fault({"a / needs a"}), "MG007 revision \"a\" would have to depend on itself / "));
}

TEST(GraphTest, ListsEvenACycle) {
  EXPECT_EQ(Join(NewestFirst(Graph({"a <- c", "b <- a", "c <- b", "d <- z", "z"}))), "d z a b c");
}

TEST(GraphTest, RefusesDuplicateLabels) {
  EXPECT_EQ(Fault({"a / label net", "b / label net"}),
            "MG008 branch label \"net\" is already taken / Both \"a\" and \"b\" claim it. / Register \"b\" again with "
            "another branch label.");
  EXPECT_EQ(Fault({"a / label b", "b"}),
            "MG008 branch label \"b\" is already taken / There is a revision \"b\". / Register \"a\" again with "
            "another branch label.");
  EXPECT_TRUE(StartsWith(Fault({"a / label net net"}),
                         "MG008 branch label \"net\" is already taken / Revision \"a\" names it twice. / R"));
}

std::string Labels(const RevisionGraph& graph, const std::string& id) {
  return Join(graph.EffectiveLabels()[*graph.IndexOf(id)]);
}

TEST(GraphTest, LabelsAreInherited) {
  const RevisionGraph graph = Graph({"a", "b <- a", "c <- b / label left", "d <- c", "e <- a / label right", "f <- e"});
  EXPECT_EQ(Labels(graph, "d"), "left") << "by descendants";
  EXPECT_EQ(Labels(graph, "b"), "left") << "back to the branch point";
  EXPECT_EQ(Labels(graph, "a"), "");
  EXPECT_EQ(Labels(graph, "f"), "right");
}

TEST(GraphTest, LabelsStayAboveASplit) {
  const RevisionGraph graph = Graph({"a", "b <- a / label net", "c <- b", "d <- b"});
  EXPECT_EQ(Labels(graph, "a"), "");
  EXPECT_EQ(Labels(graph, "c"), "net");
  EXPECT_EQ(Labels(graph, "d"), "net");
}

TEST(GraphTest, OrderStaysOnABranch) {
  EXPECT_EQ(Join(NewestFirst(Graph({"a", "b <- a", "c <- a", "d <- b", "e <- c", "m <- d e", "n <- m"}))),
            "n m d b e c a");
}

TEST(GraphTest, DependencyResolvesByLabelAndPrefix) {
  const RevisionGraph graph = Graph({"abc123 / label net", "x / needs net", "y / needs abc"});
  EXPECT_NO_THROW(Validate(graph));
  EXPECT_EQ(Join(graph.Names(graph.independent_heads())), "x y");
}

TEST(GraphTest, LookUpsAreSafeAfterAMove) {
  RevisionGraph first = Graph({"a / label net", "b <- a"});
  const RevisionGraph second = std::move(first);
  EXPECT_EQ(ResolveName(second, "net"), "a");
  EXPECT_EQ(second.Find("b")->id, "b");
}

}  // namespace
}  // namespace headway::core
