// migrate_grant().
#include "adapters/sessions.hpp"
#include "commands/granting.hpp"
#include "pg/entry_point.hpp"
#include "pg/function_call.hpp"
#include "pg/process/top_level_call.hpp"
#include "pg/text.hpp"

namespace pg = headway::pg;
namespace server = headway::server;

HEADWAY_FUNCTION(migrate_grant) {
  const std::string role = pg::TextArgument(fcinfo, 0, "role");
  const bool apply = pg::BooleanArgument(fcinfo, 1, true);
  if (apply) {
    server::RequireOutsideScript("migrate_grant");
    pg::RequireWritable("migrate_grant");
  }
  return pg::TextDatum(server::Grant(role, apply));
}
