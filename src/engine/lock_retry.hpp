// How work that needs locks gets them without stalling others: hover, queue briefly, back off, try again.
//
// Whoever has such work gives it a name and a body. What fails for want of a lock (55P03, 40P01) is rolled back, so
// that nothing is held, and tried again after a pause, as long as the policy allows. Nothing else is tried again.
#pragma once

#include <functional>
#include <string>

#include "core/retry.hpp"
#include "engine/ports.hpp"

namespace headway::engine {

class LockRetry {
 public:
  struct Work {
    std::string name;            // for messages: "upgrade of revision def456"
    std::function<void()> body;  // leaves nothing open when it succeeds
    // Adds to an error what only the owner of the work knows, where it happened for instance.
    std::function<void(core::Error&)> explain = [](core::Error&) {};
    // Told of the error that ends the work before it is thrown. Must not throw.
    std::function<void(const core::Error&)> failed = [](const core::Error&) {};
    // How a pause before the next try is spent, with nothing open; null: asleep.
    std::function<void(std::int64_t pause_ms)> pause;
  };

  LockRetry(Session& session, Clock& clock, Reporter& reporter, core::RetryPolicy policy)
      : session_(session), clock_(clock), reporter_(reporter), policy_(policy) {}

  // Runs the body until it succeeds or the time for retries is spent. When it throws, everything is rolled back before
  // the pause.
  void Run(const Work& work);

  // Hovers for what the statement will lock. REQUIRES: an open unit; `holds_locks`: with locks of earlier statements.
  void TakeLocks(const core::Statement& statement, bool holds_locks);
  // Drops what a failed try of a statement at top level has left behind. REQUIRES: no unit open.
  void DropLeftovers(const core::Statement& statement);
  // A statement at top level. On return its last transaction is still open. REQUIRES: no unit open.
  void RunTopLevel(const core::Statement& statement);

  // How long this try may stand in a queue.
  std::int64_t QueueMs() const { return core::QueueTimeout(policy_, queued_); }
  // Of all the work so far.
  int retries() const { return retries_; }

 private:
  bool Pause(const Work& work, const core::Error& error);
  void SayWaiting(const Work& work, const core::Error& error);
  void Exhausted(const Work& work, core::ErrorReport& report) const;
  std::string Blockers();
  std::int64_t LockTimeoutFor(const core::Statement& statement) const;

  Session& session_;
  Clock& clock_;
  Reporter& reporter_;
  core::RetryPolicy policy_;
  int retries_ = 0;

  std::int64_t waiting_since_ms_ = 0;  // of the work that is being done now, as all that follows
  int tries_ = 1;
  int queued_ = 0;         // tries that have stood in a queue in vain
  bool in_queue_ = false;  // whether the try that goes on now would
  std::string blockers_;   // who was in the way of the last try
  std::int64_t noticed_ms_ = 0;
};

}  // namespace headway::engine
