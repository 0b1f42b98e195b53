// Several workers at once for one process, which goes on with work of its own meanwhile; and one that nobody waits for.
#pragma once

#include "pg/process/worker.hpp"

namespace headway::pg {

// The request goes on by itself, as the caller and with the caller's settings; the call returns as soon as the worker
// has taken it over. What it says goes to the server's log; `title`: of what it does, where it cannot say it itself.
void StartDetached(const WorkerRequest& request, const std::string& title);

// REQUIRES of all but Stop(): no transaction open, or one that may last.
// The same as others: logs in as `session_user`, with the settings that this has then, and takes on `role`.
void StartDetachedAs(const WorkerRequest& request, const std::string& title, Oid session_user, Oid role);

class WorkerTeam {
 public:
  WorkerTeam();
  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;
  ~WorkerTeam();  // stops those that are left

  // False: no slot of max_worker_processes is free.
  bool Start(const WorkerRequest& request);
  // Takes what the workers have said; throws the error of one that has failed, or was terminated.
  void Check();
  std::size_t running() const;
  // Cancels all of them and waits until they have stopped, for a bounded time.
  void Stop(const core::ErrorReport& reason) noexcept;
  // The sum of their results; throws as Check() does.
  std::int64_t WaitForAll();

 private:
  struct Member;
  std::vector<Member> members_;
  std::int64_t sum_ = 0;
};

}  // namespace headway::pg
