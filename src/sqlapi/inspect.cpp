// migrate_plan(), migrate_current(), migrate_heads(), migrate_branches(), migrate_show(), migrate_history().
#include "commands/inspection.hpp"
#include "core/lookup.hpp"
#include "core/names.hpp"
#include "core/planner.hpp"
#include "core/revision_order.hpp"
#include "pg/entry_point.hpp"
#include "pg/function_call.hpp"

namespace core = headway::core;
namespace pg = headway::pg;
namespace server = headway::server;

namespace {

using core::FirstLine;
using pg::Field;
using Labels = std::vector<std::vector<std::string>>;

Field Joined(const std::vector<std::string>& names) { return names.empty() ? Field() : Field(core::JoinNames(names)); }

// The labels of the branches that a revision is on.
Field LabelsOf(const core::RevisionGraph& graph, const Labels& labels, const std::string& id) {
  return Joined(labels[*graph.IndexOf(id)]);
}

}  // namespace

HEADWAY_FUNCTION(migrate_plan) {
  const std::string target = pg::TextArgument(fcinfo, 0, "target");
  const std::string direction = pg::TextArgument(fcinfo, 1, "direction");
  const std::optional<std::string> from = pg::OptionalText(fcinfo, 2);
  pg::RowWriter rows(fcinfo);
  int number = 0;
  for (const server::PlanRow& row : server::ShowPlan(target, direction, from)) {
    rows.Put(
        {std::to_string(++number), row.step.revision, direction, FirstLine(row.message), pg::Truth(row.transactional)});
  }
  return 0;
}

HEADWAY_FUNCTION(migrate_current) {
  const bool check_heads = pg::BooleanArgument(fcinfo, 0, false);
  pg::RowWriter rows(fcinfo);
  const server::DatabaseState state = server::DatabaseState::Load();
  if (check_heads) core::RequireAtHeads(state.graph, state.heads);
  for (const std::string& head : state.heads) {
    const core::Revision* revision = state.graph.Find(head);
    if (revision == nullptr) {
      rows.Put({head, Field(), Field()});
    } else {
      rows.Put({head, FirstLine(revision->message), pg::Truth(state.graph.is_head(head))});
    }
  }
  return 0;
}

HEADWAY_FUNCTION(migrate_heads) {
  pg::RowWriter rows(fcinfo);
  const server::DatabaseState state = server::DatabaseState::Load();
  const core::RevisionGraph& graph = state.graph;
  const Labels labels = graph.EffectiveLabels();
  for (const std::string& head : graph.heads()) {
    rows.Put(
        {head, FirstLine(graph.Find(head)->message), LabelsOf(graph, labels, head), pg::Truth(state.is_applied(head))});
  }
  return 0;
}

HEADWAY_FUNCTION(migrate_branches) {
  pg::RowWriter rows(fcinfo);
  const server::DatabaseState state = server::DatabaseState::Load();
  const core::RevisionGraph& graph = state.graph;
  const Labels labels = graph.EffectiveLabels();
  for (const std::string& id : core::NewestFirst(graph)) {
    if (!graph.is_branchpoint(id)) continue;
    for (const std::string& child : graph.children(id)) {
      rows.Put({id, FirstLine(graph.Find(id)->message), child, FirstLine(graph.Find(child)->message),
                LabelsOf(graph, labels, child), pg::Truth(state.is_applied(child))});
    }
  }
  return 0;
}

HEADWAY_FUNCTION(migrate_show) {
  const std::string wanted = pg::TextArgument(fcinfo, 0, "revision");
  pg::RowWriter rows(fcinfo);
  const server::DatabaseState state = server::DatabaseState::Load();
  const core::RevisionGraph& graph = state.graph;
  const Labels labels = graph.EffectiveLabels();
  for (const std::string& id : core::FindRevisions(graph, state.heads, wanted)) {
    const core::Revision& revision = *graph.Find(id);
    const server::RegisteredFacts facts = server::LoadRegisteredFacts(id);
    rows.Put({id, Joined(revision.down_revisions), Joined(graph.children(id)), LabelsOf(graph, labels, id),
              Joined(revision.depends_on), pg::Truth(graph.is_head(id)), pg::Truth(graph.is_branchpoint(id)),
              pg::Truth(graph.is_mergepoint(id)), pg::Truth(state.is_applied(id)), revision.message, facts.upgrade,
              facts.downgrade, facts.registered_by, facts.registered_at});
  }
  return 0;
}

HEADWAY_FUNCTION(migrate_history) {
  const std::optional<std::string> range = pg::OptionalText(fcinfo, 0);
  pg::RowWriter rows(fcinfo);
  const server::DatabaseState state = server::DatabaseState::Load();
  const core::RevisionGraph& graph = state.graph;
  const Labels labels = graph.EffectiveLabels();
  // All of it can be listed while parents are missing.
  for (const std::string& id : range ? core::PlanHistory(graph, state.heads, *range) : core::NewestFirst(graph)) {
    const core::Revision& revision = *graph.Find(id);
    rows.Put({id, Joined(revision.down_revisions), FirstLine(revision.message), LabelsOf(graph, labels, id),
              Joined(revision.depends_on), pg::Truth(graph.is_head(id)), pg::Truth(graph.is_branchpoint(id)),
              pg::Truth(graph.is_mergepoint(id)), pg::Truth(state.is_applied(id))});
  }
  return 0;
}
