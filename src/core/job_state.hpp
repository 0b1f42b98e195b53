// The states of a job of safe_backfill() or safe_delete(), what happens to it, and what it is then. Pure.
//
//            begins                     is through
//   (none) ---------> running --------------------------> done
//                      ^   |  time is up, interrupted              |
//               begins |   +------------------------> stopped     | begins anew
//                      |   +-- fails ---------------> failed      |
//                      |   +-- cancelled -----------> cancelled   |
//                      +-------------------------------+----------+
//
// A job whose process is gone without a word stays "running": headway.progress sees that nobody is at it and calls it
// interrupted. It calls a job paused or waiting that is running and has been told to, or has to.
#pragma once

#include <optional>
#include <string_view>

namespace headway::core {

enum class JobState { kRunning, kStopped, kCancelled, kFailed, kDone };

enum class JobEvent {
  kBegins,       // a call takes it up
  kThrough,      // nothing is left
  kTimeIsUp,     // of the call
  kInterrupted,  // the statement was cancelled, or the process told to end
  kCancelled,    // by safe_backfill_cancel()
  kFails,
};

// Nothing: it cannot happen to a job in that state.
std::optional<JobState> After(JobState state, JobEvent event);

// As headway.backfill has it.
const char* NameOf(JobState state);
std::optional<JobState> JobStateNamed(std::string_view name);

// What an error is to the job. `cancel_asked`: safe_backfill_cancel() was called.
JobEvent EventOfError(std::string_view sqlstate, bool cancel_asked);

}  // namespace headway::core
