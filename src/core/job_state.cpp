#include "core/job_state.hpp"

#include "core/sqlstate.hpp"

namespace headway::core {

namespace {

constexpr JobState kAllStates[] = {JobState::kRunning, JobState::kStopped, JobState::kCancelled, JobState::kFailed,
                                   JobState::kDone};

JobState AfterRunning(JobEvent event) {
  switch (event) {
    case JobEvent::kBegins:  // whoever was at it has gone without a word
      return JobState::kRunning;
    case JobEvent::kThrough:
      return JobState::kDone;
    case JobEvent::kTimeIsUp:
    case JobEvent::kInterrupted:
      return JobState::kStopped;
    case JobEvent::kCancelled:
      return JobState::kCancelled;
    case JobEvent::kFails:
      return JobState::kFailed;
  }
  return JobState::kFailed;
}

}  // namespace

std::optional<JobState> After(JobState state, JobEvent event) {
  if (state == JobState::kRunning) return AfterRunning(event);
  if (event == JobEvent::kBegins) return JobState::kRunning;
  if (event != JobEvent::kCancelled) return std::nullopt;
  // There is nothing to ask of a job that is done.
  return state == JobState::kDone ? JobState::kDone : JobState::kCancelled;
}

const char* NameOf(JobState state) {
  switch (state) {
    case JobState::kRunning:
      return "running";
    case JobState::kStopped:
      return "stopped";
    case JobState::kCancelled:
      return "cancelled";
    case JobState::kFailed:
      return "failed";
    case JobState::kDone:
      return "done";
  }
  return "";
}

std::optional<JobState> JobStateNamed(std::string_view name) {
  for (const JobState state : kAllStates) {
    if (name == NameOf(state)) return state;
  }
  return std::nullopt;
}

JobEvent EventOfError(std::string_view sqlstate, bool cancel_asked) {
  if (sqlstate != sqlstate::kQueryCanceled && sqlstate != sqlstate::kAdminShutdown) return JobEvent::kFails;
  return cancel_asked ? JobEvent::kCancelled : JobEvent::kInterrupted;
}

}  // namespace headway::core
