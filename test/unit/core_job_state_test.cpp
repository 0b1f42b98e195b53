#include "core/job_state.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/sqlstate.hpp"

namespace headway::core {
namespace {

using S = JobState;
using E = JobEvent;

constexpr S kStates[] = {S::kRunning, S::kStopped, S::kCancelled, S::kFailed, S::kDone};
constexpr E kEvents[] = {E::kBegins, E::kThrough, E::kTimeIsUp, E::kInterrupted, E::kCancelled, E::kFails};

// Every successor there is: what is not listed cannot happen.
const std::map<std::pair<S, E>, S> kSuccessors = {
    {{S::kRunning, E::kBegins}, S::kRunning},      {{S::kRunning, E::kThrough}, S::kDone},
    {{S::kRunning, E::kTimeIsUp}, S::kStopped},    {{S::kRunning, E::kInterrupted}, S::kStopped},
    {{S::kRunning, E::kCancelled}, S::kCancelled}, {{S::kRunning, E::kFails}, S::kFailed},
    {{S::kStopped, E::kBegins}, S::kRunning},      {{S::kStopped, E::kCancelled}, S::kCancelled},
    {{S::kCancelled, E::kBegins}, S::kRunning},    {{S::kCancelled, E::kCancelled}, S::kCancelled},
    {{S::kFailed, E::kBegins}, S::kRunning},       {{S::kFailed, E::kCancelled}, S::kCancelled},
    {{S::kDone, E::kBegins}, S::kRunning},         {{S::kDone, E::kCancelled}, S::kDone},
};

TEST(JobState, EveryStateAndEventHasTheListedSuccessorOrNone) {
  for (const S state : kStates) {
    for (const E event : kEvents) {
      const auto listed = kSuccessors.find({state, event});
      const std::optional<S> expected = listed == kSuccessors.end() ? std::nullopt : std::optional<S>(listed->second);
      EXPECT_EQ(After(state, event), expected) << NameOf(state) << ", event " << static_cast<int>(event);
    }
  }
}

TEST(JobState, OnlyWhatRunsCanEndOrFail) {
  for (const S state : kStates) {
    if (state == S::kRunning) continue;
    for (const E event : {E::kThrough, E::kTimeIsUp, E::kInterrupted, E::kFails}) EXPECT_FALSE(After(state, event));
  }
}

TEST(JobState, WhateverHappenedACallCanTakeItUp) {
  for (const S state : kStates) EXPECT_EQ(After(state, E::kBegins), S::kRunning);
}

TEST(JobState, NamesAreDistinctAndFoundAgain) {
  std::set<std::string> names;
  for (const S state : kStates) {
    names.insert(NameOf(state));
    EXPECT_EQ(JobStateNamed(NameOf(state)), state);
  }
  EXPECT_EQ(names.size(), std::size(kStates));
  EXPECT_FALSE(JobStateNamed("paused"));
  EXPECT_FALSE(JobStateNamed(""));
}

TEST(JobState, AnErrorIsACancelAnInterruptionOrAFailure) {
  EXPECT_EQ(EventOfError(sqlstate::kQueryCanceled, true), E::kCancelled);
  EXPECT_EQ(EventOfError(sqlstate::kQueryCanceled, false), E::kInterrupted);
  EXPECT_EQ(EventOfError(sqlstate::kAdminShutdown, false), E::kInterrupted);
  EXPECT_EQ(EventOfError("23514", false), E::kFails);
  EXPECT_EQ(EventOfError("23514", true), E::kFails);
}

}  // namespace
}  // namespace headway::core
