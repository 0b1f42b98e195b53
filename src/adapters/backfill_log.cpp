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
pg::PreparedQuery begin_call(
    "INSERT INTO headway.backfill_call (name, command, relation, workers, rows_at_start, client)"
    " VALUES ($1, $2, $3, CAST($4 AS pg_catalog.int4), $5, $6) RETURNING id",
    "tttiit");
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

std::int64_t BeginCall(const BackfillDefinition& definition, int workers, std::int64_t rows_before) {
  ForgetOld();
  end_left_behind.Run({definition.name, rows_before});
  const std::string client = pg::ClientAddress();
  const pg::QueryResult made =
      begin_call.Run({definition.name, definition.deletes ? "delete" : "update", pg::QualifiedName(definition.relation),
                      workers, rows_before, pg::TextOrNull(client)});
  const std::int64_t id = pg::ToInteger(made.rows.at(0)[0]);
  note_first_call.Run({definition.name, id});
  return id;
}

void EndCall(std::int64_t id, const std::string& result, const std::string& reason, const CallSums& sums) {
  end_call.Run(
      {id, result, pg::TextOrNull(reason), sums.rows, sums.batches, sums.longest_ms, sums.moved, sums.wal_bytes});
}

}  // namespace headway::server
