#include "engine/phases.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "engine/unit.hpp"

namespace headway::engine {

using core::Error;
using core::Format;

int PhaseRunner::Run(const PhasedOperation& operation) {
  int run = 0;
  for (std::size_t i = 0; i < operation.phases.size(); ++i) {
    if (RunPhase(operation, i)) ++run;
  }
  if (run == 0) reporter_.Notice(Format("nothing to do: %1% is done already", operation.name));
  return run;
}

bool PhaseRunner::RunPhase(const PhasedOperation& operation, std::size_t number) {
  const Phase& phase = operation.phases[number];
  const std::string which = Format("phase %1% of %2%", number + 1, operation.phases.size());
  bool announced = false;
  bool did = false;
  LockRetry::Work work;
  work.name = Format("%1% (%2%)", operation.name, which);
  work.body = [&] { did = Try(phase, Format("%1%: %2%", which, phase.title), announced); };
  work.explain = [&](Error& error) { Explain(error, Format("%1% of %2%: %3%", which, operation.name, phase.title)); };
  work.failed = [](const Error&) {};
  retry_.Run(work);
  return did;
}

// False when the phase is done already.
bool PhaseRunner::Try(const Phase& phase, const std::string& announcement, bool& announced) {
  Unit unit(session_);
  const std::optional<core::Statement> statement = phase.next();
  if (statement && !announced) {
    reporter_.Activity(announcement);
    reporter_.Notice(announcement);
    announced = true;
  }
  if (statement && statement->kind == core::StatementClass::kTransactional) {
    session_.BeginScript(retry_.QueueMs());
    retry_.TakeLocks(*statement, false);
    session_.RunStatement(*statement);
    session_.EndScript();
  }
  unit.Commit();
  if (statement && statement->kind != core::StatementClass::kTransactional) {
    retry_.RunTopLevel(*statement);
    session_.Commit();
  }
  return statement.has_value();
}

void PhaseRunner::Explain(Error& error, const std::string& place) const {
  const std::string held = session_.HeldTooLong();
  if (!held.empty() && error.Is(core::sqlstate::kQueryCanceled)) {
    error = Error(core::sqlstate::kLockHeldTooLong, "the operation held a lock for too long",
                  held + " This phase has been rolled back; those before it are kept.",
                  "Raise headway.max_lock_hold, then call it again: it goes on with this phase.");
  }
  core::ErrorReport& report = error.report();
  report.context += report.context.empty() ? place : "\n" + place;
}

}  // namespace headway::engine
