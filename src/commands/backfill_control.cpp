#include "commands/backfill_control.hpp"

#include <algorithm>

#include "adapters/backfill_job.hpp"
#include "adapters/backfill_log.hpp"
#include "adapters/throttle.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/process/runner_lock.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

using core::Error;
using core::Format;
namespace sqlstate = core::sqlstate;

// There is nothing to cancel of a job that is done.
pg::PreparedQuery ask(
    "UPDATE headway.backfill SET request = CASE WHEN state OPERATOR(pg_catalog.=) 'done' AND $2 OPERATOR(pg_catalog.=)"
    " 'cancel' THEN 'run' ELSE $2 END WHERE name OPERATOR(pg_catalog.=) $1",
    "tt");
pg::PreparedQuery forget("DELETE FROM headway.backfill WHERE name OPERATOR(pg_catalog.=) $1", "t");

void RequireJob(bool found, const std::string& name) {
  if (found) return;
  throw Error(sqlstate::kUndefinedObject, Format("there is no backfill or delete named \"%1%\"", name), {},
              "SELECT name, state FROM headway.backfill lists them.");
}

bool IsRun(const std::string& name) { return !pg::DescribeJobHolder(name).empty(); }

bool Ask(const std::string& name, const char* request) {
  RequireJob(ask.Run({name, request}).processed > 0, name);
  return IsRun(name);
}

}  // namespace

bool PauseBackfill(const std::string& name) { return Ask(name, "pause"); }

bool ResumeBackfill(const std::string& name) { return Ask(name, "run"); }

bool CancelBackfill(const std::string& name) {
  const pg::JobLock idle(name);
  if (!idle.held()) return Ask(name, "cancel");
  RequireJob(MarkJobCancelled(name), name);
  return false;
}

bool ChangeBackfill(const std::string& name, const LimitChanges& changes) {
  JobLimits limits = LoadLimits(name);
  engine::BackfillSettings& settings = limits.settings;
  if (changes.batch_size) {
    settings.batch_size = *changes.batch_size == 0 ? std::nullopt : changes.batch_size;
  }
  settings.target_batch_ms = changes.target_batch_ms.value_or(settings.target_batch_ms);
  if (changes.pause_ms) settings.pause_ms = std::max<std::int64_t>(0, *changes.pause_ms);
  settings.time_window = changes.time_window.value_or(settings.time_window);
  settings.max_wal_rate = changes.max_wal_rate.value_or(settings.max_wal_rate);
  if (changes.max_replica_lag) {
    settings.max_replica_lag_ms = changes.max_replica_lag->ms;
    settings.max_replica_lag_bytes = changes.max_replica_lag->bytes;
  }
  settings.waits_for_snapshots = changes.waits_for_snapshots.value_or(settings.waits_for_snapshots);
  if (changes.max_active) settings.max_active = *changes.max_active == 0 ? std::nullopt : changes.max_active;
  limits.vacuum_every = changes.vacuum_every.value_or(limits.vacuum_every);
  RequireLimits(limits);
  SaveLimits(name, limits);
  return IsRun(name);
}

bool ForgetBackfill(const std::string& name) {
  // A call that begins before this transaction has ended waits for the row.
  const pg::JobLock idle(name);
  if (!idle.held()) {
    throw Error(sqlstate::kObjectInUse, Format("\"%1%\" is being run", name), pg::DescribeJobHolder(name),
                Format("End it first: SELECT safe_backfill_cancel(%1%).", pg::QuoteLiteral(name)));
  }
  EndCallsLeftBehind(name, LoadTotals(name).rows);
  return forget.Run({name}).processed > 0;
}

}  // namespace headway::server
