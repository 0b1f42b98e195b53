// An operation made of phases, each with transactions of its own: the driver of the safe_* operations on tables.
//
// A phase is asked for its statement just before it runs, and looks at the catalogs to answer; none means that it is
// done already. So nothing has to be recorded: the same call again goes on where an earlier one has stopped, whatever
// stopped it, and does nothing when all is done. Each phase gets its locks as the statements of a revision do.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/lock_retry.hpp"
#include "engine/ports.hpp"

namespace headway::engine {

struct Phase {
  std::string title;  // what it does, for people: "validate constraint videos_url_check"
  // What is to run, or nothing when it is done. Called in an open unit, anew in each try.
  std::function<std::optional<core::Statement>()> next;
};

struct PhasedOperation {
  std::string name;  // for messages: "safe_set_not_null of public.videos.url"
  std::vector<Phase> phases;
};

class PhaseRunner {
 public:
  PhaseRunner(Session& session, Clock& clock, Reporter& reporter, core::RetryPolicy policy)
      : session_(session), reporter_(reporter), retry_(session, clock, reporter, policy) {}

  // Returns the number of phases that had something to do. An error says in which phase it came up; those before it
  // are kept. REQUIRES: a session that owns its transactions, no unit open.
  int Run(const PhasedOperation& operation);

 private:
  bool RunPhase(const PhasedOperation& operation, std::size_t number);
  bool Try(const Phase& phase, const std::string& announcement, bool& announced);
  void Explain(core::Error& error, const std::string& place) const;

  Session& session_;
  Reporter& reporter_;
  LockRetry retry_;
};

}  // namespace headway::engine
