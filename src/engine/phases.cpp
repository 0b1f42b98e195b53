#include "engine/phases.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "engine/unit.hpp"

namespace headway::engine {

using core::Error;
using core::Format;
using core::Statement;
using core::StatementClass;
using Statements = std::vector<Statement>;

struct PhaseRunner::Running {
  const PhasedOperation& operation;
  const Phase& phase;
  std::string which;  // "phase 2 of 4"
  bool announced = false;
};

namespace {

// Class 22, data exceptions, and 23, constraint violations: something in the table is not as the operation wants it.
bool IsAboutData(const core::ErrorReport& report) {
  return report.sqlstate.rfind("22", 0) == 0 || report.sqlstate.rfind("23", 0) == 0;
}

// What the same call would meet again: data, names and types, what the server cannot do, what a function raises.
bool IsLasting(const core::ErrorReport& report) {
  const std::string category = report.sqlstate.substr(0, 2);
  return IsAboutData(report) || category == "42" || category == "0A" || category == "P0";
}

[[noreturn]] void ThrowWithoutEffect(const std::string& which, const Statement& statement, const std::string& hint) {
  throw Error(core::sqlstate::kObjectNotInPrerequisiteState, Format("%1% has had no effect", which),
              Format("\"%1%\" has run, and it is still to be done.", statement.text),
              !hint.empty() ? hint : "Does somebody else undo it meanwhile? Call it again when they have ended.");
}

}  // namespace

PhasedOperation PhaseRunner::Make(const std::string& name, const std::function<PhasedOperation()>& make) {
  PhasedOperation operation;
  LockRetry::Work work;
  work.name = name;
  work.body = [&] {
    Unit unit(session_);
    session_.BeginScript(retry_.QueueMs());
    operation = make();
    session_.EndScript();
    unit.Commit();
  };
  retry_.Run(work);
  return operation;
}

int PhaseRunner::Run(const PhasedOperation& operation) {
  int run = 0;
  for (std::size_t i = 0; i < operation.phases.size(); ++i) {
    Running running{operation, operation.phases[i], Format("phase %1% of %2%", i + 1, operation.phases.size())};
    if (RunPhase(running)) ++run;
  }
  if (run == 0) {
    const std::string& why = operation.nothing_to_do;
    reporter_.Notice("nothing to do: " + (why.empty() ? operation.name + " is already done" : why));
  }
  if (!operation.remains.empty()) reporter_.Notice(operation.remains, {}, operation.remains_hint);
  return run;
}

// False when the phase was already done.
bool PhaseRunner::RunPhase(Running& running) {
  std::string last;
  for (;;) {
    std::optional<PhaseWork> done;
    LockRetry::Work work;
    work.name = Format("%1% (%2%)", running.operation.name, running.which);
    work.body = [&] { done = Try(running); };
    work.explain = [&](Error& error) { Explain(error, running); };
    try {
      retry_.Run(work);
    } catch (const Error& error) {
      if (running.phase.repair && running.phase.repair(error.report())) continue;
      if (running.phase.give_up && IsLasting(error.report())) GiveUp(running);
      throw;
    }
    if (!done || !std::holds_alternative<Statements>(*done)) break;
    const Statement& statement = std::get<Statements>(*done).front();
    if (statement.text == last) ThrowWithoutEffect(running.which, statement, running.phase.without_effect);
    last = statement.text;
  }
  return running.announced;
}

void PhaseRunner::GiveUp(const Running& running) {
  const Phase phase = {"take back what has been prepared", running.phase.give_up, {}, {}, {}};
  Running giving_up{running.operation, phase, running.which};
  (void)RunPhase(giving_up);
}

void PhaseRunner::Announce(Running& running) {
  const std::string announcement = Format("%1%: %2%", running.which, running.phase.title);
  reporter_.Activity(Format("%1%: %2%", running.operation.name, announcement));
  if (!running.announced) reporter_.Notice(announcement);
  running.announced = true;
}

std::optional<PhaseWork> PhaseRunner::Try(Running& running) {
  Unit unit(session_);
  // What is asked of the catalogs may meet locks as well.
  session_.BeginScript(retry_.QueueMs());
  bool holds_locks = false;
  const auto run = [&](const Statements& statements) {
    for (const Statement& statement : statements) {
      retry_.TakeLocks(statement, holds_locks);
      session_.RunStatement(statement);
      holds_locks = true;
    }
  };
  if (running.phase.locks) run(running.phase.locks());
  std::optional<PhaseWork> work = running.phase.next();
  if (work) Announce(running);
  if (!work || !std::holds_alternative<Statements>(*work)) {
    session_.EndScript();
    unit.Commit();
    if (work) std::get<std::function<void()>> (*work)();
    return work;
  }
  const Statements& statements = std::get<Statements>(*work);
  if (statements.front().kind == StatementClass::kTransactional) {
    run(statements);
    session_.EndScript();
    unit.Commit();
  } else {
    session_.EndScript();
    unit.Commit();
    retry_.RunTopLevel(statements.front());
    session_.Commit();
  }
  return work;
}

void PhaseRunner::Explain(Error& error, const Running& running) const {
  const std::string held = session_.HeldTooLong();
  if (!held.empty() && error.Is(core::sqlstate::kQueryCanceled)) {
    error = Error(core::sqlstate::kLockHeldTooLong, "the operation held a lock for too long",
                  held + " This phase has been rolled back; those before it are kept.",
                  "Raise headway.max_lock_hold, then call it again: it goes on with this phase.");
  }
  core::ErrorReport& report = error.report();
  const bool hinted = running.phase.give_up ? IsLasting(report) : IsAboutData(report);
  if (hinted && !running.phase.hint.empty()) report.hint += (report.hint.empty() ? "" : " ") + running.phase.hint;
  const std::string place = Format("%1% of %2%: %3%", running.which, running.operation.name, running.phase.title);
  report.context += report.context.empty() ? place : "\n" + place;
}

}  // namespace headway::engine
