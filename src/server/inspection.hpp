// Looking at the graph, the heads and the plan, without running anything.
#pragma once

#include <string>
#include <vector>

#include "core/graph.hpp"
#include "engine/ports.hpp"

namespace headway::server {

// The graph and the heads as one transaction sees them.
struct Standing {
  core::RevisionGraph graph;
  core::Heads heads;
  core::RevisionSet applied;

  static Standing Load();
};

struct PlanRow {
  core::MigrationStep step;
  std::string message;
  bool transactional;
};
std::vector<PlanRow> ShowPlan(const std::string& target, const std::string& direction);

}  // namespace headway::server
