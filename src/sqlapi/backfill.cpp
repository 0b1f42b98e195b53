// safe_backfill().
#include "server/backfill.hpp"
#include "pg/function_call.hpp"

namespace pg = headway::pg;
namespace server = headway::server;

HEADWAY_FUNCTION(safe_backfill) {
  server::BackfillCall call;
  call.relation = pg::OidArgument(fcinfo, 0, "relation");
  call.set_clause = pg::TextArgument(fcinfo, 1, "set_clause");
  call.where_clause = pg::OptionalText(fcinfo, 2);
  call.batch_size = pg::OptionalInteger(fcinfo, 3);
  call.name = pg::OptionalText(fcinfo, 4);
  call.strategy = pg::TextArgument(fcinfo, 5, "strategy");
  return Int64GetDatum(server::Backfill(fcinfo, call));
}
