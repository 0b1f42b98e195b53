// safe_backfill(), safe_delete() and what is asked of their jobs.
#include "commands/backfill.hpp"

#include "commands/backfill_control.hpp"
#include "commands/backfill_resumption.hpp"
#include "core/byte_size.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/entry_point.hpp"
#include "pg/function_call.hpp"

namespace core = headway::core;
namespace pg = headway::pg;
namespace server = headway::server;

namespace {

bool SkipsFailures(const std::string& on_error) {
  if (on_error == "stop" || on_error == "skip") return on_error == "skip";
  throw core::Error(core::sqlstate::kInvalidParameterValue, core::Format("unknown on_error \"%1%\"", on_error), {},
                    "Use 'stop' or 'skip'.");
}

bool WaitsForSnapshots(const std::string& on_old_snapshot) {
  if (on_old_snapshot == "go on" || on_old_snapshot == "wait") return on_old_snapshot == "wait";
  throw core::Error(core::sqlstate::kInvalidParameterValue,
                    core::Format("unknown on_old_snapshot \"%1%\"", on_old_snapshot), {}, "Use 'go on' or 'wait'.");
}

// Empty: no limit.
server::ReplicaLag LagOf(const std::string& text) {
  server::ReplicaLag lag;
  if (text.empty()) return lag;
  lag.bytes = core::ParseBytes(text);
  if (!lag.bytes) lag.ms = pg::MillisecondsOf(text, "max_replica_lag");
  if (lag.bytes || lag.ms) return lag;
  throw core::Error(core::sqlstate::kInvalidParameterValue, core::Format("invalid max_replica_lag \"%1%\"", text), {},
                    "Write a time or a size: max_replica_lag => '10 s', or '64 MB' of WAL.");
}

template <class T>
T Given(const std::optional<T>& value, const char* name) {
  if (value) return *value;
  throw core::Error(core::sqlstate::kNullValueNotAllowed, core::Format("argument \"%1%\" must not be null", name));
}

// From the argument behind the where_clause on, the two functions are the same.
Datum Run(FunctionCallInfo fcinfo, server::BackfillCall& call, int next) {
  call.name = pg::OptionalText(fcinfo, next++);
  call.strategy = pg::TextArgument(fcinfo, next++, "strategy");
  auto& settings = call.limits.settings;
  settings.batch_size = pg::OptionalInteger(fcinfo, next++);
  settings.target_batch_ms = Given(pg::OptionalMilliseconds(fcinfo, next++, "target_batch_time"), "target_batch_time");
  settings.pause_ms = Given(pg::OptionalMilliseconds(fcinfo, next++, "pause"), "pause");
  call.max_duration_ms = pg::OptionalMilliseconds(fcinfo, next++, "max_duration");
  settings.time_window = pg::OptionalText(fcinfo, next++).value_or("");
  const server::ReplicaLag lag = LagOf(pg::OptionalText(fcinfo, next++).value_or(""));
  settings.max_replica_lag_ms = lag.ms;
  settings.max_replica_lag_bytes = lag.bytes;
  settings.max_wal_rate = pg::OptionalText(fcinfo, next++).value_or("");
  call.limits.vacuum_every = Given(pg::OptionalReal(fcinfo, next++), "vacuum_every");
  call.workers = static_cast<int>(Given(pg::OptionalInteger(fcinfo, next++), "workers"));
  call.skip_failures = SkipsFailures(pg::TextArgument(fcinfo, next++, "on_error"));
  call.wait = pg::BooleanArgument(fcinfo, next++, true);
  settings.waits_for_snapshots = WaitsForSnapshots(pg::TextArgument(fcinfo, next++, "on_old_snapshot"));
  settings.max_active = pg::OptionalInteger(fcinfo, next);
  return Int64GetDatum(server::Backfill(fcinfo, call));
}

}  // namespace

HEADWAY_FUNCTION(safe_backfill) {
  server::BackfillCall call;
  call.relation = pg::OidArgument(fcinfo, 0, "relation");
  call.set_clause = pg::TextArgument(fcinfo, 1, "set_clause");
  call.where_clause = pg::OptionalText(fcinfo, 2);
  return Run(fcinfo, call, 3);
}

HEADWAY_FUNCTION(safe_delete) {
  server::BackfillCall call;
  call.relation = pg::OidArgument(fcinfo, 0, "relation");
  call.deletes = true;
  call.where_clause = pg::TextArgument(fcinfo, 1, "where_clause");
  return Run(fcinfo, call, 2);
}

HEADWAY_FUNCTION(safe_backfill_pause) {
  return BoolGetDatum(server::PauseBackfill(pg::TextArgument(fcinfo, 0, "name")));
}

HEADWAY_FUNCTION(safe_backfill_resume) {
  return BoolGetDatum(server::ResumeBackfill(pg::TextArgument(fcinfo, 0, "name")));
}

HEADWAY_FUNCTION(safe_backfill_cancel) {
  return BoolGetDatum(server::CancelBackfill(pg::TextArgument(fcinfo, 0, "name")));
}

HEADWAY_FUNCTION(safe_backfill_forget) {
  return BoolGetDatum(server::ForgetBackfill(pg::TextArgument(fcinfo, 0, "name")));
}

HEADWAY_FUNCTION(safe_backfill_set) {
  const std::string name = pg::TextArgument(fcinfo, 0, "name");
  server::LimitChanges changes;
  changes.batch_size = pg::OptionalInteger(fcinfo, 1);
  changes.target_batch_ms = pg::OptionalMilliseconds(fcinfo, 2, "target_batch_time");
  changes.pause_ms = pg::OptionalMilliseconds(fcinfo, 3, "pause");
  changes.time_window = pg::OptionalText(fcinfo, 4);
  if (const std::optional<std::string> lag = pg::OptionalText(fcinfo, 5)) changes.max_replica_lag = LagOf(*lag);
  changes.max_wal_rate = pg::OptionalText(fcinfo, 6);
  changes.vacuum_every = pg::OptionalReal(fcinfo, 7);
  const std::optional<std::string> on_old_snapshot = pg::OptionalText(fcinfo, 8);
  if (on_old_snapshot) changes.waits_for_snapshots = WaitsForSnapshots(*on_old_snapshot);
  changes.max_active = pg::OptionalInteger(fcinfo, 9);
  return BoolGetDatum(server::ChangeBackfill(name, changes));
}

HEADWAY_FUNCTION(headway_note_caller) { return server::NoteCaller(fcinfo); }
