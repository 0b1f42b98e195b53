#include "operations/column_dependents.hpp"

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::operations {

namespace {

using core::Format;

pg::PreparedQuery find_indexes(
    "SELECT CAST(i.indexrelid AS pg_catalog.text), n.nspname, r.relname, pg_catalog.pg_get_indexdef(i.indexrelid),"
    " i.indisunique, i.indisclustered, c.conname, c.contype, c.condeferrable, c.condeferred,"
    " i.indisreplident FROM pg_catalog.pg_index i"
    " JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indexrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace"
    " LEFT JOIN pg_catalog.pg_constraint c ON c.conindid OPERATOR(pg_catalog.=) i.indexrelid"
    " AND c.conrelid OPERATOR(pg_catalog.=) i.indrelid"
    " AND (c.contype OPERATOR(pg_catalog.=) 'p' OR c.contype OPERATOR(pg_catalog.=) 'u')"
    " WHERE i.indrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid) AND i.indisvalid"
    " AND (CAST($2 AS pg_catalog.int2) OPERATOR(pg_catalog.=) ANY (i.indkey) OR EXISTS"
    " (SELECT FROM pg_catalog.pg_depend d"
    " WHERE d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " AND d.objid OPERATOR(pg_catalog.=) i.indexrelid"
    " AND d.refclassid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " AND d.refobjid OPERATOR(pg_catalog.=) i.indrelid"
    " AND d.refobjsubid OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.int4)))"
    " ORDER BY i.indexrelid",
    "ii");

pg::PreparedQuery find_checks(
    "SELECT CAST(c.oid AS pg_catalog.text), c.conname, c.convalidated, pg_catalog.pg_get_constraintdef(c.oid)"
    " FROM pg_catalog.pg_constraint c WHERE c.conrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND c.contype OPERATOR(pg_catalog.=) 'c'"
    " AND CAST($2 AS pg_catalog.int2) OPERATOR(pg_catalog.=) ANY (c.conkey) ORDER BY c.oid",
    "ii");

// $3: the name that takes the column's place.
#define KEY_COLUMNS(relation, key)                                                 \
  "(SELECT pg_catalog.string_agg(pg_catalog.quote_ident("                          \
  "CASE WHEN a.attrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"         \
  " AND a.attnum OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.int2) THEN $3"       \
  " ELSE CAST(a.attname AS pg_catalog.text) END), ', ' ORDER BY k.place)"          \
  " FROM pg_catalog.unnest(" key                                                   \
  ") WITH ORDINALITY AS k (number, place)"                                         \
  " JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) " relation \
  " AND a.attnum OPERATOR(pg_catalog.=) k.number)"

pg::PreparedQuery find_foreign_keys(
    "SELECT CAST(c.oid AS pg_catalog.text), c.conname, CAST(c.conrelid AS pg_catalog.int8), c.convalidated, "
    KEY_COLUMNS("c.conrelid", "c.conkey") ", CAST(c.confrelid AS pg_catalog.int8), "
    KEY_COLUMNS("c.confrelid", "c.confkey") ", c.confmatchtype, c.confupdtype, c.confdeltype, "
    KEY_COLUMNS("c.conrelid", "c.confdelsetcols") ", c.condeferrable, c.condeferred"
    " FROM pg_catalog.pg_constraint c WHERE c.contype OPERATOR(pg_catalog.=) 'f'"
    " AND (c.conrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND CAST($2 AS pg_catalog.int2) OPERATOR(pg_catalog.=) ANY (c.conkey)"
    " OR c.confrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND CAST($2 AS pg_catalog.int2) OPERATOR(pg_catalog.=) ANY (c.confkey))"
    " ORDER BY c.oid",
    "iit");

// All dependents but those of the kinds that are dealt with, and the relation of a rule.
pg::PreparedQuery find_obstacles(
    "SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid), w.ev_class"
    " FROM pg_catalog.pg_depend d"
    " LEFT JOIN pg_catalog.pg_constraint c ON c.oid OPERATOR(pg_catalog.=) d.objid"
    " AND d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_constraint' AS pg_catalog.regclass)"
    " LEFT JOIN pg_catalog.pg_attrdef v ON v.oid OPERATOR(pg_catalog.=) d.objid"
    " AND d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_attrdef' AS pg_catalog.regclass)"
    " LEFT JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) d.objid"
    " AND d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " LEFT JOIN pg_catalog.pg_rewrite w ON w.oid OPERATOR(pg_catalog.=) d.objid"
    " AND d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_rewrite' AS pg_catalog.regclass)"
    " WHERE d.refclassid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " AND d.refobjid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND d.refobjsubid OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.int4)"
    " AND (c.contype IS NULL OR c.contype OPERATOR(pg_catalog.<>) ALL (CAST('{c,f,n,p,u}' AS pg_catalog.\"char\"[])))"
    " AND (v.adnum IS NULL OR v.adnum OPERATOR(pg_catalog.<>) CAST($2 AS pg_catalog.int2))"
    " AND (r.relkind IS NULL OR r.relkind OPERATOR(pg_catalog.<>) ALL (CAST('{i,S}' AS pg_catalog.\"char\"[])))"
    " ORDER BY 1",
    "ii");

pg::PreparedQuery describe_column(
    "SELECT pg_catalog.pg_get_expr(v.adbin, v.adrelid),"
    " pg_catalog.col_description(a.attrelid, CAST(a.attnum AS pg_catalog.int4)),"
    " CASE WHEN a.attstattarget OPERATOR(pg_catalog.>=) 0 THEN CAST(a.attstattarget AS pg_catalog.text) END,"
    " a.attnotnull, a.attgenerated, a.attidentity, n.conname, n.convalidated, n.connoinherit,"
    " pg_catalog.obj_description(n.oid, 'pg_constraint')"
    " FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef v"
    " ON v.adrelid OPERATOR(pg_catalog.=) a.attrelid AND v.adnum OPERATOR(pg_catalog.=) a.attnum"
    " LEFT JOIN pg_catalog.pg_constraint n ON n.conrelid OPERATOR(pg_catalog.=) a.attrelid"
    " AND n.contype OPERATOR(pg_catalog.=) 'n' AND n.conkey[1] OPERATOR(pg_catalog.=) a.attnum"
    " WHERE a.attrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND a.attnum OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.int2)",
    "ii");

pg::PreparedQuery compare_storage(
    "SELECT pg_catalog.concat_ws(', ',"
    " CASE WHEN f.attstorage OPERATOR(pg_catalog.<>) ft.typstorage AND t.attstorage OPERATOR(pg_catalog.<>) "
    "f.attstorage"
    " AND tt.typstorage OPERATOR(pg_catalog.<>) 'p' THEN pg_catalog.format('ALTER %I SET STORAGE %s', t.attname, CASE"
    " WHEN f.attstorage OPERATOR(pg_catalog.=) 'p' THEN 'PLAIN' WHEN f.attstorage OPERATOR(pg_catalog.=) 'e' THEN "
    "'EXTERNAL'"
    " WHEN f.attstorage OPERATOR(pg_catalog.=) 'm' THEN 'MAIN' ELSE 'EXTENDED' END) END,"
    " CASE WHEN f.attcompression OPERATOR(pg_catalog.<>) '' AND t.attcompression OPERATOR(pg_catalog.<>) "
    "f.attcompression"
    " AND tt.typstorage OPERATOR(pg_catalog.<>) 'p' THEN pg_catalog.format('ALTER %I SET COMPRESSION %s', t.attname, "
    "CASE"
    " WHEN f.attcompression OPERATOR(pg_catalog.=) 'p' THEN 'pglz' ELSE 'lz4' END) END,"
    // The server keeps options of its own there as well.
    " CASE WHEN fo.text OPERATOR(pg_catalog.<>) COALESCE(o.text, '')"
    " THEN pg_catalog.format('ALTER %I SET (%s)', t.attname, fo.text) END)"
    " FROM pg_catalog.pg_attribute f JOIN pg_catalog.pg_type ft ON ft.oid OPERATOR(pg_catalog.=) f.atttypid"
    " CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(x, ', ') AS text FROM pg_catalog.unnest(f.attoptions) x"
    " WHERE pg_catalog.starts_with(x, 'n_distinct')) fo,"
    " pg_catalog.pg_attribute t JOIN pg_catalog.pg_type tt ON tt.oid OPERATOR(pg_catalog.=) t.atttypid"
    " CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(x, ', ') AS text FROM pg_catalog.unnest(t.attoptions) x"
    " WHERE pg_catalog.starts_with(x, 'n_distinct')) o"
    " WHERE f.attrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND f.attnum OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.int2)"
    " AND t.attrelid OPERATOR(pg_catalog.=) f.attrelid AND t.attnum OPERATOR(pg_catalog.=) CAST($3 AS pg_catalog.int2)",
    "iii");

pg::PreparedQuery find_privileges(
    "SELECT x.privilege_type, CASE WHEN x.grantee OPERATOR(pg_catalog.=) CAST(0 AS pg_catalog.oid) THEN 'PUBLIC'"
    " ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END, x.is_grantable"
    " FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) x"
    " WHERE a.attrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND a.attnum OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.int2) ORDER BY 2, 1",
    "ii");

pg::PreparedQuery find_sequence(
    "SELECT n.nspname, r.relname, pg_catalog.format_type(s.seqtypid, NULL), CAST(s.seqincrement AS pg_catalog.text),"
    " CAST(s.seqmin AS pg_catalog.text), CAST(s.seqmax AS pg_catalog.text), CAST(s.seqstart AS pg_catalog.text),"
    " CAST(s.seqcache AS pg_catalog.text), s.seqcycle FROM pg_catalog.pg_depend d"
    " JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) d.objid"
    " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace"
    " JOIN pg_catalog.pg_sequence s ON s.seqrelid OPERATOR(pg_catalog.=) r.oid"
    " WHERE d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " AND d.refclassid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " AND d.refobjid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND d.refobjsubid OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.int4)"
    " AND d.deptype OPERATOR(pg_catalog.=) ANY (CAST('{a,i}' AS pg_catalog.\"char\"[])) ORDER BY r.oid LIMIT 1",
    "ii");

std::string Deferral(bool deferrable, bool deferred) {
  return std::string(deferrable ? " DEFERRABLE" : "") + (deferred ? " INITIALLY DEFERRED" : "");
}

const char* Action(char code) {
  switch (code) {
    case 'r':
      return "RESTRICT";
    case 'c':
      return "CASCADE";
    case 'n':
      return "SET NULL";
    case 'd':
      return "SET DEFAULT";
    default:
      return "NO ACTION";
  }
}

}  // namespace

