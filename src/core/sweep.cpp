#include "core/sweep.hpp"

namespace headway::core {

namespace {

constexpr int kMostSweeps = 20;

}  // namespace

AfterSweep JudgeSweep(const SweepFacts& facts) {
  if (!facts.has_condition || !facts.excludes || facts.left == Left::kNone) return AfterSweep::kDone;
  if (facts.updated == 0) {
    if (facts.locked > 0) return AfterSweep::kWait;
    const bool proven = facts.left == Left::kUnknown && facts.unchanged == 0;  // it has met none that matches
    if (proven) return AfterSweep::kDone;
    // Others may have written the rows while it went on: it has met neither the old version nor the new one.
    return facts.idle_before ? AfterSweep::kGiveUp : AfterSweep::kAgain;
  }
  // The first sweep has all that was there; those after it what came or moved while the one before it went on. When
  // that does not get less, it never will.
  const bool gets_less = facts.sweep <= 2 || facts.updated_before == 0 || facts.updated * 2 <= facts.updated_before;
  if (facts.sweep >= kMostSweeps || (!gets_less && facts.locked == 0)) return AfterSweep::kGiveUp;
  return AfterSweep::kAgain;
}

}  // namespace headway::core
