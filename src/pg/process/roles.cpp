#include "pg/process/roles.hpp"

#include "pg/catalog/object_names.hpp"
#include "pg/guard.hpp"
#include "pg/postgres.hpp"
#include "pg/process/transaction.hpp"

namespace headway::pg {

std::string CurrentUserName() { return RoleName(GetUserId()); }
Oid SessionUser() { return GetSessionUserId(); }

namespace {

bool HasPrivilegesOf(Oid role, Oid other) {
  return Guarded([&] {
    return OidIsValid(role) && SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)) && has_privs_of_role(role, other);
  });
}

}  // namespace

Oid RoleNamed(const std::string& name) {
  return Guarded([&] { return get_role_oid(name.c_str(), true); });
}

bool HasPrivilegesOfCurrentUser(Oid role) { return HasPrivilegesOf(role, GetUserId()); }

std::string RoleAtRiskFrom(Oid role) {
  if (!HasPrivilegesOf(role, GetUserId())) return CurrentUserName();
  if (IsRoleShutIn()) return {};
  for (const Oid behind : {GetSessionUserId(), GetAuthenticatedUserId()}) {
    if (!HasPrivilegesOf(role, behind)) return RoleName(behind);
  }
  return {};
}

bool CurrentUserHasPrivilegesOf(const std::string& role) {
  return Guarded([&] {
    if (superuser()) return true;
    const Oid oid = get_role_oid(role.c_str(), true);
    return OidIsValid(oid) && has_privs_of_role(GetUserId(), oid);
  });
}

}  // namespace headway::pg
