// The graph as people look at it: text in the manner of "git log --graph", Graphviz' dot, and mermaid.
//
// All of them show every registered revision, the parents and dependencies that are missing, and the rows of
// headway.version that are not registered; a graph that is not sound is shown as far as it goes, but for a cycle, which
// has no newest end. What is applied is told apart by form, not by colour alone.
#pragma once

#include <string>

#include "core/graph.hpp"
#include "core/revision.hpp"

namespace headway::core {

// One row for each revision, newest first: "*" is applied, "o" is not, "?" is not registered.
std::string RenderText(const RevisionGraph& graph, const Heads& current);
std::string RenderDot(const RevisionGraph& graph, const Heads& current);
std::string RenderMermaid(const RevisionGraph& graph, const Heads& current);

}  // namespace headway::core
