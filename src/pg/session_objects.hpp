// What a script may leave behind in a session that is not its own: temporary relations, prepared statements, cursors
// and advisory locks. Listed before and after, so that only what the script made is removed.
// REQUIRES: a transaction.
#pragma once

#include "pg/guard.hpp"

namespace headway::pg {

using SessionObjects = std::vector<std::pair<std::string, std::string>>;  // kind and identity, sorted

SessionObjects ListSessionObjects();
void DropSessionObjectsSince(const SessionObjects& before);

}  // namespace headway::pg
