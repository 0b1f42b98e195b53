// migrate_check(), migrate_forget(), migrate_forget_progress().
#include "commands/maintenance.hpp"
#include "adapters/sessions.hpp"
#include "pg/entry_point.hpp"
#include "pg/function_call.hpp"
#include "pg/process/top_level_call.hpp"
#include "pg/text.hpp"

namespace core = headway::core;
namespace pg = headway::pg;
namespace server = headway::server;

HEADWAY_FUNCTION(migrate_check) {
  const bool reversible = pg::BooleanArgument(fcinfo, 0, false);
  const bool fail = pg::BooleanArgument(fcinfo, 1, false);
  pg::RowWriter rows(fcinfo);
  const std::string ignored = pg::OptionalText(fcinfo, 2).value_or("");
  const std::vector<core::Finding> findings = core::LeaveOut(server::Check(reversible), ignored);
  if (fail) core::RequireNone(findings);
  for (const core::Finding& finding : findings) {
    rows.Put({finding.problem, finding.revision.empty() ? pg::Field() : pg::Field(finding.revision), finding.detail});
  }
  return 0;
}

HEADWAY_FUNCTION(migrate_forget) {
  server::RequireOutsideScript("migrate_forget");
  pg::RequireWritable("migrate_forget");
  return pg::TextDatum(server::Forget(pg::TextArgument(fcinfo, 0, "revision"), pg::BooleanArgument(fcinfo, 1, false)));
}

HEADWAY_FUNCTION(migrate_forget_progress) {
  server::RequireOutsideScript("migrate_forget_progress");
  pg::RequireWritable("migrate_forget_progress");
  return BoolGetDatum(server::ForgetProgress(pg::TextArgument(fcinfo, 0, "revision")));
}
