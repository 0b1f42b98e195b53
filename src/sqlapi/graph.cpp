// migrate_graph().
#include "commands/inspection.hpp"
#include "core/format.hpp"
#include "core/render.hpp"
#include "core/sqlstate.hpp"
#include "pg/entry_point.hpp"
#include "pg/function_call.hpp"
#include "pg/text.hpp"

namespace core = headway::core;
namespace pg = headway::pg;
namespace server = headway::server;

namespace {

using Renderer = std::string (*)(const core::RevisionGraph& graph, const core::Heads& current);

Renderer RendererFor(const std::string& format) {
  if (format == "text") return core::RenderText;
  if (format == "dot") return core::RenderDot;
  if (format == "mermaid") return core::RenderMermaid;
  throw core::Error(core::sqlstate::kInvalidParameterValue, core::Format("unknown format \"%1%\"", format), {},
                    "Use 'text', 'dot' or 'mermaid'.");
}

}  // namespace

HEADWAY_FUNCTION(migrate_graph) {
  const Renderer render = RendererFor(pg::TextArgument(fcinfo, 0, "format"));
  const server::DatabaseState state = server::DatabaseState::Load();
  return pg::TextDatum(render(state.graph, state.heads));
}
