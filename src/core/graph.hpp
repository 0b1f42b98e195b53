// The revision graph: who follows whom, with no I/O and no idea of what is applied.
//
// Two kinds of edges lead down from a revision: to its parents (down_revision) and to what it depends on
// (depends_on). Parents make branches, heads and bases; dependencies only make one branch wait for another. A graph is
// built from whatever is registered, in any order, even while parents are missing. Nothing here throws: whoever needs
// a sound graph asks core/validation.
//
// Revisions are known by index inside the core. All walks are loops over indices, linear in the revisions and edges,
// so that a chain of 100,000 revisions neither recurses nor takes noticeable time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/revision.hpp"
#include "core/revision_set.hpp"

namespace headway::core {

// Which edges a walk follows.
enum class Edges { kParents, kParentsAndDependencies };

// A parent or dependency that is named by `child` but cannot be found.
struct MissingReference {
  std::string child;
  std::string reference;
  bool is_dependency = false;
  std::vector<std::string> candidates;  // of a dependency given as a prefix: what else it could mean
};

// A branch label that `revision` declares although `owner` has it, as a label or as its id.
struct RepeatedLabel {
  std::string label;
  std::string revision;
  std::string owner;
};

// Revisions each of which rests on the next, and the last on the first.
struct Cycle {
  std::vector<std::string> ids;
  Edges edges = Edges::kParents;
};

class RevisionGraph {
 public:
  // An id given twice is taken once: the first one counts.
  explicit RevisionGraph(std::vector<Revision> revisions);
  RevisionGraph(RevisionGraph&&) noexcept = default;
  RevisionGraph& operator=(RevisionGraph&&) noexcept = default;
  RevisionGraph(const RevisionGraph&) = delete;  // the look-up tables point into revisions_
  RevisionGraph& operator=(const RevisionGraph&) = delete;

  std::size_t size() const { return revisions_.size(); }
  bool empty() const { return revisions_.empty(); }
  const std::vector<Revision>& revisions() const { return revisions_; }
  const Revision* Find(std::string_view full_id) const;  // nullptr if not registered

  const std::vector<MissingReference>& MissingParents() const { return missing_; }
  const std::vector<RepeatedLabel>& RepeatedLabels() const { return repeated_labels_; }
  std::optional<Cycle> FindCycle() const;  // one of them; of parents alone, if there is such a one

  // Followed by nobody; dependencies do not count.
  Heads heads() const { return Names(heads_); }
  Heads children(std::string_view full_id) const;  // empty if not registered
  bool is_head(std::string_view full_id) const;
  bool is_branchpoint(std::string_view full_id) const;
  bool is_mergepoint(std::string_view full_id) const;

  // The branch labels of each revision, by index and sorted: its own and those inherited along its branch.
  std::vector<std::vector<std::string>> EffectiveLabels() const;

  // What follows is by index, for the planners.
  const Revision& at(RevisionIndex index) const { return revisions_[index]; }
  const std::string& id(RevisionIndex index) const { return revisions_[index].id; }
  std::optional<RevisionIndex> IndexOf(std::string_view full_id) const;
  Heads Names(const RevisionIndices& indices) const;

  // Everything a word may mean: one index for an exact id or label, else one for each name it begins.
  struct Match {
    RevisionIndex index;
    std::string_view name;
  };
  std::vector<Match> Matches(std::string_view word) const;
  std::vector<std::string_view> AllNames() const;  // ids and labels

  const RevisionIndices& Parents(RevisionIndex index) const { return parents_[index]; }
  const RevisionIndices& Children(RevisionIndex index) const { return children_[index]; }
  // Parents, then dependencies save those that an ancestor already depends on.
  const RevisionIndices& Requirements(RevisionIndex index) const { return requirements_[index]; }
  const RevisionIndices& Followers(RevisionIndex index) const { return followers_[index]; }
  const RevisionIndices& head_indices() const { return heads_; }
  const RevisionIndices& base_indices() const { return bases_; }
  // Heads that nothing depends on either: the rows of a version table after upgrading to "heads".
  const RevisionIndices& independent_heads() const { return independent_heads_; }
  // All revisions, requirements first; revisions on a cycle are left out.
  const RevisionIndices& oldest_first() const { return oldest_first_; }

  // All of these contain what they start from.
  RevisionSet Ancestors(const RevisionIndices& from, Edges edges) const;
  RevisionSet Descendants(const RevisionIndices& from, Edges edges) const;
  RevisionSet Lineage(RevisionIndex of, Edges edges) const;
  // The revisions that carry the labels of `owner`: its descendants, and its ancestors back to the branch point as
  // long as its branch has not split since.
  RevisionSet LabelCarriers(RevisionIndex owner) const;

 private:
  using NameTable = std::unordered_map<std::string_view, RevisionIndex>;
  using Adjacency = std::vector<RevisionIndices>;

  void IndexIds(std::vector<Revision> revisions);
  void IndexLabels();
  void SortNames();
  void LinkParents();
  void LinkDependencies();
  std::optional<RevisionIndex> FindDependency(RevisionIndex child, const std::string& reference);
  void LinkFollowers();
  void SortOldestFirst();
  void DropInheritedDependencies();
  RevisionSet BelowAny(const RevisionIndices& declarers, const RevisionIndices& position) const;
  void CollectEnds();
  bool IsKnot(RevisionIndex index) const;  // where branches part or meet

  std::vector<Revision> revisions_;
  NameTable ids_;
  NameTable labels_;
  std::vector<Match> sorted_names_;
  std::vector<RepeatedLabel> repeated_labels_;
  std::vector<MissingReference> missing_;
  Adjacency parents_;
  Adjacency children_;
  Adjacency dependencies_;
  Adjacency requirements_;
  Adjacency followers_;  // children and dependents
  RevisionIndices oldest_first_;
  RevisionIndices heads_;
  RevisionIndices bases_;
  RevisionIndices independent_heads_;
};

}  // namespace headway::core
