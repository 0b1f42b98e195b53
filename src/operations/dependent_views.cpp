#include "operations/dependent_views.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/names.hpp"
#include "core/sqlstate.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/parse/script.hpp"
#include "pg/process/portal.hpp"
#include "pg/process/transaction.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::operations {

namespace {

using core::Format;

// Views can be made to stand on each other in a circle: hence the bound.
pg::PreparedQuery find_views(
    "WITH RECURSIVE uses (referenced, number, view) AS MATERIALIZED"
    " (SELECT d.refobjid, d.refobjsubid, w.ev_class FROM pg_catalog.pg_depend d"
    " JOIN pg_catalog.pg_rewrite w ON w.oid OPERATOR(pg_catalog.=) d.objid"
    " JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) w.ev_class"
    " WHERE d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_rewrite' AS pg_catalog.regclass)"
    " AND d.refclassid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " AND d.refobjid OPERATOR(pg_catalog.<>) w.ev_class"
    " AND w.rulename OPERATOR(pg_catalog.=) '_RETURN' AND r.relkind OPERATOR(pg_catalog.=) 'v'),"
    " found (view, depth) AS"
    " (SELECT u.view, 1 FROM uses u WHERE u.referenced OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND u.number OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.int4)"
    " UNION SELECT u.view, f.depth OPERATOR(pg_catalog.+) 1 FROM found f"
    " JOIN uses u ON u.referenced OPERATOR(pg_catalog.=) f.view WHERE f.depth OPERATOR(pg_catalog.<) 1000)"
    " SELECT f.view FROM found f GROUP BY f.view ORDER BY pg_catalog.max(f.depth), f.view",
    "ii");

// What hangs on a view or on its row type, and to which relation that belongs.
pg::PreparedQuery find_obstacles(
    "SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid),"
    " COALESCE(w.ev_class, t.tgrelid, v.adrelid, y.typrelid, e.typrelid)"
    " FROM pg_catalog.pg_class r JOIN pg_catalog.pg_type p ON p.oid OPERATOR(pg_catalog.=) r.reltype"
    " JOIN pg_catalog.pg_depend d"
    " ON d.refclassid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " AND d.refobjid OPERATOR(pg_catalog.=) r.oid"
    " OR d.refclassid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_type' AS pg_catalog.regclass)"
    " AND (d.refobjid OPERATOR(pg_catalog.=) p.oid OR d.refobjid OPERATOR(pg_catalog.=) p.typarray)"
    " LEFT JOIN pg_catalog.pg_rewrite w ON w.oid OPERATOR(pg_catalog.=) d.objid"
    " AND d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_rewrite' AS pg_catalog.regclass)"
    " LEFT JOIN pg_catalog.pg_trigger t ON t.oid OPERATOR(pg_catalog.=) d.objid"
    " AND d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_trigger' AS pg_catalog.regclass)"
    " LEFT JOIN pg_catalog.pg_attrdef v ON v.oid OPERATOR(pg_catalog.=) d.objid"
    " AND d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_attrdef' AS pg_catalog.regclass)"
    " LEFT JOIN pg_catalog.pg_type y ON y.oid OPERATOR(pg_catalog.=) d.objid"
    " AND d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_type' AS pg_catalog.regclass)"
    " AND y.typrelid OPERATOR(pg_catalog.=) r.oid"
    " LEFT JOIN pg_catalog.pg_type e ON e.typarray OPERATOR(pg_catalog.=) d.objid"
    " AND d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_type' AS pg_catalog.regclass)"
    " AND e.typrelid OPERATOR(pg_catalog.=) r.oid"
    " WHERE r.oid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " ORDER BY 1",
    "i");

pg::PreparedQuery describe_view(
    "SELECT pg_catalog.pg_get_viewdef(r.oid),"
    " (SELECT pg_catalog.string_agg(pg_catalog.format('%I = %L', pg_catalog.split_part(o, '=', 1),"
    " pg_catalog.substr(o, pg_catalog.strpos(o, '=') OPERATOR(pg_catalog.+) 1)), ', ')"
    " FROM pg_catalog.unnest(r.reloptions) o),"
    " pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r.relowner)),"
    " pg_catalog.pg_get_userbyid(r.relowner) OPERATOR(pg_catalog.<>) CURRENT_USER,"
    " CASE WHEN r.relpersistence OPERATOR(pg_catalog.=) 't' THEN 'which is temporary'"
    // Its constants are read again when it is made, by the input functions of their types, and with the caller's
    // rights.
    " WHEN NOT pg_catalog.pg_has_role(r.relowner, CURRENT_USER, 'USAGE')"
    " THEN pg_catalog.format('which belongs to role %I, which has not your rights', "
    "pg_catalog.pg_get_userbyid(r.relowner))"
    " WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid OPERATOR(pg_catalog.=) r.oid"
    " AND t.tgqual IS NOT NULL) AND EXISTS (SELECT FROM pg_catalog.aclexplode(r.relacl) x"
    " WHERE x.privilege_type OPERATOR(pg_catalog.=) 'TRIGGER' AND CASE WHEN x.grantee OPERATOR(pg_catalog.=)"
    " CAST(0 AS pg_catalog.oid) THEN true ELSE NOT pg_catalog.pg_has_role(x.grantee, CURRENT_USER, 'USAGE') END)"
    " THEN 'which has a trigger with a condition, and others may make triggers on it'"
    " WHEN EXISTS (SELECT FROM pg_catalog.pg_seclabel s"
    " WHERE s.classoid OPERATOR(pg_catalog.=) r.tableoid AND s.objoid OPERATOR(pg_catalog.=) r.oid)"
    " THEN 'which has a security label' ELSE (SELECT pg_catalog.format('which belongs to extension %I', x.extname)"
    " FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension x ON x.oid OPERATOR(pg_catalog.=) d.refobjid"
    " WHERE d.classid OPERATOR(pg_catalog.=) r.tableoid AND d.objid OPERATOR(pg_catalog.=) r.oid"
    " AND d.refclassid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_extension' AS pg_catalog.regclass)) END"
    " FROM pg_catalog.pg_class r WHERE r.oid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)",
    "i");

// Statements that give a view what it has besides its query, those that others build on first. $2: its name.
pg::PreparedQuery find_attributes(
    "SELECT 1, pg_catalog.format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', $2, a.attname,"
    " pg_catalog.pg_get_expr(v.adbin, v.adrelid))"
    " FROM pg_catalog.pg_attrdef v JOIN pg_catalog.pg_attribute a"
    " ON a.attrelid OPERATOR(pg_catalog.=) v.adrelid AND a.attnum OPERATOR(pg_catalog.=) v.adnum"
    " WHERE v.adrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " UNION ALL SELECT 2, pg_catalog.pg_get_ruledef(w.oid) FROM pg_catalog.pg_rewrite w"
    " WHERE w.ev_class OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND w.rulename OPERATOR(pg_catalog.<>) '_RETURN'"
    " UNION ALL SELECT 2, pg_catalog.pg_get_triggerdef(t.oid) FROM pg_catalog.pg_trigger t"
    " WHERE t.tgrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid) AND NOT t.tgisinternal"
    " UNION ALL SELECT 3, CASE WHEN d.objsubid OPERATOR(pg_catalog.=) 0"
    " THEN pg_catalog.format('COMMENT ON VIEW %s IS %L', $2, d.description)"
    " ELSE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', $2, a.attname, d.description) END"
    " FROM pg_catalog.pg_description d LEFT JOIN pg_catalog.pg_attribute a"
    " ON a.attrelid OPERATOR(pg_catalog.=) d.objoid AND a.attnum OPERATOR(pg_catalog.=) d.objsubid"
    " WHERE d.objoid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND d.classoid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " UNION ALL SELECT 3, pg_catalog.format('COMMENT ON RULE %I ON %s IS %L', w.rulename, $2, d.description)"
    " FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_description d ON d.objoid OPERATOR(pg_catalog.=) w.oid"
    " AND d.classoid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_rewrite' AS pg_catalog.regclass)"
    " WHERE w.ev_class OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " UNION ALL SELECT 3, pg_catalog.format('COMMENT ON TRIGGER %I ON %s IS %L', t.tgname, $2, d.description)"
    " FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_description d ON d.objoid OPERATOR(pg_catalog.=) t.oid"
    " AND d.classoid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_trigger' AS pg_catalog.regclass)"
    " WHERE t.tgrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " ORDER BY 1, 2",
    "it");

// What the rules, triggers and defaults of a view ($1: its name) depend on, and each type among it that belongs to
// somebody without the caller's rights. In words: oids change hands.
pg::PreparedQuery find_dependencies(
    "WITH view (oid) AS (SELECT CAST(CAST($1 AS pg_catalog.regclass) AS pg_catalog.oid)), parts (classid, objid) AS"
    " (SELECT w.tableoid, w.oid FROM pg_catalog.pg_rewrite w JOIN view ON w.ev_class OPERATOR(pg_catalog.=) view.oid"
    " UNION ALL SELECT t.tableoid, t.oid FROM pg_catalog.pg_trigger t JOIN view ON t.tgrelid OPERATOR(pg_catalog.=) "
    "view.oid"
    " UNION ALL SELECT a.tableoid, a.oid FROM pg_catalog.pg_attrdef a JOIN view ON a.adrelid OPERATOR(pg_catalog.=) "
    "view.oid)"
    " SELECT DISTINCT pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid),"
    " COALESCE(NOT pg_catalog.pg_has_role(y.typowner, CURRENT_USER, 'USAGE'), false)"
    " FROM parts p JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) p.classid"
    " AND d.objid OPERATOR(pg_catalog.=) p.objid LEFT JOIN pg_catalog.pg_type y ON y.oid OPERATOR(pg_catalog.=) "
    "d.refobjid"
    " AND d.refclassid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_type' AS pg_catalog.regclass) ORDER BY 1",
    "t");

// Whom the default privileges of who makes a view again would give something.
#define DEFAULT_GRANTEES                                                                     \
  "(SELECT x.grantee FROM pg_catalog.pg_default_acl d, pg_catalog.aclexplode(d.defaclacl) x" \
  " WHERE pg_catalog.pg_get_userbyid(d.defaclrole) OPERATOR(pg_catalog.=) CURRENT_USER"      \
  " AND d.defaclobjtype OPERATOR(pg_catalog.=) 'r'"                                          \
  " AND (d.defaclnamespace OPERATOR(pg_catalog.=) CAST(0 AS pg_catalog.oid)"                 \
  " OR d.defaclnamespace OPERATOR(pg_catalog.=) r.relnamespace))"

// The privileges on a view and on its columns, unless they are those that a new one has.
pg::PreparedQuery find_privileges(
    "WITH named AS (SELECT r.oid, r.relowner, COALESCE(r.relacl, pg_catalog.acldefault('r', r.relowner)) AS acl,"
    " r.relacl IS NOT NULL OR EXISTS " DEFAULT_GRANTEES
    " AS special"
    " FROM pg_catalog.pg_class r WHERE r.oid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid))"
    " SELECT 1, 0, pg_catalog.format('REVOKE ALL ON %s FROM %s', $2, role.name) FROM named n"
    " JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) n.oid, LATERAL"
    " (SELECT n.relowner UNION SELECT CAST(0 AS pg_catalog.oid) UNION " DEFAULT_GRANTEES
    ") AS g (grantee), LATERAL"
    " (SELECT CASE WHEN g.grantee OPERATOR(pg_catalog.=) CAST(0 AS pg_catalog.oid) THEN 'PUBLIC'"
    " ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END) AS role (name) WHERE n.special"
    " UNION ALL SELECT 2, x.place, pg_catalog.format('GRANT %s%s ON %s TO %s%s', x.privilege_type, x.columns, $2,"
    " CASE WHEN x.grantee OPERATOR(pg_catalog.=) CAST(0 AS pg_catalog.oid) THEN 'PUBLIC'"
    " ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,"
    " CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' END)"
    " FROM (SELECT e.*, '' AS columns FROM named n, pg_catalog.aclexplode(n.acl)"
    " WITH ORDINALITY AS e (grantor, grantee, privilege_type, is_grantable, place) WHERE n.special"
    " UNION ALL SELECT e.*, pg_catalog.format(' (%I)', a.attname)"
    " FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl)"
    " WITH ORDINALITY AS e (grantor, grantee, privilege_type, is_grantable, place)"
    " WHERE a.attrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)) x"
    " ORDER BY 1, 2, 3",
    "it");
#undef DEFAULT_GRANTEES

struct View {
  std::uint32_t oid = 0;
  std::string name;
  std::string query;
  pg::Field options;
  std::string owner;
  bool of_another = false;
  pg::Field peculiar;  // why it cannot be made again: "which is temporary"
};

View Describe(std::uint32_t oid) {
  View view;
  view.oid = oid;
  view.name = pg::QualifiedName(oid);
  const pg::QueryResult described = describe_view.Run({oid});
  const pg::Row& row = described.rows.at(0);
  view.query = *row[0];
  view.options = row[1];
  view.owner = *row[2];
  view.of_another = pg::IsTrue(row[3]);
  view.peculiar = row[4];
  return view;
}

void Add(std::string& script, const std::string& statement) {
  script += statement;
  if (script.back() != ';') script += ';';
  script += '\n';
}

// A rule may name another of the views, so all of them are there first.
std::string CreateScript(const std::vector<View>& views) {
  std::string script;
  for (const View& view : views) {
    const std::string options = view.options ? " WITH (" + *view.options + ")" : std::string();
    Add(script, Format("CREATE VIEW %1%%2% AS\n%3%", view.name, options, view.query));
  }
  for (const View& view : views) {
    for (const pg::Row& row : find_attributes.Run({view.oid, view.name}).rows) Add(script, *row[1]);
    if (view.of_another) Add(script, Format("ALTER VIEW %1% OWNER TO %2%", view.name, view.owner));
    for (const pg::Row& row : find_privileges.Run({view.oid, view.name}).rows) Add(script, *row[2]);
  }
  return script;
}

bool Exists(const std::string& view) {
  return pg::RunQuery("SELECT 1 FROM pg_catalog.to_regclass($1) c WHERE c IS NOT NULL", "t", {view})
      .Single()
      .has_value();
}

std::vector<std::string> DependenciesOf(const std::string& view) {
  std::vector<std::string> found;
  for (const pg::Row& row : find_dependencies.Run({view}).rows) {
    if (pg::IsTrue(row[1])) {
      throw core::Error(core::sqlstate::kInsufficientPrivilege,
                        Format("view %1% uses %2%, which belongs to a role that has not your rights", view, *row[0]),
                        "Its constants would be read by the functions of that type, with your rights.",
                        "Do it as the owner of the view.");
    }
    found.push_back(*row[0]);
  }
  return found;
}

// A text may mean something else where it is read: by the search_path, by the places of columns, by the operators that
// there are for another type.
void RequireSame(const std::string& view, const std::vector<std::string>& before, const std::vector<std::string>& now) {
  std::vector<std::string> lost;
  std::vector<std::string> come;
  std::set_difference(before.begin(), before.end(), now.begin(), now.end(), std::back_inserter(lost));
  std::set_difference(now.begin(), now.end(), before.begin(), before.end(), std::back_inserter(come));
  if (lost.empty() && come.empty()) return;
  std::string detail;
  if (!lost.empty()) detail += Format("It uses %1%, and would not any more.", core::JoinNames(lost));
  if (!come.empty()) detail += Format("%1%It would use %2%.", detail.empty() ? "" : " ", core::JoinNames(come));
  throw core::Error(core::sqlstate::kFeatureNotSupported,
                    Format("view %1% would not be the same, made again from its text", view), detail);
}

// False: it is left to the swap. A view that groups by the primary key needs that to be on the column.
bool RunOrLeaveOut(const core::Statement& statement, bool others_are_left_out) {
  pg::Savepoint one = pg::OpenSavepoint();
  try {
    pg::RunStatement(statement.text, false);
  } catch (const core::Error& error) {
    pg::RollbackSavepoint(one);
    const bool missing = error.Is(core::sqlstate::kUndefinedTable);
    if (error.Is(core::sqlstate::kGroupingError) || (others_are_left_out && missing)) return false;
    throw;
  }
  pg::ReleaseSavepoint(one);
  return true;
}

std::vector<std::string> FindObstacles(const std::vector<View>& views, const std::set<std::uint32_t>& ours) {
  std::vector<std::string> obstacles;
  for (const View& view : views) {
    for (const pg::Row& row : find_obstacles.Run({view.oid}).rows) {
      if (!row[1] || ours.count(pg::ToOid(row[1])) == 0) obstacles.push_back(*row[0]);
    }
  }
  std::sort(obstacles.begin(), obstacles.end());
  obstacles.erase(std::unique(obstacles.begin(), obstacles.end()), obstacles.end());
  return obstacles;
}

}  // namespace

