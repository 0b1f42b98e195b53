#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>

#include "core/applied_heads.hpp"
#include "core/error.hpp"
#include "core/format.hpp"
#include "core/graph_errors.hpp"
#include "core/identifier.hpp"
#include "core/names.hpp"
#include "core/planner.hpp"
#include "core/revision_order.hpp"
#include "core/sqlstate.hpp"
#include "core/target.hpp"
#include "core/target_resolver.hpp"
#include "core/validation.hpp"

namespace headway::core {
namespace {

// A walk over the graph each.
constexpr std::size_t kMostEnds = 1000;

bool IsCurrent(const std::optional<Target>& end) { return end && end->symbol == kCurrent && !end->steps; }

// Resolves the ends of a range. At most one of them can be relative to the other.
class RangeReader {
 public:
  RangeReader(const RevisionGraph& graph, RevisionIndices current, TargetRange range)
      : graph_(graph), current_(std::move(current)), range_(std::move(range)) {}

  RevisionSet Read() const {
    if (range_.from && range_.from->relative_to_current()) return ReadBackwards();
    const RevisionIndices from = FixedEnd(range_.from, {});
    return Between(from, OnBranchOf(range_.from, LastOnes(from)));
  }

 private:
  // "-3:to" counts down from each end of the range.
  RevisionSet ReadBackwards() const {
    if (*range_.from->steps >= 0 || (range_.to && range_.to->relative_to_current())) {
      throw Error(sqlstate::kInvalidTarget, Format("invalid beginning of a range \"%1%\"", range_.from->text),
                  "A range begins at a revision, or -N before its end.", "Write -3:current or a:+2, for example.");
    }
    const TargetResolver resolver(graph_, {}, WalkEnd::kStop);
    const RevisionIndices ends = OnBranchOf(range_.from, FixedEnd(range_.to, graph_.independent_heads()));
    if (ends.size() > kMostEnds) ThrowMultipleHeads(graph_.Names(ends));
    RevisionSet listed(graph_.size());
    for (const RevisionIndex last : ends) {
      const Place first = resolver.WalkDown(*range_.from, last, *range_.from->steps);
      listed.InsertAll(Between(first ? RevisionIndices{*first} : RevisionIndices(), {last}));
    }
    return listed;
  }

  RevisionIndices LastOnes(const RevisionIndices& from) const {
    if (!range_.to || !range_.to->relative_to_current()) return FixedEnd(range_.to, graph_.independent_heads());
    return TargetResolver(graph_, from, WalkEnd::kStop).ForUpgrade(*range_.to);
  }

  RevisionIndices FixedEnd(const std::optional<Target>& end, const RevisionIndices& otherwise) const {
    if (!end) return otherwise;
    if (IsCurrent(end)) return current_;
    return TargetResolver(graph_, current_, WalkEnd::kStop).ForUpgrade(*end);
  }

  // A branch named at the beginning limits the end as well: a label to what carries it, a revision to its lineage.
  RevisionIndices OnBranchOf(const std::optional<Target>& from, const RevisionIndices& last) const {
    if (!from || from->label.empty()) return last;
    const RevisionIndex owner = TargetResolver(graph_, {}).Branch(from->label);
    const bool by_revision = graph_.Matches(from->label).front().name == graph_.id(owner);
    const RevisionSet branch = by_revision ? graph_.Lineage(owner, Edges::kParents) : graph_.LabelCarriers(owner);
    RevisionIndices kept;
    std::copy_if(last.begin(), last.end(), std::back_inserter(kept),
                 [&](RevisionIndex index) { return branch.Contains(index); });
    return kept;
  }

  // What `last` rests on, as far as it follows one of `first`; without a first one, all of it.
  RevisionSet Between(const RevisionIndices& first, const RevisionIndices& last) const {
    RequireIndependentTargets(graph_, last);
    RequireIndependentTargets(graph_, first);
    RevisionSet listed = graph_.Ancestors(last, Edges::kParentsAndDependencies);
    for (const RevisionIndex begin : first) {
      if (!listed.Contains(begin)) RefuseBackwards(begin, last);
    }
    if (first.empty()) return listed;
    listed.EraseAll(graph_.Ancestors(first, Edges::kParentsAndDependencies));
    for (const RevisionIndex begin : first) listed.Insert(begin);
    listed.KeepOnly(graph_.Descendants(first, Edges::kParents));
    return listed;
  }

  [[noreturn]] void RefuseBackwards(RevisionIndex begin, const RevisionIndices& last) const {
    ThrowUnreachable(Format("revision \"%1%\" is not an ancestor of the end of the range", graph_.id(begin)),
                     Format("The range ends at: %1%.", last.empty() ? kBase.data() : ListNames(graph_.Names(last))),
                     "A range goes from the older revision to the newer one of the same branch.");
  }

  const RevisionGraph& graph_;
  RevisionIndices current_;
  TargetRange range_;
};

}  // namespace

std::vector<std::string> PlanHistory(const RevisionGraph& graph, const Heads& current, std::string_view range) {
  Validate(graph);
  if (Trim(range).empty()) return NewestFirst(graph);
  TargetRange parsed = ParseRange(range);
  // Only a range that speaks of what is applied needs it to be registered.
  const bool needs_current = IsCurrent(parsed.from) || IsCurrent(parsed.to);
  RevisionIndices rows = needs_current ? RequireRegistered(graph, current) : RevisionIndices();
  const RevisionSet listed = RangeReader(graph, std::move(rows), std::move(parsed)).Read();
  return graph.Names(OrderNewestFirst(graph, listed));
}

}  // namespace headway::core
