#include "operations/catalog.hpp"

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/catalog/table_shape.hpp"
#include "pg/spi.hpp"

namespace headway::operations {

namespace {

using core::Error;
using core::Format;
namespace sqlstate = core::sqlstate;

pg::PreparedQuery find_column(
    "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull AND NOT EXISTS ("
    "SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid OPERATOR(pg_catalog.=) a.attrelid"
    " AND c.contype OPERATOR(pg_catalog.=) 'n' AND NOT c.convalidated"
    " AND c.conkey[1] OPERATOR(pg_catalog.=) a.attnum), a.attnum"
    " FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND a.attname OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.name)"
    " AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped",
    "it");

pg::PreparedQuery find_constraint(
    "SELECT c.conname, c.contype, c.convalidated, pg_catalog.pg_get_constraintdef(c.oid)"
    " FROM pg_catalog.pg_constraint c WHERE c.conrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND c.conname OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.name)",
    "it");

pg::PreparedQuery whole_tree(
    "WITH RECURSIVE tree(relation) AS (SELECT CAST($1 AS pg_catalog.oid) UNION ALL"
    " SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) t.relation)"
    " SELECT relation FROM tree",
    "i");

pg::PreparedQuery find_primary_key(
    "SELECT c.conname, c.contype, c.convalidated, pg_catalog.pg_get_constraintdef(c.oid)"
    " FROM pg_catalog.pg_constraint c WHERE c.conrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND c.contype OPERATOR(pg_catalog.=) 'p'",
    "i");

// The server proves SET NOT NULL from such a constraint without looking at the rows.
pg::PreparedQuery find_not_null_check(
    "SELECT c.conname, c.contype, c.convalidated, pg_catalog.pg_get_constraintdef(c.oid)"
    " FROM pg_catalog.pg_constraint c WHERE c.conrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND c.contype OPERATOR(pg_catalog.=) 'c' AND NOT c.connoinherit"
    " AND pg_catalog.pg_get_expr(c.conbin, c.conrelid) OPERATOR(pg_catalog.=)"
    " pg_catalog.format('(%I IS NOT NULL)', CAST($2 AS pg_catalog.text))"
    " ORDER BY c.conname OPERATOR(pg_catalog.=) CAST($3 AS pg_catalog.name) DESC, c.convalidated DESC, c.conname"
    " LIMIT 1",
    "itt");

pg::PreparedQuery find_not_null(
    "SELECT c.conname, c.contype, c.convalidated, pg_catalog.pg_get_constraintdef(c.oid)"
    " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_constraint c"
    " ON c.conrelid OPERATOR(pg_catalog.=) a.attrelid AND c.contype OPERATOR(pg_catalog.=) 'n'"
    " AND c.conkey[1] OPERATOR(pg_catalog.=) a.attnum"
    " WHERE a.attrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND a.attname OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.name)",
    "it");

pg::PreparedQuery first_not_null_to_validate(
    "WITH RECURSIVE tree(relation, depth) AS ("
    " SELECT CAST($1 AS pg_catalog.oid), 0 UNION ALL"
    " SELECT i.inhrelid, t.depth OPERATOR(pg_catalog.+) 1 FROM tree t"
    " JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) t.relation)"
    " SELECT CAST(t.relation AS pg_catalog.text), c.conname FROM tree t JOIN pg_catalog.pg_attribute a"
    " ON a.attrelid OPERATOR(pg_catalog.=) t.relation"
    " AND a.attname OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.name)"
    " JOIN pg_catalog.pg_constraint c ON c.conrelid OPERATOR(pg_catalog.=) t.relation"
    " AND c.contype OPERATOR(pg_catalog.=) 'n' AND c.conkey[1] OPERATOR(pg_catalog.=) a.attnum AND NOT c.convalidated"
    " ORDER BY t.depth DESC, t.relation LIMIT 1",
    "it");

pg::PreparedQuery first_not_validated(
    "WITH RECURSIVE tree(relation, depth) AS ("
    " SELECT CAST($1 AS pg_catalog.oid), 0 UNION ALL"
    " SELECT i.inhrelid, t.depth OPERATOR(pg_catalog.+) 1 FROM tree t"
    " JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) t.relation)"
    " SELECT CAST(t.relation AS pg_catalog.text) FROM tree t JOIN pg_catalog.pg_constraint c"
    " ON c.conrelid OPERATOR(pg_catalog.=) t.relation"
    " AND c.conname OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.name) AND NOT c.convalidated"
    " ORDER BY t.depth DESC, t.relation LIMIT 1",
    "it");

pg::PreparedQuery find_valid_index(
    "SELECT true FROM pg_catalog.pg_index i"
    " JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indexrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace"
    " WHERE n.nspname OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.name)"
    " AND r.relname OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.name) AND i.indisvalid",
    "tt");

pg::PreparedQuery leaves(
    "WITH RECURSIVE tree(relation) AS ("
    " SELECT CAST($1 AS pg_catalog.oid) UNION ALL"
    " SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) t.relation"
    " AND NOT i.inhdetachpending)"
    " SELECT CAST(c.oid AS pg_catalog.text) FROM tree t JOIN pg_catalog.pg_class c"
    " ON c.oid OPERATOR(pg_catalog.=) t.relation AND c.relkind OPERATOR(pg_catalog.<>) 'p' ORDER BY c.oid",
    "i");

std::optional<Constraint> Read(const pg::QueryResult& result) {
  if (result.rows.empty()) return std::nullopt;
  const pg::Row& row = result.rows.front();
  return Constraint{*row[0], row[1]->front(), pg::IsTrue(row[2]), *row[3]};
}

}  // namespace

namespace {

Table Require(std::uint32_t relation, bool or_view) {
  Table table;
  table.oid = relation;
  table.name = pg::QualifiedName(relation);
  if (table.name.empty()) {
    throw Error(sqlstate::kUndefinedTable, Format("relation with OID %1% does not exist", relation), {},
                "Has it been dropped meanwhile? Name the table that there is now.");
  }
  const pg::TableShape shape = pg::DescribeTable(relation);
  table.last_name = pg::UnqualifiedName(relation);
  table.partitioned = shape.kind == 'p';
  if (shape.is_catalog) {
    throw Error(sqlstate::kInsufficientPrivilege, Format("%1% is a system catalog", table.name), {},
                "System catalogs are not to be changed.");
  }
  if (shape.kind != 'r' && shape.kind != 'p' && !(or_view && shape.kind == 'm')) {
    throw Error(sqlstate::kWrongObjectType, Format("%1% is not a table", table.name), {},
                or_view ? "Name a table, plain or partitioned, or a materialized view."
                        : "Name a table, plain or partitioned.");
  }
  if (shape.temporary) {
    throw Error(sqlstate::kFeatureNotSupported, Format("%1% is a temporary table", table.last_name),
                "The background worker that does the phases cannot see it.",
                "Nobody else can wait for it: use the plain statement.");
  }
  return table;
}

}  // namespace

Table RequireTable(std::uint32_t relation) { return Require(relation, false); }

Table RequireIndexed(std::uint32_t relation) { return Require(relation, true); }

std::vector<std::string> TreeOf(const Table& table) { return whole_tree.Run({table.oid}).Column(); }

std::optional<Column> FindColumn(const Table& table, const std::string& name) {
  const pg::QueryResult found = find_column.Run({table.oid, name});
  if (found.rows.empty()) return std::nullopt;
  const pg::Row& row = found.rows.front();
  return Column{*row[0], *row[1], pg::IsTrue(row[2]), std::stoi(*row[3])};
}

Column RequireColumn(const Table& table, const std::string& name) {
  if (const std::optional<Column> column = FindColumn(table, name)) return *column;
  throw Error(sqlstate::kUndefinedColumn, Format("column \"%1%\" of %2% does not exist", name, table.name), {},
              "Write the column's name as it is in the catalogs, without quotes.");
}

std::optional<Constraint> FindConstraint(const Table& table, const std::string& name) {
  return Read(find_constraint.Run({table.oid, name}));
}

std::optional<Constraint> FindPrimaryKey(const Table& table) { return Read(find_primary_key.Run({table.oid})); }

std::optional<Constraint> FindNotNullCheck(const Table& table, const std::string& column, const std::string& name) {
  return Read(find_not_null_check.Run({table.oid, column, name}));
}

std::optional<Constraint> FindNotNull(const Table& table, const std::string& column) {
  return Read(find_not_null.Run({table.oid, column}));
}

std::optional<ConstraintOf> FirstNotNullToValidate(const Table& table, const std::string& column) {
  const pg::QueryResult found = first_not_null_to_validate.Run({table.oid, column});
  if (found.rows.empty()) return std::nullopt;
  return ConstraintOf{RequireTable(pg::ToOid(found.rows[0][0])), *found.rows[0][1]};
}

std::optional<Table> FirstNotValidated(const Table& table, const std::string& constraint) {
  const pg::Field relation = first_not_validated.Run({table.oid, constraint}).Single();
  if (!relation) return std::nullopt;
  return RequireTable(pg::ToOid(relation));
}

bool IsValidIndex(const std::string& schema, const std::string& name) {
  return !find_valid_index.Run({schema, name}).rows.empty();
}

std::vector<Table> TablesWithRows(const Table& table) {
  if (!table.partitioned) return {table};
  std::vector<Table> tables;
  for (const pg::Row& row : leaves.Run({table.oid}).rows) {
    tables.push_back(RequireTable(pg::ToOid(row[0])));
  }
  return tables;
}

}  // namespace headway::operations
