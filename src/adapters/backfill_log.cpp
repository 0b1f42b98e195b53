#include "adapters/backfill_log.hpp"

#include <algorithm>

#include "pg/catalog/object_names.hpp"
#include "pg/process/worker.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"

namespace headway::server {

namespace {

// The job's own count tells what it had done.
pg::PreparedQuery end_left_behind(
    "UPDATE headway.backfill_call SET result = 'interrupted',"
    " rows = CASE WHEN $2 OPERATOR(pg_catalog.>=) rows_at_start THEN $2 OPERATOR(pg_catalog.-) rows_at_start END"
    " WHERE name OPERATOR(pg_catalog.=) $1 AND result OPERATOR(pg_catalog.=) 'running'",
    "ti");
// With what its session has set, but for what is none of a batch's business or set by every worker itself. NULL: it is
// a part of something larger.
pg::PreparedQuery begin_call(
    "INSERT INTO headway.backfill_call (name, command, relation, relation_oid, set_clause, where_clause, strategy,"
    " on_error, workers, ends_at, rows_at_start, caller_pid, client, settings)"
    " VALUES ($1, $2, $3, CAST($4 AS pg_catalog.oid), $5, $6, $7, $8, CAST($9 AS pg_catalog.int4),"
    " pg_catalog.to_timestamp($10 OPERATOR(pg_catalog./) CAST(1000 AS pg_catalog.float8)), $11,"
    " CAST($12 AS pg_catalog.int4), $13, CASE WHEN $14 THEN (SELECT COALESCE(pg_catalog.array_agg("
    "pg_catalog.concat(s.name, '=', s.setting) ORDER BY s.name), '{}') FROM pg_catalog.pg_settings s"
    " WHERE s.source OPERATOR(pg_catalog.=) ANY ('{client,session}')"
    " AND s.context OPERATOR(pg_catalog.=) ANY ('{user,superuser}')"
    " AND s.name OPERATOR(pg_catalog.!~) '(^transaction_|^default_transaction_|^[^.]*_timeout$)'"
    " AND s.name OPERATOR(pg_catalog.<>) ALL ('{application_name,client_encoding,row_security}')) END) RETURNING id",
    "tttitttti"
    "iiitb");
pg::PreparedQuery calls_left_behind(
    "SELECT c.id, c.name, CASE WHEN c.command OPERATOR(pg_catalog.=) 'delete' THEN 'delete' ELSE 'backfill' END, "
    "c.session_user_oid,"
    " c.run_by_oid FROM headway.backfill_call c JOIN headway.backfill b ON b.name OPERATOR(pg_catalog.=) c.name"
    " WHERE c.result OPERATOR(pg_catalog.=) 'running' AND c.settings IS NOT NULL"
    " AND c.run_by_oid OPERATOR(pg_catalog.<>) CAST(0 AS pg_catalog.oid) AND b.state OPERATOR(pg_catalog.=) 'running'"
    " AND b.request OPERATOR(pg_catalog.=) 'run' AND NOT EXISTS (SELECT FROM headway.backfill_call l"
    " WHERE l.name OPERATOR(pg_catalog.=) c.name AND l.id OPERATOR(pg_catalog.>) c.id) ORDER BY c.id",
    "");
pg::PreparedQuery load_call(
    "SELECT name, command, relation_oid, set_clause, where_clause, strategy, on_error, workers,"
    " CAST(pg_catalog.date_part('epoch', ends_at) OPERATOR(pg_catalog.*) 1000 AS pg_catalog.int8), run_by_oid"
    " FROM headway.backfill_call WHERE id OPERATOR(pg_catalog.=) $1 AND settings IS NOT NULL",
    "i");
pg::PreparedQuery load_settings(
    "SELECT pg_catalog.unnest(settings) FROM headway.backfill_call WHERE id OPERATOR(pg_catalog.=) $1", "i");
pg::PreparedQuery note_first_call(
    "UPDATE headway.backfill SET first_call = $2 WHERE name OPERATOR(pg_catalog.=) $1 AND first_call IS NULL", "ti");
pg::PreparedQuery end_call(
    "UPDATE headway.backfill_call SET result = $2, reason = $3, finished_at = pg_catalog.clock_timestamp(), rows = $4,"
    " batches = $5, longest_ms = $6, rows_moved = $7, wal_bytes = $8 WHERE id OPERATOR(pg_catalog.=) $1",
    "ittiiiii");
#define LONG_AGO                                                                                  \
  "(pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.make_interval(days => CAST($1" \
  " AS pg_catalog.int4)))"
pg::PreparedQuery forget_calls(
    "DELETE FROM headway.backfill_call WHERE result OPERATOR(pg_catalog.<>) 'running'"
    " AND COALESCE(finished_at, started_at) OPERATOR(pg_catalog.<) " LONG_AGO,
    "i");
// A job of which nothing tells the rows that are done would do them twice if it were forgotten.
pg::PreparedQuery forget_jobs(
    "DELETE FROM headway.backfill WHERE state OPERATOR(pg_catalog.=) 'done' AND finished_at "
    "OPERATOR(pg_catalog.<) " LONG_AGO
    " AND (command OPERATOR(pg_catalog.=) 'delete' OR where_clause IS NOT NULL AND excludes IS NOT FALSE)",
    "i");
#undef LONG_AGO

void ForgetOld() {
  constexpr std::int64_t kACentury = 36'525;  // no date is out of its type's range
  const std::int64_t days = std::min(pg::KeepHistoryDays(), kACentury);
  if (days == 0) return;
  forget_calls.Run({days});
  forget_jobs.Run({days});
}

}  // namespace

void EndCallsLeftBehind(const std::string& job, std::int64_t rows_done) { end_left_behind.Run({job, rows_done}); }

std::int64_t BeginCall(const BackfillDefinition& definition, int workers, std::optional<std::int64_t> until_ms,
                       std::int64_t rows_before) {
  ForgetOld();
  EndCallsLeftBehind(definition.name, rows_before);
  const std::string client = pg::ClientAddress();
  const pg::QueryResult made = begin_call.Run(
      {definition.name, CommandOf(definition), pg::QualifiedName(definition.relation), definition.relation,
       pg::TextOrNull(definition.set_clause), pg::TextOrNull(definition.where_clause), definition.strategy,
       OnErrorOf(definition), workers, until_ms ? pg::Param(*until_ms) : pg::Param(), rows_before, pg::CallerPid(),
       pg::TextOrNull(client), !definition.required});
  const std::int64_t id = pg::ToInteger(made.rows.at(0)[0]);
  note_first_call.Run({definition.name, id});
  return id;
}

void EndCall(std::int64_t id, const std::string& result, const std::string& reason, const CallSums& sums) {
  end_call.Run(
      {id, result, pg::TextOrNull(reason), sums.rows, sums.batches, sums.longest_ms, sums.moved, sums.wal_bytes});
}

std::vector<CallLeftBehind> CallsLeftBehind() {
  std::vector<CallLeftBehind> calls;
  for (const pg::Row& row : calls_left_behind.Run().rows) {
    calls.push_back({pg::ToInteger(row[0]), *row[1], *row[2], pg::ToOid(row[3]), pg::ToOid(row[4])});
  }
  return calls;
}

std::optional<CallRecord> LoadCall(std::int64_t id) {
  const pg::QueryResult found = load_call.Run({id});
  if (found.rows.empty()) return std::nullopt;
  const pg::Row& row = found.rows.front();
  CallRecord call;
  call.definition.name = *row[0];
  call.definition.deletes = row[1] == "delete";
  call.definition.relation = pg::ToOid(row[2]);
  call.definition.set_clause = row[3].value_or("");
  call.definition.where_clause = row[4].value_or("");
  call.definition.strategy = *row[5];
  call.definition.pass_over_failures = row[6] == "skip";
  call.workers = std::stoi(*row[7]);
  if (row[8]) call.until_ms = pg::ToInteger(row[8]);
  call.run_by = pg::ToOid(row[9]);
  for (const pg::Row& setting : load_settings.Run({id}).rows) call.settings.push_back(setting[0].value_or(""));
  return call;
}

}  // namespace headway::server
