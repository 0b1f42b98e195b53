// migrate_sql().
#include "commands/offline.hpp"
#include "pg/entry_point.hpp"
#include "pg/function_call.hpp"
#include "pg/text.hpp"

namespace pg = headway::pg;
namespace server = headway::server;

HEADWAY_FUNCTION(migrate_sql) {
  server::OfflineCall call;
  call.target = pg::TextArgument(fcinfo, 0, "target");
  call.direction = pg::TextArgument(fcinfo, 1, "direction");
  call.version_table = pg::TextArgument(fcinfo, 2, "version_table");
  call.single_transaction = pg::BooleanArgument(fcinfo, 3, false);
  return pg::TextDatum(server::WriteOfflineScript(call));
}
