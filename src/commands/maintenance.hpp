// Looking after what is registered: checks for continuous integration, and forgetting a revision.
#pragma once

#include <string>
#include <vector>

#include "core/checkup.hpp"

namespace headway::server {

// `reversible`: a NULL downgrade is a problem too.
std::vector<core::Finding> Check(bool reversible);

// Takes a revision out of headway.revision; returns its full id. Refuses what is applied, begun, or needed by another
// revision, unless forced.
std::string Forget(const std::string& revision, bool force);

// Deletes the positions of a revision that stopped in the middle, of both directions: its next run begins at its first
// statement. False when there was none.
bool ForgetProgress(const std::string& revision);

}  // namespace headway::server
