#include "core/drawing.hpp"

#include "core/applied_heads.hpp"
#include "core/revision_order.hpp"
#include "core/validation.hpp"

#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace headway::core {
namespace {

class Drawing {
 public:
  Drawing(const RevisionGraph& graph, const Heads& current)
      : graph_(graph),
        current_(current.begin(), current.end()),
        applied_(AppliedRevisions(graph, current)),
        labels_(graph.EffectiveLabels()) {}

  std::vector<DrawnNode> Run(const Heads& current) {
    const std::vector<std::string> order = NewestFirst(graph_);
    const auto last_use = LastUses(order);
    for (const std::string& head : current) {
      if (!graph_.IndexOf(head) && last_use.count(head) == 0) AddMissing(head);
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
      Add(*graph_.IndexOf(order[i]));
      // What is missing follows the last of those that name it.
      for (const std::string& name : Below(order[i])) {
        if (graph_.Find(name) == nullptr && last_use.at(name) == i && place_.count(name) == 0) AddMissing(name);
      }
    }
    Link();
    return std::move(nodes_);
  }

 private:
  // A dependency that is ambiguous is none of those that it could mean.
  std::string Meant(const std::string& dependency) const {
    const auto matches = graph_.Matches(dependency);
    return matches.size() == 1 ? graph_.id(matches.front().index) : dependency;
  }

  // What a revision rests on, be it registered or not.
  std::vector<std::string> Below(const std::string& id) const {
    const Revision& revision = *graph_.Find(id);
    std::vector<std::string> names = revision.down_revisions;
    for (const std::string& dependency : revision.depends_on) names.push_back(Meant(dependency));
    return names;
  }

  std::unordered_map<std::string, std::size_t> LastUses(const std::vector<std::string>& order) const {
    std::unordered_map<std::string, std::size_t> last;
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (const std::string& name : Below(order[i])) last[name] = i;
    }
    return last;
  }

  void Add(RevisionIndex index) {
    const Revision& revision = graph_.at(index);
    DrawnNode node;
    node.id = revision.id;
    node.title = FirstLine(revision.message);
    node.state = applied_.Contains(index) ? NodeState::kApplied : NodeState::kNotApplied;
    node.marks = labels_[index];
    const auto mark = [&node](bool holds, const char* name) {
      if (holds) node.marks.emplace_back(name);
    };
    mark(graph_.is_head(node.id), "head");
    mark(graph_.is_branchpoint(node.id), "branchpoint");
    mark(graph_.is_mergepoint(node.id), "mergepoint");
    mark(current_.count(node.id) != 0, "current");
    place_.emplace(node.id, nodes_.size());
    nodes_.push_back(std::move(node));
  }

  void AddMissing(const std::string& name) {
    DrawnNode node;
    node.id = name;
    node.state = NodeState::kMissing;
    node.marks = {"missing"};
    if (current_.count(name) != 0) node.marks.emplace_back("current");
    place_.emplace(name, nodes_.size());
    nodes_.push_back(std::move(node));
  }

  void Link() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const Revision* revision = graph_.Find(nodes_[i].id);
      if (revision == nullptr) continue;
      for (const std::string& parent : revision->down_revisions) nodes_[i].parents.push_back(place_.at(parent));
      for (const std::string& name : revision->depends_on) nodes_[i].dependencies.push_back(place_.at(Meant(name)));
    }
  }

  const RevisionGraph& graph_;
  std::unordered_set<std::string> current_;
  RevisionSet applied_;
  std::vector<std::vector<std::string>> labels_;
  std::unordered_map<std::string, std::size_t> place_;
  std::vector<DrawnNode> nodes_;
};

}  // namespace

std::vector<DrawnNode> DrawNodes(const RevisionGraph& graph, const Heads& current) {
  RequireNoCycle(graph);
  return Drawing(graph, current).Run(current);
}

}  // namespace headway::core
