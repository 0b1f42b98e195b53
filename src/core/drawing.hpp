// What is to be drawn of a graph, before it is known how: nodes with their marks, newest first, and edges between
// them. What is named but not registered is a node too.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/graph.hpp"
#include "core/revision.hpp"

namespace headway::core {

enum class NodeState { kApplied, kNotApplied, kMissing };

struct DrawnNode {
  std::string id;
  std::string title;               // the first line of the message
  std::vector<std::string> marks;  // "head", "branchpoint", "mergepoint", "current", "missing", branch labels
  NodeState state = NodeState::kNotApplied;
  std::vector<std::size_t> parents;       // places in the list of nodes, all further down
  std::vector<std::size_t> dependencies;  // likewise
};

// REQUIRES: a graph without a cycle; throws kCycle otherwise.
std::vector<DrawnNode> DrawNodes(const RevisionGraph& graph, const Heads& current);

}  // namespace headway::core
