// What a script may leave behind in a session that is not its own: temporary relations, prepared statements, cursors
// and advisory locks. Listed before and after, so that only what the script made is removed.
// REQUIRES: a transaction.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

using SessionObject = std::pair<std::string, std::string>;  // kind and identity
using SessionObjects = std::vector<SessionObject>;          // sorted

SessionObjects ListSessionObjects();
void DropSessionObjectsSince(const SessionObjects& before);

}  // namespace headway::pg
