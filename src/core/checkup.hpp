// What somebody should look at before a deployment: for continuous integration.
#pragma once

#include <string>
#include <vector>

#include "core/graph.hpp"
#include "core/revision.hpp"

namespace headway::core {

struct Finding {
  std::string problem;   // what kind: "several heads", "missing parent", ...
  std::string revision;  // empty: none in particular
  std::string detail;
};

// What the tables know besides the graph.
struct CheckedTables {
  Heads current;
  std::vector<std::string> irreversible;  // nothing when that is allowed
  std::vector<std::string> unfinished;    // stopped in the middle
  std::string mirror_differs;             // how Alembic's version table differs; empty: it does not
  std::string not_taken_over;             // what says that another tool has run revisions here; empty: nothing does
  std::vector<std::string> replicated;    // how headway.version comes here from elsewhere, or goes there
};

// In the order of how much each of them stops. Nothing: all is well.
std::vector<Finding> Examine(const RevisionGraph& graph, const CheckedTables& tables);

// Without those of the kinds in a list that is separated by commas. Throws kInvalidParameterValue for a kind that there
// is not.
std::vector<Finding> LeaveOut(std::vector<Finding> findings, const std::string& kinds);

// Throws kCheckFailed with all of them, unless there are none.
void RequireNone(const std::vector<Finding>& findings);

}  // namespace headway::core
