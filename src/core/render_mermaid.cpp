#include <cstddef>
#include <string>

#include "core/drawing.hpp"
#include "core/render.hpp"

namespace headway::core {
namespace {

// Mermaid has entities of its own, "#quot;" for a quote, and reads HTML and markdown in labels.
std::string Escaped(const std::string& text) {
  constexpr char kSpecial[] = "\"#<>&`\\";
  std::string escaped;
  for (const char character : text) {
    if (std::string(kSpecial).find(character) != std::string::npos) {
      escaped += "#" + std::to_string(static_cast<int>(character)) + ";";
    } else {
      escaped += character == '\r' ? ' ' : character;
    }
  }
  return escaped;
}

std::string Label(const DrawnNode& node) {
  std::string label = Escaped(node.id);
  for (const std::string& mark : node.marks) label += Escaped(" (" + mark + ")");
  if (!node.title.empty()) label += "<br>" + Escaped(node.title);
  return label;
}

const char* Class(NodeState state) {
  switch (state) {
    case NodeState::kApplied:
      return ":::applied";
    case NodeState::kMissing:
      return ":::missing";
    default:
      return "";
  }
}

std::string Name(std::size_t place) { return "r" + std::to_string(place + 1); }

}  // namespace

std::string RenderMermaid(const RevisionGraph& graph, const Heads& current) {
  const std::vector<DrawnNode> nodes = DrawNodes(graph, current);
  std::string text =
      "flowchart BT\n  classDef applied fill:#d3d3d3,stroke:#333333,color:#000000\n"
      "  classDef missing stroke-dasharray:4 4\n";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    text += "  " + Name(i) + "[\"" + Label(nodes[i]) + "\"]" + Class(nodes[i].state) + "\n";
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::size_t parent : nodes[i].parents) text += "  " + Name(parent) + " --> " + Name(i) + "\n";
    for (const std::size_t needed : nodes[i].dependencies) text += "  " + Name(needed) + " -.-> " + Name(i) + "\n";
  }
  text.pop_back();
  return text;
}

}  // namespace headway::core
