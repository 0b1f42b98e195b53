#include "adapters/backfill_skipped.hpp"

#include <limits>

#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

pg::PreparedQuery note_failure(
    "INSERT INTO headway.backfill_skipped AS s (name, relation, key, sqlstate, message, detail, call, tries)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, CAST($8 AS pg_catalog.int4)) ON CONFLICT (name, relation, key) DO UPDATE"
    " SET sqlstate = EXCLUDED.sqlstate, message = EXCLUDED.message, detail = EXCLUDED.detail, call = EXCLUDED.call,"
    " seen_at = EXCLUDED.seen_at, tries = CASE WHEN s.call OPERATOR(pg_catalog.=) EXCLUDED.call THEN s.tries"
    " ELSE s.tries OPERATOR(pg_catalog.+) EXCLUDED.tries END",
    "ttTtttii");
// The first value of each key is marked.
#define KEYS_WHERE(condition)                                                                   \
  "SELECT s.relation, u.item, u.place OPERATOR(pg_catalog.=) 1 FROM headway.backfill_skipped s" \
  " CROSS JOIN LATERAL pg_catalog.unnest(s.key) WITH ORDINALITY AS u (item, place)"             \
  " WHERE s.name OPERATOR(pg_catalog.=) $1 AND " condition " ORDER BY s.relation, s.key, u.place"
pg::PreparedQuery load_left_alone(
    KEYS_WHERE("s.relation OPERATOR(pg_catalog.=) $2 AND (s.call OPERATOR(pg_catalog.=) $3"
               " OR s.tries OPERATOR(pg_catalog.>=) $4)"),
    "ttii");
pg::PreparedQuery load_again(KEYS_WHERE("s.tries OPERATOR(pg_catalog.<) $2"), "ti");
#undef KEYS_WHERE
pg::PreparedQuery forget_mended(
    "DELETE FROM headway.backfill_skipped s USING headway.backfill b WHERE s.name OPERATOR(pg_catalog.=) $1"
    " AND b.name OPERATOR(pg_catalog.=) $1 AND ($2 OR s.tries OPERATOR(pg_catalog.<) $3"
    " AND s.call OPERATOR(pg_catalog.<) b.first_call)",
    "tbi");
pg::PreparedQuery sum_skipped(
    "SELECT pg_catalog.count(*) FILTER (WHERE tries OPERATOR(pg_catalog.<) $2),"
    " pg_catalog.count(*) FILTER (WHERE tries OPERATOR(pg_catalog.>=) $2)"
    " FROM headway.backfill_skipped WHERE name OPERATOR(pg_catalog.=) $1",
    "ti");

std::int64_t MostTries() {
  const std::int64_t most = pg::MaxRowTries();
  return most > 0 ? most : std::numeric_limits<std::int32_t>::max();
}

}  // namespace

void SkippedRows::Look() {
  left_alone_.clear();
  std::vector<std::string> key;
  const auto add = [&] {
    if (!key.empty()) left_alone_.insert(key);
    key.clear();
  };
  for (const pg::Row& row : load_left_alone.Run({job_, relation_, call_, MostTries()}).rows) {
    if (pg::IsTrue(row[2])) add();
    key.push_back(row[1].value_or(""));
  }
  add();
}

void SkippedRows::Note(const std::vector<std::string>& key, const core::ErrorReport& error, bool counts) const {
  note_failure.Run({job_, relation_, key, error.sqlstate, error.message, pg::TextOrNull(error.detail), call_,
                    static_cast<std::int64_t>(counts)});
}

bool SkippedRows::Has(std::vector<std::string>::const_iterator key, std::size_t columns) const {
  return any() && left_alone_.count({key, key + static_cast<std::ptrdiff_t>(columns)}) > 0;
}

std::map<std::string, std::vector<std::string>> RowsToTryAgain(const std::string& job) {
  std::map<std::string, std::vector<std::string>> rows;
  for (const pg::Row& row : load_again.Run({job, MostTries()}).rows) {
    if (row[1]) rows[*row[0]].push_back(*row[1]);
  }
  return rows;
}

void ForgetMendedRows(const std::string& job, bool none_left) { forget_mended.Run({job, none_left, MostTries()}); }

SkippedSums SumSkipped(const std::string& job) {
  const pg::QueryResult found = sum_skipped.Run({job, MostTries()});
  return {pg::ToInteger(found.rows.at(0)[0]), pg::ToInteger(found.rows.at(0)[1])};
}

}  // namespace headway::server
