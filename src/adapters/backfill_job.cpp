#include "adapters/backfill_job.hpp"

#include "adapters/backfill_skipped.hpp"
#include "adapters/throttle.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

using core::Error;
using core::Format;
namespace sqlstate = core::sqlstate;

// Milliseconds of an interval in the table, and an interval of milliseconds.
#define MS_OF(column) "CAST(pg_catalog.date_part('epoch', " column ") OPERATOR(pg_catalog.*) 1000 AS pg_catalog.int8)"
#define INTERVAL_OF(param)                       \
  "pg_catalog.make_interval(secs => CAST(" param \
  " AS pg_catalog.float8)"                       \
  " OPERATOR(pg_catalog./) CAST(1000 AS pg_catalog.float8))"

pg::PreparedQuery load_job(
    "SELECT command, relation, set_clause, where_clause, state, request, strategy, excludes, sweep,"
    " relation_oid FROM headway.backfill WHERE name OPERATOR(pg_catalog.=) $1 FOR UPDATE",
    "t");
pg::PreparedQuery find_jobs_of_table(
    "SELECT name, relation, command, set_clause, where_clause, revision FROM headway.backfill"
    " WHERE relation_oid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid) ORDER BY started_at DESC",
    "i");
pg::PreparedQuery create_job(
    "INSERT INTO headway.backfill (name, command, relation, set_clause, where_clause, on_error, revision, strategy,"
    " relation_oid, pid)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, 'key', CAST($8 AS pg_catalog.oid), pg_catalog.pg_backend_pid())",
    "ttttttti");
pg::PreparedQuery continue_job(
    "UPDATE headway.backfill SET state = $4, request = 'run', pid = pg_catalog.pg_backend_pid(),"
    " relation_oid = CAST($3 AS pg_catalog.oid), last_error = NULL, old_snapshot = NULL, waiting_for = NULL, on_error "
    "= $2,"
    " updated_at = pg_catalog.clock_timestamp(), finished_at = NULL WHERE name OPERATOR(pg_catalog.=) $1",
    "ttit");
pg::PreparedQuery delete_ranges("DELETE FROM headway.backfill_range WHERE name OPERATOR(pg_catalog.=) $1", "t");
pg::PreparedQuery start_over(
    "UPDATE headway.backfill SET sweep = 0, first_call = NULL, excludes = NULL, rows_before = 0, batches_before = 0, "
    "moved_before = 0,"
    " wal_before = 0, rows_done = 0, batches = 0, longest_ms = 0, rows_unchanged = 0, table_bytes = 0, index_bytes = "
    "0, started_by = current_user,"
    " started_at = pg_catalog.clock_timestamp() WHERE name OPERATOR(pg_catalog.=) $1",
    "t");
pg::PreparedQuery begin_anew("UPDATE headway.backfill SET first_call = NULL WHERE name OPERATOR(pg_catalog.=) $1", "t");
pg::PreparedQuery sum_ranges(
    "SELECT COALESCE(pg_catalog.sum(units), 0), COALESCE(pg_catalog.sum(walked OPERATOR(pg_catalog.+) window_walked), "
    "0),"
    " COALESCE(pg_catalog.sum(rows_done), 0), COALESCE(pg_catalog.sum(rows_per_second) FILTER (WHERE NOT done), 0),"
    " COALESCE(pg_catalog.sum(rows_locked), 0), COALESCE(pg_catalog.sum(rows_still), 0),"
    " COALESCE(pg_catalog.sum(rows_unchanged), 0), pg_catalog.count(*) FILTER (WHERE NOT done), pg_catalog.count(*)"
    " FROM headway.backfill_range WHERE name OPERATOR(pg_catalog.=) $1",
    "t");
pg::PreparedQuery sum_tables(
    "SELECT relation, pg_catalog.sum(rows_done), pg_catalog.sum(rows_moved) FROM headway.backfill_range"
    " WHERE name OPERATOR(pg_catalog.=) $1 GROUP BY relation",
    "t");
