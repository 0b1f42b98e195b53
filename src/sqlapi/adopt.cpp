// migrate_adopt().
#include "commands/adoption.hpp"
#include "pg/entry_point.hpp"
#include "pg/function_call.hpp"
#include "pg/process/top_level_call.hpp"

namespace pg = headway::pg;
namespace server = headway::server;

HEADWAY_FUNCTION(migrate_adopt) {
  pg::RequireWritable("migrate_adopt");
  return Int32GetDatum(static_cast<int32>(server::Adopt(pg::OidArgument(fcinfo, 0, "version_table"))));
}
