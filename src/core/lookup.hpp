// The revisions that a text names to someone who wants to look at them, or to take them for what is applied.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/graph.hpp"
#include "core/revision.hpp"

namespace headway::core {

// Everything that targets can say, and "current". A full id is found in a graph that is not sound, too.
std::vector<std::string> FindRevisions(const RevisionGraph& graph, const Heads& current, std::string_view text);

// A full id, a branch label, or a prefix of exactly one of them. Throws kUnknownRevision or kAmbiguousRevision.
std::string ResolveName(const RevisionGraph& graph, std::string_view id_or_prefix);

// What headway.version would hold if `text`, several targets perhaps, were all that is applied.
Heads HeadsAt(const RevisionGraph& graph, std::string_view text);

// Throws kNotAtHead unless every head of the graph is applied, and nothing that is not registered.
void RequireAtHeads(const RevisionGraph& graph, const Heads& current);

}  // namespace headway::core
