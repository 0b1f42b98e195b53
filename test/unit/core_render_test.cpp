#include "core/render.hpp"

#include "core_graphs.hpp"

namespace headway::core {
namespace {

using testing::ErrorOf;
using testing::Graph;
using testing::StartsWith;
using testing::Words;

std::string Text(const std::vector<std::string>& lines, const std::string& heads = {}) {
  return RenderText(Graph(lines), Words(heads));
}

TEST(RenderTextTest, Nothing) { EXPECT_EQ(Text({}), ""); }

TEST(RenderTextTest, Line) {
  EXPECT_EQ(Text({"a", "b <- a", "c <- b"}, "b"),
            "o c (head)\n"
            "* b (current)\n"
            "* a");
}

TEST(RenderTextTest, BranchAndMerge) {
  EXPECT_EQ(Text({"a", "b <- a / label left", "c <- b", "d <- a / label right", "m <- c d"}),
            "o m (left) (right) (head) (mergepoint)\n"
            "|\\\n"
            "o | c (left)\n"
            "o | b (left)\n"
            "| o d (right)\n"
            "|/\n"
            "o a (branchpoint)");
}

TEST(RenderTextTest, TwoHeads) {
  EXPECT_EQ(Text({"a", "b <- a", "c <- a"}),
            "o b (head)\n"
            "| o c (head)\n"
            "|/\n"
            "o a (branchpoint)");
}

TEST(RenderTextTest, SeveralBases) {
  EXPECT_EQ(Text({"a", "b", "m <- a b"}),
            "o m (head) (mergepoint)\n"
            "|\\\n"
            "o | a\n"
            " /\n"
            "o b");
}

TEST(RenderTextTest, MergeOfThree) {
  EXPECT_EQ(Text({"r", "a <- r", "b <- r", "c <- r", "m <- a b c"}),
            "o m (head) (mergepoint)\n"
            "|\\\n"
            "|\\ \\\n"
            "o | | a\n"
            "| o | b\n"
            "|/ /\n"
            "| o c\n"
            "|/\n"
            "o r (branchpoint)");
}

TEST(RenderTextTest, ALaneCrossesAnother) {
  EXPECT_EQ(Text({"r", "s", "a <- r", "b <- s", "c <- r", "d <- s", "m <- a b c d"}),
            "o m (head) (mergepoint)\n"
            "|\\\n"
            "|\\ \\\n"
            "|\\ \\ \\\n"
            "o | | | a\n"
            "| | o | c\n"
            "| |/ /\n"
            "|/| |\n"
            "| o | b\n"
            "| | o d\n"
            "| |/\n"
            "| o s (branchpoint)\n"
            "o r (branchpoint)");
}

TEST(RenderTextTest, WhatIsMissing) {
  EXPECT_EQ(Text({"b <- a", "c <- a", "d <- c / needs x"}, "y"),
            "? y (missing) (current)\n"
            "o b (head)\n"
            "| o d (head) (depends on x)\n"
            "| | ? x (missing)\n"
            "| o c\n"
            "|/\n"
            "? a (missing)");
}

TEST(RenderTextTest, Dependencies) {
  EXPECT_EQ(Text({"a", "b <- a", "x / needs a", "y <- x"}, "y"),
            "o b (head)\n"
            "| * y (head) (current)\n"
            "| * x (depends on a)\n"
            "* a");
}

TEST(RenderTextTest, ACycleIsRefused) {
  EXPECT_TRUE(StartsWith(ErrorOf([] { Text({"a <- b", "b <- a"}); }), "MG007 "));
}

Revision WithMessage(const char* id, const char* message) {
  Revision revision;
  revision.id = id;
  revision.message = message;
  return revision;
}

TEST(RenderTest, FirstLineOfTheMessage) {
  EXPECT_EQ(RenderText(RevisionGraph({WithMessage("a", "What\nWhy")}), {}), "o a (head), What");
}

TEST(RenderDotTest, NodesAndEdges) {
  EXPECT_EQ(RenderDot(Graph({"a", "b <- a / label l", "c <- a / needs b x"}), {"b"}),
            "digraph revisions {\n"
            "  rankdir=BT;\n"
            "  node [shape=box, style=rounded];\n"
            "  \"c\" [label=\"c (head)\"];\n"
            "  \"x\" [label=\"x (missing)\", style=\"rounded,dashed\"];\n"
            "  \"b\" [label=\"b (l) (head) (current)\", style=\"rounded,filled\", fillcolor=lightgrey];\n"
            "  \"a\" [label=\"a (branchpoint)\", style=\"rounded,filled\", fillcolor=lightgrey];\n"
            "  \"a\" -> \"c\";\n"
            "  \"b\" -> \"c\" [style=dashed];\n"
            "  \"x\" -> \"c\" [style=dashed];\n"
            "  \"a\" -> \"b\";\n"
            "}");
}

TEST(RenderDotTest, Quoting) {
  const std::string dot = RenderDot(RevisionGraph({WithMessage("a\"\\", "say \"\\n\"")}), {});
  EXPECT_NE(dot.find("\"a\\\"\\\\\" [label=\"a\\\"\\\\ (head)\\nsay \\\"\\\\n\\\"\"]"), std::string::npos) << dot;
}

TEST(RenderMermaidTest, NodesAndEdges) {
  EXPECT_EQ(RenderMermaid(Graph({"a", "b <- a / label l", "c <- a / needs b x"}), {"b"}),
            "flowchart BT\n"
            "  classDef applied fill:#d3d3d3,stroke:#333333,color:#000000\n"
            "  classDef missing stroke-dasharray:4 4\n"
            "  r1[\"c (head)\"]\n"
            "  r2[\"x (missing)\"]:::missing\n"
            "  r3[\"b (l) (head) (current)\"]:::applied\n"
            "  r4[\"a (branchpoint)\"]:::applied\n"
            "  r4 --> r1\n"
            "  r3 -.-> r1\n"
            "  r2 -.-> r1\n"
            "  r4 --> r3");
}

TEST(RenderMermaidTest, Quoting) {
  const std::string text = RenderMermaid(RevisionGraph({WithMessage("a", "\"<b>#")}), {});
  EXPECT_NE(text.find("[\"a (head)<br>#34;#60;b#62;#35;\"]"), std::string::npos) << text;
}

TEST(RenderTest, TenThousandRevisionsAreQuick) {
  std::vector<std::string> lines = {"r0"};
  for (int i = 1; i < 10'000; ++i) {
    lines.push_back("r" + std::to_string(i) + " <- r" + std::to_string(i % 3 == 0 ? i - 1 : std::max(0, i - 3)));
  }
  EXPECT_GT(Text(lines).size(), 100'000u);
}

}  // namespace
}  // namespace headway::core
