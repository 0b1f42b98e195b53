#include "commands/granting.hpp"

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

using core::Format;

pg::PreparedQuery find_role(
    "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.name)", "t");
pg::PreparedQuery load_schema(
    "SELECT pg_catalog.quote_ident(CAST(n.nspname AS pg_catalog.text)) FROM pg_catalog.pg_extension e"
    " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace"
    " WHERE e.extname OPERATOR(pg_catalog.=) 'pg_headway'",
    "");
// Those of the extension that it calls: triggers need no privilege, and it grants nothing itself.
pg::PreparedQuery load_functions(
    "SELECT pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes))"
    " FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid"
    " JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) d.objid"
    " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace"
    " WHERE d.refclassid OPERATOR(pg_catalog.=) CAST(CAST('pg_catalog.pg_extension' AS pg_catalog.regclass) AS "
    "pg_catalog.oid)"
    " AND d.classid OPERATOR(pg_catalog.=) CAST(CAST('pg_catalog.pg_proc' AS pg_catalog.regclass) AS pg_catalog.oid)"
    " AND d.deptype OPERATOR(pg_catalog.=) 'e' AND e.extname OPERATOR(pg_catalog.=) 'pg_headway'"
    " AND p.prorettype OPERATOR(pg_catalog.<>)"
    " CAST(CAST('pg_catalog.trigger' AS pg_catalog.regtype) AS pg_catalog.oid)"
    " AND p.proname OPERATOR(pg_catalog.<>) 'migrate_grant' ORDER BY p.proname USING OPERATOR(pg_catalog.<)",
    "");

}  // namespace

std::string Grant(const std::string& role, bool apply) {
  // PUBLIC is none, however it is quoted.
  if (!find_role.Run({role}).Single()) {
    throw core::Error(core::sqlstate::kUndefinedObject, Format("role \"%1%\" does not exist", role), {},
                      "Create it first: CREATE ROLE ... LOGIN. Nothing of this is meant for PUBLIC.");
  }
  const std::string to = " TO " + pg::QuoteIdentifier(role);
  std::vector<std::string> statements = {
      "GRANT USAGE ON SCHEMA headway, " + *load_schema.Run().Single() + to,
      "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA headway" + to,
      "GRANT SELECT ON ALL SEQUENCES IN SCHEMA headway" + to,
  };
  for (const std::string& function : load_functions.Run().Column()) {
    statements.push_back("GRANT EXECUTE ON FUNCTION " + function + to);
  }
  std::string script;
  for (const std::string& statement : statements) {
    if (apply) (void)pg::RunQuery(statement);
    script += statement + ";\n";
  }
  return script;
}

}  // namespace headway::server
