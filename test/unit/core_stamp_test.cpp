#include "core_graphs.hpp"

namespace headway::core {
namespace {

using testing::ErrorOf;
using testing::Graph;
using testing::Stamp;
using testing::StartsWith;

// a - b - c (left)    and   x - y (other), y needs b
//  \- d - e (right)
RevisionGraph Branched() {
  return Graph(
      {"a", "b <- a / label left", "c <- b", "d <- a / label right", "e <- d", "x / label other", "y <- x / needs b"});
}

std::string StampError(const std::string& heads, std::string_view target) {
  return ErrorOf([&] { Stamp(Branched(), heads, target); });
}

TEST(PlanStampTest, OnAnEmptyDatabase) {
  EXPECT_EQ(Stamp(Branched(), "", "c"), "- +c => c");
  EXPECT_EQ(Stamp(Branched(), "", "heads"), "- +c e y => c e y");
  EXPECT_EQ(Stamp(Branched(), "", "base"), "- + => ");
  EXPECT_EQ(Stamp(Branched(), "", "c, e"), "- +c e => c e");
}

TEST(PlanStampTest, UpAndDown) {
  EXPECT_EQ(Stamp(Branched(), "a", "c"), "-a +c => c");
  EXPECT_EQ(Stamp(Branched(), "c", "a"), "-c +a => a");
  EXPECT_EQ(Stamp(Branched(), "c e", "a"), "-c e +a => a") << "two branches fall back to their branch point";
  EXPECT_EQ(Stamp(Branched(), "c", "c"), "- + => c");
  EXPECT_EQ(Stamp(Branched(), "c e", "base"), "-c e + => ");
}

TEST(PlanStampTest, ABranchBesideTheOthers) {
  EXPECT_EQ(Stamp(Branched(), "c", "e"), "- +e => c e");
  EXPECT_EQ(Stamp(Branched(), "c e", "b"), "-c +b => b e");
  EXPECT_EQ(Stamp(Branched(), "c e", "left@b"), "-c +b => b e");
  EXPECT_EQ(Stamp(Branched(), "c e x", "other@base"), "-x + => c e");
  EXPECT_EQ(Stamp(Branched(), "c e y", "other@base"), "-y + => c e");
}

TEST(PlanStampTest, ByDependencies) {
  EXPECT_EQ(Stamp(Branched(), "b", "y"), "-b +y => y") << "b is implied by y";
  EXPECT_EQ(Stamp(Branched(), "y", "b"), "-y +b => b");
}

TEST(PlanStampTest, EachTargetReplacesItsOwnRows) {
  EXPECT_EQ(Stamp(Branched(), "c e", "b, d"), "-c e +b d => b d");
  EXPECT_EQ(Stamp(Branched(), "c d", "c, e"), "-d +e => c e") << "c stays";
  EXPECT_EQ(Stamp(Branched(), "a", "heads"), "-a +c e y => c e y");
}

TEST(PlanStampTest, Relative) {
  EXPECT_EQ(Stamp(Branched(), "c", "-1"), "-c +b => b");
  EXPECT_EQ(Stamp(Branched(), "b", "+1"), "-b +c => c");
  EXPECT_EQ(Stamp(Branched(), "a", "-1"), "-a + => ");
  EXPECT_EQ(Stamp(Branched(), "c e", "left@-1"), "-c +b => b e");
  EXPECT_EQ(Stamp(Branched(), "x", "x+1"), "-x +y => y");
}

TEST(PlanStampTest, Purge) {
  EXPECT_EQ(Stamp(Branched(), "c nosuch", "e", true), "-c nosuch +e => e");
  EXPECT_EQ(Stamp(Branched(), "nosuch", "base", true), "-nosuch + => ");
  EXPECT_EQ(Stamp(Branched(), "c nosuch", "c", true), "-nosuch + => c");
}

TEST(PlanStampTest, Refusals) {
  EXPECT_TRUE(StartsWith(StampError("nosuch", "c"), "MG003 revision \"nosuch\" is applied t"));
  EXPECT_TRUE(StartsWith(StampError("", "head"), "MG005 multiple heads are present"));
  EXPECT_TRUE(StartsWith(StampError("", "a, c"), "MG002 targets \"c\" and \"a\" overlap / Re"));
  EXPECT_TRUE(StartsWith(StampError("", "left@e"), "MG011 revision \"e\" is not on branch \"lef"));
  EXPECT_TRUE(StartsWith(StampError("", "zzz@base"), "MG003 branch label \"zzz\" does not exist / "));
  EXPECT_TRUE(StartsWith(StampError("", ""), "MG002"));
}

TEST(PlanStampTest, RepairsOverlappingRows) { EXPECT_EQ(Stamp(Branched(), "a c", "c"), "-a + => c"); }

}  // namespace
}  // namespace headway::core