pg::PreparedQuery begin_sweep(
    "UPDATE headway.backfill SET sweep = $2, strategy = $3, updated_at = pg_catalog.clock_timestamp()"
    " WHERE name OPERATOR(pg_catalog.=) $1",
    "tit");
// What the ranges have done is in the job's own counts from now on; they are the ranges' to change until then.
#define FOLD                                                                                              \
  "rows_done = rows_before OPERATOR(pg_catalog.+) (SELECT COALESCE(CAST(pg_catalog.sum(r.rows_done) AS"   \
  " pg_catalog.int8), 0) FROM headway.backfill_range r WHERE r.name OPERATOR(pg_catalog.=) b.name),"      \
  " batches = batches_before OPERATOR(pg_catalog.+) (SELECT COALESCE(CAST(pg_catalog.sum(r.batches) AS"   \
  " pg_catalog.int8), 0) FROM headway.backfill_range r WHERE r.name OPERATOR(pg_catalog.=) b.name),"      \
  " longest_ms = GREATEST(longest_ms, (SELECT pg_catalog.max(r.longest_ms) FROM headway.backfill_range r" \
  " WHERE r.name OPERATOR(pg_catalog.=) b.name)),"                                                        \
  " updated_at = pg_catalog.clock_timestamp()"
pg::PreparedQuery fold("UPDATE headway.backfill b SET " FOLD " WHERE name OPERATOR(pg_catalog.=) $1", "t");
pg::PreparedQuery end_sweep(
    "UPDATE headway.backfill b SET rows_before = rows_done, batches_before = batches, excludes = $2, rows_unchanged = "
    "$3,"
    " moved_before = moved_before OPERATOR(pg_catalog.+) r.moved, wal_before = wal_before OPERATOR(pg_catalog.+) r.wal"
    " FROM (SELECT COALESCE(CAST(pg_catalog.sum(rows_moved) AS pg_catalog.int8), 0) AS moved,"
    " COALESCE(CAST(pg_catalog.sum(wal_bytes) AS pg_catalog.int8), 0) AS wal"
    " FROM headway.backfill_range WHERE name OPERATOR(pg_catalog.=) $1) r WHERE b.name OPERATOR(pg_catalog.=) $1",
    "tbi");
pg::PreparedQuery note_sizes(
    "UPDATE headway.backfill SET table_bytes = $2, index_bytes = $3 WHERE name OPERATOR(pg_catalog.=) $1", "tii");
pg::PreparedQuery load_totals(
    "SELECT b.table_bytes, b.index_bytes, b.rows_before OPERATOR(pg_catalog.+) r.rows,"
    " b.batches_before OPERATOR(pg_catalog.+) r.batches, b.moved_before OPERATOR(pg_catalog.+) r.moved,"
    " b.wal_before OPERATOR(pg_catalog.+) r.wal, r.longest"
    " FROM headway.backfill b CROSS JOIN (SELECT COALESCE(CAST(pg_catalog.sum(rows_done) AS pg_catalog.int8), 0) AS "
    "rows,"
    " COALESCE(CAST(pg_catalog.sum(batches) AS pg_catalog.int8), 0) AS batches,"
    " COALESCE(CAST(pg_catalog.sum(rows_moved) AS pg_catalog.int8), 0) AS moved,"
    " COALESCE(CAST(pg_catalog.sum(wal_bytes) AS pg_catalog.int8), 0) AS wal,"
    " COALESCE(pg_catalog.max(longest_ms), 0) AS longest"
    " FROM headway.backfill_range WHERE name OPERATOR(pg_catalog.=) $1) r WHERE b.name OPERATOR(pg_catalog.=) $1",
    "t");
pg::PreparedQuery forget_longest(
    "UPDATE headway.backfill_range SET longest_ms = 0 WHERE name OPERATOR(pg_catalog.=) $1 AND longest_ms"
    " OPERATOR(pg_catalog.>) 0",
    "t");
