// What a script may leave behind in its session: temporary relations, prepared statements, cursors and advisory locks.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// --- In a session that is the script's own (a worker): all of it goes, as with DISCARD ALL, but for settings. ---

// REQUIRES: a transaction.
void DropTemporaryObjects();
// REQUIRES: none.
void DropSessionObjects();
// All but the runner lock.
void ReleaseAdvisoryLocks();

// --- In the caller's session: listed before and after, so that only what the script made goes. ---
// REQUIRES: a transaction.

using SessionObject = std::pair<std::string, std::string>;  // kind and identity
using SessionObjects = std::vector<SessionObject>;          // sorted

SessionObjects ListSessionObjects();
void DropSessionObjectsSince(const SessionObjects& before);

}  // namespace headway::pg
