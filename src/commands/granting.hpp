// migrate_grant(): what a role that deploys needs, and no more.
#pragma once

#include <string>

namespace headway::server {

// The statements that grant it, as a script; `apply`: they are run as well, in the caller's transaction and with the
// caller's rights. Throws kUndefinedObject when there is no such role.
std::string Grant(const std::string& role, bool apply);

}  // namespace headway::server
