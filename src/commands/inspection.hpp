// Looking at the graph, the heads and the plan, without running anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/graph.hpp"
#include "engine/ports.hpp"

namespace headway::server {

// The graph and the heads as one transaction sees them.
struct DatabaseState {
  core::RevisionGraph graph;
  core::Heads heads;
  core::RevisionSet applied;

  static DatabaseState Load();
  bool is_applied(const std::string& id) const { return applied.Contains(*graph.IndexOf(id)); }
};

struct PlanRow {
  core::MigrationStep step;
  std::string message;
  bool transactional;
};
// `from` replaces what is applied by what it names; nothing: what is applied.
std::vector<PlanRow> ShowPlan(const std::string& target, const std::string& direction,
                              const std::optional<std::string>& from);

// What only the table knows of a revision.
struct RegisteredFacts {
  std::string upgrade;
  std::optional<std::string> downgrade;
  std::string registered_by;
  std::string registered_at;
};
RegisteredFacts LoadRegisteredFacts(const std::string& revision);

}  // namespace headway::server
