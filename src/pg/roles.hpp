// Who is who: names of roles, and whose privileges cover whose.
#pragma once

#include "pg/guard.hpp"

namespace headway::pg {

std::string CurrentUserName();
// Whether the role of this name has all privileges of the current user; false when there is no such role.
bool HasPrivilegesOfCurrentUser(const std::string& role);
// Whether the current user has all privileges of the role of this name.
bool CurrentUserHasPrivilegesOf(const std::string& role);

}  // namespace headway::pg