DependentViews FindDependentViews(const ColumnId& column) {
  std::vector<View> views;
  for (const pg::Row& row : find_views.Run({column.table, column.number}).rows) {
    views.push_back(Describe(pg::ToOid(row[0])));
  }
  DependentViews found;
  if (views.empty()) return found;
  std::string names;
  // As for a dump: what is written under them is read under them.
  for (const char* setting :
       {"standard_conforming_strings = on", "DateStyle = 'ISO'", "IntervalStyle = 'postgres'", "extra_float_digits = 3",
        "array_nulls = on", "quote_all_identifiers = off", "bytea_output = 'hex'", "xmloption = 'content'"}) {
    Add(found.lock, Format("SET LOCAL %1%", setting));
  }
  // Whoever reads one locks it before what it stands on: so do we.
  for (auto view = views.rbegin(); view != views.rend(); ++view) {
    // The one form that leaves the relations under a view alone.
    Add(found.lock, Format("ALTER VIEW %1% OWNER TO %2%", view->name, view->owner));
    names += (names.empty() ? "" : ", ") + view->name;
  }
  Add(found.drop, "DROP VIEW " + names);
  for (const View& view : views) {
    found.oids.insert(view.oid);
    found.names.push_back("view " + view.name);
    found.qualified.push_back(view.name);
    if (view.peculiar) found.peculiar.push_back(Format("view %1%, %2%", view.name, *view.peculiar));
  }
  found.obstacles = FindObstacles(views, found.oids);
  found.create = CreateScript(views);
  return found;
}

void Rehearse(const DependentViews& views, const std::string& change) {
  std::map<std::string, std::vector<std::string>> before;
  for (const std::string& view : views.qualified) before[view] = DependenciesOf(view);
  pg::Savepoint start = pg::OpenSavepoint();
  try {
    const std::string script = views.drop + change + ";\n" + views.create;
    bool some_left_out = false;
    for (const core::Statement& statement : pg::ParseScript(script, "views").statements) {
      if (!RunOrLeaveOut(statement, some_left_out)) some_left_out = true;
    }
    for (const std::string& view : views.qualified) {
      if (!some_left_out || Exists(view)) RequireSame(view, before[view], DependenciesOf(view));
    }
  } catch (const core::Error&) {
    pg::RollbackSavepoint(start);
    throw;
  }
  pg::RollbackSavepoint(start);
}

}  // namespace headway::operations
