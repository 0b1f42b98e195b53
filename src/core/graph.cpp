#include "core/graph.hpp"

#include <algorithm>
#include <iterator>

namespace headway::core {
namespace {

// Alembic's rule: a name of three characters or fewer is only known in full.
constexpr std::size_t kShortestPrefixable = 4;

void AddOnce(RevisionIndices& indices, RevisionIndex index) {
  if (std::find(indices.begin(), indices.end(), index) == indices.end()) indices.push_back(index);
}

bool StartsWith(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// Keeps `names` sorted and without repetition.
void AddSorted(std::vector<std::string>& names, const std::vector<std::string>& more) {
  for (const std::string& name : more) {
    const auto place = std::lower_bound(names.begin(), names.end(), name);
    if (place == names.end() || *place != name) names.insert(place, name);
  }
}

// The indices that `next` leads to from any of `from`, which it includes. The list of work is explicit: a deep graph
// must not become a deep stack.
template <class Next>
RevisionSet Reach(std::size_t graph_size, const RevisionIndices& from, const Next& next) {
  RevisionSet reached(graph_size, from);
  RevisionIndices todo = reached.members();
  while (!todo.empty()) {
    const RevisionIndex index = todo.back();
    todo.pop_back();
    for (const RevisionIndex neighbour : next(index)) {
      if (reached.Insert(neighbour)) todo.push_back(neighbour);
    }
  }
  return reached;
}

using EdgeList = std::vector<RevisionIndices>;

// Kahn's algorithm. What lies on a cycle, or above one, is left out.
RevisionIndices SortTopologically(const EdgeList& down, const EdgeList& up) {
  std::vector<std::size_t> waiting_for(down.size());
  RevisionIndices order;
  order.reserve(down.size());
  for (RevisionIndex index = 0; index < down.size(); ++index) {
    waiting_for[index] = down[index].size();
    if (waiting_for[index] == 0) order.push_back(index);
  }
  for (std::size_t done = 0; done < order.size(); ++done) {
    for (const RevisionIndex above : up[order[done]]) {
      if (--waiting_for[above] == 0) order.push_back(above);
    }
  }
  return order;
}

// One cycle of a graph that has one. Every revision that was left out of the sorted order rests on another one that
// was, so going down among those must come back to a place it has been.
RevisionIndices CycleAmong(const EdgeList& down, const RevisionIndices& sorted) {
  const RevisionSet sound(down.size(), sorted);
  RevisionIndex at = 0;
  while (sound.Contains(at)) ++at;
  RevisionIndices path;
  RevisionSet visited(down.size());
  while (visited.Insert(at)) {
    path.push_back(at);
    at = *std::find_if(down[at].begin(), down[at].end(), [&](RevisionIndex below) { return !sound.Contains(below); });
  }
  path.erase(path.begin(), std::find(path.begin(), path.end(), at));
  return path;
}

}  // namespace

RevisionGraph::RevisionGraph(std::vector<Revision> revisions) {
  IndexIds(std::move(revisions));
  IndexLabels();
  SortNames();
  LinkParents();
  LinkDependencies();
  LinkFollowers();
  SortOldestFirst();
  DropInheritedDependencies();
  CollectEnds();
}

void RevisionGraph::IndexIds(std::vector<Revision> revisions) {
  revisions_.reserve(revisions.size());  // the keys of ids_ point into it, so it must not move
  ids_.reserve(revisions.size());
  for (Revision& revision : revisions) {
    if (ids_.count(revision.id) != 0) continue;
    revisions_.push_back(std::move(revision));
    ids_.emplace(revisions_.back().id, static_cast<RevisionIndex>(revisions_.size() - 1));
  }
}

void RevisionGraph::IndexLabels() {
  for (RevisionIndex index = 0; index < size(); ++index) {
    for (const std::string& label : revisions_[index].branch_labels) {
      if (ids_.count(label) != 0) {
        repeated_labels_.push_back({label, id(index), label});
      } else if (const auto [entry, added] = labels_.emplace(label, index); !added) {
        repeated_labels_.push_back({label, id(index), id(entry->second)});
      }
    }
  }
}

// Revisions come sorted from a store: then there is nothing to do but to put the labels in.
void RevisionGraph::SortNames() {
  sorted_names_.reserve(ids_.size() + labels_.size());
  for (RevisionIndex index = 0; index < size(); ++index) sorted_names_.push_back({index, id(index)});
  for (const auto& [name, index] : labels_) sorted_names_.push_back({index, name});
  const auto before = [](const Match& left, const Match& right) { return left.name < right.name; };
  const auto labels = sorted_names_.begin() + static_cast<std::ptrdiff_t>(size());
  if (!std::is_sorted(sorted_names_.begin(), labels, before)) std::sort(sorted_names_.begin(), labels, before);
  std::sort(labels, sorted_names_.end(), before);
  std::inplace_merge(sorted_names_.begin(), labels, sorted_names_.end(), before);
}

void RevisionGraph::LinkParents() {
  parents_.resize(size());
  children_.resize(size());
  for (RevisionIndex index = 0; index < size(); ++index) {
    for (const std::string& parent : revisions_[index].down_revisions) {
      if (const auto found = IndexOf(parent)) {
        AddOnce(parents_[index], *found);
      } else {
        missing_.push_back({id(index), parent, false, {}});
      }
    }
    for (const RevisionIndex parent : parents_[index]) children_[parent].push_back(index);
  }
}

void RevisionGraph::LinkDependencies() {
  dependencies_.resize(size());
  for (RevisionIndex index = 0; index < size(); ++index) {
    for (const std::string& reference : revisions_[index].depends_on) {
      if (const auto found = FindDependency(index, reference)) AddOnce(dependencies_[index], *found);
    }
  }
}

std::optional<RevisionIndex> RevisionGraph::FindDependency(RevisionIndex child, const std::string& reference) {
  const std::vector<Match> matches = Matches(reference);
  if (matches.size() == 1) return matches.front().index;
  MissingReference missing{id(child), reference, true, {}};
  for (const Match& match : matches) missing.candidates.emplace_back(match.name);
  missing_.push_back(std::move(missing));
  return std::nullopt;
}

void RevisionGraph::LinkFollowers() {
  requirements_ = parents_;
  followers_.resize(size());
  for (RevisionIndex index = 0; index < size(); ++index) {
    for (const RevisionIndex dependency : dependencies_[index]) AddOnce(requirements_[index], dependency);
    for (const RevisionIndex below : requirements_[index]) followers_[below].push_back(index);
  }
}

void RevisionGraph::SortOldestFirst() { oldest_first_ = SortTopologically(requirements_, followers_); }

// A dependency that an ancestor has declared already adds nothing, and Alembic leaves it out of the edges that decide
// about heads. Only a dependency declared more than once can be such a one.
void RevisionGraph::DropInheritedDependencies() {
  if (oldest_first_.size() != size()) return;
  std::unordered_map<RevisionIndex, RevisionIndices> declarers;
  for (RevisionIndex index = 0; index < size(); ++index) {
    for (const RevisionIndex dependency : dependencies_[index]) declarers[dependency].push_back(index);
  }
  RevisionIndices position(size());
  for (RevisionIndex place = 0; place < size(); ++place) position[oldest_first_[place]] = place;
  for (const auto& [dependency, declared_by] : declarers) {
    if (declared_by.size() < 2) continue;
    const RevisionSet below_another = BelowAny(declared_by, position);
    for (const RevisionIndex declarer : declared_by) {
      const RevisionIndices& parents = parents_[declarer];
      const bool is_parent = std::find(parents.begin(), parents.end(), dependency) != parents.end();
      if (!below_another.Contains(declarer) || is_parent) continue;
      RevisionIndices& kept = requirements_[declarer];
      kept.erase(std::find(kept.begin(), kept.end(), dependency));
    }
  }
}

// The revisions that come after one of `declarers` on its branch, no further than the last of the declarers.
RevisionSet RevisionGraph::BelowAny(const RevisionIndices& declarers, const RevisionIndices& position) const {
  RevisionIndex last = 0;
  for (const RevisionIndex declarer : declarers) last = std::max(last, position[declarer]);
  RevisionSet after(size());
  RevisionIndices todo = declarers;
  while (!todo.empty()) {
    const RevisionIndex index = todo.back();
    todo.pop_back();
    for (const RevisionIndex child : children_[index]) {
      if (position[child] <= last && after.Insert(child)) todo.push_back(child);
    }
  }
  return after;
}

void RevisionGraph::CollectEnds() {
  for (RevisionIndex index = 0; index < size(); ++index) {
    if (children_[index].empty()) heads_.push_back(index);
    if (followers_[index].empty()) independent_heads_.push_back(index);
    if (revisions_[index].down_revisions.empty()) bases_.push_back(index);
  }
}

const Revision* RevisionGraph::Find(std::string_view full_id) const {
  const auto index = IndexOf(full_id);
  return index ? &at(*index) : nullptr;
}

std::optional<RevisionIndex> RevisionGraph::IndexOf(std::string_view full_id) const {
  const auto found = ids_.find(full_id);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::optional<Cycle> RevisionGraph::FindCycle() const {
  if (oldest_first_.size() == size()) return std::nullopt;
  const RevisionIndices by_parents = SortTopologically(parents_, children_);
  if (by_parents.size() != size()) return Cycle{Names(CycleAmong(parents_, by_parents)), Edges::kParents};
  return Cycle{Names(CycleAmong(requirements_, oldest_first_)), Edges::kParentsAndDependencies};
}

Heads RevisionGraph::Names(const RevisionIndices& indices) const {
  Heads names;
  names.reserve(indices.size());
  for (const RevisionIndex index : indices) names.push_back(id(index));
  return names;
}

Heads RevisionGraph::children(std::string_view full_id) const {
  const auto index = IndexOf(full_id);
  return index ? Names(children_[*index]) : Heads();
}

bool RevisionGraph::is_head(std::string_view full_id) const {
  const auto index = IndexOf(full_id);
  return index && children_[*index].empty();
}

bool RevisionGraph::is_branchpoint(std::string_view full_id) const {
  const auto index = IndexOf(full_id);
  return index && children_[*index].size() > 1;
}

bool RevisionGraph::is_mergepoint(std::string_view full_id) const {
  const auto index = IndexOf(full_id);
  return index && at(*index).down_revisions.size() > 1;
}

std::vector<RevisionGraph::Match> RevisionGraph::Matches(std::string_view word) const {
  for (const NameTable* table : {&ids_, &labels_}) {
    if (const auto found = table->find(word); found != table->end()) return {{found->second, found->first}};
  }
  std::vector<Match> matches;
  if (word.empty()) return matches;
  auto at = std::lower_bound(sorted_names_.begin(), sorted_names_.end(), word,
                             [](const Match& name, std::string_view wanted) { return name.name < wanted; });
  for (; at != sorted_names_.end() && StartsWith(at->name, word); ++at) {
    if (at->name.size() >= kShortestPrefixable) matches.push_back(*at);
  }
  return matches;
}

std::vector<std::string_view> RevisionGraph::AllNames() const {
  std::vector<std::string_view> names;
  names.reserve(sorted_names_.size());
  for (const Match& name : sorted_names_) names.push_back(name.name);
  return names;
}

RevisionSet RevisionGraph::Ancestors(const RevisionIndices& from, Edges edges) const {
  const Adjacency& down = edges == Edges::kParents ? parents_ : requirements_;
  return Reach(size(), from, [&](RevisionIndex index) -> const RevisionIndices& { return down[index]; });
}

RevisionSet RevisionGraph::Descendants(const RevisionIndices& from, Edges edges) const {
  const Adjacency& up = edges == Edges::kParents ? children_ : followers_;
  return Reach(size(), from, [&](RevisionIndex index) -> const RevisionIndices& { return up[index]; });
}

RevisionSet RevisionGraph::Lineage(RevisionIndex of, Edges edges) const {
  RevisionSet lineage = Ancestors({of}, edges);
  lineage.InsertAll(Descendants({of}, edges));
  return lineage;
}

RevisionSet RevisionGraph::LabelCarriers(RevisionIndex owner) const {
  RevisionSet carriers = Descendants({owner}, Edges::kParents);
  const RevisionIndices descendants = carriers.members();
  if (std::any_of(descendants.begin(), descendants.end(), [this](RevisionIndex at) { return IsKnot(at); })) {
    return carriers;
  }
  for (RevisionIndex at = owner; !parents_[at].empty();) {
    at = parents_[at].front();
    if (IsKnot(at) || !carriers.Insert(at)) break;
  }
  return carriers;
}

bool RevisionGraph::IsKnot(RevisionIndex index) const {
  return followers_[index].size() > 1 || revisions_[index].down_revisions.size() > 1;
}

// LabelCarriers for all labels at once: first up from each tip as far as its branch goes without a knot, then down
// from parents to children.
std::vector<std::vector<std::string>> RevisionGraph::EffectiveLabels() const {
  std::vector<std::vector<std::string>> labels(size());
  for (RevisionIndex index = 0; index < size(); ++index) AddSorted(labels[index], revisions_[index].branch_labels);
  std::vector<bool> straight(size());  // no knot from here to the tip
  for (auto at = oldest_first_.rbegin(); at != oldest_first_.rend(); ++at) {
    const RevisionIndices& children = children_[*at];
    straight[*at] = !IsKnot(*at) && (children.empty() || straight[children.front()]);
    if (straight[*at] && !children.empty()) AddSorted(labels[*at], labels[children.front()]);
  }
  for (const RevisionIndex index : oldest_first_) {
    for (const RevisionIndex parent : parents_[index]) AddSorted(labels[index], labels[parent]);
  }
  return labels;
}

}  // namespace headway::core
