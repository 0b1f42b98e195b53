#include "core/revision_order.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

namespace headway::core {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// The walk holds one place on each open branch, in a list. It moves down on the branch at hand until the revision
// there must wait for a descendant on another branch, then goes on with the first such branch of the list. A place is
// replaced by the first parent of what was taken from it; further parents open places at the end of the list.
class NewestFirstWalk {
 public:
  NewestFirstWalk(const RevisionGraph& graph, const RevisionSet& members);

  RevisionIndices Run();

 private:
  using Slot = std::uint32_t;

  void IncludeBetween();
  void CountFollowers();
  void OpenTips();
  void Open(RevisionIndex revision);
  void Close(Slot slot);
  Slot NextAfterClosing(Slot slot);
  Slot TakeFrom(Slot slot);
  void Release(RevisionIndex revision);
  Slot FirstSlotAbove(RevisionIndex revision);
  void TakeRest();

  const RevisionGraph& graph_;
  const RevisionSet& members_;
  RevisionSet waiting_;                   // members not taken yet
  std::vector<std::uint32_t> followers_;  // how many of the waiting ones rest directly on a revision
  std::vector<Slot> slot_of_;             // by revision; kNone: no place holds it
  RevisionIndices place_;                 // by slot
  std::vector<Slot> previous_;            // the list of open slots, in the order in which they were opened
  std::vector<Slot> next_;
  Slot first_ = kNone;
  Slot last_ = kNone;
  RevisionIndices taken_;
  std::vector<std::uint32_t> seen_in_;  // by revision: the number of the search that last saw it
  std::uint32_t search_ = 0;
  std::size_t search_budget_;
};

NewestFirstWalk::NewestFirstWalk(const RevisionGraph& graph, const RevisionSet& members)
    : graph_(graph),
      members_(members),
      waiting_(members),
      followers_(graph.size(), 0),
      slot_of_(graph.size(), kNone),
      seen_in_(graph.size(), 0),
      // Searches are short in any graph that people make. A graph made to be slow gets a correct order of another
      // kind for its rest, rather than a search that is quadratic in the revisions.
      search_budget_(64 * graph.size() + 1024) {
  IncludeBetween();
  CountFollowers();
  OpenTips();
}

// One member may rest on another through revisions that are no members. These take part in the waiting, unseen.
void NewestFirstWalk::IncludeBetween() {
  RevisionSet between = graph_.Ancestors(members_.members(), Edges::kParentsAndDependencies);
  between.KeepOnly(graph_.Descendants(members_.members(), Edges::kParentsAndDependencies));
  waiting_.InsertAll(between);
}

void NewestFirstWalk::CountFollowers() {
  for (const RevisionIndex member : waiting_.members()) {
    for (const RevisionIndex below : graph_.Requirements(member)) ++followers_[below];
  }
}

// In the order of registration.
void NewestFirstWalk::OpenTips() {
  for (const RevisionIndex member : members_.members()) {
    if (followers_[member] == 0) Open(member);
  }
}

void NewestFirstWalk::Open(RevisionIndex revision) {
  const Slot slot = static_cast<Slot>(place_.size());
  place_.push_back(revision);
  previous_.push_back(last_);
  next_.push_back(kNone);
  (last_ == kNone ? first_ : next_[last_]) = slot;
  last_ = slot;
  slot_of_[revision] = slot;
}

void NewestFirstWalk::Close(Slot slot) {
  (previous_[slot] == kNone ? first_ : next_[previous_[slot]]) = next_[slot];
  (next_[slot] == kNone ? last_ : previous_[next_[slot]]) = previous_[slot];
}

NewestFirstWalk::Slot NewestFirstWalk::NextAfterClosing(Slot slot) {
  const Slot before = previous_[slot];
  Close(slot);
  return before == kNone ? first_ : before;
}

// Takes the revision of a slot and moves the slot down. Returns the slot to go on with.
NewestFirstWalk::Slot NewestFirstWalk::TakeFrom(Slot slot) {
  const RevisionIndex revision = place_[slot];
  taken_.push_back(revision);
  slot_of_[revision] = kNone;
  Release(revision);
  bool moved = false;
  for (const RevisionIndex below : graph_.Requirements(revision)) {
    if (!waiting_.Contains(below) || !members_.Contains(below) || slot_of_[below] != kNone) continue;
    if (moved) {
      Open(below);
      continue;
    }
    place_[slot] = below;
    slot_of_[below] = slot;
    moved = true;
  }
  return moved ? slot : NextAfterClosing(slot);
}

// What waited for this revision alone waits no longer.
void NewestFirstWalk::Release(RevisionIndex revision) {
  RevisionIndices todo = {revision};
  while (!todo.empty()) {
    const RevisionIndex done = todo.back();
    todo.pop_back();
    waiting_.Erase(done);
    for (const RevisionIndex below : graph_.Requirements(done)) {
      if (--followers_[below] == 0 && waiting_.Contains(below) && !members_.Contains(below)) todo.push_back(below);
    }
  }
}

// The first slot of the list from which a waiting revision is reached; kNone when the budget is spent.
NewestFirstWalk::Slot NewestFirstWalk::FirstSlotAbove(RevisionIndex revision) {
  Slot first = kNone;
  ++search_;
  RevisionIndices todo = {revision};
  while (!todo.empty()) {
    const RevisionIndex at = todo.back();
    todo.pop_back();
    for (const RevisionIndex above : graph_.Followers(at)) {
      if (search_budget_ == 0) return kNone;
      --search_budget_;
      if (!waiting_.Contains(above) || seen_in_[above] == search_) continue;
      seen_in_[above] = search_;
      first = std::min(first, slot_of_[above]);
      todo.push_back(above);
    }
  }
  return first;
}

void NewestFirstWalk::TakeRest() {
  const RevisionIndices& order = graph_.oldest_first();
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    if (waiting_.Erase(*at) && members_.Contains(*at)) taken_.push_back(*at);
  }
  waiting_.KeepOnly(members_);
  for (const RevisionIndex on_cycle : waiting_.members()) taken_.push_back(on_cycle);
}

RevisionIndices NewestFirstWalk::Run() {
  taken_.reserve(waiting_.size());
  for (Slot slot = first_; slot != kNone;) {
    const RevisionIndex revision = place_[slot];
    slot = followers_[revision] == 0 ? TakeFrom(slot) : FirstSlotAbove(revision);
  }
  TakeRest();
  return std::move(taken_);
}

}  // namespace

RevisionIndices OrderNewestFirst(const RevisionGraph& graph, const RevisionSet& members) {
  return NewestFirstWalk(graph, members).Run();
}

std::vector<std::string> NewestFirst(const RevisionGraph& graph) {
  RevisionIndices all(graph.size());
  std::iota(all.begin(), all.end(), 0);
  return graph.Names(OrderNewestFirst(graph, RevisionSet(graph.size(), all)));
}

}  // namespace headway::core
