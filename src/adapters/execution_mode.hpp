// The two execution modes: in a worker when the call is a statement of its own, else in the caller's transaction.
#pragma once

#include <functional>
#include <string>

#include "core/surroundings.hpp"
#include "pg/process/worker.hpp"
#include "pg/types.hpp"

namespace headway::server {

struct WorkerOutcome {
  bool taken = false;
  std::int64_t result = 0;
  core::Surroundings why_not;  // when it was not taken
};

// What a caller waits for before it has a worker: others have their turn first.
struct Turn {
  std::function<void()> wait;          // holding nothing but what it gives back in the end
  std::function<bool()> nothing_left;  // after the wait: they have done all there was to do
};

// Lets go of the caller's snapshot, has the request done by a worker, and takes a new snapshot.
WorkerOutcome RunInWorkerIfAlone(FunctionCallInfo call, const pg::WorkerRequest& request, const Turn* turn = nullptr);

// For what commits by itself: 25001, with how to call it instead. `commits`: a sentence on what it commits.
[[noreturn]] void RefuseInTransaction(const std::string& function, const std::string& commits,
                                      const core::Surroundings& surroundings);

}  // namespace headway::server
