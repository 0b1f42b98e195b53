#include "commands/other_runner.hpp"

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/process/transaction.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

using core::Error;
using core::Format;

// As they are found in the search_path, where the caller may read them, and where reading runs nobody's code: no view,
// no policy, no column that is computed as it is read, no type whose casts are somebody's.
pg::PreparedQuery find_tables(
    "SELECT CASE WHEN k.tool OPERATOR(pg_catalog.=) 'golang-migrate'"
    " AND a.atttypid OPERATOR(pg_catalog.<>) CAST('pg_catalog.int8' AS pg_catalog.regtype)"
    " THEN 'dbmate' ELSE k.tool END, pg_catalog.format('%I.%I', n.nspname, r.relname), pg_catalog.quote_ident(k.col)"
    " FROM (VALUES ('alembic', 'alembic_version', 'version_num'), ('golang-migrate', 'schema_migrations', 'version'),"
    " ('diesel', '__diesel_schema_migrations', 'version'), ('sqlx', '_sqlx_migrations', 'version'),"
    " ('goose', 'goose_db_version', 'version_id'), ('sql-migrate', 'gorp_migrations', 'id'),"
    " ('flyway', 'flyway_schema_history', 'version'), ('sqitch', 'sqitch.changes', 'change')) k (tool, name, col)"
    " JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(k.name)"
    " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace"
    " JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) r.oid"
    " AND a.attname OPERATOR(pg_catalog.=) CAST(k.col AS pg_catalog.name) AND NOT a.attisdropped"
    " AND a.attgenerated OPERATOR(pg_catalog.=) ''"
    " AND a.atttypid OPERATOR(pg_catalog.<) CAST(16384 AS pg_catalog.oid)"
    " WHERE r.relkind OPERATOR(pg_catalog.=) 'r' AND NOT r.relrowsecurity"
    " AND pg_catalog.has_table_privilege(r.oid, 'SELECT')"
    " AND NOT EXISTS (SELECT FROM headway.version) AND NOT EXISTS (SELECT FROM headway.step)",
    "");

// Leading zeros and a file's ending are not part of every tool's keys.
std::string NamesRevision(const std::string& table, const std::string& column) {
  return Format(
      "SELECT 1 FROM ONLY %1% t JOIN headway.revision r ON pg_catalog.ltrim(CAST(t.%2% AS pg_catalog.text), '0')"
      " OPERATOR(pg_catalog.=) ANY (ARRAY[pg_catalog.ltrim(r.revision, '0'),"
      " pg_catalog.ltrim(r.revision, '0') OPERATOR(pg_catalog.||) '.sql']) LIMIT 1",
      table, column);
}

}  // namespace

OtherRunner FindOtherRunner() {
  for (const pg::Row& row : find_tables.Run().rows) {
    if (pg::RunQuery(NamesRevision(*row[1], *row[2])).Single()) return {*row[0], *row[1]};
  }
  return {};
}

std::string TakeOverHint(const OtherRunner& other) {
  if (other.tool == "alembic") {
    return Format("Take it over: SELECT migrate_adopt(%1%).", pg::QuoteLiteral(other.table));
  }
  return Format("Take it over: \"pg_headway import %1% DIR --stamp\" prints the script that does.", other.tool);
}

void RequireTakenOver() {
  pg::Savepoint savepoint = pg::OpenSavepoint();
  OtherRunner other;
  try {
    other = FindOtherRunner();
  } catch (const Error&) {
    pg::RollbackSavepoint(savepoint);
    throw;
  }
  pg::RollbackSavepoint(savepoint);
  if (other.tool.empty()) return;
  throw Error(core::sqlstate::kObjectNotInPrerequisiteState,
              "another tool has run revisions in this database, and it has not been taken over",
              Format("Table %1% names some that are registered, and headway.version is empty: they would run again.",
                     other.table),
              TakeOverHint(other) + " If they are to run here all the same, rename that table.");
}

}  // namespace headway::server