ColumnId RequireColumnId(const Table& table, const std::string& name) {
  return {table.oid, RequireColumn(table, name).number, name};
}

std::vector<DependentIndex> DependentIndexes(const ColumnId& column) {
  std::vector<DependentIndex> indexes;
  for (const pg::Row& row : find_indexes.Run({column.table, column.number}).rows) {
    DependentIndex index;
    index.oid = *row[0];
    index.schema = *row[1];
    index.name = *row[2];
    index.definition = *row[3];
    index.unique = pg::IsTrue(row[4]);
    index.clustered = pg::IsTrue(row[5]);
    index.replica_identity = pg::IsTrue(row[10]);
    if (row[6]) {
      index.constraint = *row[6];
      index.key = *row[7] == "p" ? "PRIMARY KEY" : "UNIQUE";
      index.deferral = Deferral(pg::IsTrue(row[8]), pg::IsTrue(row[9]));
    }
    indexes.push_back(std::move(index));
  }
  return indexes;
}

std::vector<DependentConstraint> DependentChecks(const ColumnId& column) {
  std::vector<DependentConstraint> checks;
  for (const pg::Row& row : find_checks.Run({column.table, column.number}).rows) {
    checks.push_back({*row[0], *row[1], RequireTable(column.table), pg::IsTrue(row[2]), *row[3]});
  }
  return checks;
}

