#include <algorithm>
#include <iterator>

#include "core/applied_heads.hpp"
#include "core/planner.hpp"
#include "core/target.hpp"
#include "core/target_resolver.hpp"
#include "core/validation.hpp"

namespace headway::core {
namespace {

// What one target says: the revisions to be recorded, and what decides which rows it replaces.
struct StampMark {
  RevisionIndices ends;                 // empty: base
  std::optional<RevisionIndex> branch;  // rows of this branch give way, besides those on the way to the ends
};

StampMark ResolveMark(const TargetResolver& resolver, const Target& target) {
  StampMark mark;
  if (!target.steps) {
    mark.ends = resolver.Absolute(target);
    if (!target.label.empty()) mark.branch = resolver.Branch(target.label);
  } else if (*target.steps > 0) {
    mark.ends = resolver.ForUpgrade(target);
  } else {
    const DowngradeEnd end = resolver.ForDowngrade(target);
    if (end.place) {
      mark.ends = {*end.place};
    } else {
      mark.branch = end.branch;
    }
  }
  return mark;
}

// The rows a mark is about: those above or below its ends, by dependencies as well, and those of its branch.
RevisionSet RowsAbout(const RevisionGraph& graph, const RevisionIndices& rows, const StampMark& mark) {
  RevisionSet about(graph.size(), rows);
  if (mark.ends.empty() && !mark.branch) return about;
  RevisionIndices seeds = mark.ends;
  if (mark.branch) seeds.push_back(*mark.branch);
  RevisionSet related = graph.Ancestors(seeds, Edges::kParentsAndDependencies);
  related.InsertAll(graph.Descendants(seeds, Edges::kParentsAndDependencies));
  about.KeepOnly(related);
  return about;
}

// Rows give way to an end that lies above or below one of them. An end on a branch of its own is added beside them.
RevisionSet RowsReplaced(const RevisionGraph& graph, const RevisionIndices& rows, const StampMark& mark) {
  RevisionSet about = RowsAbout(graph, rows, mark);
  if (mark.ends.empty()) return about;
  RevisionSet on_the_way = graph.Ancestors(mark.ends, Edges::kParentsAndDependencies);
  on_the_way.InsertAll(graph.Descendants(mark.ends, Edges::kParentsAndDependencies));
  on_the_way.KeepOnly(about);
  for (const RevisionIndex end : mark.ends) on_the_way.Erase(end);
  return on_the_way.empty() ? on_the_way : about;
}

bool Contains(const Heads& heads, const std::string& head) {
  return std::find(heads.begin(), heads.end(), head) != heads.end();
}

}  // namespace

HeadChange PlanStamp(const RevisionGraph& graph, const Heads& current, std::string_view target, bool purge) {
  Validate(graph);
  const RevisionIndices rows = purge ? RevisionIndices() : RequireRegistered(graph, current);
  const TargetResolver resolver(graph, rows);
  RevisionSet replaced(graph.size());
  RevisionSet ends(graph.size());
  for (const Target& part : ParseTargets(target)) {
    const StampMark mark = ResolveMark(resolver, part);
    replaced.InsertAll(RowsReplaced(graph, rows, mark));
    for (const RevisionIndex end : mark.ends) ends.Insert(end);
  }
  RequireIndependentTargets(graph, ends.members());

  replaced.EraseAll(ends);
  HeadChange change;
  const Heads stamped = graph.Names(ends.members());
  for (const std::string& row : current) {
    const auto index = graph.IndexOf(row);
    const bool goes = purge ? !Contains(stamped, row) : replaced.Contains(*index);
    if (goes && !Contains(change.removed, row)) change.removed.push_back(row);
  }
  std::copy_if(stamped.begin(), stamped.end(), std::back_inserter(change.added),
               [&](const std::string& head) { return !Contains(current, head); });
  return change;
}

}  // namespace headway::core