// It does not wait for whoever changes the limits of the job in an open transaction.
pg::PreparedQuery note_old_snapshot(
    "UPDATE headway.backfill SET old_snapshot = $2 WHERE name OPERATOR(pg_catalog.=)"
    " (SELECT b.name FROM headway.backfill b WHERE b.name OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE SKIP LOCKED)",
    "tt");
pg::PreparedQuery note_wait(
    "UPDATE headway.backfill SET waiting_for = $2, waiting_detail = $3, waiting_since = CASE"
    " WHEN $2 OPERATOR(pg_catalog.=) waiting_for THEN waiting_since"
    " WHEN $2 IS NOT NULL THEN pg_catalog.clock_timestamp() END WHERE name OPERATOR(pg_catalog.=) $1"
    " AND ($2 IS NOT NULL OR waiting_for IS NOT NULL)",
    "ttt");
pg::PreparedQuery lock_state(
    "SELECT state FROM headway.backfill WHERE name OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE", "t");
pg::PreparedQuery mark(
    "UPDATE headway.backfill SET state = $2, last_error = $3, request = 'run', pid = NULL,"
    " waiting_for = NULL,"
    " finished_at = CASE WHEN $2 OPERATOR(pg_catalog.=) 'done' THEN pg_catalog.clock_timestamp() END,"
    " updated_at = pg_catalog.clock_timestamp() WHERE name OPERATOR(pg_catalog.=) $1",
    "ttt");
pg::PreparedQuery cancel_idle(
    "UPDATE headway.backfill SET request = 'run', state = $2, updated_at = pg_catalog.clock_timestamp()"
    " WHERE name OPERATOR(pg_catalog.=) $1",
    "tt");
pg::PreparedQuery clear_lanes(
    "UPDATE headway.backfill_range SET pid = NULL, rows_per_second = NULL, waiting_for = NULL, waiting_detail = NULL,"
    " waiting_since = NULL WHERE name OPERATOR(pg_catalog.=) $1 AND pid IS NOT NULL",
    "t");
#define ORDERS \
  "SELECT request, batch_size, " MS_OF("target_batch_time") ", " MS_OF("pause")             \
  ", time_window, " MS_OF("max_replica_lag") ", max_wal_rate, on_old_snapshot OPERATOR(pg_catalog.=) 'wait', max_active,"\
  " vacuum_every, max_replica_lag_bytes FROM headway.backfill" \
  " WHERE name OPERATOR(pg_catalog.=) $1"
pg::PreparedQuery load_orders(ORDERS, "t");
pg::PreparedQuery lock_orders(ORDERS " FOR NO KEY UPDATE", "t");
pg::PreparedQuery save_limits(
    "UPDATE headway.backfill SET batch_size = $2, target_batch_time = " INTERVAL_OF("$3") ", pause = "
    INTERVAL_OF("$4") ", time_window = $5, max_replica_lag = " INTERVAL_OF("$6") ", max_wal_rate = $7,"
    " vacuum_every = CAST($8 AS pg_catalog.float4),"
    " on_old_snapshot = CASE WHEN $9 THEN 'wait' ELSE 'go on' END, max_active = CAST($10 AS pg_catalog.int4),"
    " max_replica_lag_bytes = $11 WHERE name OPERATOR(pg_catalog.=) $1",
    "tiiitittbii");
pg::PreparedQuery load_vacuum_every("SELECT vacuum_every FROM headway.backfill WHERE name OPERATOR(pg_catalog.=) $1",
                                    "t");
pg::PreparedQuery forget_of_script("DELETE FROM headway.backfill WHERE revision OPERATOR(pg_catalog.=) $1", "t");

constexpr std::int64_t kLongestBatchMs = 3'600'000;

engine::Request RequestOf(const std::string& text) {
  if (text == "pause") return engine::Request::kPause;
  return text == "cancel" ? engine::Request::kCancel : engine::Request::kRun;
}

pg::Param Optional(const std::optional<std::int64_t>& value) { return value ? pg::Param(*value) : pg::Param(); }

