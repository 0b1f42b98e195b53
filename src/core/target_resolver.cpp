#include "core/target_resolver.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include "core/format.hpp"
#include "core/graph_errors.hpp"
#include "core/identifier.hpp"

namespace headway::core {
namespace {

RevisionIndices Filter(const RevisionIndices& indices, const RevisionSet& wanted) {
  RevisionIndices kept;
  std::copy_if(indices.begin(), indices.end(), std::back_inserter(kept),
               [&](RevisionIndex index) { return wanted.Contains(index); });
  return kept;
}

}  // namespace

std::string TargetResolver::NameOf(Place place) const { return place ? graph_.id(*place) : std::string(kBase); }

const RevisionIndices& TargetResolver::Above(Place place) const {
  return place ? graph_.Children(*place) : graph_.base_indices();
}

RevisionIndex TargetResolver::Branch(const std::string& label) const {
  const auto matches = graph_.Matches(label);
  if (matches.empty()) ThrowUnknownLabel(graph_, label);
  if (matches.size() > 1) ThrowAmbiguousRevision(label, matches);
  return matches.front().index;
}

// With a label, a prefix needs to be unique on that branch only.
RevisionIndex TargetResolver::Revision(const std::string& word, const std::string& label) const {
  auto matches = graph_.Matches(word);
  if (matches.empty()) ThrowUnknownRevision(graph_, word);
  if (label.empty()) {
    if (matches.size() > 1) ThrowAmbiguousRevision(word, matches);
    return matches.front().index;
  }
  const RevisionSet branch = graph_.Lineage(Branch(label), Edges::kParents);
  const RevisionIndex any = matches.front().index;
  matches.erase(std::remove_if(matches.begin(), matches.end(),
                               [&](const RevisionGraph::Match& match) { return !branch.Contains(match.index); }),
                matches.end());
  if (matches.empty()) ThrowNotOnBranch(graph_.id(any), label);
  if (matches.size() > 1) ThrowAmbiguousRevision(word, matches);
  return matches.front().index;
}

RevisionIndices TargetResolver::HeadsOf(const std::string& label) const {
  if (label.empty()) return graph_.head_indices();
  return Filter(graph_.head_indices(), graph_.Lineage(Branch(label), Edges::kParents));
}

RevisionIndices TargetResolver::Absolute(const Target& target) const {
  if (target.symbol == kCurrent) ThrowCurrentOutsideHistory(target.text);
  if (target.symbol == kBase) {
    if (!target.label.empty()) Branch(target.label);
    return {};
  }
  if (target.symbol == kHeads) return target.label.empty() ? graph_.independent_heads() : HeadsOf(target.label);
  if (target.symbol == kHead) {
    RevisionIndices heads = HeadsOf(target.label);
    if (heads.size() > 1) ThrowMultipleHeads(graph_.Names(heads));
    return heads;
  }
  return {Revision(target.symbol, target.label)};
}

Place TargetResolver::OnePlace(const Target& target) const {
  const RevisionIndices places = Absolute(target);
  if (places.size() > 1) ThrowMultipleHeads(graph_.Names(places));
  return places.empty() ? Place() : Place(places.front());
}

RevisionIndices TargetResolver::ForUpgrade(const Target& target) const {
  if (!target.steps) return Absolute(target);
  if (target.relative_to_current()) return {StepsFromCurrent(target)};
  if (*target.steps > 0) {
    // Any revision may be the start: it is the steps that must stay on the branch.
    Target start = target;
    start.label.clear();
    return {WalkUp(target, OnePlace(start), *target.steps)};
  }
  const Place place = WalkDown(target, OnePlace(target), *target.steps);
  if (!place) ThrowWalkedTooFar(target.text, NameOf(place));
  return {*place};
}

RevisionIndex TargetResolver::StepsFromCurrent(const Target& target) const {
  if (*target.steps <= 0) ThrowWrongDirection(target.text, "an upgrade");
  const RevisionIndices starts = target.label.empty() ? current_ : StartsOfUpgrade(target.label);
  if (starts.size() > 1) ThrowMultipleCurrent(target.text, graph_.Names(starts));
  return WalkUp(target, starts.empty() ? Place() : Place(starts.front()), *target.steps);
}

// The heads on a branch; where the heads are all on others, the last of the branch that they imply.
RevisionIndices TargetResolver::StartsOfUpgrade(const std::string& label) const {
  const RevisionSet branch = graph_.Lineage(Branch(label), Edges::kParents);
  RevisionIndices heads = Filter(current_, branch);
  if (!heads.empty()) return heads;
  RevisionSet tips = graph_.Ancestors(current_, Edges::kParentsAndDependencies);
  tips.KeepOnly(branch);
  for (const RevisionIndex index : tips.members()) {
    for (const RevisionIndex below : graph_.Requirements(index)) tips.Erase(below);
  }
  return tips.members();
}

// The same on the way down, save that here an implied head must be one of its own: a revision that no other applied
// one follows, on any branch.
RevisionIndices TargetResolver::StartsOfDowngrade(const std::string& label) const {
  const RevisionSet branch = graph_.Lineage(Branch(label), Edges::kParents);
  RevisionIndices heads = Filter(current_, branch);
  if (!heads.empty()) return heads;
  RevisionSet tips = graph_.Ancestors(current_, Edges::kParentsAndDependencies);
  for (const RevisionIndex index : tips.members()) {
    for (const RevisionIndex below : graph_.Parents(index)) tips.Erase(below);
  }
  return Filter(tips.members(), branch);
}

DowngradeEnd TargetResolver::ForDowngrade(const Target& target) const {
  DowngradeEnd end;
  if (!target.label.empty()) end.branch = Branch(target.label);
  if (!target.steps) {
    end.place = OnePlace(target);
  } else if (target.relative_to_current()) {
    if (*target.steps >= 0) ThrowWrongDirection(target.text, "a downgrade");
    const RevisionIndex start = StartOfDowngrade(target);
    if (!end.branch) end.branch = start;
    end.place = WalkDown(target, start, *target.steps);
  } else if (*target.steps < 0) {
    end.place = WalkDown(target, OnePlace(target), *target.steps);
  } else {
    Target start = target;
    start.label.clear();
    end.place = WalkUp(target, OnePlace(start), *target.steps);
  }
  return end;
}

RevisionIndex TargetResolver::StartOfDowngrade(const Target& target) const {
  const RevisionIndices starts = target.label.empty() ? current_ : StartsOfDowngrade(target.label);
  if (starts.empty()) {
    const std::string where = target.label.empty() ? std::string() : Format(" of branch \"%1%\"", target.label);
    ThrowUnreachable(Format("target \"%1%\" has nowhere to start from", target.text),
                     Format("No head%1% is applied.", where), "See headway.version for what is applied.");
  }
  if (starts.size() > 1) ThrowMultipleCurrent(target.text, graph_.Names(starts));
  return starts.front();
}

RevisionIndex TargetResolver::WalkUp(const Target& target, Place from, std::int64_t steps) const {
  std::optional<RevisionSet> branch;
  if (!target.label.empty()) branch = graph_.Lineage(Branch(target.label), Edges::kParents);
  Place place = from;
  for (; steps > 0; --steps) {
    const RevisionIndices above = branch ? Filter(Above(place), *branch) : Above(place);
    if (above.size() > 1) ThrowAmbiguousWalk(target.text, NameOf(place), graph_.Names(above));
    if (above.empty() && walk_end_ == WalkEnd::kStop) break;
    if (above.empty()) ThrowWalkedTooFar(target.text, NameOf(place));
    place = above.front();
  }
  if (!place) ThrowWalkedTooFar(target.text, NameOf(place));
  return *place;
}

Place TargetResolver::WalkDown(const Target& target, Place from, std::int64_t steps) const {
  Place place = from;
  for (; steps < 0; ++steps) {
    if (!place && walk_end_ == WalkEnd::kStop) break;
    if (!place) ThrowWalkedTooFar(target.text, NameOf(place));
    const RevisionIndices& below = graph_.Parents(*place);
    if (below.size() > 1) ThrowAmbiguousWalk(target.text, NameOf(place), graph_.Names(below));
    place = below.empty() ? Place() : Place(below.front());
  }
  return place;
}

}  // namespace headway::core
