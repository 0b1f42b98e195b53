#include "commands/granting.hpp"

#include <vector>

#include "adapters/own_functions.hpp"
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

}  // namespace

std::string Grant(const std::string& role, bool apply) {
  // PUBLIC is none, however it is quoted.
  if (!find_role.Run({role}).Single()) {
    throw core::Error(core::sqlstate::kUndefinedObject, Format("role \"%1%\" does not exist", role), {},
                      "Create it first: CREATE ROLE ... LOGIN. Nothing of this is meant for PUBLIC.");
  }
  const std::string to = " TO " + pg::QuoteIdentifier(role);
  const std::vector<OwnFunction> functions = OwnFunctions();
  std::vector<std::string> statements = {
      "GRANT USAGE ON SCHEMA headway, " + functions.front().schema + to,
      "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA headway" + to,
      "GRANT SELECT ON ALL SEQUENCES IN SCHEMA headway" + to,
  };
  for (const OwnFunction& function : functions) {
    // Whoever deploys grants nothing.
    if (function.name != "migrate_grant") statements.push_back("GRANT EXECUTE ON FUNCTION " + function.signature + to);
  }
  std::string script;
  for (const std::string& statement : statements) {
    if (apply) (void)pg::RunQuery(statement);
    script += statement + ";\n";
  }
  return script;
}

}  // namespace headway::server