std::string StatementOf(const std::string& command, const std::string& relation, const std::string& set_clause,
                        const std::string& where_clause) {
  std::string text = command == "delete" ? "DELETE FROM " + relation : "UPDATE " + relation + " SET " + set_clause;
  if (!where_clause.empty()) text += " WHERE " + where_clause;
  return text;
}

engine::Orders OrdersOf(const pg::Row& row) {
  engine::Orders orders;
  orders.request = RequestOf(*row[0]);
  if (row[1]) orders.settings.batch_size = pg::ToInteger(row[1]);
  orders.settings.target_batch_ms = pg::ToInteger(row[2]);
  orders.settings.pause_ms = pg::ToInteger(row[3]);
  orders.settings.time_window = row[4].value_or("");
  if (row[5]) orders.settings.max_replica_lag_ms = pg::ToInteger(row[5]);
  orders.settings.max_wal_rate = row[6].value_or("");
  orders.settings.waits_for_snapshots = pg::IsTrue(row[7]);
  if (row[8]) orders.settings.max_active = pg::ToInteger(row[8]);
  if (row[10]) orders.settings.max_replica_lag_bytes = pg::ToInteger(row[10]);
  return orders;
}

void RequireLimit(bool good, const char* argument, const char* must, const char* example) {
  if (good) return;
  throw Error(sqlstate::kInvalidParameterValue, Format("%1% must be %2%", argument, must), {},
              Format("Write for example %1% => %2%.", argument, example));
}

void Fold(const std::string& name) { fold.Run({name}); }

// Nothing: there is no job of that name (any more). The row is locked.
std::optional<core::JobState> StateAfter(const std::string& name, core::JobEvent event) {
  const pg::Field found = lock_state.Run({name}).Single();
  if (!found) return std::nullopt;
  const std::optional<core::JobState> before = core::JobStateNamed(*found);
  const std::optional<core::JobState> state = before ? core::After(*before, event) : std::nullopt;
  if (state) return state;
  throw Error(sqlstate::kObjectNotInPrerequisiteState,
              Format("headway.backfill says that the job \"%1%\" is %2%, while it is at work", name, *found),
              "Its row in headway.backfill was changed while it was being run. What was committed stays.",
              "Call it again.");
}

std::optional<core::JobState> Mark(const std::string& name, core::JobEvent event, const std::string& error) {
  const std::optional<core::JobState> state = StateAfter(name, event);
  if (state) mark.Run({name, core::NameOf(*state), pg::TextOrNull(error)});
  return state;
}

}  // namespace

void RequireLimits(const JobLimits& limits) {
  const engine::BackfillSettings& settings = limits.settings;
  RequireLimit(settings.batch_size.value_or(1) >= 1, "batch_size", "at least 1", "1000");
  RequireLimit(settings.target_batch_ms > 0 && settings.target_batch_ms <= kLongestBatchMs, "target_batch_time",
               "more than 0 and at most an hour", "'100 ms'");
  RequireLimit(settings.pause_ms >= 0, "pause", "at least 0", "'50 ms'");
  RequireLimit(limits.vacuum_every >= 0 && limits.vacuum_every < 1e9, "vacuum_every", "a share of the table, 0 or more",
               "0.1");
  RequireLimit(settings.max_active.value_or(1) >= 1, "max_active", "at least 1", "8");
  CheckLimits(settings);
}

std::optional<std::string> FindUnnamedJob(const BackfillDefinition& definition) {
  for (const pg::Row& row : find_jobs_of_table.Run({definition.relation}).rows) {
    const bool same = *row[2] == CommandOf(definition) && row[3].value_or("") == definition.set_clause &&
                      row[4].value_or("") == definition.where_clause && row[5].value_or("") == definition.revision;
    if (same && *row[0] == MakeJobName(definition, *row[1])) return row[0];
  }
  return std::nullopt;
}

