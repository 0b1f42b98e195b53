// Plans: which revisions run, in which order, and what each does to the heads.
//
// A plan is a pure function of the graph, the heads that are applied now (the rows of headway.version) and the text
// of a target. Each step says which heads it removes and adds; applied in order they give Alembic's version table
// after each step. A head that another one depends on is implied by it and has no row of its own.
//
// All of them throw Error: for a graph that is not sound (RevisionGraph::Validate), for applied heads that are not
// registered, and for targets that cannot be read, found or reached.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/graph.hpp"
#include "core/revision.hpp"

namespace headway::core {

std::vector<MigrationStep> PlanUpgrade(const RevisionGraph& graph, const Heads& current, std::string_view target);
std::vector<MigrationStep> PlanDowngrade(const RevisionGraph& graph, const Heads& current, std::string_view target);

// The rows of headway.version when all steps have been taken, sorted.
Heads HeadsAfter(const Heads& current, const std::vector<MigrationStep>& steps);

struct HeadChange {
  Heads removed;  // each is a row now
  Heads added;    // none of them is a row now
};

// With `purge` all rows go first, whatever they name: the way out of a version table that fits no revision.
HeadChange PlanStamp(const RevisionGraph& graph, const Heads& current, std::string_view target, bool purge);

// The revisions of a range "from:to", both ends included, newest first. An empty range is the whole history.
std::vector<std::string> PlanHistory(const RevisionGraph& graph, const Heads& current, std::string_view range);

}  // namespace headway::core
