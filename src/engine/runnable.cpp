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
  if (facts.trusted) return;
  throw Error(core::sqlstate::kInsufficientPrivilege,
              Format("revision %1% was registered by a role without your privileges", step.revision),
              Format("It was registered by \"%1%\", whose script would run with your rights. Nothing has been run.",
                     facts.registered_by),
              Format("Read the script in headway.revision; to vouch for it, register the same revision again yourself. "
                     "Or run it as a role whose privileges that role has: SET ROLE \"%1%\".",
                     facts.registered_by));
}

}  // namespace headway::engine
