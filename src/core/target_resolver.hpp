// From the text of a target to the revisions it means: the rules of Alembic about names, branches and steps.
//
// The same words mean different things on the way up and on the way down: "+1" starts at what is applied, "label@-1"
// at the head of that branch which is applied. So there is one entry for each use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/graph.hpp"
#include "core/revision_set.hpp"
#include "core/target.hpp"

namespace headway::core {

// A revision, or base: before all of them.
using Place = std::optional<RevisionIndex>;

// What a walk does when the revisions end before its steps do.
enum class WalkEnd { kError, kStop };

// Where a downgrade ends, and the branch it is limited to.
struct DowngradeEnd {
  Place place;
  std::optional<RevisionIndex> branch;
};

class TargetResolver {
 public:
  // REQUIRES: a valid graph. `current` are the heads that relative targets start from.
  TargetResolver(const RevisionGraph& graph, RevisionIndices current, WalkEnd walk_end = WalkEnd::kError)
      : graph_(graph), current_(std::move(current)), walk_end_(walk_end) {}

  RevisionIndices ForUpgrade(const Target& target) const;  // empty: nothing at all, as with an empty graph
  DowngradeEnd ForDowngrade(const Target& target) const;
  // A target without steps. Empty: base.
  RevisionIndices Absolute(const Target& target) const;

  // The revision a branch is named by: the owner of a label, or any revision on the branch.
  RevisionIndex Branch(const std::string& label) const;

  // Down along parents; base counts as one step.
  Place WalkDown(const Target& target, Place from, std::int64_t steps) const;

 private:
  RevisionIndices HeadsOf(const std::string& label) const;
  Place OnePlace(const Target& target) const;
  RevisionIndex Revision(const std::string& word, const std::string& label) const;
  RevisionIndex StepsFromCurrent(const Target& target) const;
  RevisionIndices StartsOfUpgrade(const std::string& label) const;
  RevisionIndices StartsOfDowngrade(const std::string& label) const;
  RevisionIndex StartOfDowngrade(const Target& target) const;
  RevisionIndex WalkUp(const Target& target, Place from, std::int64_t steps) const;
  const RevisionIndices& Above(Place place) const;
  std::string NameOf(Place place) const;

  const RevisionGraph& graph_;
  RevisionIndices current_;
  WalkEnd walk_end_;
};

}  // namespace headway::core
