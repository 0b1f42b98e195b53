#include "core/sweep.hpp"

#include <gtest/gtest.h>

namespace headway::core {
namespace {

SweepFacts Facts(int sweep, Left left, std::int64_t updated, std::int64_t locked = 0, std::int64_t before = 0) {
  SweepFacts facts;
  facts.sweep = sweep;
  facts.left = left;
  facts.updated = updated;
  facts.locked = locked;
  facts.updated_before = before;
  return facts;
}

TEST(SweepTest, OneWalkWhereNothingTellsWhatIsDone) {
  SweepFacts facts = Facts(1, Left::kSome, 100);
  facts.has_condition = false;
  EXPECT_EQ(JudgeSweep(facts), AfterSweep::kDone);
  facts.has_condition = true;
  facts.excludes = false;
  EXPECT_EQ(JudgeSweep(facts), AfterSweep::kDone);
}

TEST(SweepTest, DoneWhenNoRowMatches) {
  EXPECT_EQ(JudgeSweep(Facts(1, Left::kNone, 100)), AfterSweep::kDone);
  EXPECT_EQ(JudgeSweep(Facts(1, Left::kNone, 0, 5)), AfterSweep::kDone);
}

TEST(SweepTest, AgainForWhatCameOrMoved) {
  EXPECT_EQ(JudgeSweep(Facts(1, Left::kSome, 100)), AfterSweep::kAgain);
  EXPECT_EQ(JudgeSweep(Facts(2, Left::kSome, 90, 0, 100)), AfterSweep::kAgain) << "the first has all that was there";
  EXPECT_EQ(JudgeSweep(Facts(3, Left::kSome, 10, 0, 90)), AfterSweep::kAgain);
}

TEST(SweepTest, ALargeTableIsSweptUntilNothingIsFound) {
  EXPECT_EQ(JudgeSweep(Facts(1, Left::kUnknown, 100)), AfterSweep::kAgain);
  EXPECT_EQ(JudgeSweep(Facts(2, Left::kUnknown, 0)), AfterSweep::kDone);
  SweepFacts facts = Facts(2, Left::kUnknown, 0);
  facts.unchanged = 3;
  EXPECT_EQ(JudgeSweep(facts), AfterSweep::kAgain) << "others may have written them meanwhile";
  facts.idle_before = true;
  EXPECT_EQ(JudgeSweep(facts), AfterSweep::kGiveUp) << "it has found some that a trigger keeps";
}

TEST(SweepTest, OnlyRowsOfOthersAreLeft) {
  EXPECT_EQ(JudgeSweep(Facts(2, Left::kSome, 0, 3)), AfterSweep::kWait);
  EXPECT_EQ(JudgeSweep(Facts(2, Left::kUnknown, 0, 3)), AfterSweep::kWait);
}

TEST(SweepTest, WhatCannotBeDoneIsGivenUp) {
  SweepFacts facts = Facts(2, Left::kSome, 0);
  EXPECT_EQ(JudgeSweep(facts), AfterSweep::kAgain) << "somebody may have moved them while it went on";
  facts.idle_before = true;
  EXPECT_EQ(JudgeSweep(facts), AfterSweep::kGiveUp) << "a trigger keeps them as they are";
}

TEST(SweepTest, ATableUnderConstantInsertsEnds) {
  std::int64_t before = 0;
  for (int sweep = 1; sweep < 5; ++sweep) {
    const std::int64_t updated = sweep == 1 ? 1'000'000 : 500;
    const AfterSweep after = JudgeSweep(Facts(sweep, Left::kSome, updated, 0, before));
    if (after == AfterSweep::kGiveUp) {
      EXPECT_EQ(sweep, 3);
      return;
    }
    ASSERT_EQ(after, AfterSweep::kAgain);
    before = updated;
  }
  FAIL() << "it does not end";
}

}  // namespace
}  // namespace headway::core
