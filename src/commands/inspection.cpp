#include "commands/inspection.hpp"

#include "adapters/revision_store.hpp"
#include "core/applied_heads.hpp"
#include "core/lookup.hpp"
#include "core/planner.hpp"
#include "pg/spi.hpp"

namespace headway::server {

namespace {

pg::PreparedQuery load_registered_facts(
    "SELECT upgrade, downgrade, registered_by, registered_at FROM headway.revision "
    "WHERE revision OPERATOR(pg_catalog.=) $1",
    "t");

}  // namespace

DatabaseState DatabaseState::Load() {
  RevisionStore store;
  core::RevisionGraph graph(store.LoadRevisions());
  core::Heads heads = store.LoadHeads();
  core::RevisionSet applied = core::AppliedRevisions(graph, heads);
  return {std::move(graph), std::move(heads), std::move(applied)};
}

std::vector<PlanRow> ShowPlan(const std::string& target, const std::string& direction,
                              const std::optional<std::string>& from) {
  const bool up = core::ReadDirection(direction) == core::Direction::kUpgrade;
  RevisionStore store;
  const core::RevisionGraph graph(store.LoadRevisions());
  const core::Heads heads = from ? core::HeadsAt(graph, *from) : store.LoadHeads();
  std::vector<core::MigrationStep> steps =
      up ? core::PlanUpgrade(graph, heads, target) : core::PlanDowngrade(graph, heads, target);
  std::vector<std::string> revisions;
  for (const core::MigrationStep& step : steps) revisions.push_back(step.revision);
  if (revisions.empty()) return {};
  const std::vector<engine::StepFacts> facts = store.LoadFacts(revisions);
  std::vector<PlanRow> rows;
  rows.reserve(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool transactional = up ? facts[i].upgrade_in_transaction : facts[i].downgrade_in_transaction;
    const std::string& message = graph.Find(steps[i].revision)->message;
    rows.push_back({std::move(steps[i]), message, transactional});
  }
  return rows;
}

RegisteredFacts LoadRegisteredFacts(const std::string& revision) {
  const pg::QueryResult result = load_registered_facts.Run({revision});
  if (result.rows.empty()) return {};
  const pg::Row& row = result.rows.front();
  return {*row[0], row[1], *row[2], *row[3]};
}

}  // namespace headway::server
