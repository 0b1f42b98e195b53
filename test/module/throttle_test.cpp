// SQL functions for src/adapters/throttle.cpp and src/pg/pressure.cpp: test/module/sql/throttle.sql calls them.
#include "adapters/throttle.hpp"

#include "pg/entry_point.hpp"
#include "pg/pressure.hpp"

namespace pg = headway::pg;
namespace engine = headway::engine;

namespace {

std::string TextOr(FunctionCallInfo fcinfo, int number) {
  if (fcinfo->args[number].isnull) return "";
  return pg::Guarded([&] { return text_to_cstring(DatumGetTextPP(fcinfo->args[number].value)); });
}

Datum TextResult(const std::string& text) {
  return pg::Guarded([&] { return PointerGetDatum(cstring_to_text(text.c_str())); });
}

}  // namespace

// Looks once, with the throttle of this session: "go", or what it waits for. (window, rate, lag in ms)
HEADWAY_FUNCTION(throttle_look) {
  static engine::Throttle throttle;
  if (!throttle)
    throttle = headway::server::MakeThrottle([] { return std::make_pair(std::uint32_t{0}, std::string()); }, false);
  engine::BackfillSettings settings;
  settings.time_window = TextOr(fcinfo, 0);
  settings.max_wal_rate = TextOr(fcinfo, 1);
  if (!fcinfo->args[2].isnull) settings.max_replica_lag_ms = DatumGetInt32(fcinfo->args[2].value);
  headway::server::CheckLimits(settings);
  const std::optional<engine::Wait> wait = throttle(settings);
  if (!wait) return TextResult("go");
  return TextResult(wait->what + ": " + wait->detail + " (again in " + std::to_string(wait->again_ms) + " ms)");
}

HEADWAY_FUNCTION(throttle_free_workers) { return Int32GetDatum(pg::FreeWorkerSlots()); }
