// What is refused before a script is touched, whether it is to run here or to be written down for another database.
#pragma once

#include <string>

#include "core/revision.hpp"
#include "engine/ports.hpp"

namespace headway::engine {

// "upgrade of revision def456"
std::string NameScript(const core::MigrationStep& step);

// Throws kIrreversible or kInsufficientPrivilege.
void RequireRunnable(const core::MigrationStep& step, const StepFacts& facts);

}  // namespace headway::engine
