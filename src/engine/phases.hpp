// An operation made of phases, each with transactions of its own: the driver of the safe_* operations on tables.
//
// A phase is asked for what is to be done just before it does it, and looks at the catalogs to answer; nothing means
// that it is done. So nothing has to be recorded: the same call again goes on where an earlier one has stopped,
// whatever stopped it, and does nothing when all is done. Each phase gets its locks as the statements of a revision do.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/lock_retry.hpp"
#include "engine/ports.hpp"

namespace headway::engine {

// Statements that are done together in a transaction, or one that cannot be in any; or work with transactions of its
// own, which is called with no unit open.
using PhaseWork = std::variant<std::vector<core::Statement>, std::function<void()>>;

struct Phase {
  std::string title;  // what it does, as messages say it: "validate constraint videos_url_check"
  // What is to be done next, or nothing. Called in an open unit, again in each try and after each success:
  // statements must have changed the answer. Work of its own is done once in a call.
  std::function<std::optional<PhaseWork>()> next;
  // Statements that take locks before `next` is asked, where what it reads must stay as it is until its own statements
  // have run. Asked in the same unit. May be empty.
  std::function<std::vector<core::Statement>()> locks = {};
  // Looks at what stopped the phase and does something about it, in transactions of its own; true: try it again. May
  // be empty.
  std::function<bool(const core::ErrorReport& error)> repair;
  // Asked like `next` when the same call would fail again, before the error goes out: statements that take back what
  // others would meet meanwhile. May be empty.
  std::function<std::optional<PhaseWork>()> give_up;
  // What to do when the data is in the way: "Find the rows with ... and correct them." May be empty.
  std::string hint = {};
  // What to do when a statement has changed nothing, where that is not somebody else's doing. May be empty.
  std::string without_effect = {};
};

struct PhasedOperation {
  std::string name;   // for messages: "safe_set_not_null of public.videos.url"
  std::string table;  // one operation at a time works on it
  std::vector<Phase> phases;
  // What is left on purpose when all are done, and how to go on; may be empty.
  std::string remains = {};
  std::string remains_hint = {};
  std::string nothing_to_do = {};  // what to say when there is nothing; empty: that it is already done
};

class PhaseRunner {
 public:
  PhaseRunner(Session& session, Clock& clock, Reporter& reporter, core::RetryPolicy policy)
      : session_(session), reporter_(reporter), retry_(session, clock, reporter, policy) {}

  // Has the operation made, under a bound for waits as all that follows. `name`: for messages until it has its own.
  PhasedOperation Make(const std::string& name, const std::function<PhasedOperation()>& make);

  // Returns the number of phases that had something to do. An error says in which phase it came up; those before it
  // are kept. REQUIRES, of both: a session that owns its transactions, no unit open.
  int Run(const PhasedOperation& operation);

 private:
  struct Running;

  bool RunPhase(Running& running);
  void GiveUp(const Running& running);
  std::optional<PhaseWork> Try(Running& running);
  void Announce(Running& running);
  void Explain(core::Error& error, const Running& running) const;

  Session& session_;
  Reporter& reporter_;
  LockRetry retry_;
};

}  // namespace headway::engine
