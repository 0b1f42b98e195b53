#include "server/backfill_range.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/spi.hpp"

namespace headway::server {

namespace {

pg::PreparedQuery insert_range(
    "INSERT INTO headway.backfill_range (name, number, relation, strategy, low, bound, position, units) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    "tittTTTi");
pg::PreparedQuery open_ranges(
    "SELECT number FROM headway.backfill_range WHERE name OPERATOR(pg_catalog.=) $1 AND NOT done ORDER BY number", "t");
pg::PreparedQuery load_range(
    "SELECT relation, strategy, passes, pass, units, walked FROM headway.backfill_range "
    "WHERE name OPERATOR(pg_catalog.=) $1 AND number OPERATOR(pg_catalog.=) $2 AND NOT done",
    "ti");
pg::PreparedQuery load_lists(
    "SELECT l.kind, i.item FROM headway.backfill_range r CROSS JOIN LATERAL (VALUES (1, r.low), (2, r.bound),"
    " (3, r.position), (4, r.window_end), (5, r.pass_position), (6, r.skipped)) AS l (kind, list)"
    " CROSS JOIN LATERAL pg_catalog.unnest(l.list) WITH ORDINALITY AS i (item, place)"
    " WHERE r.name OPERATOR(pg_catalog.=) $1 AND r.number OPERATOR(pg_catalog.=) $2 ORDER BY l.kind, i.place",
    "ti");
pg::PreparedQuery save_range(
    "UPDATE headway.backfill_range SET position = $5, window_end = $6, passes = $7, pass = $8, pass_position = $9,"
    " skipped = $10, walked = $11, rows_done = rows_done OPERATOR(pg_catalog.+) $12,"
    " batches = batches OPERATOR(pg_catalog.+) $13, batch_rows = $14, batch_ms = $15, rows_per_second = $16,"
    " rows_locked = rows_locked OPERATOR(pg_catalog.+) $17, rows_failed = rows_failed OPERATOR(pg_catalog.+) $18,"
    " rows_still = rows_still OPERATOR(pg_catalog.+) $19, rows_moved = rows_moved OPERATOR(pg_catalog.+) $20,"
    " longest_ms = GREATEST(longest_ms, $21),"
    " pid = pg_catalog.pg_backend_pid(), updated_at = pg_catalog.clock_timestamp()"
    " WHERE name OPERATOR(pg_catalog.=) $1 AND number OPERATOR(pg_catalog.=) $2"
    " AND position OPERATOR(pg_catalog.=) $3 AND pass_position OPERATOR(pg_catalog.=) $4",
    "tiTTTTiiTTiiiiiiiiiii");
pg::PreparedQuery claim_range(
    "UPDATE headway.backfill_range SET pid = pg_catalog.pg_backend_pid(), updated_at = pg_catalog.clock_timestamp()"
    " WHERE name OPERATOR(pg_catalog.=) $1 AND number OPERATOR(pg_catalog.=) $2",
    "ti");
pg::PreparedQuery finish_range(
    "UPDATE headway.backfill_range SET done = true, walked = units, pid = NULL, rows_per_second = NULL,"
    " longest_ms = GREATEST(longest_ms, $3), updated_at = pg_catalog.clock_timestamp()"
    " WHERE name OPERATOR(pg_catalog.=) $1 AND number OPERATOR(pg_catalog.=) $2",
    "tii");
pg::PreparedQuery note_wait(
    "UPDATE headway.backfill_range SET waiting_for = $2, waiting_detail = $3,"
    " waiting_since = CASE WHEN $2 IS NOT NULL THEN pg_catalog.clock_timestamp() END,"
    " pid = pg_catalog.pg_backend_pid()"
    " WHERE name OPERATOR(pg_catalog.=) $1 AND number OPERATOR(pg_catalog.=) $4",
    "ttti");
pg::PreparedQuery note_failure(
    "INSERT INTO headway.backfill_error AS e (name, relation, key, sqlstate, message, detail)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name, relation, key) DO UPDATE"
    " SET sqlstate = EXCLUDED.sqlstate, message = EXCLUDED.message, detail = EXCLUDED.detail,"
    " seen_at = EXCLUDED.seen_at",
    "ttTttt");

}  // namespace

void InsertRange(const std::string& job, const BackfillRange& range) {
  insert_range.Run(
      {job, range.number, range.relation, range.strategy, range.low, range.bound, range.position, range.units});
}

std::vector<int> OpenRanges(const std::string& job) {
  std::vector<int> numbers;
  for (const pg::Row& row : open_ranges.Run({job}).rows) numbers.push_back(std::stoi(*row[0]));
  return numbers;
}

std::optional<BackfillRange> LoadRange(const std::string& job, int number) {
  const pg::QueryResult found = load_range.Run({job, number});
  if (found.rows.empty()) return std::nullopt;
  const pg::Row& row = found.rows.front();
  BackfillRange range;
  range.number = number;
  range.relation = *row[0];
  range.strategy = *row[1];
  range.passes = std::stoi(*row[2]);
  range.pass = std::stoi(*row[3]);
  range.units = std::stoll(*row[4]);
  range.walked = std::stoll(*row[5]);
  Position* lists[] = {&range.low,        &range.bound,         &range.position,
                       &range.window_end, &range.pass_position, &range.skipped};
  for (const pg::Row& item : load_lists.Run({job, number}).rows) {
    lists[std::stoi(*item[0]) - 1]->push_back(item[1].value_or(""));
  }
  return range;
}

RangeLock::RangeLock(const std::string& job, int number) : JobLock(core::Format("%1%\nrange %2%", job, number)) {}

void SaveRange(const std::string& job, const BackfillRange& before, const BackfillRange& after,
               const engine::BatchFacts& facts, const RangeCounts& counts) {
  const bool batch = facts.rows > 0;
  const pg::QueryResult result = save_range.Run(
      {job,           after.number, before.position,     before.pass_position,  after.position, after.window_end,
       after.passes,  after.pass,   after.pass_position, after.skipped,         after.walked,   facts.updated,
       batch ? 1 : 0, facts.rows,   facts.took_ms,       facts.rows_per_second, counts.locked,  counts.failed,
       counts.still,  counts.moved, facts.longest_ms});
  if (result.processed == 1) return;
  throw core::Error(
      core::sqlstate::kObjectNotInPrerequisiteState,
      core::Format("range %1% of the job \"%2%\" is not where this process has left it", after.number, job),
      "Its row in headway.backfill_range was deleted or changed meanwhile. This batch has been undone.",
      "Call it again.");
}

void ClaimRange(const std::string& job, int number) { claim_range.Run({job, number}); }

void FinishRange(const std::string& job, int number, std::int64_t longest_ms) {
  finish_range.Run({job, number, longest_ms});
}

void NoteRangeWait(const std::string& job, int number, const std::string& what, const std::string& detail) {
  note_wait.Run({job, pg::TextOrNull(what), pg::TextOrNull(detail), number});
}

void NoteFailedRow(const std::string& job, const std::string& relation, const Position& key,
                   const core::ErrorReport& error) {
  note_failure.Run({job, relation, key, error.sqlstate, error.message, pg::TextOrNull(error.detail)});
}

}  // namespace headway::server
