#include "adapters/own_functions.hpp"

#include "pg/field.hpp"
#include "pg/spi.hpp"

namespace headway::server {

namespace {

pg::PreparedQuery load_functions(
    "SELECT pg_catalog.quote_ident(CAST(n.nspname AS pg_catalog.text)), p.proname,"
    " pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)),"
    " pg_catalog.pg_function_is_visible(p.oid)"
    " FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid"
    " JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) d.objid"
    " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace"
    " WHERE d.refclassid OPERATOR(pg_catalog.=) CAST(CAST('pg_catalog.pg_extension' AS pg_catalog.regclass) AS "
    "pg_catalog.oid)"
    " AND d.classid OPERATOR(pg_catalog.=) CAST(CAST('pg_catalog.pg_proc' AS pg_catalog.regclass) AS pg_catalog.oid)"
    " AND d.deptype OPERATOR(pg_catalog.=) 'e' AND e.extname OPERATOR(pg_catalog.=) 'pg_headway'"
    " AND p.prorettype OPERATOR(pg_catalog.<>)"
    " CAST(CAST('pg_catalog.trigger' AS pg_catalog.regtype) AS pg_catalog.oid)"
    " ORDER BY p.proname USING OPERATOR(pg_catalog.<)",
    "");

}  // namespace

std::vector<OwnFunction> OwnFunctions() {
  std::vector<OwnFunction> functions;
  for (const pg::Row& row : load_functions.Run().rows) {
    functions.push_back({*row[0], *row[1], *row[2], pg::IsTrue(row[3])});
  }
  return functions;
}

}  // namespace headway::server
