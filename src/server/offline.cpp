#include "server/offline.hpp"

#include "core/format.hpp"
#include "core/offline_script.hpp"
#include "core/planner.hpp"
#include "core/sqlstate.hpp"
#include "pg/script.hpp"
#include "server/inspection.hpp"
#include "server/revision_store.hpp"

namespace headway::server {

namespace {

using core::Direction;
using core::Error;
using core::Format;

Direction Read(const std::string& word) {
  if (word == "upgrade") return Direction::kUpgrade;
  if (word == "downgrade") return Direction::kDowngrade;
  throw Error(core::sqlstate::kInvalidParameterValue, Format("unknown direction \"%1%\"", word), {},
              "Use 'upgrade' or 'downgrade'.");
}

core::OfflineStep ReadStep(const core::RevisionGraph& graph, const core::MigrationStep& step) {
  const bool up = step.direction == Direction::kUpgrade;
  const RegisteredRevision registered = *FindRegistered(step.revision);
  if (!up && !registered.downgrade) {
    throw Error(core::sqlstate::kIrreversible, Format("revision %1% cannot be downgraded", step.revision),
                "It was registered with downgrade => NULL.", "Choose a target above it.");
  }
  const std::string what = Format("%1% of revision %2%", up ? "upgrade" : "downgrade", step.revision);
  return {step, graph.Find(step.revision)->message,
          pg::ParseScript(up ? registered.upgrade : *registered.downgrade, what),
          up ? registered.upgrade_in_transaction : registered.downgrade_in_transaction};
}

}  // namespace

std::string WriteOfflineScript(const OfflineCall& call) {
  const Direction direction = Read(call.direction);
  RevisionStore store;
  const core::RevisionGraph graph(store.LoadRevisions());
  const core::OfflineRange range = core::ReadOfflineRange(graph, call.target, direction);
  const std::vector<core::MigrationStep> plan = direction == Direction::kUpgrade
                                                    ? core::PlanUpgrade(graph, range.from, range.to)
                                                    : core::PlanDowngrade(graph, range.from, range.to);
  std::vector<core::OfflineStep> steps;
  std::size_t rows = range.from.size();
  for (const core::MigrationStep& step : plan) {
    steps.push_back(ReadStep(graph, step));
    rows += step.heads_added.size() - step.heads_removed.size();
  }
  core::OfflineOptions options;
  options.version_table = call.version_table;
  options.single_transaction = call.single_transaction;
  options.creates_table = direction == Direction::kUpgrade && range.from.empty();
  options.drops_table = direction == Direction::kDowngrade && rows == 0;
  return core::RenderOfflineScript(steps, options);
}

}  // namespace headway::server