std::vector<DependentConstraint> DependentForeignKeys(const ColumnId& column, const std::string& other) {
  std::vector<DependentConstraint> keys;
  for (const pg::Row& row : find_foreign_keys.Run({column.table, column.number, other}).rows) {
    const auto relation = [&](int field) { return pg::ToOid(row[field]); };
    std::string definition =
        Format("FOREIGN KEY (%1%) REFERENCES %2% (%3%)", *row[4], pg::QualifiedName(relation(5)), *row[6]);
    if (*row[7] == "f") definition += " MATCH FULL";
    definition += Format(" ON UPDATE %1% ON DELETE %2%", Action(row[8]->front()), Action(row[9]->front()));
    if (row[10]) definition += " (" + *row[10] + ")";
    definition += Deferral(pg::IsTrue(row[11]), pg::IsTrue(row[12]));
    keys.push_back({*row[0], *row[1], RequireTable(relation(2)), pg::IsTrue(row[3]), std::move(definition)});
  }
  return keys;
}

std::vector<std::string> Obstacles(const ColumnId& column, const std::set<std::uint32_t>& views) {
  std::vector<std::string> obstacles;
  for (const pg::Row& row : find_obstacles.Run({column.table, column.number}).rows) {
    if (!row[1] || views.count(pg::ToOid(row[1])) == 0) obstacles.push_back(*row[0]);
  }
  return obstacles;
}

