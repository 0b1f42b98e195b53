// migrate_upgrade(), migrate_downgrade(), migrate_stamp().
#include "commands/migration.hpp"
#include "pg/entry_point.hpp"
#include "pg/function_call.hpp"

namespace core = headway::core;
namespace pg = headway::pg;
namespace server = headway::server;

HEADWAY_FUNCTION(migrate_upgrade) {
  return Int32GetDatum(
      static_cast<int32>(server::Migrate(fcinfo, core::Direction::kUpgrade, pg::TextArgument(fcinfo, 0, "target"))));
}

HEADWAY_FUNCTION(migrate_downgrade) {
  return Int32GetDatum(
      static_cast<int32>(server::Migrate(fcinfo, core::Direction::kDowngrade, pg::TextArgument(fcinfo, 0, "target"))));
}

HEADWAY_FUNCTION(migrate_stamp) {
  return Int32GetDatum(
      static_cast<int32>(server::Stamp(pg::TextArgument(fcinfo, 0, "target"), pg::BooleanArgument(fcinfo, 1, false))));
}
