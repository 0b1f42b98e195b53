#include "adapters/backfill_range.hpp"

#include <limits>

#include "core/format.hpp"
#include "core/interleave.hpp"
#include "core/sqlstate.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

pg::PreparedQuery insert_range(
    "INSERT INTO headway.backfill_range (name, number, relation, strategy, low, bound, position, units, relation_oid, "
    "key, skipped)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CAST($9 AS pg_catalog.oid), $10, $11)",
    "tittTTTiiTT");
pg::PreparedQuery open_ranges(
    "SELECT number FROM headway.backfill_range WHERE name OPERATOR(pg_catalog.=) $1 AND NOT done ORDER BY number", "t");
pg::PreparedQuery load_range(
    "SELECT relation, strategy, passes, pass, units, walked, relation_oid, window_walked FROM headway.backfill_range "
    "WHERE name OPERATOR(pg_catalog.=) $1 AND number OPERATOR(pg_catalog.=) $2 AND NOT done",
    "ti");
pg::PreparedQuery load_lists(
    "SELECT l.kind, i.item FROM headway.backfill_range r CROSS JOIN LATERAL (VALUES (1, r.low), (2, r.bound),"
    " (3, r.position), (4, r.window_end), (5, r.pass_position), (6, r.skipped),"
    " (7, r.key)) AS l (kind, list)"
    " CROSS JOIN LATERAL pg_catalog.unnest(l.list) WITH ORDINALITY AS i (item, place)"
    " WHERE r.name OPERATOR(pg_catalog.=) $1 AND r.number OPERATOR(pg_catalog.=) $2 ORDER BY l.kind, i.place",
    "ti");
pg::PreparedQuery save_range(
    "UPDATE headway.backfill_range SET position = $5, window_end = $6, passes = $7, pass = $8, pass_position = $9,"
    " skipped = $10, walked = $11, rows_done = rows_done OPERATOR(pg_catalog.+) $12,"
    " batches = batches OPERATOR(pg_catalog.+) $13, batch_rows = $14, batch_ms = $15, rows_per_second = $16,"
    " rows_locked = rows_locked OPERATOR(pg_catalog.+) $17, rows_failed = rows_failed OPERATOR(pg_catalog.+) $18,"
    " rows_still = rows_still OPERATOR(pg_catalog.+) $19, rows_moved = rows_moved OPERATOR(pg_catalog.+) $20,"
    " longest_ms = GREATEST(longest_ms, $21), rows_unchanged = rows_unchanged OPERATOR(pg_catalog.+) $22,"
    " wal_bytes = wal_bytes OPERATOR(pg_catalog.+) $23, window_walked = $24,"
    " pid = pg_catalog.pg_backend_pid(), updated_at = pg_catalog.clock_timestamp()"
    " WHERE name OPERATOR(pg_catalog.=) $1 AND number OPERATOR(pg_catalog.=) $2"
    " AND position OPERATOR(pg_catalog.=) $3 AND pass_position OPERATOR(pg_catalog.=) $4",
    "tiTTTTiiTTiiiiiiiiiiiiii");
pg::PreparedQuery claim_range(
    "UPDATE headway.backfill_range SET pid = pg_catalog.pg_backend_pid(), updated_at = pg_catalog.clock_timestamp()"
    " WHERE name OPERATOR(pg_catalog.=) $1 AND number OPERATOR(pg_catalog.=) $2",
    "ti");
pg::PreparedQuery finish_range(
    "UPDATE headway.backfill_range SET done = true, walked = units, window_walked = 0, pid = NULL, rows_per_second = "
    "NULL,"
    " longest_ms = GREATEST(longest_ms, $3), updated_at = pg_catalog.clock_timestamp()"
    " WHERE name OPERATOR(pg_catalog.=) $1 AND number OPERATOR(pg_catalog.=) $2",
    "tii");
