// Lanes: one for each revision that is still to come and that something above has named as its parent. A row shows its
// revision in the first lane that waits for it; between rows lanes open to the right of a merge point, and those that
// wait for the same revision flow together.
#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "core/drawing.hpp"
#include "core/render.hpp"

namespace headway::core {
namespace {

class TextGraph {
 public:
  explicit TextGraph(const std::vector<DrawnNode>& nodes) : nodes_(nodes) {}

  std::string Render() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const std::size_t lane = LaneOf(i);
      PutRow(i, lane);
      Leave(nodes_[i].parents, lane);
      for (const std::size_t parent : nodes_[i].parents) JoinAll(parent);
    }
    if (!text_.empty()) text_.pop_back();  // the last line end
    return std::move(text_);
  }

 private:
  std::size_t LaneOf(std::size_t node) {
    const auto found = std::find(lanes_.begin(), lanes_.end(), node);
    if (found == lanes_.end()) {
      lanes_.push_back(node);
      return lanes_.size() - 1;
    }
    return static_cast<std::size_t>(found - lanes_.begin());
  }

  void PutRow(std::size_t node, std::size_t lane) {
    const DrawnNode& drawn = nodes_[node];
    const char sign = drawn.state == NodeState::kApplied ? '*' : drawn.state == NodeState::kNotApplied ? 'o' : '?';
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      text_ += i == lane ? sign : '|';
      text_ += ' ';
    }
    text_ += drawn.id;
    for (const std::string& mark : drawn.marks) text_ += " (" + mark + ")";
    if (!drawn.dependencies.empty()) text_ += " (depends on" + Names(drawn.dependencies) + ")";
    if (!drawn.title.empty()) text_ += ", " + drawn.title;
    text_ += '\n';
  }

  std::string Names(const std::vector<std::size_t>& places) const {
    std::string names;
    for (const std::size_t place : places) names += (names.empty() ? " " : ", ") + nodes_[place].id;
    return names;
  }

  // From a revision to its parents: its lane goes on with the first one, each other one opens a lane beside it.
  void Leave(const std::vector<std::size_t>& parents, std::size_t lane) {
    if (parents.empty()) return Close(lane);
    lanes_[lane] = parents.front();
    for (std::size_t i = parents.size() - 1; i > 0; --i) {
      PutLine(lane + 1, lane, '\\');
      lanes_.insert(lanes_.begin() + static_cast<std::ptrdiff_t>(lane) + 1, parents[i]);
    }
  }

  void Close(std::size_t lane) {
    lanes_.erase(lanes_.begin() + static_cast<std::ptrdiff_t>(lane));
    if (lane == lanes_.size()) return;
    std::string line;
    for (std::size_t i = 0; i < lane; ++i) line += "| ";
    for (std::size_t i = lane; i < lanes_.size(); ++i) line += " /";
    PutTrimmed(line);
  }

  // Lanes up to `straight` stay, a `slope` begins at `from`, and whatever is right of it moves along.
  void PutLine(std::size_t straight, std::size_t from, char slope) {
    std::string line;
    for (std::size_t i = 0; i < straight; ++i) line += i == from ? std::string("|") + slope : std::string("| ");
    for (std::size_t i = straight; i < lanes_.size(); ++i) line += std::string(" ") + slope;
    PutTrimmed(line);
  }

  // Lanes that wait for the same revision become one: those on the right move over to the first.
  void JoinAll(std::size_t node) {
    const std::size_t left = LaneOf(node);
    for (std::size_t right = left + 1; right < lanes_.size();) {
      if (lanes_[right] == node) {
        Join(left, right);
      } else {
        ++right;
      }
    }
  }

  void Join(std::size_t left, std::size_t right) {
    const std::size_t after = lanes_.size() - right - 1;
    std::string line;
    for (std::size_t i = 0; i < right; ++i) {
      const bool crossed = i > left && i + 1 < right;
      line += i + 1 == right ? "|/" : crossed ? "|_" : "| ";
    }
    for (std::size_t i = 0; i < after; ++i) line += " /";
    PutTrimmed(line);
    lanes_.erase(lanes_.begin() + static_cast<std::ptrdiff_t>(right));
    if (right == left + 1) return;
    line.clear();
    for (std::size_t i = 0; i < lanes_.size(); ++i) line += i == left ? "|/" : "| ";
    PutTrimmed(line);
  }

  void PutTrimmed(std::string& line) {
    while (!line.empty() && line.back() == ' ') line.pop_back();
    text_ += line;
    text_ += '\n';
  }

  const std::vector<DrawnNode>& nodes_;
  std::vector<std::size_t> lanes_;
  std::string text_;
};

}  // namespace

std::string RenderText(const RevisionGraph& graph, const Heads& current) {
  const std::vector<DrawnNode> nodes = DrawNodes(graph, current);
  return TextGraph(nodes).Render();
}

}  // namespace headway::core
