#include "commands/offline.hpp"

#include "adapters/revision_store.hpp"
#include "core/offline_script.hpp"
#include "core/planner.hpp"
#include "engine/runnable.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/parse/script.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

using core::Direction;

constexpr char kKeySuffix[] = "_pkc";  // Alembic's

void NameVersionTable(core::OfflineScript& script, const std::string& name) {
  const core::ObjectName parts = pg::ParseQualifiedName(name);
  if (!parts.schema.empty()) script.version_table = pg::QuoteIdentifier(parts.schema) + ".";
  script.version_table += pg::QuoteIdentifier(parts.name);
  script.version_key = pg::QuoteIdentifier(parts.name + kKeySuffix);
}

std::vector<core::OfflineStep> ReadSteps(RevisionStore& store, const core::RevisionGraph& graph,
                                         const std::vector<core::MigrationStep>& plan) {
  std::vector<std::string> revisions;
  for (const core::MigrationStep& step : plan) revisions.push_back(step.revision);
  std::vector<core::OfflineStep> steps;
  if (plan.empty()) return steps;
  std::vector<engine::StepFacts> facts = store.LoadFacts(revisions);
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (!facts[i].is_current_user_at_risk) facts[i].role_at_risk.clear();  // nothing runs here
    engine::RequireRunnable(plan[i], facts[i]);
  }
  for (const core::MigrationStep& step : plan) {
    const std::string text = store.ReadScript(step.revision, step.direction);
    steps.push_back({step, graph.Find(step.revision)->message, pg::ParseScript(text, engine::NameScript(step))});
  }
  return steps;
}

}  // namespace

std::string WriteOfflineScript(const OfflineCall& call) {
  core::OfflineScript script;
  script.direction = core::ReadDirection(call.direction);
  script.single_transaction = call.single_transaction;
  NameVersionTable(script, call.version_table);
  RevisionStore store;
  const core::RevisionGraph graph(store.LoadRevisions());
  const core::OfflineRange range = core::ReadOfflineRange(graph, store.LoadHeads(), call.target, script.direction);
  script.from = range.from;
  script.steps = ReadSteps(store, graph,
                           script.direction == Direction::kUpgrade ? core::PlanUpgrade(graph, range.from, range.to)
                                                                   : core::PlanDowngrade(graph, range.from, range.to));
  return core::RenderOfflineScript(script);
}

}  // namespace headway::server
