#include <cstddef>
#include <string>

#include "core/drawing.hpp"
#include "core/render.hpp"

namespace headway::core {
namespace {

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char character : text) {
    if (character == '"' || character == '\\') escaped += '\\';
    escaped += character == '\r' ? ' ' : character;
  }
  return escaped;
}

std::string Label(const DrawnNode& node) {
  std::string label = Escaped(node.id);
  for (const std::string& mark : node.marks) label += Escaped(" (" + mark + ")");
  if (!node.title.empty()) label += "\\n" + Escaped(node.title);
  return label;
}

const char* Look(NodeState state) {
  switch (state) {
    case NodeState::kApplied:
      return ", style=\"rounded,filled\", fillcolor=lightgrey";
    case NodeState::kMissing:
      return ", style=\"rounded,dashed\"";
    default:
      return "";
  }
}

}  // namespace

std::string RenderDot(const RevisionGraph& graph, const Heads& current) {
  const std::vector<DrawnNode> nodes = DrawNodes(graph, current);
  std::string text = "digraph revisions {\n  rankdir=BT;\n  node [shape=box, style=rounded];\n";
  for (const DrawnNode& node : nodes) {
    text += "  \"" + Escaped(node.id) + "\" [label=\"" + Label(node) + "\"" + Look(node.state) + "];\n";
  }
  for (const DrawnNode& node : nodes) {
    const std::string to = "\" -> \"" + Escaped(node.id) + "\"";
    for (const std::size_t parent : node.parents) text += "  \"" + Escaped(nodes[parent].id) + to + ";\n";
    for (const std::size_t needed : node.dependencies) {
      text += "  \"" + Escaped(nodes[needed].id) + to + " [style=dashed];\n";
    }
  }
  return text + "}";
}

}  // namespace headway::core
