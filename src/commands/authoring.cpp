#include "commands/authoring.hpp"

#include "commands/inspection.hpp"
#include "pg/spi.hpp"

namespace headway::server {

namespace {

// The last 12 digits of a random uuid, as Alembic takes them.
pg::PreparedQuery fresh_id(
    "SELECT pg_catalog.right(pg_catalog.uuid_out(pg_catalog.gen_random_uuid())::pg_catalog.text, 12)", "");
pg::PreparedQuery now_as_text("SELECT pg_catalog.to_char(pg_catalog.clock_timestamp(), 'YYYY-MM-DD HH24:MI:SS.US')",
                              "");

// The schema of migrate_revision() with a dot, when the search_path does not find it.
pg::PreparedQuery schema_prefix(
    "SELECT CASE WHEN pg_catalog.pg_function_is_visible(p.oid) THEN '' ELSE pg_catalog.concat("
    "pg_catalog.quote_ident(CAST(n.nspname AS pg_catalog.text)), '.') END FROM pg_catalog.pg_depend d"
    " JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid"
    " JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) d.objid"
    " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace"
    " WHERE d.refclassid OPERATOR(pg_catalog.=) CAST(CAST('pg_catalog.pg_extension' AS pg_catalog.regclass) AS "
    "pg_catalog.oid)"
    " AND d.classid OPERATOR(pg_catalog.=) CAST(CAST('pg_catalog.pg_proc' AS pg_catalog.regclass) AS pg_catalog.oid)"
    " AND d.deptype OPERATOR(pg_catalog.=) 'e' AND e.extname OPERATOR(pg_catalog.=) 'pg_headway'"
    " AND p.proname OPERATOR(pg_catalog.=) 'migrate_revision'",
    "");

std::string FreshId(const core::RevisionGraph& graph) {
  std::string id;
  do id = *fresh_id.Run().Single();
  while (!graph.Matches(id).empty());
  return id;
}

}  // namespace

std::string WriteTemplate(const core::TemplateCall& call, const std::optional<std::string>& id) {
  const DatabaseState state = DatabaseState::Load();
  const core::Revision revision = core::NewRevision(state.graph, state.heads, call, id ? *id : FreshId(state.graph));
  return core::RenderTemplate(revision, *now_as_text.Run().Single(), false, *schema_prefix.Run().Single());
}

std::string WriteMerge(const std::string& heads, const std::optional<std::string>& message,
                       const std::optional<std::string>& id) {
  const DatabaseState state = DatabaseState::Load();
  const core::Revision revision =
      core::NewMergePoint(state.graph, state.heads, heads, message, id ? *id : FreshId(state.graph));
  return core::RenderTemplate(revision, *now_as_text.Run().Single(), true, *schema_prefix.Run().Single());
}

}  // namespace headway::server
