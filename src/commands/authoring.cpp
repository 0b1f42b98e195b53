#include "commands/authoring.hpp"

#include "adapters/own_functions.hpp"
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
std::string SchemaPrefix() {
  for (const OwnFunction& function : OwnFunctions()) {
    if (function.name == "migrate_revision" && !function.visible) return function.schema + ".";
  }
  return {};
}

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
  return core::RenderTemplate(revision, *now_as_text.Run().Single(), false, SchemaPrefix());
}

std::string WriteMerge(const std::string& heads, const std::optional<std::string>& message,
                       const std::optional<std::string>& id) {
  const DatabaseState state = DatabaseState::Load();
  const core::Revision revision =
      core::NewMergePoint(state.graph, state.heads, heads, message, id ? *id : FreshId(state.graph));
  return core::RenderTemplate(revision, *now_as_text.Run().Single(), true, SchemaPrefix());
}

}  // namespace headway::server