std::optional<JobRecord> LoadJob(const BackfillDefinition& definition) {
  const pg::QueryResult found = load_job.Run({definition.name});
  if (found.rows.empty()) return std::nullopt;
  const pg::Row& row = found.rows.front();
  const bool same_table = pg::ToOid(row[9]) == definition.relation;
  // A table that has been restored, or made again, has its old name and another oid.
  const std::string table = pg::QualifiedName(definition.relation);
  const std::string there =
      StatementOf(*row[0], same_table ? table : *row[1], row[2].value_or(""), row[3].value_or(""));
  if (there != StatementOf(CommandOf(definition), table, definition.set_clause, definition.where_clause)) {
    throw Error(sqlstate::kBackfillMismatch,
                Format("%1% \"%2%\" exists with another definition", NounOf(definition), definition.name),
                Format("It is: %1%", there),
                Format("Choose another name, or give this one up: SELECT safe_backfill_forget(%1%).",
                       pg::QuoteLiteral(definition.name)));
  }
  JobRecord job;
  job.state = core::JobStateNamed(*row[4]).value_or(core::JobState::kFailed);
  if (!same_table && job.state != core::JobState::kDone) {
    throw Error(sqlstate::kBackfillMismatch,
                Format("%1% \"%2%\" was begun on another table of that name", NounOf(definition), definition.name),
                "Its table has been dropped and made again, or restored from a dump: how far it had come there says "
                "nothing of the rows that are here.",
                Format("To start over: SELECT safe_backfill_forget(%1%), then call it again.",
                       pg::QuoteLiteral(definition.name)));
  }
  job.request = RequestOf(*row[5]);
  job.strategy = *row[6];
  if (row[7]) job.excludes = pg::IsTrue(row[7]);
  job.sweep = std::stoi(*row[8]);
  return job;
}

void CreateJob(const BackfillDefinition& definition, const JobLimits& limits) {
  create_job.Run({definition.name, CommandOf(definition), pg::QualifiedName(definition.relation),
                  pg::TextOrNull(definition.set_clause), pg::TextOrNull(definition.where_clause), OnErrorOf(definition),
                  pg::TextOrNull(definition.revision), definition.relation});
  SaveLimits(definition.name, limits);
}

void ContinueJob(const BackfillDefinition& definition, const JobLimits& limits) {
  const auto state = StateAfter(definition.name, core::JobEvent::kBegins).value_or(core::JobState::kRunning);
  continue_job.Run({definition.name, OnErrorOf(definition), definition.relation, core::NameOf(state)});
  SaveLimits(definition.name, limits);
  clear_lanes.Run({definition.name});
  Fold(definition.name);
  forget_longest.Run({definition.name});
}

void StartJobOver(const std::string& name) {
  delete_ranges.Run({name});
  start_over.Run({name});
}

void TryFailedRowsAgain(const std::string& name) { begin_anew.Run({name}); }

SweepSums SumRanges(const std::string& name) {
  const pg::QueryResult found = sum_ranges.Run({name});
  const pg::Row& row = found.rows.at(0);
  SweepSums sums;
  std::int64_t* fields[] = {&sums.units, &sums.walked,    &sums.rows, &sums.rows_per_second, &sums.locked,
                            &sums.still, &sums.unchanged, &sums.open, &sums.ranges};
  std::size_t i = 0;
  for (std::int64_t* field : fields) *field = std::stoll(*row[i++]);
  return sums;
}

std::vector<TableSums> SumTables(const std::string& name) {
  std::vector<TableSums> tables;
  for (const pg::Row& row : sum_tables.Run({name}).rows) {
    tables.push_back({*row[0], pg::ToInteger(row[1]), pg::ToInteger(row[2])});
  }
  return tables;
}

void BeginSweep(const std::string& name, int sweep, const std::string& strategy) {
  begin_sweep.Run({name, sweep, strategy});
}

void EndSweep(const std::string& name, std::optional<bool> excludes, std::int64_t unchanged) {
  Fold(name);
  end_sweep.Run({name, excludes ? pg::Param(*excludes) : pg::Param(), unchanged});
  delete_ranges.Run({name});
}