pg::PreparedQuery note_wait(
    "UPDATE headway.backfill_range SET waiting_for = $2, waiting_detail = $3,"
    " waiting_since = CASE WHEN $2 OPERATOR(pg_catalog.=) waiting_for THEN waiting_since"
    " WHEN $2 IS NOT NULL THEN pg_catalog.clock_timestamp() END,"
    " pid = pg_catalog.pg_backend_pid()"
    " WHERE name OPERATOR(pg_catalog.=) $1 AND number OPERATOR(pg_catalog.=) $4",
    "ttti");

// Whoever may write to the table may have written anything.
[[noreturn]] void RefuseRow(const std::string& job, const BackfillRange& range, const std::string& detail) {
  throw core::Error(
      core::sqlstate::kObjectNotInPrerequisiteState,
      core::Format("the row of range %1% of the job \"%2%\" in headway.backfill_range is damaged", range.number, job),
      detail, core::Format("Give the job up and start over: SELECT safe_backfill_forget(%1%).", pg::QuoteLiteral(job)));
}

bool IsPage(const std::string& text) {
  constexpr std::size_t kMostDigits = 10;
  return !text.empty() && text.size() <= kMostDigits && text.find_first_not_of("0123456789") == std::string::npos &&
         std::stoll(text) <= std::numeric_limits<std::uint32_t>::max();
}

// A position is a key or a page, or nothing at all: for the walks it is what they have written themselves.
void RequireSound(const std::string& job, const BackfillRange& range) {
  const bool pages = range.strategy == "ctid";
  const std::size_t length = pages ? 1 : range.key.size();
  if (pages != range.key.empty()) RefuseRow(job, range, "Its key does not fit its strategy.");
  const auto require = [&](const char* name, const Position& position, bool may_be_empty) {
    const bool good = position.empty() ? may_be_empty : position.size() == length;
    if (good && (!pages || position.empty() || IsPage(position.front()))) return;
    RefuseRow(job, range, core::Format("Its %1% is not a %2%.", name, pages ? "page" : "key"));
  };
  require("bound", range.bound, false);
  require("position", range.position, !pages);
  require("window_end", range.window_end, true);
  if (!pages) require("pass_position", range.pass_position, true);
  if (length > 0 && range.skipped.size() % length != 0) RefuseRow(job, range, "Its skipped rows are not keys.");
  if (range.passes < 1 || range.passes > core::kMostPasses || range.pass < 0 || range.pass > range.passes) {
    RefuseRow(job, range, "Its passes cannot be.");
  }
}

}  // namespace

void InsertRange(const std::string& job, const BackfillRange& range) {
  insert_range.Run({job, range.number, range.relation, range.strategy, range.low, range.bound, range.position,
                    range.units, range.table, range.key, range.skipped});
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
  range.units = pg::ToInteger(row[4]);
  range.walked = pg::ToInteger(row[5]);
  range.table = pg::ToOid(row[6]);
  range.window_walked = pg::ToInteger(row[7]);
  Position* lists[] = {&range.low,           &range.bound,   &range.position, &range.window_end,
                       &range.pass_position, &range.skipped, &range.key};
  for (const pg::Row& item : load_lists.Run({job, number}).rows) {
    if (!item[1]) RefuseRow(job, range, "A list in it holds NULL.");
    lists[std::stoi(*item[0]) - 1]->push_back(*item[1]);
  }
  RequireSound(job, range);
  return range;
}

RangeLock::RangeLock(const std::string& job, int number) : JobLock(core::Format("%1%\nrange %2%", job, number)) {}

void SaveRange(const std::string& job, const BackfillRange& before, const BackfillRange& after,
               const engine::BatchFacts& facts, const RangeCounts& counts) {
  const bool batch = facts.rows > 0;
  const pg::QueryResult result = save_range.Run(
      {job,           after.number, before.position,     before.pass_position,  after.position,   after.window_end,
       after.passes,  after.pass,   after.pass_position, after.skipped,         after.walked,     facts.updated,
       batch ? 1 : 0, facts.rows,   facts.took_ms,       facts.rows_per_second, counts.locked,    counts.failed,
       counts.still,  counts.moved, facts.longest_ms,    counts.unchanged,      counts.wal_bytes, after.window_walked});
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

}  // namespace headway::server
