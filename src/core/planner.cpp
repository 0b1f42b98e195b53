#include "core/planner.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "core/applied_heads.hpp"
#include "core/format.hpp"
#include "core/graph_errors.hpp"
#include "core/identifier.hpp"
#include "core/names.hpp"
#include "core/revision_order.hpp"
#include "core/target.hpp"
#include "core/target_resolver.hpp"
#include "core/validation.hpp"

namespace headway::core {
namespace {

RevisionIndices Intersection(const RevisionIndices& indices, const RevisionSet& wanted) {
  RevisionIndices kept;
  std::copy_if(indices.begin(), indices.end(), std::back_inserter(kept),
               [&](RevisionIndex index) { return wanted.Contains(index); });
  return kept;
}

// Where a downgrade begins to take away: what directly follows its end, on the branch it is limited to.
RevisionIndices RootsToDrop(const RevisionGraph& graph, const DowngradeEnd& end, const Target& target) {
  const RevisionIndices& roots = end.place ? graph.Children(*end.place) : graph.base_indices();
  if (!end.branch || roots.size() < 2) return roots;
  RevisionIndices on_branch = Intersection(roots, graph.Ancestors({*end.branch}, Edges::kParents));
  if (on_branch.empty()) {
    ThrowUnreachable(Format("target \"%1%\" cannot be reached by a downgrade", target.text),
                     Format("Branch \"%1%\" begins no later than its target.", target.label),
                     "Leave out the branch label to take down all that follows the target.");
  }
  return on_branch;
}

[[noreturn]] void RefuseNothingToDrop(const RevisionGraph& graph, RevisionIndex end, const RevisionSet& applied) {
  const std::string& name = graph.id(end);
  if (!applied.Contains(end)) {
    ThrowUnreachable(Format("revision \"%1%\" is not applied, so it cannot be downgraded to", name), {},
                     "See headway.version for what is applied; upgrade or stamp to get there.");
  }
  const RevisionIndices resting = Intersection(graph.Followers(end), applied);
  ThrowUnreachable(Format("nothing follows revision \"%1%\", so there is nothing to downgrade", name),
                   Format("It is implied by what depends on it: %1%.", ListNames(graph.Names(resting))),
                   "Name the revision of the other branch to go down to.");
}

// What one target takes away of what is applied.
RevisionSet CollectDrops(const RevisionGraph& graph, const RevisionIndices& rows, const RevisionSet& applied,
                         const DowngradeEnd& end, const Target& target) {
  RevisionSet drops = graph.Descendants(RootsToDrop(graph, end, target), Edges::kParentsAndDependencies);
  drops.KeepOnly(applied);
  const bool already_there = !end.place || std::find(rows.begin(), rows.end(), *end.place) != rows.end();
  if (drops.empty() && !already_there) RefuseNothingToDrop(graph, *end.place, applied);
  return drops;
}

}  // namespace

std::vector<MigrationStep> PlanUpgrade(const RevisionGraph& graph, const Heads& current, std::string_view target) {
  Validate(graph);
  const RevisionIndices rows = RequireRegistered(graph, current);
  const TargetResolver resolver(graph, rows);
  RevisionSet ends(graph.size());
  for (const Target& part : ParseTargets(target)) {
    for (const RevisionIndex end : resolver.ForUpgrade(part)) ends.Insert(end);
  }
  RequireIndependentTargets(graph, ends.members());
  RequireIndependentRows(graph, rows);

  RevisionSet needed = graph.Ancestors(ends.members(), Edges::kParentsAndDependencies);
  needed.EraseAll(graph.Ancestors(rows, Edges::kParentsAndDependencies));
  const RevisionIndices newest_first = OrderNewestFirst(graph, needed);
  HeadTracker heads(graph, rows);
  std::vector<MigrationStep> steps;
  steps.reserve(newest_first.size());
  for (auto at = newest_first.rbegin(); at != newest_first.rend(); ++at) steps.push_back(heads.Upgrade(*at));
  return steps;
}

std::vector<MigrationStep> PlanDowngrade(const RevisionGraph& graph, const Heads& current, std::string_view target) {
  Validate(graph);
  const RevisionIndices rows = RequireRegistered(graph, current);
  const RevisionSet applied = graph.Ancestors(rows, Edges::kParentsAndDependencies);
  const TargetResolver resolver(graph, rows);
  RevisionSet drops(graph.size());
  RevisionIndices ends;
  for (const Target& part : ParseTargets(target)) {
    const DowngradeEnd end = resolver.ForDowngrade(part);
    if (end.place) ends.push_back(*end.place);
    drops.InsertAll(CollectDrops(graph, rows, applied, end, part));
  }
  for (const RevisionIndex end : ends) {
    if (drops.Contains(end)) ThrowContradiction(graph.id(end));
  }

  HeadTracker heads(graph, rows);
  std::vector<MigrationStep> steps;
  steps.reserve(drops.size());
  for (const RevisionIndex revision : OrderNewestFirst(graph, drops)) steps.push_back(heads.Downgrade(revision));
  return steps;
}

Heads HeadsAfter(const Heads& current, const std::vector<MigrationStep>& steps) {
  std::set<std::string> rows(current.begin(), current.end());
  for (const MigrationStep& step : steps) {
    for (const std::string& head : step.heads_removed) rows.erase(head);
    rows.insert(step.heads_added.begin(), step.heads_added.end());
  }
  return {rows.begin(), rows.end()};
}

}  // namespace headway::core
