#include "pg/roles.hpp"

#include "pg/text.hpp"

namespace headway::pg {

std::string CurrentUserName() { return RoleName(GetUserId()); }

bool HasPrivilegesOfCurrentUser(const std::string& role) {
  return Guarded([&] {
    const Oid oid = get_role_oid(role.c_str(), true);
    return OidIsValid(oid) && has_privs_of_role(oid, GetUserId());
  });
}

bool CurrentUserHasPrivilegesOf(const std::string& role) {
  return Guarded([&] {
    if (superuser()) return true;
    const Oid oid = get_role_oid(role.c_str(), true);
    return OidIsValid(oid) && has_privs_of_role(GetUserId(), oid);
  });
}

}  // namespace headway::pg
