// The heads that are applied, checked against the graph, and how a step changes them.
#pragma once

#include <optional>
#include <vector>

#include "core/graph.hpp"
#include "core/revision.hpp"
#include "core/revision_set.hpp"

namespace headway::core {

// Throws kUnknownRevision for a row that names no registered revision.
RevisionIndices RequireRegistered(const RevisionGraph& graph, const Heads& current);

// What is applied: the registered ones of the rows, and all that they rest on.
RevisionSet AppliedRevisions(const RevisionGraph& graph, const Heads& current);

// Two of `indices` of which the first rests on the second; none if each stands for itself.
struct Overlap {
  RevisionIndex upper;
  RevisionIndex lower;
};
std::optional<Overlap> FindOverlap(const RevisionGraph& graph, const RevisionIndices& indices, Edges edges);

// Throw when one rests on another: kVersionMismatch for rows, kInvalidTarget for targets.
void RequireIndependentRows(const RevisionGraph& graph, const RevisionIndices& rows);
void RequireIndependentTargets(const RevisionGraph& graph, const RevisionIndices& targets);

// Turns revisions, in the order in which they run, into steps: what each does to the rows of the version table. The
// rows are at all times the applied revisions that no other applied one rests on.
class HeadTracker {
 public:
  HeadTracker(const RevisionGraph& graph, const RevisionIndices& rows);

  MigrationStep Upgrade(RevisionIndex revision);
  MigrationStep Downgrade(RevisionIndex revision);

 private:
  const RevisionGraph& graph_;
  RevisionSet rows_;
  std::vector<RevisionIndex> resting_;  // how many applied revisions rest directly on this one
};

}  // namespace headway::core
