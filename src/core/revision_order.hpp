// The order in which revisions run: children before parents and dependencies, one branch at a time.
//
// Any order that respects the edges would be correct; this one is Alembic's, so that a plan reads the same in both:
// it stays on one branch for as long as no revision of another branch must come first.
#pragma once

#include <string>
#include <vector>

#include "core/graph.hpp"
#include "core/revision_set.hpp"

namespace headway::core {

// All of `members`, newest first. The branches are entered at those that no other member rests on.
RevisionIndices OrderNewestFirst(const RevisionGraph& graph, const RevisionSet& members);
// The ids of the whole graph in that order, in which history is listed.
std::vector<std::string> NewestFirst(const RevisionGraph& graph);

}  // namespace headway::core
