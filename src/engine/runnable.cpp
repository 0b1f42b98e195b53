#include "engine/runnable.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"

namespace headway::engine {

using core::Direction;
using core::Error;
using core::Format;

std::string NameScript(const core::MigrationStep& step) {
  return Format("%1% of revision %2%", core::NameOf(step.direction), step.revision);
}

void RequireRunnable(const core::MigrationStep& step, const StepFacts& facts) {
  if (step.direction == Direction::kDowngrade && !facts.reversible) {
    throw Error(core::sqlstate::kIrreversible, Format("revision %1% cannot be downgraded", step.revision),
                "It was registered with downgrade => NULL. Nothing has been run.",
                "Choose a target above it, or register it again with a downgrade ('' when there is nothing to undo).");
  }
  if (facts.role_at_risk.empty()) return;
  if (!facts.is_current_user_at_risk) {
    throw Error(
        core::sqlstate::kInsufficientPrivilege,
        Format("revision %1% was registered by a role without the privileges of the session's", step.revision),
        Format("It was registered by \"%1%\". In a transaction of yours its script could go back from there to the "
               "role of the session, \"%2%\". Nothing has been run.",
               facts.registered_by, facts.role_at_risk),
        Format("Call it as a statement of its own: there the role cannot be left. Or connect as \"%1%\"; or, to "
               "vouch for the script, register the same revision again yourself.",
               facts.registered_by));
  }
  throw Error(core::sqlstate::kInsufficientPrivilege,
              Format("revision %1% was registered by a role without your privileges", step.revision),
              Format("It was registered by \"%1%\", whose script would run with your rights. Nothing has been run.",
                     facts.registered_by),
              Format("Read the script in headway.revision; to vouch for it, register the same revision again yourself. "
                     "Or have it run by a role whose privileges that role has: connect as \"%1%\", or SET ROLE \"%1%\" "
                     "and call it as a statement of its own.",
                     facts.registered_by));
}

}  // namespace headway::engine