ColumnDetails DescribeColumn(const ColumnId& column) {
  ColumnDetails details;
  const pg::QueryResult found = describe_column.Run({column.table, column.number});
  if (found.rows.empty()) {
    throw core::Error(
        core::sqlstate::kUndefinedColumn,
        Format("column \"%1%\" of %2% has just been dropped", column.name, pg::QualifiedName(column.table)), {},
        "Call it again if it is there.");
  }
  const pg::Row& row = found.rows.front();
  details.default_expression = row[0];
  details.comment = row[1];
  details.statistics = row[2];
  details.not_null = pg::IsTrue(row[3]);
  details.generated = !row[4]->empty() && row[4]->front() != '\0';
  details.identity = row[5]->empty() ? '\0' : row[5]->front();
  if (row[6]) {
    details.not_null_name = *row[6];
    details.not_null_kind = {pg::IsTrue(row[8]), pg::IsTrue(row[7])};
    details.not_null_comment = row[9];
  }
  return details;
}

std::string StorageActions(const ColumnId& column, const ColumnId& other) {
  return compare_storage.Run({column.table, column.number, other.number}).Single().value_or("");
}

std::vector<std::string> Grants(const ColumnId& column) {
  std::vector<std::string> grants;
  for (const pg::Row& row : find_privileges.Run({column.table, column.number}).rows) {
    grants.push_back(Format("GRANT %1% (%2%) ON %3% TO %4%%5%", *row[0], pg::QuoteIdentifier(column.name),
                            pg::QualifiedName(column.table), *row[1], pg::IsTrue(row[2]) ? " WITH GRANT OPTION" : ""));
  }
  return grants;
}

std::optional<OwnedSequence> FindOwnedSequence(const ColumnId& column) {
  const pg::QueryResult found = find_sequence.Run({column.table, column.number});
  if (found.rows.empty()) return std::nullopt;
  const pg::Row& row = found.rows.front();
  return OwnedSequence{*row[0], *row[1], *row[2], *row[3], *row[4], *row[5], *row[6], *row[7], pg::IsTrue(row[8])};
}

}  // namespace headway::operations
