// safe_rename_column(): there is no safe way, and it says so. A column has one name at a time, and while an application
// is rolled out two are in use. A view that shows both is no way out: COPY, MERGE, TRUNCATE, ON CONFLICT ON CONSTRAINT,
// GROUP BY the key, foreign keys and every later ALTER TABLE fail on it.
#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "operations/common_phases.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::operations {

namespace {

using core::Format;

pg::PreparedQuery views_of(
    "SELECT pg_catalog.string_agg(v.name, ', ' ORDER BY v.name) FROM (SELECT DISTINCT"
    " pg_catalog.format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_depend d"
    " JOIN pg_catalog.pg_rewrite r ON r.oid OPERATOR(pg_catalog.=) d.objid"
    " JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) r.ev_class"
    " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
    " WHERE d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_rewrite' AS pg_catalog.regclass)"
    " AND d.refclassid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " AND d.refobjid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid) AND d.refobjsubid OPERATOR(pg_catalog.=) $2"
    " AND c.oid OPERATOR(pg_catalog.<>) d.refobjid) v",
    "ii");

// What a function says is known only when it runs; both words in its text are a reason to look.
pg::PreparedQuery functions_of(
    "SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I()', n.nspname, p.proname), ', ' ORDER BY n.nspname,"
    " p.proname, p.oid) FROM pg_catalog.pg_proc p"
    " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace"
    " WHERE n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog' AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'"
    " AND pg_catalog.strpos(p.prosrc, $1) OPERATOR(pg_catalog.>) 0"
    " AND pg_catalog.strpos(p.prosrc, $2) OPERATOR(pg_catalog.>) 0",
    "tt");

std::string Dependents(const Table& table, const Column& column) {
  std::string detail = "Whatever says the old name fails from that moment on, whatever says the new one fails before.";
  if (const pg::Field views = views_of.Run({table.oid, column.number}).Single()) {
    detail += Format(" Views that would go on to show the old name: %1%.", *views);
  }
  if (const pg::Field functions = functions_of.Run({table.last_name, column.name}).Single()) {
    detail += Format(" Functions whose text has this name and the table's: %1%.", *functions);
  }
  return detail;
}

std::string Recipe(const Table& table, const Column& column, const std::string& new_name) {
  const std::string from = pg::QuoteIdentifier(column.name);
  const std::string to = pg::QuoteIdentifier(new_name);
  return Format(
      "Have both for a while: SELECT safe_add_column(%1%, %2%); a trigger that keeps them the same; SELECT "
      "safe_backfill(%1%, %3%, %4%); let the application use the new one; then drop the trigger and the old one. The "
      "page of safe_rename_column() has it all. When nothing uses the old name any more: ALTER TABLE %5% RENAME COLUMN "
      "%6% TO %7%.",
      pg::QuoteLiteral(table.name), pg::QuoteLiteral(to + " " + column.type), pg::QuoteLiteral(to + " = " + from),
      pg::QuoteLiteral(to + " IS DISTINCT FROM " + from), table.name, from, to);
}

}  // namespace

engine::PhasedOperation RenameColumn(const OperationCall& call) {
  const Table table = RequireTable(call.Relation(0, "relation"));
  const std::string old_name = call.Text(1, "column_name");
  const std::string new_name = call.Text(2, "new_name");
  engine::PhasedOperation operation;
  operation.name = Format("safe_rename_column of %1%.%2%", table.name, pg::QuoteIdentifier(old_name));
  operation.table = table.name;
  if (!FindColumn(table, old_name) && FindColumn(table, new_name)) return operation;
  const Column column = RequireColumn(table, old_name);
  throw core::Error(core::sqlstate::kFeatureNotSupported,
                    Format("column \"%1%\" of %2% cannot be renamed while it is in use", column.name, table.name),
                    Dependents(table, column), Recipe(table, column, new_name));
}

}  // namespace headway::operations
