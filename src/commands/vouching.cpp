#include "commands/vouching.hpp"

#include <optional>
#include <string>

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/field.hpp"
#include "pg/process/roles.hpp"
#include "pg/row_trigger.hpp"

namespace headway::server {

namespace {

// Of the role that vouches: names can be given to others, oids cannot. What is not vouched for again keeps whoever it
// had, who may be gone. A dump's oids are of another cluster: a restore is an INSERT, and finds them by their names.
Oid VoucherOid(FunctionCallInfo call, const std::string& role) {
  const std::optional<std::string> before = pg::OldRowField(call, "registered_by_oid");
  const bool as_before = before && pg::IsAsBefore(call, "registered_by") && pg::IsAsBefore(call, "registered_at") &&
                         pg::IsAsBefore(call, "upgrade") && pg::IsAsBefore(call, "downgrade");
  return as_before ? pg::ToOid(before) : pg::RoleNamed(role);
}

}  // namespace

// A restore by a superuser keeps what the dump says: a superuser has everybody's privileges.
Datum CheckVoucher(FunctionCallInfo call) {
  const std::string role = pg::NewRowField(call, "registered_by").value_or("");
  if (!pg::CurrentUserHasPrivilegesOf(role)) {
    throw core::Error(core::sqlstate::kInsufficientPrivilege,
                      core::Format("cannot register a revision in the name of role \"%1%\"", role),
                      "Whoever registers a revision vouches for its scripts.", "Use migrate_revision().");
  }
  return pg::PassNewRow(call, {{"registered_by_oid", VoucherOid(call, role)}});
}

}  // namespace headway::server
