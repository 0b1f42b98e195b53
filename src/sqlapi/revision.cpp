// migrate_revision() and the triggers on its table.
#include "adapters/sessions.hpp"
#include "commands/nothing_to_do.hpp"
#include "commands/registration.hpp"
#include "commands/vouching.hpp"
#include "pg/entry_point.hpp"
#include "pg/function_call.hpp"
#include "pg/process/top_level_call.hpp"
#include "pg/text.hpp"

namespace pg = headway::pg;
namespace server = headway::server;

HEADWAY_FUNCTION(migrate_revision) {
  server::RequireOutsideScript("migrate_revision");
  pg::RequireWritable("migrate_revision");
  server::RevisionCall call;
  call.revision = pg::TextArgument(fcinfo, 0, "revision");
  call.down_revision = pg::OptionalText(fcinfo, 1);
  call.message = pg::OptionalText(fcinfo, 2).value_or("");
  call.upgrade = pg::TextArgument(fcinfo, 3, "upgrade");
  call.downgrade = pg::OptionalText(fcinfo, 4);
  call.branch_labels = pg::OptionalText(fcinfo, 5);
  call.depends_on = pg::OptionalText(fcinfo, 6);
  if (!fcinfo->args[7].isnull) call.transactional = pg::BooleanArgument(fcinfo, 7, true);
  return pg::TextDatum(server::RegisterRevision(call));
}

HEADWAY_FUNCTION(headway_vouch) { return server::CheckVoucher(fcinfo); }

HEADWAY_FUNCTION(headway_note_change) { return server::ForgetNothingToDo(); }
