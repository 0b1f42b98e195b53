#include "server/vouching.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/roles.hpp"
#include "pg/row_trigger.hpp"

namespace headway::server {

// A restore by a superuser keeps what the dump says: a superuser has everybody's privileges.
Datum CheckVoucher(FunctionCallInfo call) {
  const std::string role = pg::NewRowField(call, "registered_by").value_or("");
  if (!pg::CurrentUserHasPrivilegesOf(role)) {
    throw core::Error(core::sqlstate::kInsufficientPrivilege,
                      core::Format("cannot register a revision in the name of role \"%1%\"", role),
                      "Whoever registers a revision vouches for its scripts.", "Use migrate_revision().");
  }
  return pg::PassNewRow(call);
}

}  // namespace headway::server
