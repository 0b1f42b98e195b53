// Who is who: names of roles, and whose privileges cover whose.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

std::string CurrentUserName();
Oid SessionUser();
Oid RoleNamed(const std::string& name);  // kNoOid: there is none
// Whether a role that exists has all privileges of the current user.
bool HasPrivilegesOfCurrentUser(Oid role);
// The role whose privileges what belongs to `role` could get at here though it has not got them: the current user, or
// one that RESET ROLE and RESET SESSION AUTHORIZATION lead back to, unless this is a worker where they do not. Empty:
// there is none. A role that does not exist (any more) has nobody's privileges.
std::string RoleAtRiskFrom(Oid role);
// Whether the current user has all privileges of the role of this name.
bool CurrentUserHasPrivilegesOf(const std::string& role);

}  // namespace headway::pg