void NoteSizes(const std::string& name, std::int64_t table_bytes, std::int64_t index_bytes) {
  note_sizes.Run({name, table_bytes, index_bytes});
}

void NoteOldSnapshot(const std::string& name, const std::string& holder) {
  note_old_snapshot.Run({name, pg::TextOrNull(holder)});
}

void NoteJobWait(const std::string& name, const std::string& what, const std::string& detail) {
  note_wait.Run({name, pg::TextOrNull(what), pg::TextOrNull(detail)});
}

JobTotals LoadTotals(const std::string& name) {
  const pg::QueryResult found = load_totals.Run({name});
  if (found.rows.empty()) return {};
  JobTotals totals;
  std::int64_t* fields[] = {&totals.table_bytes, &totals.index_bytes, &totals.rows,      &totals.batches,
                            &totals.moved,       &totals.wal_bytes,   &totals.longest_ms};
  std::size_t i = 0;
  for (std::int64_t* field : fields) *field = pg::ToInteger(found.rows[0][i++]);
  return totals;
}

void MarkJobDone(const std::string& name, bool none_left) {
  (void)Mark(name, core::JobEvent::kThrough, {});
  ForgetMendedRows(name, none_left);
}

void MarkJobStopped(const std::string& name) {
  Fold(name);
  clear_lanes.Run({name});
  (void)Mark(name, core::JobEvent::kTimeIsUp, {});
}

void MarkLeftBehindStopped(const std::string& name) {
  if (lock_state.Run({name}).Single() == core::NameOf(core::JobState::kRunning)) MarkJobStopped(name);
}

core::JobState MarkJobFailed(const std::string& name, const core::ErrorReport& error) {
  Fold(name);
  clear_lanes.Run({name});
  const bool asked = RequestOf(load_orders.Run({name}).Single().value_or("run")) == engine::Request::kCancel;
  return Mark(name, core::EventOfError(error.sqlstate, asked), error.message).value_or(core::JobState::kFailed);
}

bool MarkJobCancelled(const std::string& name) {
  const std::optional<core::JobState> state = StateAfter(name, core::JobEvent::kCancelled);
  if (state) cancel_idle.Run({name, core::NameOf(*state)});
  return state.has_value();
}

engine::Orders LoadOrders(const std::string& name) {
  const pg::QueryResult found = load_orders.Run({name});
  if (found.rows.empty()) {
    throw Error(sqlstate::kObjectNotInPrerequisiteState, Format("the job \"%1%\" is gone", name),
                "Its row in headway.backfill was deleted while it was being run. What was committed stays.",
                "Call it again to start over.");
  }
  return OrdersOf(found.rows.front());
}

JobLimits LoadLimits(const std::string& name) {
  const pg::QueryResult found = lock_orders.Run({name});
  if (found.rows.empty()) {
    throw Error(sqlstate::kUndefinedObject, Format("there is no backfill or delete named \"%1%\"", name), {},
                "SELECT name, state FROM headway.backfill lists them.");
  }
  return {OrdersOf(found.rows.front()).settings, std::stod(found.rows.front()[9].value_or("0"))};
}

void SaveLimits(const std::string& name, const JobLimits& limits) {
  const engine::BackfillSettings& settings = limits.settings;
  save_limits.Run({name, Optional(settings.batch_size), settings.target_batch_ms, settings.pause_ms,
                   pg::TextOrNull(settings.time_window), Optional(settings.max_replica_lag_ms),
                   pg::TextOrNull(settings.max_wal_rate), Format("%1%", limits.vacuum_every),
                   settings.waits_for_snapshots, Optional(settings.max_active),
                   Optional(settings.max_replica_lag_bytes)});
}

double VacuumEvery(const std::string& name) { return std::stod(load_vacuum_every.Run({name}).Single().value_or("0")); }

void ForgetJobsOf(const std::string& script_label) { forget_of_script.Run({script_label}); }

}  // namespace headway::server
