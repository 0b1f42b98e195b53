// Whether a backfill is through after a walk over the table, or has to sweep it once more. Pure.
#pragma once

#include <cstdint>

namespace headway::core {

enum class Left { kNone, kSome, kUnknown };  // rows that match, after the walk

struct SweepFacts {
  int sweep = 1;              // which one this was, from 1
  bool has_condition = true;  // else every row is done after one walk
  bool excludes = true;       // rows that are done no longer match
  Left left = Left::kUnknown;
  std::int64_t updated = 0;         // by this sweep
  std::int64_t locked = 0;          // rows that it has left to the next
  std::int64_t unchanged = 0;       // rows that match and that its statements did not change
  std::int64_t updated_before = 0;  // by the one before it; 0: not known
  bool idle_before = false;         // that one has found nothing to do, and nothing locked
};

enum class AfterSweep {
  kDone,
  kAgain,
  kWait,    // only rows that others hold are left: again after a pause
  kGiveUp,  // rows match that another sweep would not do either, or they come as fast as they are done
};

AfterSweep JudgeSweep(const SweepFacts& facts);

}  // namespace headway::core
