#include "core/applied_heads.hpp"

#include "core/graph_errors.hpp"

namespace headway::core {

RevisionIndices RequireRegistered(const RevisionGraph& graph, const Heads& current) {
  RevisionSet rows(graph.size());
  for (const std::string& head : current) {
    const auto index = graph.IndexOf(head);
    if (!index) ThrowUnregisteredHead(head);
    rows.Insert(*index);
  }
  return rows.members();
}

RevisionSet AppliedRevisions(const RevisionGraph& graph, const Heads& current) {
  RevisionIndices rows;
  for (const std::string& head : current) {
    if (const auto index = graph.IndexOf(head)) rows.push_back(*index);
  }
  return graph.Ancestors(rows, Edges::kParentsAndDependencies);
}

std::optional<Overlap> FindOverlap(const RevisionGraph& graph, const RevisionIndices& indices, Edges edges) {
  RevisionIndices below;
  for (const RevisionIndex index : indices) {
    const RevisionIndices& down = edges == Edges::kParents ? graph.Parents(index) : graph.Requirements(index);
    below.insert(below.end(), down.begin(), down.end());
  }
  const RevisionSet implied = graph.Ancestors(below, edges);
  for (const RevisionIndex lower : indices) {
    if (!implied.Contains(lower)) continue;
    const RevisionSet above = graph.Descendants({lower}, edges);
    for (const RevisionIndex upper : indices) {
      if (upper != lower && above.Contains(upper)) return Overlap{upper, lower};
    }
  }
  return std::nullopt;
}

void RequireIndependentRows(const RevisionGraph& graph, const RevisionIndices& rows) {
  if (const auto overlap = FindOverlap(graph, rows, Edges::kParentsAndDependencies)) {
    ThrowOverlappingHeads(graph.id(overlap->upper), graph.id(overlap->lower));
  }
}

void RequireIndependentTargets(const RevisionGraph& graph, const RevisionIndices& targets) {
  if (const auto overlap = FindOverlap(graph, targets, Edges::kParentsAndDependencies)) {
    ThrowOverlappingTargets(graph.id(overlap->upper), graph.id(overlap->lower));
  }
}

HeadTracker::HeadTracker(const RevisionGraph& graph, const RevisionIndices& rows)
    : graph_(graph), rows_(graph.size(), rows), resting_(graph.size(), 0) {
  for (const RevisionIndex applied : graph.Ancestors(rows, Edges::kParentsAndDependencies).members()) {
    for (const RevisionIndex below : graph.Requirements(applied)) ++resting_[below];
  }
}

MigrationStep HeadTracker::Upgrade(RevisionIndex revision) {
  MigrationStep step;
  step.revision = graph_.id(revision);
  step.direction = Direction::kUpgrade;
  step.from = graph_.Names(graph_.Parents(revision));
  step.to = {step.revision};
  for (const RevisionIndex below : graph_.Requirements(revision)) {
    ++resting_[below];
    if (rows_.Erase(below)) step.heads_removed.push_back(graph_.id(below));
  }
  if (rows_.Insert(revision)) step.heads_added.push_back(step.revision);
  return step;
}

// What the revision rested on becomes a head again, save where another applied revision still rests on it: then it is
// implied. That is also so when the other one becomes a head by this very step.
MigrationStep HeadTracker::Downgrade(RevisionIndex revision) {
  MigrationStep step;
  step.revision = graph_.id(revision);
  step.direction = Direction::kDowngrade;
  step.from = {step.revision};
  step.to = graph_.Names(graph_.Parents(revision));
  if (rows_.Erase(revision)) step.heads_removed.push_back(step.revision);
  for (const RevisionIndex below : graph_.Requirements(revision)) {
    if (--resting_[below] == 0 && rows_.Insert(below)) step.heads_added.push_back(graph_.id(below));
  }
  return step;
}

}  // namespace headway::core
